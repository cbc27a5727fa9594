#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# HAProxy finds 40 instances of a service by SRV (server-template): all of
# them with their weights, the same ones all the time where an answer of 512
# or 1232 octets does not hold them all; who leaves or dies leaves there too.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
PATH=$PATH:/usr/sbin
need haproxy ss dnspython

children=
clean_up_more() {
	for child in $children; do
		kill -KILL "$child" 2>/dev/null
	done
}

proxy_port=$(pick_port 500)
cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data, edns-payload: 4096}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
services:
  - {match: "_http._tcp.full.svc.example", srv-weights: full-range}
  - {match: "_http._tcp.asis.svc.example", srv-weights: as-is}
  - match: "_http._tcp.live.svc.example"
    check: {type: http, path: /health, interval: 500ms, timeout: 500ms,
            rise: 1, fall: 2, networks: [127.0.0.0/8]}
END
{
	cat <<-END
	global
	    stats socket $dir/haproxy.sock level admin
	defaults
	    mode http
	    timeout connect 1s
	    timeout client 1s
	    timeout server 1s
	END
	for size in 512 1232 4096; do
		cat <<-END
		resolvers r$size
		    nameserver muster 127.0.0.1:$proxy_port
		    accepted_payload_size $size
		    timeout resolve 100ms
		    timeout retry 1s
		    resolve_retries 5
		    hold valid 100ms
		END
	done
	for backend in full4096 asis4096 asis512 asis1232 live4096; do
		cat <<-END
		backend $backend
		    server-template s 60 _http._tcp.${backend%%[0-9]*}.svc.example resolvers r${backend#????} resolve-prefer ipv4 init-addr none
		END
	done
} >haproxy.cfg
must_start
works 'two services of 40 instances' "$python" \
    "$source_folder/tests/system/haproxy.py" register "$port"
"$python" "$source_folder/tests/system/haproxy.py" proxy "$proxy_port" \
    "$port" >asked 2>proxy.log &
children=$!
until_true 20 grep -q ready asked
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
children="$children $!"
works 'HAProxy starts' until_true 20 test -S haproxy.sock
results "$python" "$source_folder/tests/system/haproxy.py" check "$port"
finish
