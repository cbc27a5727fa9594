#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Queries by the clients that people have: dig, kdig, drill, host.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig ss

listen="\"0.0.0.0:$port\""
! has_ipv6 || listen="$listen, \"[::]:$port\""
cat >muster.yaml <<END
server:
  listen: [$listen]
  data: data
  nsid: here
  identity: host-1
zones:
  - name: svc.example
    file: svc.example.zone
    negative-ttl: 5
END
cat >svc.example.zone <<'END'
$TTL 30
@	SOA	ns hostmaster 7 3600 600 86400 60
	NS	ns
ns	A	127.0.0.1
_http._tcp.web	SRV	10 60 8080 web-1
web-1	A	192.0.2.1
	AAAA	2001:db8::1
www	CNAME	web-1
*.wild	TXT	"any"
part	NS	ns.part
ns.part	A	192.0.2.53
end	SRV	0 0 0 .
END
# Too long for 512 octets, not for 1232.
i=1
while [ "$i" -le 15 ]; do
	echo "_many._tcp.web SRV 10 10 $((9000 + i)) many-$i"
	echo "many-$i A 192.0.2.$((100 + i))"
	i=$((i + 1))
done >>svc.example.zone
must_start

srv='n _http._tcp.web.svc.example. 30 IN SRV 10 60 8080 web-1.svc.example.'
addresses='d web-1.svc.example. 30 IN A 192.0.2.1
d web-1.svc.example. 30 IN AAAA 2001:db8::1'
whole="NOERROR qr aa
$addresses
$srv"
q='_http._tcp.web.svc.example SRV +norec'

# shellcheck disable=SC2086  # $q is two words
{
is 'UDP over IPv4: the service and its addresses' "$(ask $q)" "$whole"
is 'TCP over IPv4: the same' "$(ask $q +tcp)" "$whole"
is 'UDP without EDNS: the same' "$(ask $q +noedns)" "$whole"
if has_ipv6; then
	is 'UDP over IPv6: the same' "$(ask @::1 $q)" "$whole"
	is 'TCP over IPv6: the same' "$(ask @::1 $q +tcp)" "$whole"
else
	skip 'IPv6' 'no IPv6 here'
fi
is 'RD is echoed, RA is not set' "$(ask ${q% *} +rec | head -n 1)" \
    'NOERROR qr aa rd'
is 'CD is echoed, AD is not set' "$(ask $q +cd +ad | head -n 1)" \
    'NOERROR qr aa cd'
like 'the question is echoed with its case' \
    "$(query _HTTP._tcp.Web.sVc.example SRV)" \
    '^;_HTTP\._tcp\.Web\.sVc\.example\.[[:space:]]+IN[[:space:]]+SRV'
is 'and found without it' "$(query +short _HTTP._tcp.Web.sVc.example SRV)" \
    '10 60 8080 web-1.svc.example.'
}

# The daemon listens on the wildcards: dig takes only answers that come from
# the address that it asked.
is 'an answer leaves from the address that was asked' \
    "$(query @127.0.0.2 +short web-1.svc.example A)" 192.0.2.1
is 'another one, over TCP' \
    "$(query @127.3.2.1 +tcp +short web-1.svc.example A)" 192.0.2.1

# ---- what is not there -----------------------------------------------------

soa() {
	echo "u svc.example. $1 IN SOA ns.svc.example. hostmaster.svc.example. \
7 3600 600 86400 60"
}

is 'a name without that type: NODATA, and the SOA' \
    "$(ask +norec www.svc.example CNAME; ask +norec ns.svc.example AAAA)" \
    "NOERROR qr aa
n www.svc.example. 30 IN CNAME web-1.svc.example.
NOERROR qr aa
$(soa 5)"
is 'an unknown name: NXDOMAIN' "$(ask +norec nobody.svc.example A)" \
    "NXDOMAIN qr aa
$(soa 5)"
is 'an unknown name below a service: negative for one second' \
    "$(ask +norec x._http._tcp.web.svc.example A)" "NXDOMAIN qr aa
$(soa 1)"
is 'an empty non-terminal: NODATA' "$(ask +norec _tcp.web.svc.example A |
    head -n 1)" 'NOERROR qr aa'
is 'AAAA beside A only: NODATA' "$(ask +norec many-1.svc.example AAAA)" \
    "NOERROR qr aa
$(soa 5)"
is 'a foreign name: REFUSED' "$(ask +norec www.example.org A)" 'REFUSED qr'
like 'and an extended error says why' "$(query www.example.org A)" 'EDE: 20'
is 'a CNAME is followed' "$(ask +norec www.svc.example A)" "NOERROR qr aa
n web-1.svc.example. 30 IN A 192.0.2.1
n www.svc.example. 30 IN CNAME web-1.svc.example."
is 'a wildcard' "$(ask +norec a.b.wild.svc.example TXT)" 'NOERROR qr aa
n a.b.wild.svc.example. 30 IN TXT "any"'
is 'a delegation' "$(ask +norec a.part.svc.example A)" 'NOERROR qr
d ns.part.svc.example. 30 IN A 192.0.2.53
u part.svc.example. 30 IN NS ns.part.svc.example.'
is 'a domain of services has the addresses of its instances' \
    "$(query +short web.svc.example AAAA)" 2001:db8::1
is 'ANY: one of the sets' "$(ask +norec +notcp web-1.svc.example ANY)" \
    'NOERROR qr aa
n web-1.svc.example. 30 IN A 192.0.2.1'

# ---- EDNS ------------------------------------------------------------------

like '+edns=1: BADVERS, and the version that we have' \
    "$(query svc.example SOA +edns=1 +noednsneg)" 'status: BADVERS'
like 'BADVERS says EDNS version 0' \
    "$(query svc.example SOA +edns=1 +noednsneg)" '^; EDNS: version: 0,'
is 'an unknown option is passed over' \
    "$(ask +norec +ednsopt=65001:c0ffee svc.example NS)" \
    'NOERROR qr aa
d ns.svc.example. 30 IN A 127.0.0.1
n svc.example. 30 IN NS ns.svc.example.'
is 'an unknown flag too' \
    "$(ask +norec +ednsflags=0x40 web-1.svc.example A | head -n 1)" \
    'NOERROR qr aa'
like 'NSID if asked for' "$(query svc.example SOA +nsid)" \
    'NSID: 68 65 72 65 \("here"\)'
is 'and only then' "$(query svc.example SOA | grep -c NSID)" 0
like 'a reply says how much we take' "$(query svc.example SOA)" 'udp: 1232$'
like 'DO is echoed' "$(query svc.example SOA +dnssec)" 'flags: do; udp: 1232'
is 'no OPT without OPT' "$(query svc.example SOA +noedns | grep -c EDNS)" 0

# ---- CH --------------------------------------------------------------------

like 'version.bind' "$(query +short version.bind CH TXT)" '^"muster '
is 'hostname.bind' "$(query +short hostname.bind CH TXT)" '"host-1"'
is 'id.server' "$(ask +norec id.server CH TXT)" 'NOERROR qr
n id.server. 0 CH TXT "host-1"'
is 'nothing else' "$(rcode_of authors.bind CH TXT)" REFUSED

# ---- truncation ------------------------------------------------------------

many='_many._tcp.web.svc.example SRV +norec'
# shellcheck disable=SC2086
{
is 'a set that fits comes whole' "$(ask $many | grep -c '^n')" 15
is 'with some of its addresses, still without TC' \
    "$(ask $many | head -n 1)" 'NOERROR qr aa'
is '+bufsize=512: TC' "$(ask $many +bufsize=512 +ignore | head -n 1)" \
    'NOERROR qr aa tc'
is 'without EDNS: TC' "$(ask $many +noedns +ignore | head -n 1)" \
    'NOERROR qr aa tc'
query $many +bufsize=512 +ignore >small
like 'within 512 octets' \
    "$(sed -n 's/.*MSG SIZE  rcvd: //p' small)" '^([34]..|50.|51[012])$'
bundles=$(digest <small | awk '
    $1 == "n" { target[$NF] = 1; n++ }
    $1 == "d" { address[$2] = 1 }
    END { for (t in target) if (!(t in address)) n = -1000
	print (n > 0 ? "whole" : "broken") }')
is 'what comes are whole bundles, each SRV with its address' "$bundles" whole
is 'dig goes on to TCP by itself' "$(ask $many +bufsize=512 |
    grep -c '^n')" 15
}

# ---- one connection, many questions ----------------------------------------

dig @127.0.0.1 -p "$port" +tcp +keepopen +short +tries=1 \
    +time="$patience" web-1.svc.example A ns.svc.example A web-1.svc.example AAAA \
    svc.example NS >keepopen 2>&1
is '+keepopen: one connection for all' "$(cat keepopen)" '192.0.2.1
127.0.0.1
2001:db8::1
ns.svc.example.'

# ---- others ----------------------------------------------------------------

by_kdig() {
	kdig @127.0.0.1 -p "$port" +timeout="$patience" +retry=0 "$@"
}

if command -v kdig >/dev/null; then
	is 'kdig, UDP' "$(by_kdig +short \
	    _http._tcp.web.svc.example SRV)" '10 60 8080 web-1.svc.example.'
	is 'kdig, one TCP connection' "$(by_kdig +tcp \
	    +keepopen +short web-1.svc.example A web-1.svc.example AAAA)" \
	    '192.0.2.1
2001:db8::1'
	is 'kdig, padding, cookie and subnet are no obstacle' \
	    "$(by_kdig +short +padding=128 +cookie \
	    +subnet=192.0.2.0/24 web-1.svc.example A)" 192.0.2.1
else
	skip kdig 'kdig is not installed'
fi

if command -v drill >/dev/null; then
	is 'drill, SRV' "$(drill -p "$port" _http._tcp.web.svc.example \
	    @127.0.0.1 SRV | awk '$4 == "SRV" && !/^;/ { print $5, $6, $7, $8 }')" \
	    '10 60 8080 web-1.svc.example.'
	is 'drill, a truncated answer that it gets by TCP' \
	    "$(drill -a -p "$port" -b 512 _many._tcp.web.svc.example \
	    @127.0.0.1 SRV | awk '$4 == "SRV" && !/^;/' | wc -l)" 15
else
	skip drill 'drill is not installed'
fi

by_host() {
	host -p "$port" -W "$patience" "$@"
}

if command -v host >/dev/null; then
	is 'host, addresses' "$(by_host web-1.svc.example 127.0.0.1 |
	    grep address | sort)" 'web-1.svc.example has IPv6 address 2001:db8::1
web-1.svc.example has address 192.0.2.1'
	like 'host, SRV' "$(by_host -t SRV \
	    _http._tcp.web.svc.example 127.0.0.1)" \
	    'has SRV record 10 60 8080 web-1\.svc\.example\.$'
	like 'host, a name that is not there' \
	    "$(by_host nobody.svc.example 127.0.0.1)" NXDOMAIN
else
	skip host 'host is not installed'
fi

finish
