# SPDX-License-Identifier: Apache-2.0
"""client - what the tests in Python share: results in TAP (without a plan,
see results in system.sh), and messages to a daemon on loopback."""
import socket
import struct
import time

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update

HOST = "127.0.0.1"
ZONE = "svc.example"
# Waited for only if all is lost: anything may be stopped for seconds.
TIMEOUT = 60


def ok(name, good, *why):
    print(("ok - " if good else "not ok - ") + name)
    for line in () if good else why:
        print("#", line)
    return good


def equal(name, got, expected):
    return ok(name, got == expected, f"got: {got!r}",
              f"expected: {expected!r}")


def rcode(message):
    return dns.rcode.to_text(message.rcode())


def lease_option(lease_s, key_lease_s=None):
    """RFC 9664 4: the short form, or with a key lease the long one."""
    data = struct.pack("!I", lease_s)
    if key_lease_s is not None:
        data += struct.pack("!I", key_lease_s)
    return dns.edns.GenericOption(2, data)


def new_update(*records, options=None, zone=ZONE, keyring=None, **tsig):
    """An update that adds records, each "name ttl type rdata"."""
    update = dns.update.UpdateMessage(zone, keyring=keyring, **tsig)
    for record in records:
        name, ttl, rdtype, rdata = record.split(None, 3)
        update.add(name, int(ttl), rdtype, rdata)
    if options is not None:
        update.use_edns(0, payload=1232, options=options)
    return update


def option_of(message, code):
    """The data of an option in a reply, or None."""
    for option in message.options:
        if int(option.otype) == code:
            return (option.data if hasattr(option, "data")
                    else option.to_wire())
    return None


def send_udp(message, port, timeout=TIMEOUT):
    return dns.query.udp(message, HOST, timeout=timeout, port=port)


def send_tcp(message, port, timeout=TIMEOUT):
    return dns.query.tcp(message, HOST, timeout=timeout, port=port)


def ask(port, name, rdtype="A", **how):
    return send_udp(dns.message.make_query(name, rdtype, **how), port)


def texts(message):
    """The RDATA of the answer, sorted."""
    return sorted(r.to_text() for s in message.answer for r in s)


def serial(port, zone=ZONE):
    return int(texts(ask(port, zone, "SOA"))[0].split()[2])


def until(what, seconds=TIMEOUT, pause=0.02):
    """Polls until what() is true; its value, false after the time."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() >= end:
            return value
        time.sleep(pause)


def in_time(watch):
    """What watch() has seen.  It says None where somebody was stopped for so
    long that a time may have been over."""
    for _ in range(20):
        seen = watch()
        if seen is not None:
            return seen
    raise TimeoutError("too slow")


class Stream:
    """A TCP connection whose octets the test chooses itself."""

    def __init__(self, port, timeout=TIMEOUT, source=None, receive=None):
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if receive is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.connect((HOST, port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    @staticmethod
    def frame(message):
        wire = (message if isinstance(message, bytes)
                else message.to_wire(max_size=65535))
        return struct.pack("!H", len(wire)) + wire

    def send(self, *messages):
        self.socket.sendall(b"".join(self.frame(m) for m in messages))

    def octets(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def reply(self):
        length, = struct.unpack("!H", self.octets(2))
        return dns.message.from_wire(self.octets(length),
                                     ignore_trailing=False)

    def is_closed(self, seconds=TIMEOUT):
        """Whether the other side closes it in that time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True
