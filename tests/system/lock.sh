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
# a time.
send() {
	{
		echo "server 127.0.0.1 $port"
		echo 'zone svc.example'
		cat
		echo send
	} | nsupdate -t 5 >"$1.said" 2>&1
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
	acquire ann 60 &
	ann=$!
	acquire bob 60 &
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

acquire ann 2
works 'ann has it for two seconds' has ann
i=0
while [ "$i" -lt 15 ]; do
	hold ann 2
	acquire bob 2
	if has bob || ! has ann; then
		break
	fi
	i=$((i + 1))
	sleep 0.1
done
is 'as long as she refreshes bob does not get it' "$i" 15

# Now she does not.
# shellcheck disable=SC2317  # until_true calls it
takes_over() {
	acquire bob 1
	has bob
}
works 'then he does' until_true 5 takes_over
hold ann 1
is 'and she learns that she has lost it' "$(cat ann.result)" NXRRSET
release ann
is 'and cannot release it' "$(cat ann.result)" NXRRSET
hold bob 1
works 'he can go on' has bob
finish
