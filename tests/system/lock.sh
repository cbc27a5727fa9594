#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A lock, as jobs take it with nsupdate: "add my name if nobody's is there",
# with a lease.  There are never two holders, and one that dies loses it.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - name: svc.example
    lease: ttl
    lease-min: 1s
    update: [{from: 127.0.0.1}]
END
must_start
lock=lock.svc.example

# send NAME < COMMANDS: an update in a file of its own, so that two can run at
# a time.  By TCP: by UDP nsupdate repeats what is not answered at once, and
# the copy finds the lock taken, or takes it when it has been released.
send() {
	{
		echo "server 127.0.0.1 $port"
		echo 'zone svc.example'
		cat
		echo send
	} | nsupdate -v -t "$patience" >"$1.said" 2>&1
	if [ -s "$1.said" ]; then
		sed 's/^update failed: //' "$1.said" >"$1.result"
	else
		echo NOERROR >"$1.result"
	fi
}

# acquire NAME SECONDS; hold NAME SECONDS (still mine? then for longer)
acquire() {
	printf '%s\n' "prereq nxrrset $lock TXT" \
	    "update add $lock $2 TXT $1" | send "$1"
}

hold() {
	printf '%s\n' "prereq yxrrset $lock TXT $1" \
	    "update add $lock $2 TXT $1" | send "$1"
}

release() {
	printf '%s\n' "prereq yxrrset $lock TXT $1" \
	    "update delete $lock TXT $1" | send "$1"
}

has() {
	grep -qx NOERROR "$1.result"
}

# ---- at the same moment ----------------------------------------------------

rounds=20
i=0
wrong=
while [ "$i" -lt $rounds ]; do
	acquire ann 3600 &
	ann=$!
	acquire bob 3600 &
	wait $ann $!
	case "$(cat ann.result) $(cat bob.result)" in
	'NOERROR YXRRSET') holder=ann other=bob ;;
	'YXRRSET NOERROR') holder=bob other=ann ;;
	*)
		wrong="round $i: $(cat ann.result), $(cat bob.result)"
		break ;;
	esac
	[ "$(query +short $lock TXT)" = "\"$holder\"" ] ||
	    wrong="round $i: $(query +short $lock TXT), not $holder"
	release "$other"
	! has "$other" || wrong="round $i: $other released what $holder has"
	release "$holder"
	has "$holder" || wrong="round $i: $holder cannot release it"
	[ -z "$wrong" ] || break
	i=$((i + 1))
done
is "$rounds times two at once: one has it, the other does not" "$wrong" ''
is 'and nobody in the end' "$(rcode_of $lock TXT)" NXDOMAIN

# ---- a holder that dies ----------------------------------------------------

lease=2 # seconds
sent=   # when ann sent the last request that succeeded

# refresh_for SECONDS: ann refreshes her lease for so long, and bob tries to
# get it.  Status 1 if it went wrong, with the reason in $wrong; 2 if somebody
# was stopped for so long that the lease may have ended.
refresh_for() {
	began=$(now)
	while within "$1" "$began"; do
		acquire bob $lease
		within $lease "$sent" || return 2
		if has bob; then
			wrong='bob got what ann has'
			return 1
		fi
		asked=$(now)
		hold ann $lease
		if has ann; then
			sent=$asked
			continue
		fi
		within $lease "$sent" || return 2
		wrong="ann cannot refresh what she has: $(cat ann.result)"
		return 1
	done
}

# So short that its end can be waited for, unless the machine is too slow.
wrong=
while [ $lease -lt 100 ]; do
	sent=$(now)
	acquire ann $lease
	if has ann; then
		refresh_for $((lease + 1))
		[ $? -eq 2 ] || break
	fi
	note "too slow for a lease of $lease s"
	release ann
	release bob
	lease=$((lease * 2))
done
works 'ann gets a lock that is free' has ann
is 'as long as she refreshes, bob does not get it' "$wrong" ''

# Now she does not.
# shellcheck disable=SC2317  # until_true calls it
takes_over() {
	acquire bob 3600
	has bob
}
works 'then he does' until_true $((lease + patience)) takes_over
works 'not before her time' test $(($(now) - sent)) -ge $((lease * 100 - 1))
hold ann $lease
is 'and she learns that she has lost it' "$(cat ann.result)" NXRRSET
release ann
is 'and cannot release it' "$(cat ann.result)" NXRRSET
hold bob 3600
works 'he can go on' has bob
finish
