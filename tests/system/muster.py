# SPDX-License-Identifier: Apache-2.0
"""What the control socket answers to those who are not muster.

    muster.py SOCKET    prints results in TAP, without a plan
"""
import json
import socket
import sys

path = sys.argv[1]


def connect():
    s = socket.socket(socket.AF_UNIX)
    # With a timeout of its own, connect() fails where the backlog is full.
    s.connect(path)
    s.settimeout(60)
    return s


def read(s):
    """All lines up to the end of the connection."""
    data = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                break
            data += part
    except ConnectionResetError:
        pass
    return [json.loads(line) for line in data.splitlines()]


def ask(octets):
    s = connect()
    s.sendall(octets)
    s.shutdown(socket.SHUT_WR)
    lines = read(s)
    s.close()
    return lines


def ok(name, good, got=""):
    print(("ok - " if good else "not ok - ") + name)
    if not good:
        print("# got:", got)


def fails(name, octets, words):
    lines = ask(octets)
    ok(name, len(lines) == 1 and words in lines[0].get("error", ""), lines)


fails("not JSON", b"{\n", "not JSON")
fails("not UTF-8", b'{"command":"\xff"}\n', "not JSON")
fails("a key twice", b'{"command":"zones","command":"zones"}\n', "not JSON")
fails("very deep", b"[" * 30000 + b"\n", "not JSON")
fails("no object", b"[1]\n", "command")
fails("no command", b"{}\n", "command")
fails("command is no string", b'{"command":1}\n', "command")
fails("unknown command", b'{"command":"nothing"}\n', "nothing")
fails("dump without a zone", b'{"command":"dump"}\n', "zone")
fails("dump of no name", b'{"command":"dump","zone":"a..b"}\n', "zone")
fails("dump of a number", b'{"command":"dump","zone":1}\n', "zone")
fails("a line too long", b"x" * 65537, "65536")
lines = ask(b'{"command":"zones","x":"' + b"x" * 65000 + b'"}\n')
ok("a long line", lines[-1] == {"done": True}, lines[-1])

request = b'{"command":"zones"}\n'
lines = ask(request * 1000)
ok("a thousand at once are answered in order",
   lines == [*lines[:3]] * 1000 and lines[2] == {"done": True})

s = connect()
for octet in request:
    s.sendall(bytes([octet]))
s.shutdown(socket.SHUT_WR)
ok("octet by octet", read(s)[-1] == {"done": True})

# Many connections that say nothing; those above the limit are told so.
crowd = [connect() for _ in range(40)]
told = 0
for s in crowd[32:]:
    told += read(s) == [{"error": "too many clients"}]
ok("too many clients", told >= 7, told)
for s in crowd:
    s.close()

# One does not read its dump: others are served, and a dump waits for it.
slow = connect()
slow.sendall(b'{"command":"dump","zone":"svc.example"}\n')
ok("a client beside one that reads nothing",
   ask(request)[-1] == {"done": True})
slow.close()
ok("a dump after one that was given up",
   ask(b'{"command":"dump","zone":"svc.example"}\n')[-1] == {"done": True})
