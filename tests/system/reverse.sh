#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Names of addresses: dig -x, as long as somebody has the address; switched on
# and off by a reload.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

configure() { # REVERSE
	cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
  - {name: 10.in-addr.arpa, reverse: $1}
  - {name: d.f.ip6.arpa, reverse: $1}
END
}

names() {
	query +short -x "$1" | sort
}

configure synthesise
must_start
is 'registration' "$(update <<'END'
update add web-1.svc.example 30 A 10.0.0.1
update add web-1.svc.example 30 AAAA fd00::1
update add www.svc.example 30 A 10.0.0.1
END
)" NOERROR
is 'both names' "$(names 10.0.0.1)" 'web-1.svc.example.
www.svc.example.'
is 'IPv6' "$(names fd00::1)" 'web-1.svc.example.'
is 'nobody' "$(names 10.0.0.2)" ''
is 'one leaves' "$(update <<'END'
update delete www.svc.example A
END
)" NOERROR
is 'the other one stays' "$(names 10.0.0.1)" 'web-1.svc.example.'

configure none
is 'a reload' "$("$muster" -c muster.yaml reload >/dev/null && echo yes)" yes
is 'switches it off' "$(names 10.0.0.1)$(names fd00::1)" ''
configure synthesise
is 'another one' "$("$muster" -c muster.yaml reload >/dev/null && echo yes)" yes
is 'switches it on' "$(names 10.0.0.1) $(names fd00::1)" \
    'web-1.svc.example. web-1.svc.example.'
finish
