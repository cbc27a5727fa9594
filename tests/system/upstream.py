# SPDX-License-Identifier: Apache-2.0
"""upstream.py ADDRESS PORT: a server that others should not trust.

The first label of a question says how it is answered, over UDP and TCP:

    good     198.51.100.1
    slow     the same, after 600 ms
    never    not at all
    lame     REFUSED
    fails    SERVFAIL, with EDE 7
    liar     an address of another name, and an address for www.corp.example
    other    the answer to another question
    twice    a false ID first, then a good answer
    torn     half a message
    tc       TC over UDP, and the answer by TCP
    refers   to other servers
    endless  an alias to itself
"""
import selectors
import socket
import struct
import sys
import time

ADDRESS = bytes([198, 51, 100, 1])


def name(text):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in text.split(".") if label) + b"\0"


def record(owner, kind, rdata, ttl=60):
    return owner + struct.pack("!HHIH", kind, 1, ttl, len(rdata)) + rdata


def question_end(message):
    at = 12
    while message[at]:
        at += 1 + message[at]
    return at + 5


def reply(message, answers=(), rcode=0, flags=0, authority=(), opt=b"",
          question=None, ident=None):
    question = question or message[12:question_end(message)]
    extra = b"" if not opt else (
        b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(opt)) + opt)
    ident = ident if ident is not None else message[:2]
    return (ident + struct.pack("!HHHHH", 0x8180 | flags | rcode, 1,
                                len(answers), len(authority), 1 if opt else 0)
            + question + b"".join(answers) + b"".join(authority) + extra)


def answers(message, tcp):
    """A list of (seconds from now, octets)."""
    end = question_end(message)
    kind = struct.unpack("!H", message[end - 4:end - 2])[0]
    label = message[13:13 + message[12]].decode().lower()
    here = b"\xc0\x0c"
    good = [record(here, 1, ADDRESS)] if kind == 1 else []
    if label == "slow":
        return [(0.6, reply(message, good))]
    if label == "never":
        return []
    if label == "lame":
        return [(0, reply(message, rcode=5))]
    if label == "fails":
        return [(0, reply(message, rcode=2,
                          opt=struct.pack("!HHH", 15, 2, 7)))]
    if label == "liar":
        return [(0, reply(message, good + [
            record(name("www.corp.example"), 1, ADDRESS),
            record(name("web.svc.example"), 1, ADDRESS)]))]
    if label == "other":
        return [(0, reply(message, good, question=name("x.evil.example")
                          + message[end - 4:end]))]
    if label == "twice":
        false = bytes([message[0] ^ 1, message[1]])
        return [(0, reply(message, [record(here, 1, b"\6\6\6\6")],
                          ident=false)), (0.05, reply(message, good))]
    if label == "torn":
        return [(0, reply(message, good)[:-3])]
    if label == "tc" and not tcp:
        return [(0, reply(message, flags=0x200))]
    if label == "refers":
        return [(0, reply(message, authority=[
            record(name("evil.example"), 2, name("ns.evil.example"))]))]
    if label == "endless":
        return [(0, reply(message, [record(here, 5, here)]))]
    return [(0, reply(message, good))]


def main():
    where = (sys.argv[1], int(sys.argv[2]))
    selector = selectors.DefaultSelector()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(where)
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(where)
    tcp.listen(50)
    selector.register(udp, selectors.EVENT_READ)
    selector.register(tcp, selectors.EVENT_READ)
    later = []
    buffers = {}
    print("ready", flush=True)
    while True:
        due = min((at for at, _ in later), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        for key, _ in selector.select(wait):
            sock = key.fileobj
            if sock is udp:
                message, peer = udp.recvfrom(4096)
                for after, octets in answers(message, False):
                    later.append((time.monotonic() + after,
                                  lambda o=octets, p=peer: udp.sendto(o, p)))
            elif sock is tcp:
                connection, _ = tcp.accept()
                selector.register(connection, selectors.EVENT_READ)
                buffers[connection] = b""
            else:
                try:
                    octets = sock.recv(65536)
                except OSError:
                    octets = b""
                if not octets:
                    selector.unregister(sock)
                    buffers.pop(sock)
                    sock.close()
                    continue
                buffers[sock] += octets
                while len(buffers[sock]) >= 2:
                    size = struct.unpack("!H", buffers[sock][:2])[0]
                    if len(buffers[sock]) < 2 + size:
                        break
                    message = buffers[sock][2:2 + size]
                    buffers[sock] = buffers[sock][2 + size:]
                    for after, octets in answers(message, True):
                        framed = struct.pack("!H", len(octets)) + octets
                        later.append((time.monotonic() + after,
                                      lambda o=framed, s=sock: s.sendall(o)))
        now = time.monotonic()
        for item in [i for i in later if i[0] <= now]:
            later.remove(item)
            try:
                item[1]()
            except OSError:
                pass


main()
