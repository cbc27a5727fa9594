# SPDX-License-Identifier: Apache-2.0
"""Prints what the first registration that is not done is answered with: RCODE,
and the extended error's code and text.  Small ones may still find a place
inside the store's files.  PORT."""
import struct
import sys

import client

for i in range(5000):
    update = client.new_update(f"new-{i} 300 A 192.0.2.9", options=[])
    reply = client.send_udp(update, int(sys.argv[1]))
    if client.rcode(reply) != "NOERROR":
        break
ede = client.option_of(reply, 15) or b"\xff\xff"
print(client.rcode(reply), struct.unpack_from("!H", ede)[0],
      ede[2:].decode())
