#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# muster, and the control socket that it speaks to: dump, reload, status,
# zones, their options, exit statuses, and what happens without a server.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss python3
muster=${MUSTER:-$build_folder/muster}
[ -x "$muster" ] || skip_all "$muster is not built"

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - name: svc.example
    file: svc.example.zone
    update: [{from: 127.0.0.1}]
  - name: other.example
END
good_zone() {
	cat <<-'END'
	$TTL 30
	@	SOA	ns hostmaster 7 3600 600 86400 60
	@	NS	ns
	@	TXT	"a;b" "c\"d"
	ns	A	127.0.0.1
	b.a	A	192.0.2.7
	*.a	TXT	"wild"
	odd	TYPE65280 \# 3 010203
	END
}
good_zone >svc.example.zone

# gives NAME STATUS COMMAND...: its exit status; output in out, err.
gives() {
	what=$1 wanted=$2
	shift 2
	"$@" >out 2>err
	is "$what" "exit status $?" "exit status $wanted"
}

# ---- without a server ------------------------------------------------------

gives 'nobody listens: exit status 1' 1 "$muster" status
is '... and one line says where' "$(cat err)" \
    'muster: no musterd listens on ./data/muster.sock'
gives 'help: exit status 0' 0 "$muster" --help
like '... on standard output' "$(cat out)" '^Usage: muster'
gives 'version: exit status 0' 0 "$muster" -V
for wrong in '' nothing 'dump' 'dump a b' 'zones --leases' '--bad' \
    'status -s a -c b' 'zones x'; do
	# shellcheck disable=SC2086  # words
	gives "usage: 'muster $wrong'" 2 "$muster" $wrong
done
gives 'no configuration there: exit status 1' 1 "$muster" -c none.yaml zones
like '... says which' "$(cat err)" 'none\.yaml'

# ---- the socket ------------------------------------------------------------

must_start
is 'the socket has mode 660' "$(stat -c %a data/muster.sock)" 660
sed "s/$port/$(pick_port 100)/" muster.yaml >second.yaml
"$musterd" -c second.yaml 2>second.log
is 'a second server on the same store: exit status 1' "$?" 1
works 'the socket is found through ./muster.yaml' "$muster" zones
works 'through a configuration' "$muster" -c "$PWD/muster.yaml" zones
works 'by its path' "$muster" -s data/muster.sock zones

# ---- dump ------------------------------------------------------------------

works 'dump' "$muster" dump SVC.example
is 'the SOA first, then canonical order' "$(cat works.out)" \
'svc.example. 30 IN SOA ns.svc.example. hostmaster.svc.example. 7 3600 600 86400 60
svc.example. 30 IN NS ns.svc.example.
svc.example. 30 IN TXT "a;b" "c\"d"
*.a.svc.example. 30 IN TXT "wild"
b.a.svc.example. 30 IN A 192.0.2.7
ns.svc.example. 30 IN A 127.0.0.1
odd.svc.example. 30 IN TYPE65280 \# 3 010203'
update >updated <<'END'
update add web-1.svc.example 600 A 192.0.2.10
update add _http._tcp.web.svc.example 600 SRV 10 100 8080 web-1.svc.example
END
is 'a service checks in' "$(cat updated)" NOERROR
"$muster" dump svc.example --leases >leases
is 'what is registered, and no index or view of it' \
    "$(grep -v '^\(svc\|[bo*].*\|ns\)\.' leases | sed 's/lease .* of/of/')" \
'_http._tcp.web.svc.example. 600 IN SRV 10 100 8080 web-1.svc.example. ; of 600s
web-1.svc.example. 600 IN A 192.0.2.10 ; of 600s'
like 'how much of the lease is left' "$(cat leases)" \
    '; lease (600|5[0-9][0-9])s of 600s$'
is 'a zone without a file has SOA, NS and its address' \
    "$("$muster" dump other.example | cut -d ' ' -f 4 | tr '\n' ' ')" \
    'SOA NS A '

# What was dumped is a zone file with the same content.
"$muster" dump svc.example -o dump.zone
is '-o writes nothing else' "$("$muster" dump svc.example)" \
    "$(cat dump.zone)"
sed -e 's/svc.example.zone/dump.zone/' -e 's/data: data/data: data2/' \
    muster.yaml >third.yaml
works 'it reads back' "$musterd" --check -c third.yaml

is 'JSON: one object a line' "$("$muster" --json dump svc.example |
    python3 -c 'import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if r["type"] == "SRV":
        print(r["owner"], r["ttl"], r["rdata"], r["granted"])')" \
    '_http._tcp.web.svc.example. 600 10 100 8080 web-1.svc.example. 600'

gives 'no such zone: exit status 1' 1 "$muster" dump web.svc.example
is '... and why' "$(cat err)" 'muster: no zone is named web.svc.example.'
echo old >kept
gives 'and with -o' 1 "$muster" dump no.example -o kept
is 'the file stays as it was' "$(cat kept) $(ls kept.*  2>/dev/null)" 'old '
# shellcheck disable=SC2317  # called by gives
dump_to_full() {
	"$muster" dump svc.example >/dev/full
}
gives 'output that does not fit: exit status 1' 1 dump_to_full
gives '... by -o too' 1 "$muster" dump svc.example -o /dev/full
is 'a device stays one' "$(stat -c %F /dev/full)" 'character special file'

# ---- status, zones ---------------------------------------------------------

serial=$(serial_of)
like 'zones' "$("$muster" zones)" "^svc\.example\.  serial $serial, 9 records"
like 'status: leases' "$("$muster" status)" ' 2 leases'
is 'status as JSON' "$("$muster" --json status | python3 -c 'import json, sys
s, *zones = [json.loads(line) for line in sys.stdin]
print(s["zones"], s["records"], s["leases"], s["store"]["broken"],
    s["counters"]["updates"], sorted(z["zone"] for z in zones))')" \
    "2 12 2 False 1 ['other.example.', 'svc.example.']"

# ---- reload ----------------------------------------------------------------

good_zone | sed 's/192.0.2.7/192.0.2.8/' >svc.example.zone
works 'reload' "$muster" reload
is 'is done when it returns' "$(query +short b.a.svc.example A)" 192.0.2.8
good_zone | sed 's/192.0.2.7/192.0.2.800/' >svc.example.zone
gives 'a broken zone file: exit status 1' 1 "$muster" reload
like '... with its line' "$(cat err)" 'svc\.example\.zone:6: '
works '--check finds other files fine' "$musterd" --check -c third.yaml
gives '--check: a broken zone file is exit status 2' 2 \
    "$musterd" --check -c muster.yaml
like '... with its line' "$(cat err)" 'svc\.example\.zone:6: '
good_zone >svc.example.zone
cp muster.yaml good.yaml
echo 'nonsense: 1' >>muster.yaml
gives 'a broken configuration: exit status 1' 1 \
    "$muster" -c good.yaml reload
like '... with its line' "$(cat err)" 'muster\.yaml:[0-9]+:1: '
cp good.yaml muster.yaml
# shellcheck disable=SC2317  # called by works
reload_at_once() {
	children=
	for _ in 1 2 3 4 5 6 7 8; do
		"$muster" reload &
		children="$children $!"
	done
	for child in $children; do
		wait "$child" || return 1
	done
}
works 'reload from many at once' reload_at_once

# ---- the protocol ----------------------------------------------------------

results python3 "$source_folder/tests/system/muster.py" data/muster.sock

# ---- a large zone ----------------------------------------------------------

python3 - >svc.example.zone <<'END'
print("$TTL 30\n@ SOA ns h 100 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1")
for i in range(30000):
    print("host-%d A 10.0.%d.%d" % (i, i >> 8, i & 255))
    print("_http._tcp.web SRV 10 1 80 host-%d" % i)
END
works 'a zone of 60,000 records' "$muster" reload
before=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
is 'is dumped whole' "$("$muster" dump svc.example |
    grep -c 'host-[0-9]*.svc.example.')" 60000
after=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
if grep -qE '__[at]san_init' "$musterd"; then
	skip 'and not gathered in memory' 'a sanitizer needs room of its own'
elif [ $((after - before)) -lt 8192 ]; then
	pass 'and not gathered in memory'
else
	fail "a dump took $((after - before)) KiB"
fi
"$muster" dump svc.example | head -n 1 >first
works 'whoever leaves in the middle disturbs nobody' "$muster" zones

# ---- the end ---------------------------------------------------------------

kill -KILL "$pid"
end_of "$pid"
gives 'a socket left behind: exit status 1' 1 "$muster" zones
like '... nobody listens' "$(cat err)" 'no musterd listens'
good_zone >svc.example.zone
must_start
works 'the next server replaces it' "$muster" zones
stop
is 'SIGTERM: a clean end' "$status" 0
is 'and no socket' "$(ls data/muster.sock 2>/dev/null)" ''
echo mine >data/muster.sock
"$musterd" -c muster.yaml 2>refused.log
is 'what is no socket is not replaced: exit status 1' "$?" 1
is '... and stays' "$(cat data/muster.sock)" mine
rm data/muster.sock

long=$(printf '%060d/%060d' 0 0)
mkdir -p "$long"
sed "s,data: data,data: $long/data," good.yaml >muster.yaml
must_start
works 'a path too long for the address of a socket' "$muster" zones
finish
