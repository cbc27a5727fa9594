#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# muster register and deregister: what they register and leave alone, leases,
# keys, lost and forged replies, TCP, --keep with --check, and finding the
# server by itself.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig ss python3
[ -x "$muster" ] || skip_all "$muster is not built"

service=_http._tcp.web.svc.example
children=
clean_up_more() {
	for child in $children; do
		kill -KILL "$child" 2>/dev/null
	done
}

# gives NAME STATUS COMMAND...: its exit status; output in out, err.
gives() {
	what=$1 wanted=$2
	shift 2
	"$@" >out 2>err
	is "$what" "exit status $?" "exit status $wanted"
	[ "$wanted" -ne 0 ] || [ ! -s err ] || note "$(cat err)"
}

# ---- inside a network namespace: the server is found -----------------------

if [ "${MUSTER_INSIDE-}" = yes ]; then
	in_namespace register.sh
	cat >muster.yaml <<-'END'
	server: {listen: "127.0.0.1:53", data: data}
	zones:
	  - {name: svc.example, update: [{from: 127.0.0.1}]}
	END
	start || exit 1
	"$muster" register "$service" --port 80 --target web-1 --address \
	    192.0.2.1 || exit 1
	[ "$(query +short "$service" SRV)" = '10 100 80 web-1.svc.example.' ] ||
	    exit 1
	"$muster" deregister "$service" --port 80 --target web-1 --zone \
	    svc.example || exit 1
	[ "$(rcode_of "$service" SRV)" = NXDOMAIN ]
	exit
fi

# ---- against a server ------------------------------------------------------

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
keys:
  - {name: web-team, algorithm: hmac-sha256, secret: "$secret"}
zones:
  - name: svc.example
    lease-min: 1s
    lease-max: 1h
    update: [{key: web-team, types: [SRV, PTR, TXT, A, AAAA]}]
END
cat >web-team.key <<END
key "web-team" {
	algorithm hmac-sha256;
	secret "$secret";
};
END
must_start

# As "check in" and "check out", with all that each call needs.
register() {
	"$muster" register "$service" --server "127.0.0.1:$port" \
	    --key web-team.key --target web-1 --address 192.0.2.1 --port 80 \
	    "$@"
}
deregister() {
	"$muster" deregister "$service" --server "127.0.0.1:$port" \
	    --key web-team.key --target web-1 --port 80 "$@"
}

# What is registered: no SOA, NS, address of the server, and how much is left.
registered() {
	"$muster" dump svc.example --leases | sed -e 1,3d -e 's/ 30 IN / /' \
	    -e 's/lease .* of/of/'
}

gives 'register' 0 register
is '... says what was done' "$(cat out)" "registered: $service. \
web-1.svc.example.:80, server 127.0.0.1:$port"
is 'an SRV and an address, with the lease of the zone' "$(registered)" \
"$service. SRV 10 100 80 web-1.svc.example. ; of 30s
web-1.svc.example. A 192.0.2.1 ; of 30s"
serial=$(serial_of)
gives 'again' 0 register
is '... is a heartbeat: no serial' "$(serial_of)" "$serial"
gives 'a lease is asked for' 0 register --lease 2h --json
like '... and what is granted is said' "$(cat out)" '"lease":3600}'
like '... and is so' "$(registered)" 'SRV .* of 3600s'
gives 'another weight' 0 register --weight 0 --priority 20
gives 'and again' 0 register --weight 7
is '... replaces the record' "$(registered)" \
"$service. SRV 10 7 80 web-1.svc.example. ; of 30s
web-1.svc.example. A 192.0.2.1 ; of 30s"
gives 'an instance elsewhere, with metadata' 0 register --target web-2 \
    --address 2001:db8::2 --tag v2 --tag canary --txt version=2 --site eu
gives 'and one on another port' 0 register --port 81
gives 'deregister' 0 deregister
is '... takes its SRV, and nothing of others' "$(registered)" \
"$service. SRV 10 100 80 web-2.svc.example. ; of 30s
$service. SRV 10 100 81 web-1.svc.example. ; of 30s
web-1.svc.example. A 192.0.2.1 ; of 30s
web-2.svc.example. A 192.0.2.1 ; of 30s
web-2.svc.example. TXT \"version=2\" \"site=eu\" \"tags=v2,canary\" ; of 30s
web-2.svc.example. AAAA 2001:db8::2 ; of 30s"
gives 'once more' 0 deregister
gives 'with all that it had' 0 deregister --target web-2 --address 2001:db8::2 \
    --address 192.0.2.1 --tag v2 --tag canary --txt version=2 --site eu
gives 'the last one' 0 deregister --port 81 --address 192.0.2.1
is '... leaves nothing' "$(registered)" ''

gives 'DNS-SD' 0 register --dns-sd 'Web One' --txt path=/
is '... is PTR, SRV and TXT' "$(registered)" \
"$service. PTR Web\\032One.$service. ; of 30s
web\\032one.$service. TXT \"path=/\" ; of 30s
web\\032one.$service. SRV 10 100 80 web-1.svc.example. ; of 30s
web-1.svc.example. A 192.0.2.1 ; of 30s"
gives 'its name on another host' 0 register --dns-sd 'Web One' --target web-2
gives 'the first one leaves' 0 deregister --dns-sd 'Web One'
is '... and the second one stays' \
    "$(query +short "web\\032one.$service" SRV) $(query +short "$service" PTR)" \
    "10 100 80 web-2.svc.example. Web\\032One.$service."
gives 'it leaves too' 0 deregister --dns-sd 'Web One' --target web-2
is '... with all but the addresses' "$(registered)" \
'web-1.svc.example. A 192.0.2.1 ; of 30s
web-2.svc.example. A 192.0.2.1 ; of 30s'
gives 'by TCP' 0 register --tcp
gives 'out by TCP' 0 deregister --tcp --address 192.0.2.1

# ---- what does not work ----------------------------------------------------

gives 'a key that the server does not know' 1 register --key \
    "hmac-sha256:other:$secret"
like '... is said' "$(cat err)" "^muster: 127.0.0.1:$port: NOTAUTH, BADKEY"
gives 'another secret' 1 register --key web-team:MDEyMzQ1Njc4OQ==
like '... is said' "$(cat err)" ': NOTAUTH, BADSIG'
gives 'no key' 1 "$muster" register "$service" --port 80 \
    --server "127.0.0.1:$port"
is '... with the words of the server' "$(cat err)" \
    "muster: 127.0.0.1:$port: REFUSED: no update rule matches the address"
gives 'a zone that is not there' 1 "$muster" register \
    _http._tcp.web.other.example --port 80 --server "127.0.0.1:$port"
like '... is said' "$(cat err)" 'no zone found that _http.* REFUSED'
gives 'nobody there' 1 "$muster" register "$service" --port 80 \
    --server "127.0.0.1:$(pick_port 200)"
like '... is said' "$(cat err)" 'refused$'
gives 'usage' 2 register --ttl x
gives 'help' 0 "$muster" register --help
like '... of its own' "$(cat out)" '^ *--keep '
gives 'help of deregister' 0 "$muster" deregister --help
like '... says what is deleted' "$(cat out)" 'What is deleted'

# ---- lost, forged and cut replies ------------------------------------------

# through MODE [option]...: registers by way of the proxy.
through() {
	proxy_port=$(pick_port 300)
	python3 "$source_folder/tests/system/register.py" proxy "$proxy_port" \
	    "$port" "$1" >"$1.log" 2>&1 &
	children="$children $!"
	until_true 20 grep -q ready "$1.log"
	shift
	"$muster" register "$service" --server "127.0.0.1:$proxy_port" \
	    --key web-team.key --target web-1 --address none --port 80 "$@"
}
# end_proxy: the next one shall find the port free.
end_proxy() {
	kill "${children##* }"
	wait "${children##* }" 2>/dev/null
}
gives 'a lost message' 0 through drop --lease 90s
is '... is sent again' "$(cat drop.log)" 'ready
udp
udp'
end_proxy
gives 'forged replies' 0 through forge --lease 91s
like '... are passed over' "$(cat out)" 'lease 91s'
end_proxy
gives 'a reply that was cut' 0 through truncate --lease 92s
is '... comes by TCP' "$(tail -n 2 truncate.log) $(cat out)" "udp
tcp registered: $service. web-1.svc.example.:80, server \
127.0.0.1:$proxy_port, lease 92s"
end_proxy
gives 'out' 0 deregister

# ---- to stay ---------------------------------------------------------------

python3 "$source_folder/tests/system/register.py" notify notify.sock \
    >notify.log 2>&1 &
children="$children $!"
until_true 20 grep -q ready notify.log

# keep [option]...: stays, in the background, as $kept.
keep() {
	: >keep.log
	NOTIFY_SOCKET=$dir/notify.sock "$muster" register "$service" --server \
	    "127.0.0.1:$port" --key web-team.key --target web-1 --port 80 \
	    --address 192.0.2.1 --keep --lease 2s --json "$@" >keep.log 2>&1 &
	kept=$!
	children="$children $kept"
}
has_kept() {
	grep -q "\"event\":\"$1\"" keep.log
}
is_there() {
	[ "$(query +short "$service" SRV)" = '10 100 80 web-1.svc.example.' ]
}
is_away() {
	! is_there
}

keep
works 'it registers' until_true 20 has_kept registered
works 'and says so to systemd' until_true 20 grep -q READY=1 notify.log
like 'with the lease that it was granted' "$(cat keep.log)" '"lease":2}'
updates() {
	"$muster" --json status | head -n 1 | python3 -c 'import json, sys
print(json.load(sys.stdin)["counters"]["updates"])'
}
before=$(updates)
have_come() {
	[ "$(updates)" -ge $((before + 2)) ]
}
works 'it refreshes' until_true 20 have_come
# The server is away for a while.
stop
works 'a server that went is said' until_true 20 has_kept failing
must_start
works 'and is found again' until_true 20 has_kept refreshed
works 'with the instance' until_true 20 is_there
kill -TERM "$kept"
end_of "$kept"
is 'SIGTERM: a clean end' "$status" 0
like '... deregistered' "$(cat keep.log)" '"event":"deregistered"'
is '... and gone' "$(rcode_of "$service" SRV)" NXDOMAIN
works '... and says so to systemd' until_true 20 grep -q STOPPING=1 notify.log

keep --check 'test -e well'
works 'an instance that is not well' until_true 20 has_kept failing
is '... is not registered' "$(rcode_of "$service" SRV)" NXDOMAIN
touch well
works 'once it is' until_true 20 has_kept registered
works '... it is there' until_true 20 is_there
rm well
works 'after three failures' until_true 20 has_kept deregistered
is '... it is not' "$(rcode_of "$service" SRV)" NXDOMAIN
: >keep.log
touch well
works 'well again' until_true 20 has_kept registered
kill -INT "$kept"
end_of "$kept"
is 'SIGINT: a clean end' "$status" 0

check_port=$(pick_port 400)
keep --check "http://127.0.0.1:$check_port/"
works 'HTTP: nobody there' until_true 20 grep -q 'Connection refused' keep.log
mkdir www
python3 -m http.server --bind 127.0.0.1 -d www "$check_port" >/dev/null 2>&1 &
children="$children $!"
works 'HTTP: somebody there' until_true 20 has_kept registered
kill -TERM "$kept"
end_of "$kept"
keep --check "http://127.0.0.1:$check_port/none"
works 'HTTP: 404' until_true 20 grep -q 'HTTP 404' keep.log
kill -TERM "$kept"
end_of "$kept"
is '... and SIGTERM before the first registration' "$status" 0
keep --check "tcp:$check_port"
works 'TCP' until_true 20 has_kept registered
kill -TERM "$kept"
end_of "$kept"
gives '--keep ends if it is refused from the start' 1 \
    "$muster" register "$service" --port 80 --keep --server "127.0.0.1:$port"

# ---- the server is found ---------------------------------------------------

if unshare -mn true 2>/dev/null && command -v ip >/dev/null; then
	inside() (
		in_namespace register.sh
	)
	works 'the server is found by resolv.conf, SOA and MNAME' inside
else
	skip 'the server is found' 'no namespaces here (root is needed)'
fi
finish
