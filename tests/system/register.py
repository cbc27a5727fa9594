# SPDX-License-Identifier: Apache-2.0
"""register - what stands between muster register and the server.

    register.py proxy PORT SERVER_PORT MODE   passes messages on, and
        drop       loses the first update
        forge      sends false replies before the true one
        truncate   sets TC in replies to updates by UDP
    register.py notify SOCKET                 prints what systemd would hear

The proxy prints a word for each update that it sees; both say "ready"."""
import select
import socket
import struct
import sys

HOST = "127.0.0.1"
QR, TC = 0x8000, 0x0200


def say(word):
    print(word, flush=True)


def with_flags(message, set_flags, ident=0):
    number, flags = struct.unpack_from("!HH", message)
    return struct.pack("!HH", number ^ ident, flags | set_flags) + message[4:]


def is_update(message):
    return message[2] >> 3 & 15 == 5


def bare(message):
    """A reply to it that says NOERROR and has no records."""
    return with_flags(message[:4], QR) + bytes(8)


def ask_udp(message, port):
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        s.sendto(message, (HOST, port))
        return s.recv(65535)


class Proxy:
    def __init__(self, port, server_port, mode):
        self.server_port, self.mode, self.updates = server_port, mode, 0
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind((HOST, port))
        self.tcp = socket.create_server((HOST, port))

    def datagram(self):
        message, peer = self.udp.recvfrom(65535)
        reply = ask_udp(message, self.server_port) if not (
            self.is_lost(message)) else None
        if reply is None:
            return
        if is_update(message) and self.mode == "forge":
            for false in (bare(message), with_flags(reply, 0, 1),
                          reply[:-1] + bytes([reply[-1] ^ 1])):
                self.udp.sendto(false, peer)
        if is_update(message) and self.mode == "truncate":
            reply = bare(with_flags(message, TC))
        self.udp.sendto(reply, peer)

    def is_lost(self, message):
        if not is_update(message):
            return False
        self.updates += 1
        say("udp")
        return self.mode == "drop" and self.updates == 1

    def connection(self):
        client, _ = self.tcp.accept()
        with client, socket.create_connection(
                (HOST, self.server_port)) as server:
            say("tcp")
            other = {client: server, server: client}
            while True:
                for s in select.select(list(other), [], [])[0]:
                    data = s.recv(65535)
                    if not data:
                        return
                    other[s].sendall(data)

    def run(self):
        say("ready")
        while True:
            for s in select.select([self.udp, self.tcp], [], [])[0]:
                if s is self.udp:
                    self.datagram()
                else:
                    self.connection()


def notify(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        say("ready")
        while True:
            say(s.recv(4096).decode())


if __name__ == "__main__":
    if sys.argv[1] == "proxy":
        Proxy(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]).run()
    else:
        notify(sys.argv[2])
