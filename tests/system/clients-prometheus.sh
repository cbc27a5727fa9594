#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Prometheus finds what to scrape by dns_sd_configs, SRV and A: who comes,
# who goes, what a server that does not answer leaves, and more instances than
# an answer by UDP holds.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need prometheus dig nsupdate ip unshare namespaces python3
in_namespace clients-prometheus.sh

children=
clean_up_more() {
	for child in $children; do
		kill -KILL "$child" 2>/dev/null
	done
}

cat >muster.yaml <<'END'
server: {listen: "127.0.0.1:53", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
END
cat >prometheus.yml <<'END'
scrape_configs:
  - job_name: srv
    scrape_interval: 1h
    dns_sd_configs:
      - {names: [_metrics._tcp.web.svc.example], refresh_interval: 200ms}
  - job_name: a
    scrape_interval: 1h
    dns_sd_configs:
      - {names: [web.svc.example], type: A, port: 9100, refresh_interval: 200ms}
  - job_name: many
    scrape_interval: 1h
    dns_sd_configs:
      - {names: [_metrics._tcp.many.svc.example], refresh_interval: 200ms}
END
must_start
many=$(seq -f '%02g' 11 70)
{
	for i in 1 2; do
		cat <<-END
		update add web-$i.svc.example 30 A 192.0.2.$i
		update add _metrics._tcp.web.svc.example 30 SRV 10 10 910$i web-$i.svc.example
		END
	done
	for i in $many; do
		cat <<-END
		update add many-$i.svc.example 30 A 192.0.2.$i
		update add _metrics._tcp.many.svc.example 30 SRV 10 10 9100 many-$i.svc.example
		END
	done
} >instances.txt
is 'two instances of one service, sixty of another' \
    "$(update -v <instances.txt)" NOERROR
prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb \
    --web.listen-address=127.0.0.1:9090 >prometheus.log 2>&1 &
children=$!

# get PATH
get() {
	python3 -c 'import sys, urllib.request
with urllib.request.urlopen("http://127.0.0.1:9090" + sys.argv[1]) as reply:
    sys.stdout.write(reply.read().decode())' "$1" 2>/dev/null
}
# targets JOB: the addresses it has found, sorted.
targets() {
	get '/api/v1/targets?state=active' | python3 -c 'import json, sys
print(*sorted(t["discoveredLabels"]["__address__"]
              for t in json.load(sys.stdin)["data"]["activeTargets"]
              if t["scrapePool"] == sys.argv[1]))' "$1" 2>&1
}
has_targets() {
	[ "$(targets "$1")" = "$2" ]
}
# found NAME JOB EXPECTED
found() {
	until_true 20 has_targets "$2" "$3"
	is "$1" "$(targets "$2")" "$3"
}
# lookups [_failures]: how many questions it has asked, or in vain.
lookups() {
	get /metrics | sed -n "s/^prometheus_sd_dns_lookup${1-s}_total //p"
}
has_looked() {
	[ "$(lookups "$1")" -ge "$2" ]
}
# looks WHICH COUNT: waits until it has done so that much more often.
looks() {
	until_true 20 has_looked "$1" $(($(lookups "$1") + $2))
}

found 'SRV: targets with their ports' srv \
    'web-1.svc.example:9101 web-2.svc.example:9102'
found 'A: the addresses at the domain' a '192.0.2.1:9100 192.0.2.2:9100'
found 'SRV: what does not fit into a datagram comes by TCP' many \
    "$(for i in $many; do
	echo "many-$i.svc.example:9100"
done | tr '\n' ' ' | sed 's/ $//')"
is 'one leaves' "$(update <<'END'
update delete _metrics._tcp.web.svc.example SRV 10 10 9101 web-1.svc.example
END
)" NOERROR
# Prometheus asks several times a second, and takes over what has changed
# each five seconds: in between the server goes away.
works 'it is noticed' looks s 12
stop
works 'nobody answers any more' looks _failures 12
found 'SRV: who left is gone, and nobody else' srv web-2.svc.example:9102
found 'A: by its address too' a 192.0.2.2:9100
finish
