#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Reloading under load: all or nothing, no query lost, a broken file leaves
# what it would have replaced.  And --check, which reads the same.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate dnspython ss

# configuration [KEY]: with one key, and what is on standard input.
configuration() {
	cat <<-END
	server: {listen: "127.0.0.1:$port", data: data}
	keys:
	  - {name: ${1:-old}, algorithm: hmac-sha256, secret: "$secret"}
	zones:
	  - name: svc.example
	    file: svc.example.zone
	    lease: 1h
	    update: [{key: ${1:-old}}]
	  - name: other.example
	    file: other.example.zone
	    update: [{from: 127.0.0.1}]
	END
	cat
}

zone() {
	cat <<-END
	\$TTL 30
	@	SOA	ns hostmaster $1 3600 600 86400 60
	@	NS	ns
	ns	A	127.0.0.1
	END
	cat
}

with_key() {
	update -y "hmac-sha256:$1:$secret"
}

configuration </dev/null >muster.yaml
zone 10 >svc.example.zone <<'END'
a	A	192.0.2.1
b	A	192.0.2.2
c	A	192.0.2.3
END
zone 10 >other.example.zone <<'END'
a	A	192.0.2.1
END
works '--check is content' "$musterd" --check -c muster.yaml
is 'and says nothing' "$(cat works.out)" ''
must_start
is 'a registration' "$(with_key old <<'END'
update add r.svc.example 30 A 192.0.2.9
update delete b.svc.example A
END
)" NOERROR

# From now on somebody asks all the time.
mkfifo until
"$python" "$source_folder/tests/system/load.py" "$port" c.svc.example \
    192.0.2.3 <until >load.out 2>load.err &
load=$!
exec 3>until

# ---- what is new -----------------------------------------------------------

before=$(serial_of)
zone 10 >svc.example.zone <<'END'
a	A	192.0.2.11
b	A	192.0.2.2
c	A	192.0.2.3
d	A	192.0.2.4
END
works 'reload' reload
like 'and the log says so' "$(cat musterd.log)" 'notice: reloaded muster\.yaml'
is 'the new file is served: changed and new records' \
    "$(query +short a.svc.example A; query +short d.svc.example A)" \
    '192.0.2.11
192.0.2.4'
is 'what was registered is there' "$(query +short r.svc.example A)" 192.0.2.9
is 'what an UPDATE deleted stays deleted' "$(rcode_of b.svc.example A)" \
    NXDOMAIN
is 'the serial has risen though the file says the same' "$(serial_of)" \
    $((before + 1))
works 'reload without a change' reload
is 'keeps the serial' "$(serial_of)" $((before + 1))

configuration new </dev/null >muster.yaml
works 'reload with another key' reload
is 'which works' "$(echo 'update add n.svc.example 30 A 192.0.2.8' |
    with_key new)" NOERROR
like 'the old one does not' "$(echo 'update add n.svc.example 30 A 192.0.2.7' |
    with_key old)" 'NOTAUTH\(BADKEY\)'
is 'and has not' "$(query +short n.svc.example A)" 192.0.2.8

configuration new >muster.yaml <<'END'
  - name: third.example
END
works 'reload with another zone' reload
is 'which is there' "$(rcode_of third.example SOA)" NOERROR
configuration new </dev/null >muster.yaml
works 'reload without it' reload
is 'it is not there any more' "$(rcode_of third.example SOA)" REFUSED

# ---- what is broken --------------------------------------------------------

cp muster.yaml good.yaml
configuration newer >muster.yaml <<'END'
  - name: fourth.example
    negative_ttl: 5
END
works 'reload of a broken configuration' reload
like 'the log has file, line, column and a suggestion' "$(cat musterd.log)" \
    'error: .*muster\.yaml:13:5: unknown key "negative_ttl"; did you mean "negative-ttl"\?'
is 'nothing of it is taken over: zone' "$(rcode_of fourth.example SOA)" REFUSED
is 'nothing of it is taken over: key' \
    "$(echo 'update add n.svc.example 30 A 192.0.2.6' | with_key new)" NOERROR
"$musterd" --check -c muster.yaml 2>check.err
is '--check exits with 2' $? 2
like 'and says the same' "$(cat check.err)" \
    '^muster\.yaml:13:5: unknown key "negative_ttl"; did you mean "negative-ttl"\?'
is 'with the line and a caret' "$(sed -n 2,3p check.err)" \
    '    negative_ttl: 5
    ^'
"$muster" -s data/muster.sock reload >muster.out 2>&1
is 'muster reload fails' $? 1
like 'and says the same' "$(cat muster.out)" 'muster\.yaml:13:5: unknown key'
cp good.yaml muster.yaml

zone 11 >svc.example.zone <<'END'
a	A	192.0.2.12
d	A	192.0.2.256
END
zone 11 >other.example.zone <<'END'
a	A	192.0.2.13
END
works 'reload with one broken zone file' reload
like 'the log has file and line' "$(cat musterd.log)" \
    'error: .*svc\.example\.zone:6: '
is 'its zone is as it was' "$(query +short a.svc.example A
    query +short d.svc.example A)" '192.0.2.11
192.0.2.4'
is 'and takes updates' "$(echo 'update add n.svc.example 30 A 192.0.2.5' |
    with_key new)" NOERROR
is 'the other is new' "$(query +short a.other.example A)" 192.0.2.13
"$musterd" --check -c muster.yaml 2>check.err
is '--check exits with 2 for a zone file' $? 2
like 'and names its line' "$(cat check.err)" 'svc\.example\.zone:6: '
zone 12 >svc.example.zone <<'END'
a	A	192.0.2.12
c	A	192.0.2.3
END
works 'reload with the file corrected, by muster' \
    "$muster" -c muster.yaml reload
is 'and the zone is new' "$(query +short a.svc.example A)" 192.0.2.12
rm other.example.zone
works 'reload with a file missing' reload
is 'keeps the zone' "$(query +short a.other.example A)" 192.0.2.13
like 'and says which' "$(cat musterd.log)" 'error: .*other\.example\.zone'

# ---- and all the while -----------------------------------------------------

i=0
while [ $i -lt 10 ]; do
	zone 12 >svc.example.zone <<-END
	a	A	192.0.2.$((20 + i))
	c	A	192.0.2.3
	END
	reload
	i=$((i + 1))
done
is 'ten more reloads' "$(query +short a.svc.example A)" 192.0.2.29
exec 3>&-
wait $load
is 'no query was lost or answered with something else' \
    "$(cat load.out load.err)" 'none of many'

# ---- what cannot start -----------------------------------------------------

port=$((port + 1))
zone 12 >other.example.zone </dev/null
echo 'a A 192.0.2.256' >>svc.example.zone
configuration </dev/null | sed 's/data: data/data: data2/' >second.yaml
"$musterd" -c second.yaml 2>second.err
is 'a broken zone file at the start: exit status 2' $? 2
like 'with its line' "$(cat second.err)" 'svc\.example\.zone:7: '
"$musterd" -c nowhere.yaml 2>second.err
is 'no configuration: exit status 2' $? 2
is 'and one line' "$(sed 's/.*error: //' second.err)" \
    'nowhere.yaml: No such file or directory'
finish
