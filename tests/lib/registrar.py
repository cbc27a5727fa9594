# SPDX-License-Identifier: Apache-2.0
"""registrar - updates as fast as they go, with a journal of what was promised.

    registrar.py run PORT JOURNAL    until the connection, or standard input,
                                     ends; appends to the journal
    registrar.py check JOURNAL       holds the dump of the zone on standard
                                     input (muster dump) against the journal
    registrar.py serial JOURNAL      prints the last serial seen

Update i adds two addresses, at n<i> and at m<i>; every fourth update deletes
what the one three before it has added.  A line of the journal is "sent i",
"acked i" (NOERROR), "failed i" or "serial n"."""
import re
import select
import socket
import struct
import sys

import client

WINDOW = 32
ZONE = b"\3svc\7example\0"
AT_ZONE = struct.pack("!H", 0xC000 | 12)
A, SOA, IN, ANY, NONE = 1, 6, 1, 255, 254
UPDATE = 5 << 11


def label(text):
    return bytes([len(text)]) + text.encode()


def deletes(i):
    return i - 3 if i % 4 == 3 else None


def address(i):
    return struct.pack("!I", 10 << 24 | i)


def update(i):
    """Update i, without compression but for the zone."""
    out = b""
    for host in f"n{i}", f"m{i}":
        out += (label(host) + AT_ZONE + struct.pack("!HHIH", A, IN, 3600, 4)
                + address(i))
    count = 2
    if deletes(i) is not None:
        for host in f"n{deletes(i)}", f"m{deletes(i)}":
            out += label(host) + AT_ZONE + struct.pack("!HHIH", A, ANY, 0, 0)
            count += 1
    return (struct.pack("!HHHHHH", i % WINDOW, UPDATE, 1, 0, count, 0) + ZONE
            + struct.pack("!HH", SOA, IN) + out)


def question():
    return (struct.pack("!HHHHHH", WINDOW, 0, 1, 0, 0, 0) + ZONE
            + struct.pack("!HH", SOA, IN))


def serial_in(wire):
    return client.dns.message.from_wire(wire).answer[0][0].serial


def exchange(stream, first, journal):
    """Sends a window of updates and a question, then reads the replies in
    whatever order they come."""
    journal.write("".join(f"sent {i}\n" for i in range(first, first + WINDOW)))
    stream.send(*(update(i) for i in range(first, first + WINDOW)),
                question())
    for _ in range(WINDOW + 1):
        length, = struct.unpack("!H", stream.octets(2))
        wire = stream.octets(length)
        number, flags = struct.unpack_from("!HH", wire)
        if number == WINDOW:
            journal.write(f"serial {serial_in(wire)}\n")
        else:
            journal.write(f"{'failed' if flags & 15 else 'acked'} "
                          f"{first + number}\n")
    journal.flush()


def read(path):
    sets = {"sent": set(), "acked": set(), "failed": set()}
    serial = 0
    with open(path, encoding="ascii") as f:
        for line in f:
            word, number = line.split()
            if word == "serial":
                serial = int(number)
            else:
                sets[word].add(int(number))
    return sets, serial


def run(port, path):
    sets, _ = read(path)
    first = max(sets["sent"], default=-1) + 1
    with open(path, "a", encoding="ascii") as journal:
        try:
            with client.Stream(port) as stream:
                while not select.select([sys.stdin], [], [], 0)[0]:
                    exchange(stream, first, journal)
                    first += WINDOW
        except (EOFError, ConnectionError, socket.timeout):
            pass


def check(path):
    sets, _ = read(path)
    there = set(re.findall(r"^([nm]\d+)\.", sys.stdin.read(), re.M))
    deleting = {deletes(i) for i in sets["sent"] - sets["failed"]}
    deleted = {deletes(i) for i in sets["acked"]}
    bad = []
    for i in sets["sent"]:
        n, m = f"n{i}" in there, f"m{i}" in there
        if n != m:
            bad.append(f"{i} is there by half")
        elif i in sets["acked"] and i not in deleting and not n:
            bad.append(f"{i} was acknowledged and is not there")
        elif i in deleted and n:
            bad.append(f"{i} was deleted and is there")
        elif i in sets["failed"] and n:
            bad.append(f"{i} was refused and is there")
    print("\n".join(sorted(bad)[:20]) if bad else
          "as promised" if sets["acked"] else "nothing was promised")


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "check":
        check(sys.argv[2])
    else:
        print(read(sys.argv[2])[1])
