# SPDX-License-Identifier: Apache-2.0
"""Helpers for operator.sh.

    operators.py serve PORT...      listens on ports of 127.0.0.1; reads "up
                                   PORT" and "down PORT" lines
    operators.py terminal COMMAND   runs it on a terminal, prints what it prints
    operators.py protocol SOCKET    tries the socket; prints results in TAP
"""
import json
import os
import pty
import socket
import sys
import time


def serve(ports):
    sockets = {}

    def up(port):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        # Nobody is accepted: that the system connects is enough.
        s.listen(1000)
        sockets[port] = s

    for port in ports:
        up(int(port))
    print("ready", flush=True)
    for line in sys.stdin:
        word, port = line.split()
        if word == "up":
            up(int(port))
        else:
            sockets.pop(int(port)).close()
        print(word, port, flush=True)


def terminal(command):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    data = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    os.waitpid(pid, 0)
    sys.stdout.buffer.write(data.replace(b"\r\n", b"\n"))


def ok(name, good, got=""):
    print(("ok - " if good else "not ok - ") + name)
    if not good:
        print("# got:", got)


def protocol(path):
    def connect(line):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.settimeout(20)
        s.sendall(line)
        return s, s.makefile("rb")

    s, lines = connect(b'{"command":"watch"}\n')
    first = json.loads(lines.readline())
    ok("a watch begins at once", first["event"] == "watching", first)
    s.shutdown(socket.SHUT_WR)
    last = json.loads(lines.readline())
    ok("and ends when the client has said all it has to say",
       last == {"done": True}, last)

    # Two commands on one line each: the second waits for the first.
    s, lines = connect(b'{"command":"forced"}\n{"command":"zones"}\n')
    ok("questions to the writer keep their turn",
       json.loads(lines.readline()) == {"done": True})
    ok("and what follows them too", "zone" in json.loads(lines.readline()))

    # Whoever asks and goes away leaves nothing behind.
    for request in (b'{"command":"explain","name":"web.svc.example"}\n',
                    b'{"command":"status"}\n', b'{"command":"watch"}\n',
                    b'{"command":"instances"}\n'):
        for _ in range(100):
            try:
                connect(request)[0].close()
            except ConnectionError:
                pass  # too many at once: it has not yet seen them go

    def zones():
        try:
            return connect(b'{"command":"zones"}\n')[1].readline()
        except ConnectionError:
            return b""
    for _ in range(400):
        got = zones()
        if b'"zone"' in got:
            break
        time.sleep(0.05)
    ok("many who asked and went", b'"zone"' in got, got)

    for request, words in (
            (b'{"command":"explain","name":"a..b"}\n', "needs the name"),
            (b'{"command":"force","pattern":"a","state":"off"}\n',
             "up, down, drain or auto"),
            (b'{"command":"force","pattern":"a b","state":"up"}\n', "")):
        s, lines = connect(request)
        answer = json.loads(lines.readline())
        ok("refused: " + request.decode().strip(),
           words in answer.get("error", "\0"), answer)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2:])
    elif sys.argv[1] == "terminal":
        terminal(sys.argv[2:])
    else:
        protocol(sys.argv[2])
