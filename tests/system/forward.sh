#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A machine whose resolv.conf names musterd, and nothing else: names that are
# not ours are asked of real servers, which the test starts, ends and starts
# again.  All in a network namespace.
#
#   127.0.0.1   musterd
#   127.0.0.10  named, corp.example and signed.example: authoritative
#   127.0.0.20  knotd, net.example: authoritative
#   127.0.0.30  named, resolves "." by itself: root and example are at .10
#   127.0.0.40  nobody one should trust
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate getent curl named dnssec-signzone dnssec-keygen knotd \
    python3 ip unshare namespaces
in_namespace forward.sh
# named listens only at addresses that an interface has.
for address in 203.0.113.1 127.0.0.10 127.0.0.30; do
	ip addr add "$address/32" dev lo
done

children=
clean_up_more() {
	for child in $children; do
		kill -KILL "$child" 2>/dev/null
	done
}

# ---- zones -----------------------------------------------------------------

head_of() { # ZONE ADDRESS
	echo "\$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 30
@ NS ns
ns A $2"
}
{
	head_of corp.example 127.0.0.10
	echo 'www A 127.0.0.77
www AAAA ::1
only4 A 127.0.0.77
chain CNAME chain.net.example.
home CNAME web.svc.example.
short 1 A 192.0.2.1
short.txt 1 TXT "old"
*.wild A 192.0.2.9'
	i=1
	while [ $i -le 90 ]; do
		echo "many A 192.0.2.$i"
		echo "big TXT \"$i 45678901234567890123456789012345678901234567890123456789012345678901234567890\""
		i=$((i + 1))
	done
} >corp.zone
{
	head_of net.example 127.0.0.20
	echo 'chain CNAME end.corp2.example.
www A 192.0.2.20'
} >net.zone
{
	head_of corp2.example 127.0.0.10
	echo 'end A 192.0.2.30'
} >corp2.zone
{
	head_of signed.example 127.0.0.10
	echo 'www A 192.0.2.40'
} >signed.zone
{
	head_of . 127.0.0.10
	echo 'example. NS ns.'
} >root.zone
{
	echo "\$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 30
@ NS ns.
corp NS ns.corp
ns.corp A 127.0.0.10
corp2 NS ns.corp2
ns.corp2 A 127.0.0.10
net NS ns.net
ns.net A 127.0.0.20
signed NS ns.signed
ns.signed A 127.0.0.10
direct A 192.0.2.50"
} >example.zone
for kind in '' '-f KSK'; do
	# shellcheck disable=SC2086  # none, or two words
	dnssec-keygen $kind -a ECDSAP256SHA256 signed.example >key.out 2>&1
done
dnssec-signzone -S -o signed.example -e +3000000 signed.zone >sign.out 2>&1 ||
    note "$(cat sign.out)"

named_options() { # ADDRESS
	echo "options { directory \"$dir\"; listen-on port 53 { $1; };
	listen-on-v6 { none; }; pid-file none; session-keyfile none;
	dnssec-validation no; query-source address $1; tcp-clients 100;
	minimal-responses yes; transfer-source $1; notify no;
	key-directory \"$dir\";"
}
{
	named_options 127.0.0.10
	echo "recursion no; };
controls { };
key client { algorithm hmac-sha256; secret \"$secret\"; };
zone \".\" { type primary; file \"root.zone\"; };
zone \"example\" { type primary; file \"example.zone\"; };
zone \"corp.example\" { type primary; file \"corp.zone\";
	allow-update { key client; }; };
zone \"corp2.example\" { type primary; file \"corp2.zone\"; };
zone \"signed.example\" { type primary; file \"signed.zone.signed\"; };"
} >auth.conf
echo '. 3600 NS ns.
ns. 3600 A 127.0.0.10' >hints.zone
{
	named_options 127.0.0.30
	echo "recursion yes; allow-recursion { any; }; allow-query { any; };
	empty-zones-enable no; };
controls { };
zone \".\" { type hint; file \"hints.zone\"; };"
} >recursive.conf
cat >knot.conf <<END
server:
    listen: 127.0.0.20@53
    rundir: $dir/knot
database:
    storage: $dir/knot
log:
  - target: stderr
    any: warning
zone:
  - domain: net.example
    file: $dir/net.zone
    zonefile-load: whole
    zonefile-sync: -1
END
mkdir -p knot

# answers ADDRESS NAME: whether a server is there.
answers() {
	dig "@$1" +tries=1 +time=1 +short "$2" SOA 2>/dev/null |
	    grep -q hostmaster
}
begin_named() { # CONFIG ADDRESS ZONE; its number in $server
	named -g -n 1 -c "$1" >>"$1.log" 2>&1 &
	server=$!
	children="$children $server"
	until_true "$patience" answers "$2" "$3" || {
		note "$(tail -n 20 "$1.log")"
		skip_all "named does not answer with $1"
	}
}
begin_named auth.conf 127.0.0.10 corp.example
auth=$server
knotd -c knot.conf >knot.log 2>&1 &
children="$children $!"
until_true "$patience" answers 127.0.0.20 net.example ||
    skip_all 'knotd does not answer'
begin_named recursive.conf 127.0.0.30 corp.example
python3 "$source_folder/tests/system/upstream.py" 127.0.0.40 53 \
    >evil.out 2>evil.log &
evil=$!
children="$children $evil"
until_true "$patience" grep -q ready evil.out

cat >svc.zone <<'END'
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 5
@ NS ns
ns A 127.0.0.1
web A 192.0.2.100
out CNAME chain.corp.example.
round CNAME home.corp.example.
END
configuration() { # the forward section's rest
	cat <<END
server: {listen: ["127.0.0.1:53", "203.0.113.1:53"], data: data, workers: 1}
zones:
  - {name: svc.example, file: svc.zone}
forward:
  - {zone: corp.example, to: [127.0.0.10], updates: true}
  - {zone: signed.example, to: [127.0.0.10]}
  - {zone: net.example, to: [127.0.0.20]}
  - {zone: evil.example, to: [127.0.0.40]}
  - {zone: pair.example, to: [127.0.0.41, 127.0.0.40]}
$*
END
}
configuration '  - {zone: ".", to: [127.0.0.30]}' >muster.yaml
must_start

# answer NAME TYPE: only the answer section, sorted, without TTLs.
answer() {
	query "$@" +noall +answer | awk '{ $2 = ""; print }' | tr -s ' ' | sort
}

# ---- as before, with our zones on top --------------------------------------

is 'a name of ours' "$(ask web.svc.example)" 'NOERROR qr aa rd ra
n web.svc.example. 60 IN A 192.0.2.100'
is 'a name of a zone that is forwarded' "$(ask www.corp.example)" \
    'NOERROR qr rd ra
n www.corp.example. 60 IN A 127.0.0.77'
is 'any other name' "$(answer direct.example)" \
    'direct.example. IN A 192.0.2.50'
is 'a chain of aliases over three servers' "$(answer out.svc.example)" \
    'chain.corp.example. IN CNAME chain.net.example.
chain.net.example. IN CNAME end.corp2.example.
end.corp2.example. IN A 192.0.2.30
out.svc.example. IN CNAME chain.corp.example.'
is 'a chain that comes back to us' "$(answer round.svc.example)" \
    'home.corp.example. IN CNAME web.svc.example.
round.svc.example. IN CNAME home.corp.example.
web.svc.example. IN A 192.0.2.100'
is 'a wildcard of others' "$(answer x.wild.corp.example)" \
    'x.wild.corp.example. IN A 192.0.2.9'
like 'a name that does not exist' "$(ask nope.corp.example)" \
    '^NXDOMAIN qr rd ra$'
like '... with the SOA' "$(ask nope.corp.example)" \
    '^u corp.example. (30|29|2[0-8]) IN SOA '
like 'a type that does not exist' "$(ask only4.corp.example AAAA)" \
    '^NOERROR qr rd ra$'
like '... with the SOA' "$(ask only4.corp.example AAAA)" '^u corp.example. '
is 'a search list misses at once, here' \
    "$(rcode_of www.corp.example.svc.example)" NXDOMAIN
is 'localhost' "$(query +short localhost)" 127.0.0.1
is 'nobody is asked about onions' "$(rcode_of x.onion)" NXDOMAIN
is 'strangers are refused' "$(ask -b 203.0.113.1 @203.0.113.1 \
    direct.example)" 'REFUSED qr rd'
is '... but for our own zones' "$(ask -b 203.0.113.1 @203.0.113.1 \
    web.svc.example)" 'NOERROR qr aa rd
n web.svc.example. 60 IN A 192.0.2.100'

# ---- large answers -----------------------------------------------------------

like 'what is too large is truncated' \
    "$(query +ignore +noall +comments big.corp.example TXT)" 'flags: qr tc rd ra'
is '... and comes by TCP' \
    "$(query +noall +answer big.corp.example TXT | grep -c TXT)" 90
is '... also without EDNS' \
    "$(query +noedns +noall +answer many.corp.example | grep -c 192)" 90
is '... and asked by TCP' \
    "$(query +tcp +noall +answer many.corp.example | grep -c 192)" 90

# ---- DNSSEC -----------------------------------------------------------------

is 'signatures for those who ask for them' \
    "$(query +dnssec +noall +answer www.signed.example | awk '{ print $4 }' |
	sort | tr '\n' ' ')" 'A RRSIG '
is '... and for nobody else' \
    "$(query +noall +answer www.signed.example | awk '{ print $4 }')" A
like 'a proof that there is nothing' \
    "$(query +dnssec +noall +authority nope.signed.example)" 'RRSIG[[:space:]]NSEC'

# ---- programs ----------------------------------------------------------------

addresses() {
	getent ahosts "$1" | awk '$2 == "STREAM" { print $1 }' | sort |
	    tr '\n' ' '
}
# getent asks for families that the machine has; this for both, at once.
both_families() {
	python3 -c 'import socket, sys
print(*sorted({a[4][0] for a in socket.getaddrinfo(sys.argv[1], 1)}))' "$1"
}
is 'getaddrinfo: both families' "$(both_families www.corp.example)" \
    '127.0.0.77 ::1'
is 'getaddrinfo: one family' "$(addresses only4.corp.example)" '127.0.0.77 '
is 'getaddrinfo: by TCP, since there are many' \
    "$(addresses many.corp.example | wc -w | tr -d ' ')" 90
is 'getaddrinfo: through a chain' "$(addresses out.svc.example)" '192.0.2.30 '
is 'getaddrinfo: nobody' "$(addresses nope.corp.example)" ''
if command -v musl-gcc >/dev/null &&
    musl-gcc -static -o resolve "$source_folder/tests/system/resolve.c" \
	2>musl.out; then
	is 'musl: both families' "$(./resolve www.corp.example)" \
	    '127.0.0.77 ::1'
	is 'musl: through a chain' "$(./resolve out.svc.example)" 192.0.2.30
	# Its older versions know no TCP.
	like 'musl: many, as far as they fit' \
	    "$(./resolve many.corp.example)" '^192.0.2.[0-9]+ 192'
else
	skip 'musl: both families' 'no musl-gcc'
fi
mkdir -p page && echo hello >page/index.html
python3 -m http.server --bind 127.0.0.77 --directory page 8080 \
    >/dev/null 2>&1 &
children="$children $!"
fetched() {
	curl -4 -s -m "$patience" http://www.corp.example:8080/ >curl.out
}
until_true "$patience" fetched
is 'curl finds its way' "$(cat curl.out)" hello

# ---- who cannot be trusted ---------------------------------------------------

is 'a good one among them' "$(query +short good.evil.example)" 198.51.100.1
is 'a slow one' "$(query +short slow.evil.example)" 198.51.100.1
is 'one with a false ID before it' "$(query +short twice.evil.example)" \
    198.51.100.1
is 'truncated: by TCP' "$(query +short tc.evil.example)" 198.51.100.1
is 'records of other names are left out' "$(answer liar.evil.example)" \
    'liar.evil.example. IN A 198.51.100.1'
is '... and believed by nobody' \
    "$(query +short www.corp.example web.svc.example)" '127.0.0.77
192.0.2.100'
for kind in lame fails torn refers endless; do
	like "$kind: SERVFAIL" "$(rcode_of $kind.evil.example)" SERVFAIL
done
like 'an answer to another question is none' \
    "$(rcode_of other.evil.example)" SERVFAIL
like 'never: SERVFAIL, and why' "$(query never.evil.example)" \
    'EDE: 2[23] '
like 'what an upstream says of its failure is passed on' \
    "$(query fails.evil.example)" 'EDE: (7|13) '

# ---- servers that go and come ------------------------------------------------

is 'the first server is not there: the second one' \
    "$(query +short good.pair.example)" 198.51.100.1
is '... always' "$(for i in 1 2 3 4 5 6; do
	query +short "good.$i.pair.example"; done | sort | uniq -c |
    tr -s ' ')" ' 6 198.51.100.1'

is 'before it dies' "$(query +short short.corp.example)" 192.0.2.1
kill -STOP "$auth"
sleep 1.1
stale() {
	query short.corp.example >stale.out
	grep -q 'EDE: 3' stale.out
}
until_true "$patience" stale
is 'what is stale is better than nothing' \
    "$(digest <stale.out | sed 's/ [0-9]* IN/ N IN/')" 'NOERROR qr rd ra
n short.corp.example. N IN A 192.0.2.1'
begun=$(now)
is '... at once for those who come later' \
    "$(query +short short.corp.example)" 192.0.2.1
within 30 "$begun" || note "it took $(($(now) - begun)) hundredths"
is 'what nobody knew is SERVFAIL' "$(rcode_of never-asked.corp.example)" \
    SERVFAIL
is 'others are answered meanwhile' "$(query +short www.net.example)" 192.0.2.20
dead() {
	"$muster" -c muster.yaml status | grep '^upstream 127.0.0.10:53' |
	    grep -qi dead
}
found_dead() {
	query +time=20 "q$(now).corp.example" >/dev/null
	dead
}
until_true "$patience" found_dead
like 'muster status knows that it is dead' \
    "$("$muster" -c muster.yaml status)" \
    '^upstream 127.0.0.10:53 for corp.example.: (DEAD|dead)'
kill -KILL "$auth"
wait "$auth" 2>/dev/null
begin_named auth.conf 127.0.0.10 corp.example
auth=$server
fresh() {
	[ "$(rcode_of "f$(now).wild.corp.example")" = NOERROR ]
}
until_true "$patience" fresh
is 'it comes back, and is asked again' "$(answer f.wild.corp.example)" \
    'f.wild.corp.example. IN A 192.0.2.9'

# ---- updates that are handed on ----------------------------------------------

hand_on() { # nsupdate arguments
	{
		echo 'server 127.0.0.1 53
zone corp.example'
		cat
		echo send
	} | nsupdate -t "$patience" -u "$patience" -r 0 "$@" 2>&1
}
is 'an update with the key of others' \
    "$(echo 'update add new.corp.example 60 A 192.0.2.200' |
	hand_on -y "hmac-sha256:client:$secret")" ''
is '... has reached them' "$(dig @127.0.0.10 +short new.corp.example)" \
    192.0.2.200
is '... by TCP' \
    "$(echo 'update add tcp.corp.example 60 A 192.0.2.201' |
	hand_on -v -y "hmac-sha256:client:$secret")" ''
is 'their refusal comes back' \
    "$(echo 'update add no.corp.example 60 A 192.0.2.202' | hand_on)" \
    'update failed: REFUSED'
is 'a failed prerequisite comes back' \
    "$(printf '%s\n' 'prereq nxdomain new.corp.example' \
	'update add new.corp.example 60 A 192.0.2.203' |
	hand_on -y "hmac-sha256:client:$secret")" 'update failed: YXDOMAIN'
is 'only where it is asked for' \
    "$(printf '%s\n' 'server 127.0.0.1' 'zone net.example' \
	'update add x.net.example 60 A 192.0.2.1' send |
	nsupdate -t "$patience" -r 0 2>&1)" 'update failed: NOTAUTH'

# ---- operators ---------------------------------------------------------------

query +short www.corp.example >/dev/null
like 'muster flush forgets' \
    "$("$muster" -c muster.yaml flush --below corp.example)" \
    '^corp.example. and below: [1-9][0-9]* answers? forgotten'
is '... all of it' "$("$muster" -c muster.yaml flush --below corp.example)" \
    'corp.example. and below: 0 answers forgotten'
like 'muster status: the cache' "$("$muster" -c muster.yaml status)" \
    '^cache: [0-9]+ answers, '
configuration '  - {zone: ".", local: refuse}' >muster.yaml
reload
is 'a reload changes who is asked, at once' "$(rcode_of new.example)" REFUSED
configuration '  - {zone: ".", to: [127.0.0.40]}' >muster.yaml
reload
is '... and back' "$(query +short good.anywhere.test1)" 198.51.100.1
cp muster.yaml good.yaml
configuration '  - {zone: ".", to: [127.0.0.40], from: nowhere}' >muster.yaml
reload
is 'a broken one changes nothing' "$(query +short good.anywhere.test2)" \
    198.51.100.1
finish
