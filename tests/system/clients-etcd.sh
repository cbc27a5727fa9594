#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# etcd finds its peers by SRV (--discovery-srv), and etcdctl its servers: a
# cluster of three that knows nothing but a domain.  That of Debian 12 finds
# peers with TLS only.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need etcd etcdctl dig nsupdate ip unshare namespaces
in_namespace clients-etcd.sh

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
must_start
for i in 1 2 3; do
	cat <<-END
	update add n$i.svc.example 30 A 127.0.0.1
	update add _etcd-server-ssl._tcp.svc.example 30 SRV 0 0 238$i n$i.svc.example
	update add _etcd-client._tcp.svc.example 30 SRV 0 0 237$i n$i.svc.example
	END
done >members.txt
is 'three members check in' "$(update <members.txt)" NOERROR

for i in 1 2 3; do
	etcd --name n$i --data-dir n$i --discovery-srv svc.example \
	    --initial-cluster-token t --initial-cluster-state new \
	    --initial-advertise-peer-urls https://n$i.svc.example:238$i \
	    --peer-auto-tls --listen-peer-urls https://127.0.0.1:238$i \
	    --advertise-client-urls http://n$i.svc.example:237$i \
	    --listen-client-urls http://127.0.0.1:237$i \
	    --heartbeat-interval 50 --election-timeout 500 \
	    >etcd-$i.log 2>&1 &
	children="$children $!"
done
export ETCDCTL_API=3
ctl() {
	etcdctl --discovery-srv svc.example --insecure-discovery \
	    --dial-timeout 2s --command-timeout 2s "$@"
}
can_put() {
	ctl put key value >ctl.log 2>&1
}
works "they find each other and elect a leader" until_true 2 can_put
is 'etcdctl finds them too' "$(ctl get key 2>&1)" 'key
value'
is 'all three are members' "$(ctl member list 2>&1 | sed 's/.*, \(n.\), .*/\1/' |
    sort | tr '\n' ' ')" 'n1 n2 n3 '

# One is gone, and is no longer answered.
# shellcheck disable=SC2086
set -- $children
kill -KILL "$1"
is 'one leaves' "$(update <<'END'
update delete _etcd-client._tcp.svc.example SRV 0 0 2371 n1.svc.example
END
)" NOERROR
works 'the others are found, and go on' until_true 2 can_put
finish
