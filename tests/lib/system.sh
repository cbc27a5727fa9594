#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# system.sh - what the tests with the real daemon share.  Read in with
#
#     . "${top_srcdir:-.}/tests/lib/system.sh"
#
# It gives the script a folder of its own ($dir, the current one, removed at
# the end), a port that nobody uses ($port), TAP, and daemons that are ended
# by their number.  Nothing waits longer than it must: what has to happen is
# polled for, with a bound.  Nothing has to be fast either: a process may be
# stopped for seconds, and a sync may take as long.
# shellcheck disable=SC2034,SC2119,SC2120  # for the scripts that read it in
set -u
export LC_ALL=C
# Programs look where they were built, not where the test stands.
source_folder=$(cd "${top_srcdir:-.}" && pwd)
build_folder=$(cd "${top_builddir:-.}" && pwd)
musterd=${MUSTERD:-$build_folder/musterd}
muster=${MUSTER:-$build_folder/muster}
export PYTHONPATH="$source_folder/tests/lib" PYTHONDONTWRITEBYTECODE=1
# A test named as one of Python's own modules does not take its place.
export PYTHONSAFEPATH=1

dir=$(mktemp -d "${TMPDIR:-/tmp}/muster-system.XXXXXX") || exit 99
cd "$dir" || exit 99
# How long anything may take, in seconds: waited for only if all is lost.
patience=60
pid=    # the daemon that start() started
told=0  # results so far
bad=0   # of them, failed

# shellcheck disable=SC2317  # called by the trap
clean_up() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	# A script may have more to clear away.
	! command -v clean_up_more >/dev/null || clean_up_more
	cd / && rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

# ---- TAP -------------------------------------------------------------------

pass() {
	told=$((told + 1))
	echo "ok - $1"
}

fail() {
	told=$((told + 1))
	bad=$((bad + 1))
	echo "not ok - $1"
}

note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# skip NAME WHY
skip() {
	told=$((told + 1))
	echo "ok - $1 # SKIP $2"
}

# skip_all WHY: ends the script.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# is NAME GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1"
		note "got:"
		note "$2"
		note "expected:"
		note "$3"
	fi
}

# like NAME GOT PATTERN: some line of GOT matches the extended pattern.
like() {
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then
		pass "$1"
	else
		fail "$1"
		note "got:"
		note "$2"
		note "no line matches: $3"
	fi
}

# works NAME COMMAND...: it exits with 0.
works() {
	what=$1
	shift
	"$@" >works.out 2>&1
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$what"
	else
		fail "$what"
		note "exit status $status of: $*"
		note "$(cat works.out)"
	fi
}

# results COMMAND...: a program that prints its own results in TAP, without a
# plan.
results() {
	"$@" >results.out 2>results.err
	status=$?
	cat results.out
	told=$((told + $(grep -cE '^(not )?ok' results.out)))
	bad=$((bad + $(grep -c '^not ok' results.out)))
	if [ "$status" -ne 0 ]; then
		fail "$* ended with status $status"
		note "$(cat results.err)"
	fi
}

# finish: stops what runs, and ends the script.
finish() {
	if [ -n "$pid" ]; then
		stop
		is "the daemon stops cleanly in the end" "$status" 0
	fi
	if [ "$bad" -gt 0 ]; then
		for f in *.log; do
			[ ! -f "$f" ] || note "$f: $(tail -n 40 "$f")"
		done
	fi
	echo "1..$told"
	[ "$bad" -eq 0 ]
	exit
}

# ---- what is there ---------------------------------------------------------

# need TOOL...: skips the script without them.
need() {
	[ -x "$musterd" ] || skip_all "$musterd is not built"
	for tool; do
		case $tool in
		dnspython)
			python=$(find_python) ||
			    skip_all 'dnspython is not installed' ;;
		root)
			[ "$(id -u)" -eq 0 ] || skip_all 'needs root' ;;
		namespaces)
			unshare -mn true 2>/dev/null ||
			    skip_all 'no namespaces here (root is needed)' ;;
		*)
			command -v "$tool" >/dev/null ||
			    skip_all "$tool is not installed" ;;
		esac
	done
}

# A python that knows dnspython: there may be several of which one does.
find_python() {
	for p in python3 /usr/bin/python3; do
		if "$p" -c 'import dns.update, dns.tsig' 2>/dev/null; then
			echo "$p"
			return
		fi
	done
	return 1
}

# in_namespace SCRIPT: runs it again in a network namespace of its own, where
# port 53 is free and resolv.conf names 127.0.0.1; here it ends the script,
# there it returns.
in_namespace() {
	if [ "${MUSTER_INSIDE-}" != yes ]; then
		unshare -mn env MUSTER_INSIDE=yes top_srcdir="$source_folder" \
		    top_builddir="$build_folder" MUSTERD="$musterd" \
		    MUSTER="$muster" sh "$source_folder/tests/system/$1"
		exit
	fi
	port=53
	ip link set lo up
	echo 'nameserver 127.0.0.1
options timeout:5 attempts:1' >resolv.conf
	echo 'hosts: files dns' >nsswitch.conf
	for f in resolv.conf nsswitch.conf; do
		mount --bind $f /etc/$f || skip_all "cannot mount over /etc/$f"
	done
}

has_ipv6() {
	grep -q ' lo$' /proc/net/if_inet6 2>/dev/null
}

# ---- the daemon ------------------------------------------------------------

# A port that nobody uses, below those that the system gives away by itself;
# scripts that run at the same time try different ones.
pick_port() {
	p=$((20000 + $$ * 7 % 12000 + ${1:-0}))
	while [ -n "$(ss -Hlntu "sport = :$p" 2>/dev/null)" ]; do
		p=$((p + 1))
	done
	echo "$p"
}
port=$(pick_port)

# until_true SECONDS COMMAND...: polls; fails when the time is over.
until_true() {
	tries=$(($1 * 20))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.05
	done
}

# now: hundredths of a second, on a clock that nobody sets.
now() {
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

# within SECONDS SINCE: whether less than that has passed since then (now()
# told when), for certain.  What a lease is expected to do while it lasts is
# held against this.
within() {
	[ $(($(now) - $2)) -lt $(($1 * 100 - 1)) ]
}

# Whether a child has ended (we have not waited for it yet).
has_ended() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	''|Z*|X*) return 0 ;;
	*) return 1 ;;
	esac
}

# has_logged PATTERN [FILE]
has_logged() {
	grep -Eq -- "$1" "${2:-musterd.log}"
}

is_up_or_over() {
	has_ended "$pid" || has_logged ' ready: '
}

# start [COMMAND...]: runs musterd (behind COMMAND) with muster.yaml until it
# is ready; status 1 if it does not get there.
start() {
	: >musterd.log
	"$@" "$musterd" -c muster.yaml 2>>musterd.log &
	pid=$!
	until_true "$patience" is_up_or_over
	! has_ended "$pid" || return 1
	has_logged ' ready: '
}

# must_start [COMMAND...]: no test makes sense without.
must_start() {
	start "$@" && return
	fail 'musterd starts'
	end_of "$pid"
	pid=
	finish
}

# end_of PID: waits for a child, with patience; its exit status in $status.
end_of() {
	until_true "$patience" has_ended "$1" || kill -KILL "$1"
	wait "$1"
	status=$?
}

# stop [SIGNAL]: ends the daemon; its exit status in $status.
stop() {
	kill "-${1:-TERM}" "$pid"
	end_of "$pid"
	pid=
}

# How often the log has said so.
times_logged() {
	grep -Ec -- "$1" musterd.log || true
}

has_said_more() {
	[ "$(times_logged "$1")" -gt "$2" ]
}

# reload: SIGHUP, and waits until it is decided.
reload() {
	logged=$(times_logged ' (reloaded |error: not reloaded)')
	kill -HUP "$pid"
	until_true "$patience" has_said_more \
	    ' (reloaded |error: not reloaded)' "$logged"
}

# ---- clients ---------------------------------------------------------------

# The secrets of keys in tests, 32 octets.
secret=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=

# One query, to 127.0.0.1 unless an address is among the arguments.
query() {
	case " $* " in
	*' @'*) dig -p "$port" +tries=1 +time="$patience" "$@" ;;
	*) dig @127.0.0.1 -p "$port" +tries=1 +time="$patience" "$@" ;;
	esac
}

# What dig says, made comparable: "RCODE flags", then one line for each
# record, as its first letter of the section (n: answer, u: authority,
# d: additional), and the record, spaces squeezed, sorted.
digest() {
	awk '
	/^;; ->>HEADER<<-/ { sub(/.*status: /, ""); sub(/,.*/, ""); rcode = $0 }
	/^;; flags:/ { sub(/^;; flags: */, ""); sub(/;.*/, ""); flags = $0 }
	/^;; ANSWER SECTION/ { section = "n"; next }
	/^;; AUTHORITY SECTION/ { section = "u"; next }
	/^;; ADDITIONAL SECTION/ { section = "d"; next }
	/^;/ || /^$/ { next }
	section { gsub(/[ \t]+/, " "); print section, $0 | "sort" }
	END { close("sort"); print rcode (flags == "" ? "" : " " flags) }' |
	    awk '{ line[NR] = $0 }
	    END { print line[NR]; for (i = 1; i < NR; i++) print line[i] }'
}

# ask [dig arguments]: query() and digest().
ask() {
	query "$@" >ask.out 2>&1 || note "dig: $(cat ask.out)" >&2
	digest <ask.out
}

# Only the RCODE.
rcode_of() {
	ask "$@" | sed -n '1s/ .*//p'
}

serial_of() {
	query +short "${1:-svc.example}" SOA | cut -d ' ' -f 3
}

# update [nsupdate arguments] < COMMANDS: to our port, for svc.example; prints
# NOERROR or what nsupdate complained about.  By UDP it is sent only once: a
# copy that nsupdate sends by itself after some seconds without a reply may be
# applied when the script has long gone on.
update() {
	{
		echo "server 127.0.0.1 $port"
		echo 'zone svc.example'
		cat
		echo send
	} | nsupdate -t "$patience" -u "$patience" -r 0 "$@" >update.out 2>&1
	if [ -s update.out ]; then
		sed 's/^update failed: //' update.out
	else
		echo NOERROR
	fi
}
