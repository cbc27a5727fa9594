#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# UPDATE by nsupdate and knsupdate: every form of RFC 2136 2.4 and 2.5, keys of
# every algorithm, large messages.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

algorithms='md5 sha1 sha224 sha256 sha384 sha512'
{
	cat <<-END
	server: {listen: "127.0.0.1:$port", data: data}
	keys:
	END
	for a in $algorithms; do
		echo "  - {name: k-$a, algorithm: hmac-$a, secret: \"$secret\"}"
	done
	cat <<-END
	zones:
	  - name: svc.example
	    lease: 1h
	    update:
	      - {key: k-sha256}
	      - {key: k-md5, names: "md5.svc.example"}
	      - {key: k-sha1, names: "sha1.svc.example"}
	      - {key: k-sha224, names: "sha224.svc.example"}
	      - {key: k-sha384, names: "sha384.svc.example"}
	      - {key: k-sha512, names: "sha512.svc.example"}
	      - {from: 127.0.0.1, names: "*.open.svc.example"}
	      - {from: 127.0.0.1, names: "tcp.svc.example", tcp: true}
	      - {from: 127.0.0.1, names: "typed.svc.example", types: [A, TXT]}
	END
} >muster.yaml
cat >k.key <<END
key "k-sha256" {
    algorithm hmac-sha256;
    secret "$secret";
};
END
must_start

signed() {
	update -k k.key
}

# ---- adding and deleting ---------------------------------------------------

# Each line: an update in short (";" separates commands), what it is answered
# with, and what is at a.open afterwards.
expect() {
	printf '%s\n' "$1" | tr ';' '\n' | sed 's/^ *//' >commands
	is "$1" "$($client <commands)" "$2"
	is "  leaves: ${3:-nothing}" "$(query +short a.open.svc.example ANY |
	    sort | tr '\n' ',')" "$3"
}

forms() {
	n=a.open.svc.example
	expect "update add $n 30 A 192.0.2.1" NOERROR 192.0.2.1,
	expect "update add $n 30 A 192.0.2.2" NOERROR 192.0.2.1,192.0.2.2,
	expect "update add $n 30 A 192.0.2.2" NOERROR 192.0.2.1,192.0.2.2,
	expect "update delete $n A 192.0.2.1" NOERROR 192.0.2.2,
	expect "update delete $n A 192.0.2.9" NOERROR 192.0.2.2,
	expect "update delete $n A" NOERROR ''
	expect "update delete $n A" NOERROR ''
	expect "update add $n 30 TXT one; update delete $n TXT; \
update add $n 30 TXT two" NOERROR '"two",'
	expect "update add $n 30 CNAME b.open.svc.example." NOERROR '"two",'
	expect "update delete $n" NOERROR ''
	expect "update add $n 30 CNAME b.open.svc.example." NOERROR \
	    b.open.svc.example.,
	expect "update add $n 30 CNAME c.open.svc.example." NOERROR \
	    c.open.svc.example.,
	expect "update delete $n; update add $n 30 A 192.0.2.1" NOERROR \
	    192.0.2.1,

	# RFC 2136 2.4: the five forms of a prerequisite, met and not met.
	add="update add $n 30 A 192.0.2.3"
	expect "prereq nxrrset $n A; $add" YXRRSET 192.0.2.1,
	expect "prereq nxrrset $n AAAA; $add" NOERROR 192.0.2.1,192.0.2.3,
	drop="update delete $n A 192.0.2.3"
	expect "prereq yxrrset $n AAAA; $drop" NXRRSET 192.0.2.1,192.0.2.3,
	expect "prereq yxrrset $n A; $drop" NOERROR 192.0.2.1,
	expect "prereq yxrrset $n A 192.0.2.7; $add" NXRRSET 192.0.2.1,
	expect "prereq yxrrset $n A 192.0.2.1; $add" NOERROR \
	    192.0.2.1,192.0.2.3,
	expect "prereq yxrrset $n A 192.0.2.1; $drop" NXRRSET \
	    192.0.2.1,192.0.2.3,
	expect "prereq yxrrset $n A 192.0.2.3; prereq yxrrset $n A 192.0.2.1; \
$drop" NOERROR 192.0.2.1,
	expect "prereq nxdomain $n; $add" YXDOMAIN 192.0.2.1,
	expect "prereq nxdomain b.open.svc.example; $add" NOERROR \
	    192.0.2.1,192.0.2.3,
	expect "prereq yxdomain b.open.svc.example; $drop" NXDOMAIN \
	    192.0.2.1,192.0.2.3,
	expect "prereq yxdomain $n; $drop" NOERROR 192.0.2.1,
	expect "prereq yxdomain $n" NOERROR 192.0.2.1,

	# Wholly or not at all.
	expect "$add; update add b.svc.example 30 A 192.0.2.4" REFUSED \
	    192.0.2.1,
	expect "prereq yxdomain www.example.org; $add" NOTZONE 192.0.2.1,
	expect "update delete $n" NOERROR ''
}

client=update
forms

# knsupdate shows the RCODE in its own words; zone and records end with a dot.
# shellcheck disable=SC2317  # forms calls it by name
by_knsupdate() {
	{
		echo "server 127.0.0.1 $port"
		echo 'zone svc.example.'
		sed -E 's/\.(example|org)( |$)/.\1.\2/g'
		echo send
	} | knsupdate -t "$patience" -r 0 >knsupdate.out 2>&1
	if grep -q 'update failed' knsupdate.out; then
		sed -n "s/.*update failed with error '\\(.*\\)'.*/\\1/p" \
		    knsupdate.out
	elif [ -s knsupdate.out ]; then
		cat knsupdate.out
	else
		echo NOERROR
	fi
}
if command -v knsupdate >/dev/null; then
	note 'the same by knsupdate'
	client=by_knsupdate
	forms
else
	skip knsupdate 'knsupdate is not installed'
fi

# ---- who may ---------------------------------------------------------------

is 'unsigned, where only a key may' \
    "$(echo 'update add x.svc.example 30 A 192.0.2.1' | update)" REFUSED
is 'with the key' \
    "$(echo 'update add x.svc.example 30 A 192.0.2.1' | signed)" NOERROR
is 'a key file written by hand' "$(query +short x.svc.example A)" 192.0.2.1
for a in $algorithms; do
	is "-y hmac-$a" "$(echo "update add $a.svc.example 30 TXT $a" |
	    update -y "hmac-$a:k-$a:$secret")" NOERROR
	is "  registers" "$(query +short "$a.svc.example" TXT)" "\"$a\""
done
is 'a key for another name' "$(echo 'update add x.svc.example 30 A 192.0.2.2' |
    update -y "hmac-sha512:k-sha512:$secret")" REFUSED
like 'a key that nobody knows: NOTAUTH, BADKEY' \
    "$(echo 'update add x.svc.example 30 A 192.0.2.2' |
    update -y "hmac-sha256:nobody:$secret")" 'NOTAUTH\(BADKEY\)'
like 'a wrong secret: NOTAUTH, BADSIG' \
    "$(echo 'update add x.svc.example 30 A 192.0.2.2' |
    update -y 'hmac-sha256:k-sha256:d3Jvbmc=')" 'NOTAUTH\(BADSIG\)'
is 'a rule for TCP refuses UDP' \
    "$(echo 'update add tcp.svc.example 30 A 192.0.2.1' | update)" REFUSED
is 'and lets -v (TCP) in' \
    "$(echo 'update add tcp.svc.example 30 A 192.0.2.1' | update -v)" NOERROR
is 'a type that a rule names' \
    "$(echo 'update add typed.svc.example 30 A 192.0.2.1' | update)" NOERROR
is 'a type that it does not name' \
    "$(echo 'update add typed.svc.example 30 MX 1 mail' | update)" REFUSED
is 'deleting all needs leave for what is there' \
    "$(echo 'update delete typed.svc.example' | update)" NOERROR
is 'a zone that is not ours' "$(printf '%s\n' "server 127.0.0.1 $port" \
    'zone example.org' 'update add a.example.org 30 A 192.0.2.1' send |
    nsupdate -t "$patience" -u "$patience" -r 0 2>&1)" 'update failed: NOTAUTH'
is 'what was refused is not there' "$(query +short x.svc.example A)" 192.0.2.1
like 'the log says which rule is missing' "$(cat musterd.log)" \
    'warning: svc\.example\.: update from 127\.0\.0\.1, .*: REFUSED: .*x\.svc'

# ---- size ------------------------------------------------------------------

i=0
while [ "$i" -lt 100 ]; do
	echo "update add set-$i.open.svc.example 30 A 192.0.2.$i"
	i=$((i + 1))
done >hundred
before=$(serial_of)
is '100 records in one message' "$(update -v <hundred)" NOERROR
is 'are all there' "$(for i in 0 50 99; do
	query +short "set-$i.open.svc.example" A; done | tr '\n' ' ')" \
    '192.0.2.0 192.0.2.50 192.0.2.99 '
is 'and make one step of the serial' "$(serial_of)" $((before + 1))
before=$(serial_of)
is 'the same again' "$(update -v <hundred)" NOERROR
is 'makes none' "$(serial_of)" "$before"

if python=$(find_python); then
	results "$python" "$source_folder/tests/system/update.py" "$port" \
	    "$secret"
else
	skip 'messages of 64 KiB, wrong times' 'dnspython is not installed'
fi
finish
