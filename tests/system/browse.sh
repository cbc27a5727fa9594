#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# DNS-SD (RFC 6763) from nothing but the domain, as a browser does it: domains,
# types, instances, where they are and what they say; SVCB and HTTPS (RFC 9460).
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
END
must_start

lines() {
	query +short "$@" | sort
}

is 'a zone without services has nothing to browse' \
    "$(lines b._dns-sd._udp.svc.example PTR)" ''

# One service in each shape: plain SRV (RFC 2782), and DNS-SD.
is 'registration' "$(update <<'END'
update add web-1.svc.example 30 A 192.0.2.1
update add web-2.svc.example 30 A 192.0.2.2
update add web-2.svc.example 30 AAAA 2001:db8::2
update add _https._tcp.web.svc.example 30 SRV 10 10 443 web-1.svc.example
update add _https._tcp.web.svc.example 30 SRV 20 10 8443 web-2.svc.example
update add _https._tcp.web.svc.example 30 TXT "path=/"
update add lp-1.svc.example 30 A 192.0.2.3
update add _ipp._tcp.office.svc.example 30 PTR Big\032One._ipp._tcp.office.svc.example
update add Big\032One._ipp._tcp.office.svc.example 30 SRV 0 0 631 lp-1.svc.example
update add Big\032One._ipp._tcp.office.svc.example 30 TXT "rp=queue" "note=3rd floor"
END
)" NOERROR

is 'domains' "$(lines b._dns-sd._udp.svc.example PTR)" 'office.svc.example.
web.svc.example.'
is 'domains to look in unasked' "$(lines lb._dns-sd._udp.svc.example PTR)" \
    'office.svc.example.
web.svc.example.'
for domain in $(lines b._dns-sd._udp.svc.example PTR); do
	for type in $(lines "_services._dns-sd._udp.$domain" PTR); do
		query +short "$type" PTR | sort | while read -r instance; do
			printf '%s: %s %s\n' "$instance" \
			    "$(query +short "$instance" SRV)" \
			    "$(query +short "$instance" TXT)"
		done
	done
done >browsed
is 'the chain: domains, types, instances, SRV, TXT' "$(cat browsed)" \
    'Big\032One._ipp._tcp.office.svc.example.: 0 0 631 lp-1.svc.example. "rp=queue" "note=3rd floor"
web-1-443._https._tcp.web.svc.example.: 10 10 443 web-1.svc.example. "path=/"
web-2-8443._https._tcp.web.svc.example.: 20 10 8443 web-2.svc.example. "path=/"'
is 'an instance comes with its address' \
    "$(ask +norec 'big\032one._ipp._tcp.office.svc.example' SRV)" \
    'NOERROR qr aa
d lp-1.svc.example. 30 IN A 192.0.2.3
n big\032one._ipp._tcp.office.svc.example. 30 IN SRV 0 0 631 lp-1.svc.example.'
is 'the printer is found by SRV at its type too' \
    "$(lines _ipp._tcp.office.svc.example SRV)" '0 0 631 lp-1.svc.example.'
is 'and by the domain alone' "$(lines office.svc.example A)" 192.0.2.3

# A program that knows HTTPS records needs no SRV.
is 'HTTPS, a tier of SRV for each priority' \
    "$(ask +norec web.svc.example HTTPS | grep '^[N n]')" \
    'NOERROR qr aa
n web.svc.example. 30 IN HTTPS 1 web-1.svc.example. port=443 ipv4hint=192.0.2.1
n web.svc.example. 30 IN HTTPS 2 web-2.svc.example. port=8443 ipv4hint=192.0.2.2 ipv6hint=2001:db8::2'
is 'only from _https._tcp' "$(ask +norec office.svc.example HTTPS |
    head -n 1; lines office.svc.example HTTPS)" 'NOERROR qr aa'
is 'SVCB at the service' "$(lines _ipp._tcp.office.svc.example SVCB)" \
    '1 lp-1.svc.example. port=631 ipv4hint=192.0.2.3'

# What goes is not browsed any more.
is 'the printer goes' "$(update <<'END'
update delete _ipp._tcp.office.svc.example PTR
update delete Big\032One._ipp._tcp.office.svc.example
END
)" NOERROR
is 'and its domain with it' "$(lines b._dns-sd._udp.svc.example PTR)" \
    web.svc.example.
is 'its type is not there' \
    "$(rcode_of _services._dns-sd._udp.office.svc.example PTR)" NXDOMAIN
finish
