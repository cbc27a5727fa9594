# SPDX-License-Identifier: Apache-2.0
"""TCP connections whose octets and pauses the test chooses: PORT, and
"cut", with tcp-idle: 1s, or "served", with a tcp-idle that is never over."""
import socket
import struct
import sys
import time

import client
from client import (Stream, equal, in_time, new_update, ok, rcode, texts,
                    until)

port = int(sys.argv[1])
IDLE = 1   # seconds, as configured
GRACE = 1  # more for those who know edns-tcp-keepalive
make_query = client.dns.message.make_query


def question(number, name="a.svc.example", rdtype="A"):
    q = make_query(name, rdtype)
    q.id = number
    return q


def answers(stream):
    """Whether the daemon answers on this connection."""
    try:
        stream.send(question(1))
        return texts(stream.reply()) == ["192.0.2.1"]
    except (EOFError, OSError):
        return False


def is_served(source=None):
    """Whether a newcomer gets an answer."""
    try:
        with Stream(port, source=source) as s:
            return answers(s)
    except OSError:
        return False


def test_pipelining():
    with Stream(port) as s:
        s.send(*(question(i) for i in range(200)))
        replies = [s.reply() for _ in range(200)]
        equal("200 questions in one go", [r.id for r in replies],
              list(range(200)))
        ok("each with its answer",
           all(texts(r) == ["192.0.2.1"] for r in replies))
    with Stream(port) as s:
        update = new_update("b 30 A 192.0.2.2")
        update.id = 1
        s.send(update, question(2), question(3))
        replies = [s.reply() for _ in range(3)]
        equal("an update does not hold up the questions behind it",
              [r.id for r in replies], [2, 3, 1])
        equal("and is done", [rcode(r) for r in replies], ["NOERROR"] * 3)
        s.send(question(4, "b.svc.example"))
        equal("whoever asks afterwards sees it", texts(s.reply()),
              ["192.0.2.2"])
    with Stream(port) as s:
        updates = [new_update(f"p{i} 30 A 192.0.2.2") for i in range(100)]
        for i, update in enumerate(updates):
            update.id = i
        s.send(*updates, question(100))
        replies = [s.reply() for _ in range(101)]
        ok("more updates than the pipeline holds",
           sorted(r.id for r in replies) == list(range(101))
           and all(rcode(r) == "NOERROR" for r in replies))


def test_pieces():
    wire = Stream.frame(question(7))
    with Stream(port) as s:
        for octet in wire:
            s.socket.sendall(bytes([octet]))
        equal("a message in segments of one octet", texts(s.reply()),
              ["192.0.2.1"])
        # The end of one message and the start of the next in one segment.
        for piece in wire[:9], wire[9:] + wire[:1], wire[1:20], wire[20:]:
            s.socket.sendall(piece)
            time.sleep(0.01)
        equal("pieces across messages", [s.reply().id, s.reply().id], [7, 7])
    for bad in b"\0\5abcde", b"\0\0":
        ok(f"{bad[:6]!r}... is no message: closed", is_closed_after(bad))


def is_closed_after(octets):
    with Stream(port) as s:
        try:
            s.socket.sendall(octets)
        except ConnectionError:
            pass
        return s.is_closed()


def test_half_close():
    with Stream(port) as s:
        update = new_update("h 30 A 192.0.2.3")
        update.id = 1
        s.send(update, question(2))
        s.socket.shutdown(socket.SHUT_WR)
        equal("half closed: the replies come", sorted(s.reply().id
                                                      for _ in range(2)),
              [1, 2])
        ok("and then the end", s.is_closed())


def watch_idle():
    with Stream(port) as silent, Stream(port) as served, \
            Stream(port) as patient:
        start = time.monotonic()
        answers(served)
        q = make_query("a.svc.example", "A", use_edns=0, payload=1232,
                       options=[client.dns.edns.GenericOption(11, b"")])
        asked = time.monotonic()
        try:
            patient.send(q)
            keepalive = client.option_of(patient.reply(), 11)
        except (EOFError, OSError):
            if asked - start >= IDLE:
                return None
            raise
        closed = silent.is_closed(), served.is_closed()
        took = time.monotonic() - start
        promised = answers(patient)
        if not promised and time.monotonic() - asked >= IDLE + GRACE:
            return None
        return keepalive, closed, took, promised, patient.is_closed()


def watch_asking():
    with Stream(port) as s:
        last = time.monotonic()
        for _ in range(9):
            asked = time.monotonic()
            if not answers(s):
                late = time.monotonic() - last >= IDLE
                return None if late else False
            last = asked
            time.sleep(0.2)
        return True


def test_idle():
    keepalive, closed, took, promised, over = in_time(watch_idle)
    equal("edns-tcp-keepalive says how long", keepalive, b"\0\x0a")
    ok("who never asks is closed", closed[0])
    ok("who asks no more is closed", closed[1])
    ok("not before its time", took > 0.8 * IDLE, took)
    ok("later than that, who was promised time", promised)
    ok("but closed, too", over)
    ok("who goes on asking stays", in_time(watch_asking))
    ok("who speaks HTTP is closed",
       is_closed_after(b"GET / HTTP/1.1\r\n\r\n" * 2000))


def test_crowd():
    with Stream(port, source="127.0.0.2") as other:
        ok("a stranger is served", answers(other))
        crowd = []
        for _ in range(100):
            crowd.append(Stream(port))
        ok("100 idle connections of one address: a newcomer of that address "
           "is served", is_served())
        ok("a newcomer of another too", is_served("127.0.0.3"))
        ok("and the stranger who was there before", answers(other))
        alive = [s for s in crowd if not s.is_closed(0.001)]
        ok("the crowd has no more than its share", 0 < len(alive) <= 30,
           len(alive))
        for s in crowd:
            s.socket.close()


def start_greedy():
    """Asks for much and reads nothing; its small buffers fill at once."""
    s = Stream(port, source="127.0.0.4", receive=4096)
    s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    s.socket.settimeout(0.5)
    sent = 0
    try:
        while sent < 10_000_000:
            frames = Stream.frame(question(1, "big.svc.example", "TXT")) * 50
            s.socket.sendall(frames)
            sent += len(frames)
    except TimeoutError:
        pass
    return s, sent


def test_cut():
    # Something large to ask for.
    client.send_tcp(new_update("a 300 A 192.0.2.1", *(
        f'big 300 TXT "{i:03} {"x" * 240}"' for i in range(100))), port)
    greedy, sent = start_greedy()
    began = time.monotonic()
    ok("who does not read is not read from", sent < 1_000_000, sent)
    ok("others are served meanwhile", until(is_served))
    test_idle()
    # Nothing is read here: the reset shows in the state of the socket.
    closed = until(lambda: greedy.socket.getsockopt(
        socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1, pause=0.1)
    ok("and is cut in the end", closed, time.monotonic() - began)


def test_served():
    test_pipelining()
    test_pieces()
    test_half_close()
    test_crowd()


{"cut": test_cut, "served": test_served}[sys.argv[2]]()
