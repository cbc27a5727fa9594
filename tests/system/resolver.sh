#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A machine whose resolv.conf names musterd: programs that know no SRV find
# services by getaddrinfo(), of glibc and of musl, and nsupdate finds the
# server by itself.  All in a network namespace, on port 53.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ip unshare namespaces

# The rest runs inside.
if [ "${MUSTER_INSIDE-}" != yes ]; then
	unshare -mn env MUSTER_INSIDE=yes top_srcdir="$source_folder" \
	    top_builddir="$build_folder" MUSTERD="$musterd" \
	    sh "$source_folder/tests/system/resolver.sh"
	exit
fi
port=53
ip link set lo up
echo 'nameserver 127.0.0.1
search other.example svc.example
options timeout:30 attempts:2' >resolv.conf
echo 'hosts: files dns' >nsswitch.conf
for f in resolv.conf nsswitch.conf; do
	mount --bind $f /etc/$f || skip_all "cannot mount over /etc/$f"
done

cat >muster.yaml <<'END'
server: {listen: "127.0.0.1:53", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
  - {name: other.example}
END
must_start

# ---- nsupdate without being told a server ----------------------------------

is 'the zone without a file names a server and its address' \
    "$(ask +norec svc.example NS)" 'NOERROR qr aa
d ns.svc.example. 30 IN A 127.0.0.1
n svc.example. 30 IN NS ns.svc.example.'
found_by_itself() {
	nsupdate -t "$patience" -v <<-'END' 2>&1
	update add web-1.svc.example 30 A 192.0.2.1
	update add _http._tcp.web.svc.example 30 SRV 10 10 80 web-1.svc.example
	update add web-2.svc.example 30 A 192.0.2.2
	update add _http._tcp.web.svc.example 30 SRV 10 10 80 web-2.svc.example
	update add six-1.svc.example 30 AAAA 2001:db8::6
	update add _http._tcp.six.svc.example 30 SRV 10 10 80 six-1.svc.example
	update add both-1.svc.example 30 A 192.0.2.3
	update add both-1.svc.example 30 AAAA 2001:db8::3
	update add _http._tcp.both.svc.example 30 SRV 1 1 80 both-1.svc.example
	send
	END
}
is 'nsupdate without server and zone, by TCP' "$(found_by_itself)" ''
is 'has registered' "$(query +short _http._tcp.web.svc.example SRV | sort)" \
    '10 10 80 web-1.svc.example.
10 10 80 web-2.svc.example.'
is 'nsupdate with a zone only, by UDP' "$(printf '%s\n' 'zone svc.example' \
    'update add x.svc.example 30 A 192.0.2.9' send |
    nsupdate -t "$patience" -u "$patience" -r 0 2>&1)" ''
is 'has registered too' "$(query +short x.svc.example A)" 192.0.2.9

# ---- getaddrinfo() ---------------------------------------------------------

# by LIBC COMMAND...: the command prints the addresses of a name.
by() {
	libc=$1
	shift
	is "$libc: a service with IPv4 only" "$("$@" web.svc.example)" \
	    '192.0.2.1 192.0.2.2'
	is "$libc: a service with IPv6 only" "$("$@" six.svc.example)" \
	    2001:db8::6
	is "$libc: a service with both" "$("$@" both.svc.example)" \
	    '192.0.2.3 2001:db8::3'
	is "$libc: a host" "$("$@" web-2.svc.example)" 192.0.2.2
	is "$libc: a service, by the search list" "$("$@" web)" \
	    '192.0.2.1 192.0.2.2'
	is "$libc: a host, by the search list" "$("$@" both-1)" \
	    '192.0.2.3 2001:db8::3'
	is "$libc: nobody" "$("$@" nobody.svc.example)" 'no such name'
}

# shellcheck disable=SC2317  # by calls it
with_getent() {
	getent ahosts "$1" >getent.out || echo 'no such name'
	awk '$2 == "STREAM" { print $1 }' getent.out | sort | tr '\n' ' ' |
	    sed 's/ $//'
}

by getent with_getent
if [ -x "$build_folder/tests/system/resolve" ]; then
	by glibc "$build_folder/tests/system/resolve"
else
	skip glibc 'tests/system/resolve is not built'
fi
if command -v musl-gcc >/dev/null; then
	works 'musl-gcc builds' musl-gcc -static -o resolve-musl \
	    "$source_folder/tests/system/resolve.c"
	by musl ./resolve-musl
else
	skip musl 'musl-gcc is not installed'
fi
finish
