#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A DNS-SD browser of the desktop: Avahi, by unicast (wide area).  It sees
# both shapes of registrations, kinds of services, tags, and nobody who is
# not answered.
# shellcheck disable=SC2317  # functions that others call
. "${top_srcdir:-.}/tests/lib/system.sh"
need avahi-daemon avahi-browse dbus-daemon dig nsupdate ip unshare namespaces
[ -x "$muster" ] || skip_all "$muster is not built"
in_namespace clients-avahi.sh

children=
clean_up_more() {
	for child in $children; do
		kill -KILL "$child" 2>/dev/null
	done
}

# ---- a bus and a daemon of their own ---------------------------------------

mount -t tmpfs tmpfs /run || skip_all 'cannot mount over /run'
mkdir /run/dbus /run/avahi-daemon
cat >bus.conf <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
END
cat >avahi.conf <<'END'
[server]
use-ipv6=no
[wide-area]
enable-wide-area=yes
[publish]
disable-publishing=yes
END
dbus-daemon --config-file=bus.conf --nofork --nopidfile >bus.log 2>&1 &
children=$!
until_true "$patience" test -S /run/dbus/system_bus_socket ||
    skip_all 'no bus'
avahi-daemon -f avahi.conf --no-drop-root --no-chroot --no-rlimits \
    --no-proc-title >avahi.log 2>&1 &
children="$children $!"
until_true "$patience" grep -q 'startup complete' avahi.log ||
    skip_all 'avahi-daemon does not start'

# ---- browsing --------------------------------------------------------------

# The TTL is 1: Avahi keeps answers for that long.
cat >muster.yaml <<'END'
server: {listen: "127.0.0.1:53", data: data}
zones: [{name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}]
END
must_start
is 'a printer as DNS-SD, two servers as plain SRV' "$(update <<'END'
update add printer.svc.example 1 A 192.0.2.30
update add _ipp._tcp.svc.example 1 PTR Front\032Desk._ipp._tcp.svc.example.
update add Front\032Desk._ipp._tcp.svc.example 1 SRV 0 0 631 printer.svc.example.
update add Front\032Desk._ipp._tcp.svc.example 1 TXT "rp=ipp/print"
update add web-1.svc.example 1 A 192.0.2.10
update add web-1.svc.example 1 TXT "tags=canary"
update add web-2.svc.example 1 A 192.0.2.11
update add _http._tcp.svc.example 1 SRV 10 100 8080 web-1.svc.example.
update add _http._tcp.svc.example 1 SRV 10 100 8081 web-2.svc.example.
END
)" NOERROR

# browse WHAT: what is found, resolved: name;type;domain;host;address;port;text
browse() {
	timeout "$patience" avahi-browse --domain svc.example --no-db-lookup \
	    --resolve --terminate --parsable "$1" 2>&1 |
	    sed -n 's/^=;n\/a;n\/a;//p' | sort
}
is 'all kinds of services, all instances, resolved' "$(browse --all)" \
    'Front\032Desk;_ipp._tcp;svc.example;printer.svc.example;192.0.2.30;631;"rp=ipp/print"
web-1-8080;_http._tcp;svc.example;web-1.svc.example;192.0.2.10;8080;"tags=canary"
web-2-8081;_http._tcp;svc.example;web-2.svc.example;192.0.2.11;8081;'
is 'one kind, tagged' "$(browse _canary._sub._http._tcp)" \
    'web-1-8080;_http._tcp;svc.example;web-1.svc.example;192.0.2.10;8080;"tags=canary"'

works 'web-2 is forced down' "$muster" force 'web-2.*' down
without_web_2() {
	case $(browse _http._tcp) in
	*web-2*) return 1 ;;
	*web-1*) return 0 ;;
	*) return 1 ;;
	esac
}
works 'who is not answered is not found' until_true "$patience" without_web_2
finish
