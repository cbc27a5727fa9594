# SPDX-License-Identifier: Apache-2.0
"""Asks a question by UDP over and over, without a pause and never twice, until
standard input ends: PORT NAME RDATA.  Then prints how many of the questions
got no answer, or another one than RDATA."""
import select
import socket
import sys

import client

SOCKETS = 8
# Seconds without any answer; what is still open then is lost.
PATIENCE = client.TIMEOUT

port, name, rdata = int(sys.argv[1]), sys.argv[2], sys.argv[3]
wrong = asked = 0


def ask(s):
    """Sends one question of its own."""
    global asked
    s.query = client.dns.message.make_query(name, "A")
    s.send(s.query.to_wire())
    asked += 1


def is_right(s, wire):
    answer = client.dns.message.from_wire(wire)
    if s.query.is_response(answer) and client.texts(answer) == [rdata]:
        return True
    print(answer.to_text().replace("\n", "; "), file=sys.stderr)
    return False


class Socket(socket.socket):
    query = None


sockets = []
for _ in range(SOCKETS):
    s = Socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((client.HOST, port))
    sockets.append(s)
    ask(s)

stopping = False
waiting = set(sockets)
while waiting:
    watched = list(waiting) if stopping else [sys.stdin, *waiting]
    ready, _, _ = select.select(watched, [], [], PATIENCE)
    if not [s for s in ready if s is not sys.stdin]:
        if ready:
            stopping = True
            continue
        break
    for s in ready:
        if s is sys.stdin:
            stopping = True
            continue
        try:
            wrong += not is_right(s, s.recv(65535))
        except OSError:
            wrong += 1
        if stopping:
            waiting.discard(s)
        else:
            ask(s)
wrong += len(waiting)
print(f"{wrong} of {asked}" if wrong or asked < 100 else "none of many")
