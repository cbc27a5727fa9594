#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Ten thousand instances of one service: registered in batches, sampled by UDP,
# as many as fit by TCP.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
END
must_start

count=10000
service=_big._tcp.svc.example
awk -v count=$count -v service=$service -v port="$port" 'BEGIN {
	print "server 127.0.0.1", port
	print "zone svc.example"
	for (i = 1; i <= count; i++) {
		host = sprintf("i-%05d.svc.example", i)
		print "update add", host, 60, "A", \
		    "10.0." int(i / 256) "." i % 256
		print "update add", service, 60, "SRV 10 10 80", host
		if (i % 250 == 0)
			print "send"
	}
}' >batches
works "$count instances in forty batches" nsupdate -v -t "$patience" batches
is 'nsupdate has nothing to complain about' "$(cat works.out)" ''

# One of each line, as "n target" for an SRV and "d owner" for an address.
bundles() {
	digest | awk '$1 == "n" { print "n", $NF } $1 == "d" { print "d", $2 }'
}
# Whether each target has its address and no instance is there twice.
# shellcheck disable=SC2317  # works calls it
is_whole() {
	awk '$1 == "n" { n++; if (target[$2]++) bad++ }
	    $1 == "d" { address[$2] = 1 }
	    END { for (t in target) if (!(t in address)) bad++
		exit n == 0 || bad > 0 }' "$1"
}
size() {
	sed -n 's/.*MSG SIZE  rcvd: //p' "$1"
}
srvs() {
	grep -c '^n' "$1"
}

query $service SRV +norec +ignore >udp
bundles <udp >udp.bundles
is 'by UDP: TC' "$(digest <udp | head -n 1)" 'NOERROR qr aa tc'
works 'a sample of whole bundles' is_whole udp.bundles
works 'that fills the message' test "$(size udp)" -gt 1100
works 'and not more' test "$(size udp)" -le 1232
query $service SRV +norec +ignore | bundles >again.bundles
is 'the same client gets the same instances' \
    "$(sort again.bundles)" "$(sort udp.bundles)"
query $service SRV +norec +ignore +noedns >small
bundles <small >small.bundles
works 'without EDNS: whole bundles too' is_whole small.bundles
works 'in 512 octets' test "$(size small)" -le 512

query $service SRV +norec +tcp >tcp
bundles <tcp >tcp.bundles
is 'by TCP: no TC' "$(digest <tcp | head -n 1)" 'NOERROR qr aa'
works "as many as fit: $(srvs tcp.bundles)" \
    test "$(srvs tcp.bundles)" -gt 1000
works 'in bundles' is_whole tcp.bundles
works 'in a full message' test "$(size tcp)" -gt 64000

# One more, one less.
is 'one more' "$(update <<END
prereq yxrrset $service SRV
update add $service 60 SRV 1 1 80 first.svc.example
update add first.svc.example 60 A 192.0.2.1
END
)" NOERROR
is 'of a better priority is there first' "$(query +short +ignore $service SRV |
    head -n 1)" '1 1 80 first.svc.example.'
is 'and goes' "$(echo "update delete $service SRV 1 1 80 first.svc.example" |
    update)" NOERROR
is 'the domain has addresses' "$(query +norec +short +ignore svc.example A |
    grep -c '^10\.')" "$(query +norec +ignore svc.example A |
    sed -n 's/.*ANSWER: \([0-9]*\).*/\1/p')"

# All of them go.
before=$(serial_of)
is 'all go in one update' "$(echo "update delete $service SRV" | update)" \
    NOERROR
is 'in one step' "$(serial_of)" $((before + 1))
is 'and nothing is there' "$(rcode_of $service SRV)" NXDOMAIN
finish
