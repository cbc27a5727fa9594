# SPDX-License-Identifier: Apache-2.0
"""Updates that nsupdate does not send: PORT SECRET."""
import sys
import time
from unittest import mock

import client
from client import ask, equal, new_update, ok, rcode, send_tcp, send_udp, texts

port, secret = int(sys.argv[1]), sys.argv[2]
ring = client.dns.tsigkeyring.from_text({"k-sha256": ("hmac-sha256", secret)})
wrong = client.dns.tsigkeyring.from_text({"k-sha256": ("hmac-sha256",
                                                       "d3Jvbmc=")})
other = client.dns.tsigkeyring.from_text({"k-sha256": ("hmac-sha512",
                                                       secret)})
stranger = client.dns.tsigkeyring.from_text({"nobody": ("hmac-sha256",
                                                        secret)})


def error_of(message):
    """What the TSIG of an answer complains about, in dnspython's words."""
    try:
        return rcode(send_udp(message, port))
    except client.dns.exception.DNSException as e:
        return type(e).__name__


def main():
    record = "x 30 A 192.0.2.1"
    equal("a signed update", error_of(new_update(record, keyring=ring)),
          "NOERROR")
    equal("an unknown key is BADKEY",
          error_of(new_update(record, keyring=stranger)), "PeerBadKey")
    equal("a wrong secret is BADSIG",
          error_of(new_update(record, keyring=wrong)), "PeerBadSignature")
    for shift, expected in ((-400, "PeerBadTime"), (400, "PeerBadTime"),
                            (-200, "NOERROR"), (200, "NOERROR")):
        message = new_update(record, keyring=ring)
        now = time.time()
        with mock.patch("time.time", lambda: now + shift):
            wire = message.to_wire()
        # What is sent and what the answer is checked against are the same.
        message.to_wire = lambda *_, **__: wire
        equal(f"signed {shift} s off: {expected}", error_of(message),
              expected)
    equal("an algorithm that the key is not for",
          error_of(new_update(record, keyring=other)), "PeerBadKey")

    # As much as a message holds.
    big = new_update(*(f"t{i}.open 30 TXT {'x' * 250}" for i in range(243)))
    size = len(big.to_wire(max_size=65535))
    ok("a message of nearly 64 KiB", 64000 < size <= 65535, size)
    before = client.serial(port)
    equal("is taken by TCP", rcode(send_tcp(big, port)), "NOERROR")
    equal("as one change", client.serial(port), before + 1)
    equal("with its last record", texts(ask(port, "t242.open.svc.example",
                                            "TXT")), [f'"{"x" * 250}"'])
    gone = new_update()
    for i in range(243):
        gone.delete(f"t{i}.open")
    equal("and goes again", rcode(send_tcp(gone, port)), "NOERROR")
    equal("without a trace", rcode(ask(port, "t0.open.svc.example", "TXT")),
          "NXDOMAIN")

    # Extended errors for those who speak EDNS.
    refused = send_udp(new_update("y 30 A 192.0.2.1", options=[]), port)
    equal("without a rule: REFUSED", rcode(refused), "REFUSED")
    ede = client.option_of(refused, 15)
    ok("with an extended error, Prohibited, that names record and type",
       ede is not None and ede[:2] == b"\0\x12" and b"y.svc.example" in ede,
       ede)


main()
