#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hello.py KIND ADDRESS PORT: a server for libmuster.sh.

    well   sends a line to whoever connects
    close  accepts, and closes at once
    hang   accepts, and never says a word
    flaky  sends a line to every other one, else closes

Prints "ready" when it listens; ends when its standard input does.  Refusing
needs no server.
"""
import select
import socket
import sys


def main():
    kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    print("ready", flush=True)
    kept, count = [], 0
    while True:
        readable, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in readable and not sys.stdin.buffer.read1(1):
            return
        if listener not in readable:
            continue
        connection, _ = listener.accept()
        count += 1
        print(count, flush=True)
        if kind == "hang":
            kept.append(connection)
            continue
        if kind == "well" or (kind == "flaky" and count % 2 == 0):
            connection.sendall(b"hello from %s\n" % address.encode())
        connection.close()


main()
