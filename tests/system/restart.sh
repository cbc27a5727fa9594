#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Killed and started again: all is as it was, leases run anew, and no change
# is forgotten.  (Killed at random moments under load: make check-crash.)
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate ss

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - name: svc.example
    file: svc.example.zone
    lease: ttl
    lease-min: 1s
    update: [{from: 127.0.0.1}]
END
cat >svc.example.zone <<'END'
$TTL 30
@	SOA	ns hostmaster 100 3600 600 86400 60
	NS	ns
ns	A	127.0.0.1
fixed	A	192.0.2.100
gone	A	192.0.2.101
END
must_start
is 'registration' "$(update <<'END'
update add web-1.svc.example 300 A 192.0.2.1
update add _http._tcp.web.svc.example 300 SRV 1 1 80 web-1.svc.example
update delete gone.svc.example A
END
)" NOERROR
before=$(serial_of)

dump() {
	"$muster" -c muster.yaml dump svc.example 2>&1
}

dump >before.zone
like 'the dump has what is registered' "$(cat before.zone)" \
    '^web-1\.svc\.example\..*192\.0\.2\.1$'

# The stale socket, lock and readers of the store are no obstacle.
killed() {
	stop KILL
	is 'killed' "$status" 137
	must_start
}

killed
is 'the serial is the same' "$(serial_of)" "$before"
is 'so is the zone' "$(dump)" "$(cat before.zone)"

# found: of the leases of before, those that nobody has renewed.
found() {
	"$muster" --json status |
	    sed -n 's/.*"leases_found": *\([0-9]*\),.*/\1/p' | head -n 1
}
is_found() {
	[ "$(found)" = "$1" ]
}
works 'two leases are found' until_true "$patience" is_found 2
is 'one is renewed' \
    "$(echo 'update add web-1.svc.example 300 A 192.0.2.1' | update)" NOERROR
works 'one is not yet' until_true "$patience" is_found 1
is 'it is given back' \
    "$(echo 'update delete _http._tcp.web.svc.example SRV' | update)" NOERROR
works 'nobody is waited for any more' until_true "$patience" is_found 0
is 'it comes again' "$(echo \
    'update add _http._tcp.web.svc.example 300 SRV 1 1 80 web-1.svc.example' |
    update)" NOERROR
is 'who is new was not found' "$(found)" 0

# brief SECONDS: registers for so long, kills, starts and looks for it.  Status
# 2 if that took so long that the lease may have ended before or after.
brief() {
	sent=$(now)
	said=$(echo "update add brief.svc.example $1 A 192.0.2.3" | update)
	stop KILL
	within "$1" "$sent" || return 2
	started=$(now)
	must_start
	before=$(serial_of)
	said="$said $(query +short brief.svc.example A)"
	within "$1" "$started" || return 2
}

# So short that its end can be waited for, unless the machine is too slow.
lease=3
until brief $lease || [ $lease -gt 60 ]; do
	note "too slow for a lease of $lease s"
	[ -n "$pid" ] || must_start
	lease=$((lease * 2))
done
is 'a lease that has not ended runs again' "$said" 'NOERROR 192.0.2.3'
# shellcheck disable=SC2317  # until_true calls it
has_left() {
	[ "$(rcode_of brief.svc.example A)" = NXDOMAIN ]
}
works 'and ends' until_true $((lease + patience)) has_left
# The reaper comes a little later.
# shellcheck disable=SC2317  # until_true calls it
has_risen() {
	[ "$(serial_of)" -gt "$before" ]
}
works 'with a step of the serial' until_true "$patience" has_risen

before=$(serial_of)
killed
is 'what has expired stays away' "$(rcode_of brief.svc.example A)" NXDOMAIN
is 'and what was deleted' "$(rcode_of gone.svc.example A)" NXDOMAIN
works 'the serial did not go back' test "$(serial_of)" -ge "$before"
is 'a heartbeat costs no serial over a restart' "$(before=$(serial_of)
    echo 'update add web-1.svc.example 300 A 192.0.2.1' | update
    [ "$(serial_of)" -eq "$before" ] || serial_of)" NOERROR

# The zone file changes while nobody looks.
stop
is 'a clean end' "$status" 0
sed 's/192.0.2.100/192.0.2.200/' svc.example.zone >changed
mv changed svc.example.zone
before=$(dig +short "@127.0.0.1" -p "$port" +tries=1 +time=1 svc.example SOA |
    grep -c '^ns')
is 'nobody answers' "$before" 0
must_start
is 'the new file is served' "$(query +short fixed.svc.example A)" 192.0.2.200
is 'with what was registered' "$(query +short web-1.svc.example A)" 192.0.2.1
is 'without what was deleted' "$(rcode_of gone.svc.example A)" NXDOMAIN
finish
