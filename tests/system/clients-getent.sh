#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A program that knows nothing but getaddrinfo(): it is given the addresses of
# the best tier, none that drains, none of who has left or is not healthy.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate getent ip unshare namespaces python3
in_namespace clients-getent.sh

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
services:
  - match: "_http._tcp.live.svc.example"
    check: {type: http, interval: 500ms, timeout: 500ms, rise: 1, fall: 2,
            networks: [127.0.0.0/8]}
END
must_start

addresses() {
	getent ahosts "${1-web.svc.example}" |
	    awk '$2 == "STREAM" { print $1 }' | sort | tr '\n' ' '
}
# after NAME ADDRESSES < UPDATE
after() {
	is "$1" "$(update) $(addresses)" "NOERROR $2"
}

after 'all of the best tier' '192.0.2.1 192.0.2.2 ' <<'END'
update add web-1.svc.example 30 A 192.0.2.1
update add web-2.svc.example 30 A 192.0.2.2
update add web-3.svc.example 30 A 192.0.2.3
update add _http._tcp.web.svc.example 30 SRV 10 10 80 web-1.svc.example
update add _http._tcp.web.svc.example 30 SRV 10 10 80 web-2.svc.example
update add _http._tcp.web.svc.example 30 SRV 20 10 80 web-3.svc.example
END
after 'none that drains' '192.0.2.2 ' <<'END'
update delete _http._tcp.web.svc.example SRV 10 10 80 web-1.svc.example
update add _http._tcp.web.svc.example 30 SRV 10 0 80 web-1.svc.example
END
after 'one that drains where there is nothing else' '192.0.2.1 ' <<'END'
update delete _http._tcp.web.svc.example SRV 10 10 80 web-2.svc.example
update delete _http._tcp.web.svc.example SRV 20 10 80 web-3.svc.example
END
after 'the next tier' '192.0.2.3 ' <<'END'
update delete _http._tcp.web.svc.example SRV 10 0 80 web-1.svc.example
update add _http._tcp.web.svc.example 30 SRV 20 10 80 web-3.svc.example
END
after 'nobody' '' <<'END'
update delete _http._tcp.web.svc.example SRV
END

# ---- health ----------------------------------------------------------------

# serve HOST: in the background, as $server.
serve() {
	python3 -m http.server --bind "$1" 8080 >/dev/null 2>&1 &
	server=$!
	children="$children $server"
}
has_addresses() {
	[ "$(addresses live.svc.example)" = "$1" ]
}
# found NAME ADDRESSES: sooner or later.
found() {
	until_true 20 has_addresses "$2"
	is "$1" "$(addresses live.svc.example)" "$2"
}

serve 127.0.0.2
is 'two instances that are checked' "$(update <<'END'
update add live-2.svc.example 30 A 127.0.0.2
update add live-3.svc.example 30 A 127.0.0.3
update add _http._tcp.live.svc.example 30 SRV 10 10 8080 live-2.svc.example
update add _http._tcp.live.svc.example 30 SRV 10 10 8080 live-3.svc.example
END
)" NOERROR
found 'only the one that is healthy' '127.0.0.2 '
first=$server
serve 127.0.0.3
found 'both once they are' '127.0.0.2 127.0.0.3 '
kill -KILL "$first"
found 'one that is killed is not' '127.0.0.3 '
finish
