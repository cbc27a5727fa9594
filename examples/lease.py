#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""lease.py: registers with the Update Lease option (RFC 9664), which stock
nsupdate of Debian 12 cannot send.  Needs dnspython 2 (python3-dnspython).

    lease.py SERVER PORT ZONE KEYNAME SECRET SECONDS OWNER TTL TYPE RDATA...
"""
import struct
import sys

import dns.edns
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update

UPDATE_LEASE = 2


def register(server, port, zone, key, secret, seconds, records):
    """Adds (owner, ttl, type, rdata) records; returns what was granted."""
    update = dns.update.UpdateMessage(
        zone, keyring=dns.tsigkeyring.from_text({key: secret}))
    for owner, ttl, rdtype, rdata in records:
        update.add(owner, ttl, rdtype, rdata)
    update.use_edns(options=[
        dns.edns.GenericOption(UPDATE_LEASE, struct.pack("!I", seconds))])
    reply = dns.query.udp(update, server, port=port, timeout=3)
    if reply.rcode() != dns.rcode.NOERROR:
        reasons = [str(o) for o in reply.options if o.otype == 15]
        raise RuntimeError(" ".join(
            [dns.rcode.to_text(reply.rcode())] + reasons))
    for option in reply.options:
        if option.otype == UPDATE_LEASE:
            return struct.unpack("!I", option.data[:4])[0]
    return None


if __name__ == "__main__":
    server, port, zone, key, secret, seconds, owner, ttl, rdtype, *rdata = \
        sys.argv[1:]
    print(register(server, int(port), zone, key, secret, int(seconds),
                   [(owner, int(ttl), rdtype, " ".join(rdata))]))
