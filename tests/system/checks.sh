#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the checker makes of servers that live, die, hang, reset, lie, answer
# slowly or too much; of agents, programs, certificates and gRPC.
. "${top_srcdir:-.}/tests/lib/system.sh"
need openssl nsupdate ss
prober=$build_folder/tests/system/prober
[ -x "$prober" ] || skip_all "$prober is not built"
[ -x "$muster" ] || skip_all "$muster is not built"

# ---- certificates ----------------------------------------------------------

# issue NAME SUBJECT-ALT-NAME DAYS: by our own authority; 0: expired at once.
issue() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
	echo "subjectAltName=$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key \
	    -days "$3" -extfile "$1.ext" -out "$1.crt" 2>/dev/null
	cat "$1.crt" "$1.key" >"$1.pem"
}

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.pem" -days 30 -subj "/CN=$1" \
	    2>/dev/null
}
authority ca
authority stranger
issue good DNS:a.svc.example,IP:127.0.0.1 30
issue other DNS:b.svc.example 30
issue expired DNS:a.svc.example 0
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout self.key -out self.crt -days 30 -subj /CN=a.svc.example \
    -addext subjectAltName=DNS:a.svc.example 2>/dev/null
cat self.crt self.key >self.pem

# ---- servers ---------------------------------------------------------------

python=python3
! /usr/bin/python3 -c 'import grpc' 2>/dev/null || python=/usr/bin/python3
mkfifo servers.in
# They end when this end of the pipe does.
"$python" "$source_folder/tests/system/checks.py" . <servers.in \
    2>servers.log &
servers=$!
exec 3>servers.in
# shellcheck disable=SC2317  # called at the end
clean_up_more() {
	exec 3>&-
	kill -KILL "$servers" 2>/dev/null
}
until_true 20 test -f ports || {
	fail 'the servers begin'
	finish
}

limit_ms=5000 # of each probe

port_of() {
	awk -v name="$1" '$1 == name { print $2 }' ports
}

# probe TYPE SERVER [key=value]...
probe() {
	type=$1 server=$2
	shift 2
	"$prober" "$type" "${at:-127.0.0.1}" "$(port_of "$server")" \
	    "timeout=$limit_ms" interval=10000 "$@" 3>&- ||
	    echo "prober ends with $?"
}

# says TYPE SERVER EXPECTED [key=value]...
says() {
	type=$1 server=$2 expected=$3
	shift 3
	words=$(echo "$type $server $*" | tr -d '\r\n' | sed "s,$PWD/,,g")
	is "$words: $expected" "$(probe "$type" "$server" "$@")" "$expected"
}

# ---- HTTP ------------------------------------------------------------------

says http ok 'good load 37: HTTP 200'
says http heavy 'good: HTTP 200'
says http ok 'good load 37: HTTP 200' body=well
says http ok 'bad load 37: HTTP 200, the text is not in the answer' body=ill
says http chunked 'good: HTTP 200' 'body=all is well'
says http in-two 'good: HTTP 200' 'body=all is well'
says http interim 'good: HTTP 200' 'body=all is well'
says http error 'bad: HTTP 500'
says http missing 'bad: HTTP 404'
says http missing 'good: HTTP 404' status=404-404
says http ok 'bad load 37: HTTP 200' status=204-204
says http redirect 'good: HTTP 302'
says http redirect 'bad: HTTP 302' status=200-299
says http reset 'bad: connection reset'
says http close 'bad: closed without an answer'
says http short "bad: closed before the answer's end"
says http ssh 'bad: not an HTTP answer'
says http nobody 'bad: connection refused'
says http flood 'good: HTTP 200'
says http flood 'bad: HTTP 200, the text is not in the first 64 KiB' body=well
says http flood-header 'bad: more than 64 KiB of headers'
says http deep 'bad: HTTP 200, the text is not in the first 64 KiB' body=well
says http drip-error 'bad: HTTP 500'
says http ok 'bad: the path cannot be in a URL' 'path=/a b'
says http echo 'good: HTTP 200' 'body=GET /../x?a=b HTTP/1.1' 'path=/../x?a=b'
says http echo 'good: HTTP 200' "body=Host: a.svc.example:$(port_of echo)"
says http echo 'good: HTTP 200' "body=Host: www:$(port_of echo)" host=www
says http echo 'good: HTTP 200' "body=Host: 127.0.0.1:$(port_of echo)" \
    'target=not\032a/host'
http_proxy=http://127.0.0.1:1/
export http_proxy
says http ok 'good load 37: HTTP 200'
unset http_proxy

limit_ms=300
says http hang 'bad: timeout after 300 ms'
says http drip 'bad: timeout after 300 ms'
says http drip-header 'bad: timeout after 300 ms'
says tcp hang 'bad: timeout after 300 ms' receive=x
says tcp hang 'bad: timeout after 300 ms' tls=yes
says agent hang 'bad: timeout after 300 ms'
says https hang 'bad: timeout after 300 ms'
says grpc hang 'bad: timeout after 300 ms'
limit_ms=5000

is 'one that dies is refused the next time' \
    "$(probe http once interval=200 timeout=200 results=2)" \
    'good load 37: HTTP 200
bad: connection refused'

# ---- several addresses, and networks ---------------------------------------

at=127.0.0.9,127.0.0.8,127.0.0.1
says http ok 'good load 37: HTTP 200'
says tcp ping 'good: connected'
says http error 'bad: HTTP 500'
says http nobody 'bad: connection refused'
at=10.9.9.9
says http ok \
    "bad: not probed: no address is within the check's networks"
at=127.0.0.2,127.0.0.1
says http ok \
    "bad: not probed: no address is within the check's networks" \
    networks=192.0.2.0/24
says http ok 'good load 37: HTTP 200' networks=127.0.0.1/32
at=127.0.0.1

# ---- TLS -------------------------------------------------------------------

ca=ca=$PWD/ca.pem
for type in https tcp; do
	good='good: HTTP 200'
	tls=
	[ $type = https ] || good='good: connected, TLS' tls=tls=yes
	# shellcheck disable=SC2086  # $tls may be nothing
	{
	says $type tls "$good" "$ca" $tls
	says $type tls "$good" "$ca" host=127.0.0.1 $tls
	says $type tls 'bad: certificate: not for b.svc.example' "$ca" \
	    host=b.svc.example $tls
	says $type tls-other 'bad: certificate: not for a.svc.example' \
	    "$ca" $tls
	says $type tls-other "$good" "$ca" host=b.svc.example $tls
	says $type tls-other "$good" verify=no $tls
	says $type tls-expired 'bad: certificate: certificate has expired' \
	    "$ca" $tls
	says $type tls-self \
	    'bad: certificate: self-signed certificate' "$ca" $tls
	says $type tls \
	    'bad: certificate: unable to get local issuer certificate' $tls
	says $type tls \
	    'bad: certificate: unable to get local issuer certificate' \
	    "ca=$PWD/stranger.pem" $tls
	says $type tls 'bad: ca: No such file or directory' \
	    "ca=$PWD/nowhere.pem" $tls
	}
done
says https rude 'bad: closed during the TLS handshake' "$ca"
says tcp rude 'bad: closed during the TLS handshake' "$ca" tls=yes
# Command substitution eats the last newline: the _ stands behind it.
ping=$(printf 'PING\r\n_')
says https agent-up 'bad: TLS: wrong version number'
says tcp agent-up 'bad: TLS: wrong version number' tls=yes
says tcp tls-ping 'good: received' "$ca" tls=yes "send=${ping%_}" receive=PONG

# ---- TCP and agents --------------------------------------------------------

says tcp ok 'good: connected'
says tcp nobody 'bad: connection refused'
says tcp ok 'good: sent' send=x
says tcp ping 'good: received' "send=${ping%_}" receive=PONG
says tcp close 'bad: closed without an answer' \
    "send=$(printf 'GET\r\n\r\n_')" receive=x
says tcp reset 'bad: connection reset' send=x receive=y
says tcp flood 'bad: the text is not in the first 64 KiB' \
    "send=$(printf 'GET\r\n\r\n_')" receive=y
says agent agent-up 'good ready 75%: up ready 75%'
says agent agent-drain 'good drain: drain'
says agent agent-maint 'good maint: maint'
says agent agent-down 'bad down: down #disk full, again'
says agent agent-fail 'bad down: FAIL'
says agent agent-stopped 'bad down 50%: stopped,50%'
says agent agent-percent 'good 120%: 120%'
says agent agent-maxconn 'good up: up maxconn:30'
says agent agent-unended 'good up 10%: up 10%'
says agent agent-strange 'bad: agent: no word we know: hello world'
says agent agent-empty 'bad: agent: an empty line'
says agent agent-nothing 'bad: closed without an answer'
says agent agent-long 'bad: agent: the line is too long'
says agent agent-binary 'bad down: down #???[31m'
says agent nobody 'bad: connection refused'

# ---- gRPC ------------------------------------------------------------------

if [ -n "$(port_of grpc)" ]; then
	says grpc grpc 'good: SERVING'
	says grpc grpc 'bad: NOT_SERVING' path=sick
	says grpc grpc 'bad: UNKNOWN' path=unsure
	says grpc grpc 'bad: gRPC: NOT_FOUND: no such service' path=nobody
	says grpc grpc-tls 'good: SERVING' tls=yes "$ca"
	says grpc grpc-tls 'bad: certificate: not for b.svc.example' tls=yes \
	    "$ca" host=b.svc.example
	says grpc grpc-empty 'bad: gRPC: UNIMPLEMENTED: Method not found!'
	says grpc grpc 'bad: timeout after 300 ms' path=slow timeout=300
else
	skip 'gRPC' 'python3-grpcio is not installed'
fi
says grpc ok 'bad: no HTTP/2 answer'
says grpc tls 'bad: no HTTP/2 answer' tls=yes "$ca"
says grpc nobody 'bad: connection refused'

# ---- programs --------------------------------------------------------------

# program NAME < TEXT
program() {
	{
		echo '#!/bin/sh'
		cat
	} >"$1"
	chmod +x "$1"
}
# run NAME EXPECTED [key=value]...
run() {
	name=$1 expected=$2
	shift 2
	says exec ok "$expected" "path=$PWD/$name" "$@"
}

echo 'echo "all is well"' | program well
run well 'good: exit status 0: all is well'
echo 'exit 0' | program silent
run silent 'good: exit status 0'
program sick <<'END'
echo >&2
echo "disk 97% full" >&2
echo "more" >&2
exit 2
END
run sick 'bad: exit status 2: disk 97% full'
# shellcheck disable=SC2016  # for the program to expand
echo 'kill -TERM $$' | program killed
run killed 'bad: signal 15'
# shellcheck disable=SC2016
echo 'echo "$1-$2"' | program arguments
run arguments 'good: exit status 0: a b-c' 'arg=a b' arg=c
program environment <<'END'
echo "$MUSTER_HOST $MUSTER_ADDRESS $MUSTER_SERVICE $(env | wc -l) $HOME"
END
# PWD and _ are the shell's own; so is SHLVL of some.
like 'exec environment: what it is for, and nothing else' \
    "$(HOME=/x probe exec ok "path=$PWD/environment")" \
    'status 0: a.svc.example 127.0.0.1 _x._tcp.svc.example [6-9] $'
# shellcheck disable=SC2016
echo 'cd /proc/$$/fd; echo *; pwd -P >&2' | program descriptors
like 'exec descriptors: nothing of ours (3 is the folder, 10 the script)' \
    "$(probe exec ok "path=$PWD/descriptors" 7</dev/null)" \
    'status 0: 0 1 (10 )?2 3$'
program limits <<'END'
echo "$(ulimit -t) $(ulimit -c) $(ulimit -n)"
END
run limits 'good: exit status 0: 6 0 1024'
echo 'while :; do echo yes; done' | program endless
run endless 'bad: killed: more than 64 KiB of output'
run nowhere 'bad: cannot be started: No such file or directory'
echo 'text' >plain
says exec ok 'bad: cannot be started: Permission denied' "path=$PWD/plain"

# Children of its own go with it, whether it hangs or ends.
program parent <<END
sleep 4321 &
sleep 4321 &
echo \$! >"$PWD/child"
wait
END
limit_ms=300
run parent 'bad: timeout after 300 ms'
is_gone() {
	! kill -0 "$(cat child)" 2>/dev/null || has_ended "$(cat child)"
}
works 'the children of a program that hangs are killed with it' \
    until_true 5 is_gone
limit_ms=5000
program leaves <<END
sleep 4321 &
echo \$! >"$PWD/child"
echo gone
END
run leaves 'good: exit status 0: gone'
works 'and those that a program leaves behind' until_true 5 is_gone

# ---- side by side in the daemon --------------------------------------------

tls=$(port_of tls)
cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones: [{name: svc.example, update: [{from: 127.0.0.1}]}]
services:
  - match: "_ours._tcp.svc.example"
    check: {type: https, ca: ca.pem, interval: 1s, fall: 1, rise: 1,
            networks: [127.0.0.1]}
  - match: "_strange._tcp.svc.example"
    check: {type: https, ca: stranger.pem, interval: 1s, fall: 1, rise: 1,
            networks: [127.0.0.1]}
  - match: "_any._tcp.svc.example"
    check: {type: https, verify: false, interval: 1s, fall: 1, rise: 1,
            networks: [127.0.0.1]}
  - match: "_system._tcp.svc.example"
    check: {type: https, interval: 1s, fall: 1, rise: 1,
            networks: [127.0.0.1]}
  - match: "_program._tcp.svc.example"
    check: {type: exec, path: ./well, interval: 1s, rise: 1, fall: 1}
END
must_start
{
	echo 'update add a.svc.example 300 A 127.0.0.1'
	for service in ours strange any system program; do
		echo "update add _$service._tcp.svc.example 300" \
		    "SRV 0 1 $tls a.svc.example"
	done
} >five.txt
is 'five services on one port, with five checks' "$(update <five.txt)" NOERROR
# reasons: of the last results of each, once each has had RESULTS.
reasons() {
	for service in ours strange any system program; do
		"$muster" --json explain "_$service._tcp.svc.example" |
		    sed -n 's/.*"history": *\[{[^}]*"reason": *"\([^"]*\)".*/\1/p'
	done
}
have_results() {
	"$muster" --json status | "$python" -c 'import json, sys
done = json.loads(sys.stdin.readline())["checks"]["done"]
sys.exit(done < int(sys.argv[1]))' "$1"
}
works 'each has been probed more than once' until_true 30 have_results 15
local='certificate: unable to get local issuer certificate'
is 'each trusts its own authorities only; a program is found beside the file' \
    "$(reasons)" "HTTP 200
$local
HTTP 200
$local
exit status 0: all is well"

finish
