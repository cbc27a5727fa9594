#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What operators see and overrule: status, services, instances, explain,
# force, forced, watch, with instances whose servers come and go.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss python3
[ -x "$muster" ] || skip_all "$muster is not built"
helper=$source_folder/tests/system/operators.py
export TZ=UTC

# ---- servers to be checked -------------------------------------------------

port_a=$(pick_port 200)
port_b=$(pick_port $((port_a - port + 1)))
mkfifo servers.in
python3 "$helper" serve "$port_a" "$port_b" <servers.in >servers.out \
    2>servers.log &
servers=$!
exec 3>servers.in
# shellcheck disable=SC2317  # called at the end
clean_up_more() {
	exec 3>&-
	kill -KILL "$servers" 2>/dev/null
}
until_true 20 grep -q ready servers.out || skip_all 'no servers'

# server up|down PORT
server() {
	echo "$1 $2" >&3
	until_true 20 grep -q "^$1 $2\$" servers.out
}

# ---- the daemon ------------------------------------------------------------

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - name: svc.example
    file: svc.example.zone
    update: [{from: 127.0.0.1}]
services:
  - match: "_http._tcp.*.svc.example"
    strategy: weighted
    max-answers: 8
    drain: 5m
    check: {type: tcp, interval: 200ms, timeout: 150ms, rise: 1, fall: 2,
            networks: [127.0.0.0/8]}
END
cat >svc.example.zone <<END
\$TTL 30
@	SOA	ns hostmaster 7 3600 600 86400 60
@	NS	ns
ns	A	127.0.0.1
a	A	127.0.0.1
b	A	127.0.0.1
a	TXT	"tags=v2,canary" "version=2"
b	TXT	"\\027[31mred"
_http._tcp.web	SRV	10 100 $port_a a
_http._tcp.web	SRV	10 30 $port_b b
_ipp._tcp	PTR	Front\\032Desk._ipp._tcp
Front\\032Desk._ipp._tcp	SRV	0 0 631 printer
END
must_start

# gives NAME STATUS COMMAND...: its exit status; output in out, err.
gives() {
	what=$1 wanted=$2
	shift 2
	"$@" >out 2>err
	is "$what" "exit status $?" "exit status $wanted"
}

# state PATTERN: "served why real" of the instances that match.
state() {
	"$muster" --json instances "$1" | python3 -c 'import json, sys
for line in sys.stdin:
    i = json.loads(line)
    print(i["served"], i["why"], i["real"])'
}

# shellcheck disable=SC2317  # called by until_true
has_state() {
	[ "$(state "$1")" = "$2" ]
}

# becomes NAME PATTERN STATE
becomes() {
	until_true 20 has_state "$2" "$3"
	is "$1" "$(state "$2")" "$3"
}

# targets: of the service's SRV records, in order of names.
targets() {
	query +short _http._tcp.web.svc.example SRV | sed 's/.* //' | sort |
	    tr '\n' ' '
}

# ---- usage -----------------------------------------------------------------

for command in status services instances explain force forced watch zones \
    dump reload; do
	gives "help of $command" 0 "$muster" "$command" --help
	like '... on standard output' "$(cat out)" "^Usage: muster .*$command"
done
for wrong in 'services a b' 'explain' 'force' 'force a' 'force a sideways' \
    'forced a' 'watch a b' 'status --leases'; do
	# shellcheck disable=SC2086  # words
	gives "usage: 'muster $wrong'" 2 "$muster" $wrong
done

# ---- lists -----------------------------------------------------------------

"$muster" watch >watch.out 2>watch.err &
watcher=$!
"$muster" --json watch 'b.*' >watch.json 2>watch.err &
json_watcher=$!
until_true 20 grep -q watching watch.json

becomes 'what is well is answered' 'a.svc.example:*' 'up healthy healthy'
becomes '... both' 'b.svc.example:*' 'up healthy healthy'
is 'services' "$("$muster" services)" \
"SERVICE                     REG  SERVED  CONDITION  STRATEGY
_http._tcp.web.svc.example    2       2  normal     weighted
_ipp._tcp.svc.example         1       1  normal     weighted"
is 'services by pattern' "$("$muster" services '*.web.*' | wc -l)" 2
is 'instances' "$("$muster" instances | sed 's/:[0-9]* /:PORT /; s/  */ /g')" \
'SERVICE INSTANCE SERVED WHY REAL PRIO WEIGHT LEASE TAGS
_http._tcp.web.svc.example a.svc.example:PORT up healthy healthy 10 100 - v2,canary
_http._tcp.web.svc.example b.svc.example:PORT up healthy healthy 10 30 -
_ipp._tcp.svc.example printer.svc.example:PORT up plain plain 0 0 -'
gives 'a pattern that nothing matches: exit status 1' 1 \
    "$muster" instances 'nobody*'
is '... and why' "$(cat err)" 'muster: nothing matches nobody*'
gives 'the same as JSON' 1 "$muster" --json services 'nobody*'

cat >register <<'EOF'
update add c.svc.example 600 A 127.0.0.1
update add _ipp._tcp.svc.example 600 SRV 1 0 9 c.svc.example
EOF
is 'an instance checks in' "$(update <register)" NOERROR
like 'its lease is shown' "$("$muster" instances c.svc.example)" \
    ' (600|59[0-9])$'

# ---- explain ---------------------------------------------------------------

"$muster" explain _http._tcp.web.svc.example >explained
like 'explain: the service' "$(cat explained)" \
    '^_http._tcp.web.svc.example  2 of 2 served, weighted, at most 8 '
like '... an instance' "$(cat explained)" \
    "^  a.svc.example:$port_a  up, checks say healthy"
like '... the arithmetic of its weight' "$(cat explained)" \
    '^    answer  weight 100 of 130 in tier 10$'
like '... its check' "$(cat explained)" '^    check   tcp'
like '... with history' "$(cat explained)" \
    ' [0-9][0-9]:[0-9][0-9]:[0-9][0-9]  good +[0-9.]+ ms  '
like '... and TXT, without controls' "$(cat explained)" \
    '^    txt     \?\[31mred$'
is 'explain a domain' "$("$muster" --json explain WEB.svc.example. |
    grep -c '"host"')" 2
is 'explain a host' "$("$muster" --json explain c.svc.example |
    grep -c '"host"')" 1
like '... with its lease' "$("$muster" explain c.svc.example)" \
    '^    lease   [0-9]+ s of 600 s left$'
is 'explain a DNS-SD instance' \
    "$("$muster" --json explain 'Front\032Desk._ipp._tcp.svc.example' |
	grep -c '"host":"printer')" 1
gives 'explain what is not there: exit status 1' 1 \
    "$muster" explain nobody.svc.example
is '... and why' "$(cat err)" \
    'muster: nothing is registered for nobody.svc.example'

# ---- a server dies ---------------------------------------------------------

is 'answered' "$(targets)" 'a.svc.example. b.svc.example. '
server down "$port_b"
becomes 'a dead server is left out' 'b.svc.example:*' \
    'out unhealthy unhealthy'
is '... of the answer' "$(targets)" 'a.svc.example. '
like 'explain says why' "$("$muster" explain b.svc.example)" \
    '^    why .*connection refused'
like '... what it counts for' "$("$muster" explain b.svc.example)" \
    '^    answer  weight 30 counts for nothing'
like 'services counts' "$("$muster" services '_http*')" \
    '^_http._tcp.web.svc.example +2 +1  normal'
like 'status counts' "$("$muster" status)" \
    '^health: .* 1 healthy, 1 unhealthy, 0 unknown; 0 draining, 0 forced'
like '... checks too' "$("$muster" status)" \
    '^checks: [0-9.]+ per second of 2 instances, .* [0-9]+ late'

# ---- force -----------------------------------------------------------------

gives 'force up' 0 "$muster" force 'b.svc.example:*' up
is '... says how many it concerns' "$(cat out)" \
    'b.svc.example:*: up, which 1 instance matches now'
becomes 'what is forced up is answered, the real state is shown' \
    'b.svc.example:*' 'up forced-up unhealthy'
is '... indeed' "$(targets)" 'a.svc.example. b.svc.example. '
gives 'force down' 0 "$muster" force 'A.svc.example*' down
becomes 'what is forced down is not' 'a.svc.example*' \
    'out forced-down healthy'
is '... indeed' "$(targets)" 'b.svc.example. '
like 'explain says by which pattern' "$("$muster" explain a.svc.example)" \
    '^    forced  by [aA].svc.example\* since 20'
gives 'force what is not there' 0 "$muster" force 'nobody' drain
like '... is told' "$(cat out)" 'nobody: drain, which no instance matches now'
is 'forced' "$("$muster" forced | sed 's/20[-0-9]* [0-9:]*/SINCE/;
    s/  */ /g; s/ A/ a/')" \
'STATE SINCE PATTERN
up SINCE b.svc.example:*
down SINCE a.svc.example*
drain SINCE nobody'
like 'status counts them' "$("$muster" status)" ' 2 forced'

stop
is 'the daemon stops' "$status" 0
end_of "$watcher"
is 'a watch ends with the daemon: exit status 1' "$status" 1
end_of "$json_watcher"
must_start
becomes 'a wish outlives a restart' 'a.svc.example*' \
    'out forced-down healthy'
is '... indeed' "$(targets)" 'b.svc.example. '
gives 'auto takes it back' 0 "$muster" force 'a.svc.example*' auto
becomes '... and health decides' 'a.svc.example*' 'up healthy healthy'
is '... forced has two left' "$("$muster" --json forced | wc -l)" 2
gives 'drain' 0 "$muster" force 'a.svc.example*' drain
becomes 'first the TTLs end where the addresses will go' 'a.svc.example*' \
    'up forced-drain healthy'
like '... explain knows the next step' "$("$muster" explain a.svc.example)" \
    '^    next    a change in (300|29[0-9])'
"$muster" force 'a.svc.example*' auto >out

rm -f data/forced
mkdir -p data/forced/full
gives 'a wish that cannot be saved: exit status 1' 1 \
    "$muster" force 'a.svc.example*' down
like '... it holds until a restart' "$(cat err)" 'until a restart only'
becomes '... and does' 'a.svc.example*' 'out forced-down healthy'
rm -r data/forced
gives 'the next one saves them all' 0 "$muster" force nobody auto
is '... on the disk' "$(grep -c '^[ud]' data/forced)" 2

# ---- watch -----------------------------------------------------------------

like 'watch: health' "$(cat watch.out)" \
    "^20[-0-9]* [0-9:]*  unhealthy  _http._tcp.web.svc.example b.svc.example:$port_b \\(connection refused\\)"
like '... what is served' "$(cat watch.out)" \
    "served out  _http._tcp.web.svc.example b.svc.example:$port_b"
like '... wishes' "$(cat watch.out)" 'forced up  b.svc.example:\*'
is 'watch as JSON, by pattern' "$(python3 -c 'import json, sys
seen = [json.loads(line) for line in sys.stdin]
print({e.get("host") for e in seen if e["event"] in ("health", "served")},
    seen[0]["event"],
    any(e["event"] == "health" and e["real"] == "unhealthy" and
        e["reason"] == "connection refused" for e in seen))' <watch.json)" \
    "{'b.svc.example'} watching True"

# ---- too few are healthy ---------------------------------------------------

"$muster" force 'a.svc.example*' auto >out
"$muster" force 'b.svc.example:*' auto >out
cat >>muster.yaml <<END
  - match: "_api._tcp.*.svc.example"
    panic-threshold: 60
    check: {type: tcp, interval: 200ms, timeout: 150ms, rise: 1, fall: 2,
            networks: [127.0.0.0/8]}
END
cat >>svc.example.zone <<END
_api._tcp.web	SRV	10 1 $port_a a
_api._tcp.web	SRV	10 1 $port_b b
END
works 'another service, by reload' "$muster" reload
gives 'a wish after a reload' 0 "$muster" force 'later*' down
is '... is kept, too' "$(grep -c ' later\*$' data/forced)" 1
"$muster" force 'later*' auto >out
becomes 'unhealthy ones are answered in a panic' '_api*/b*' \
    'up panic unhealthy'
like 'services shows it' "$("$muster" services '_api*')" \
    '^_api._tcp.web.svc.example +2 +2  panic'
like 'status too' "$("$muster" status)" '^health: 1 in panic'
like 'explain says it in words' \
    "$("$muster" explain '_api._tcp.web.svc.example')" \
    '^  panic: too few instances are healthy'
server up "$port_b"
becomes 'it ends by itself' '_api*/b*' 'up healthy healthy'
like '... in services' "$("$muster" services '_api*')" '  normal  '
is '... in status, which still counts it' \
    "$("$muster" status | grep -E 'in panic|times_panic')" 'count times_panic: 1'

# ---- terminals -------------------------------------------------------------

escape=$(printf '\033')
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	like 'colours on a terminal' \
	    "$(TERM=xterm python3 "$helper" terminal "$muster" instances)" \
	    "$escape\\[32mup$escape\\[0m"
else
	skip 'colours on a terminal' 'there are no terminals here'
fi
is 'not with NO_COLOR' "$(NO_COLOR=1 TERM=xterm python3 "$helper" terminal \
    "$muster" instances | grep -c "$escape")" 0
is 'not on a dumb one' "$(TERM=dumb python3 "$helper" terminal \
    "$muster" services | grep -c "$escape")" 0
is 'not in a pipe' "$(TERM=xterm "$muster" instances | grep -c "$escape")" 0
is 'and no controls of others' "$(NO_COLOR=1 TERM=xterm python3 "$helper" \
    terminal "$muster" explain b.svc.example | grep -c "$escape")" 0

# ---- the protocol ----------------------------------------------------------

results python3 "$helper" protocol data/muster.sock
finish
