# SPDX-License-Identifier: Apache-2.0
"""haproxy - what HAProxy makes of a service, read from its stats socket.

    haproxy.py proxy PORT SERVER_PORT   passes datagrams on; prints each
                                        question
    haproxy.py register PORT            fills the services
    haproxy.py check PORT               all tests; haproxy.sock, haproxy.log
                                        and asked (by the proxy) are here"""
import collections
import http.server
import select
import socket
import struct
import sys
import threading

import client
import dns.message
import dns.rdatatype

INSTANCES = 40
ROUNDS = 10
FALL, INTERVAL_MS = 2, 500  # as in clients-haproxy.sh
SERVICES = "full", "asis"
# Backends: which service, and whether all of it fits into an answer.
BACKENDS = {"full4096": ("full", True), "asis4096": ("asis", True),
            "asis512": ("asis", False), "asis1232": ("asis", False)}

Server = collections.namedtuple("Server", "slot state weight address port")


def proxy(port, server_port):
    """One socket for all: questions get IDs of their own."""
    front = socket.socket(type=socket.SOCK_DGRAM)
    front.bind((client.HOST, port))
    back = socket.socket(type=socket.SOCK_DGRAM)
    back.connect((client.HOST, server_port))
    asked = {}
    print("ready", flush=True)
    while True:
        for s in select.select([front, back], [], [])[0]:
            if s is back:
                message = back.recv(65535)
                number, = struct.unpack_from("!H", message)
                if number in asked:
                    was, peer = asked.pop(number)
                    front.sendto(struct.pack("!H", was) + message[2:], peer)
                continue
            message, peer = front.recvfrom(65535)
            number = (max(asked, default=0) + 1) % 65536
            asked[number] = struct.unpack_from("!H", message)[0], peer
            back.send(struct.pack("!H", number) + message[2:])
            question = dns.message.from_wire(message).question[0]
            print(dns.rdatatype.to_text(question.rdtype),
                  question.name.to_text().lower(), flush=True)


def weight(service, i):
    """As registered: as-is for HAProxy to divide by 256."""
    return 256 * i if service == "asis" else i


def srv(service, i):
    return (f"_http._tcp.{service} 60 SRV 10 {weight(service, i)} 80 "
            f"i{i:02}.svc.example.")


def register(port):
    for first in range(1, INSTANCES + 1, 10):
        numbers = range(first, first + 10)
        reply = client.send_tcp(client.new_update(
            *(f"i{i:02} 60 A 192.0.2.{i}" for i in numbers),
            *(srv(s, i) for s in SERVICES for i in numbers)), port)
        if client.rcode(reply) != "NOERROR":
            sys.exit(client.rcode(reply))


class Stats:
    @staticmethod
    def ask(command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(client.TIMEOUT)
            s.connect("haproxy.sock")
            s.sendall(command.encode() + b"\n")
            answer = b""
            while data := s.recv(65536):
                answer += data
        return answer.decode()

    def servers(self, backend):
        """{target: Server} of those that have one."""
        lines = self.ask(f"show servers state {backend}").splitlines()
        names = lines[1].split()[1:]
        found = {}
        for line in lines[2:]:
            row = dict(zip(names, line.split()))
            if row.get("srv_fqdn", "-") != "-":
                found[row["srv_fqdn"]] = Server(
                    row["srv_name"],
                    (row["srv_op_state"], row["srv_admin_state"]),
                    int(row["srv_uweight"]), row["srv_addr"],
                    row["srv_port"])
        return found

    def up(self, backend):
        """Those that get requests, or None if any has no address yet."""
        found = self.servers(backend)
        if any(s.state[0] != "2" for s in found.values()):
            return None
        return found

    @staticmethod
    def rounds(service):
        with open("asked", encoding="ascii") as f:
            return f.read().count(f"SRV _http._tcp.{service}.")

    @staticmethod
    def said():
        """What HAProxy has said so far: each change is a line."""
        with open("haproxy.log", encoding="utf-8") as f:
            return f.read().splitlines()

    def after_rounds(self, service, count):
        end = self.rounds(service) + count
        return client.until(lambda: self.rounds(service) >= end)


def check_whole(stats, backend, service):
    def there():
        return len(stats.up(backend) or ()) == INSTANCES

    if not client.ok(f"{backend}: all instances are up",
                     client.until(there), repr(stats.servers(backend))):
        return
    wrong = []
    # The largest of full-range is 65280; HAProxy: (weight + 255) / 256.
    step = 1 if service == "asis" else 65280 / INSTANCES / 256
    for name, server in stats.servers(backend).items():
        i = int(name[1:3])
        if abs(server.weight - i * step) >= (1 if step > 1 else .5):
            wrong.append(f"{name}: {server.weight}, expected {i * step}")
        if server.address != f"192.0.2.{i}" or server.port != "80":
            wrong.append(f"{name}: {server}")
    client.ok(f"{backend}: with their weights and addresses", not wrong,
              *wrong)


def check_sample(stats, backend):
    def settled():
        found = stats.up(backend)
        return found if found and len(found) > 5 else None

    found = client.until(settled) or {}
    client.ok(f"{backend}: as many as fit are up", 5 < len(found) < INSTANCES,
              repr(stats.servers(backend)))


def check_calm(stats):
    """The very same servers in the very same slots, whenever we look, and no
    change that was over before we could."""
    said = len(stats.said())
    before = {b: stats.servers(b) for b in BACKENDS}
    changed = set()
    calm = True
    for _ in range(ROUNDS):
        calm = calm and stats.after_rounds("asis", len(BACKENDS) - 1)
        for backend, servers in before.items():
            now = stats.servers(backend)
            if now != servers:
                changed.add(f"{backend}: "
                            f"{set(servers.items()) ^ set(now.items())}")
    client.ok(f"{ROUNDS} rounds of questions", calm)
    client.ok("no server changes its state in them", not changed, *changed)
    client.equal("nor in between", stats.said()[said:], [])


def check_leave(stats, port):
    """The heaviest one leaves; whom it leaves behind stays where it was."""
    gone = f"i{INSTANCES:02}.svc.example"
    before = {b: stats.servers(b) for b in BACKENDS}
    for service in SERVICES:
        update = client.new_update()
        update.delete(f"_http._tcp.{service}", "SRV",
                      f"10 {weight(service, INSTANCES)} 80 {gone}.")
        client.equal(f"{service}: an instance leaves",
                     client.rcode(client.send_tcp(update, port)), "NOERROR")
    for backend, (_, whole) in BACKENDS.items():
        client.ok(f"{backend}: it leaves HAProxy", client.until(
            lambda b=backend: gone not in stats.servers(b)))
        if whole:
            del before[backend][gone]
            continue
        stats.after_rounds("asis", len(BACKENDS) - 1)
        lost = (set(before[backend]) - {gone}) - set(stats.servers(backend))
        client.ok(f"{backend}: and nobody else", not lost, *lost)


class Instance:
    """A service that counts how often it is checked, and can be killed."""

    def __init__(self, port=0):
        self.checks = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.checks += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(
            (client.HOST, port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def kill(self):
        self.server.shutdown()
        self.server.server_close()


def check_health(stats, port):
    """Rounds of checks are counted by an instance that lives: how long one
    takes on a busy machine does not matter."""
    instances = [Instance() for _ in range(3)]
    reply = client.send_tcp(client.new_update(*(
        record for i, instance in enumerate(instances) for record in (
            f"live-{i} 60 A 127.0.0.1", f"_http._tcp.live 60 SRV 10 100 "
            f"{instance.port} live-{i}.svc.example."))), port)
    client.equal("instances that are checked", client.rcode(reply), "NOERROR")
    name = "live-1.svc.example"

    def are_up(count):
        return client.until(lambda: len(stats.up("live4096") or ()) == count)

    client.ok("they come to HAProxy once they are healthy", are_up(3),
              repr(stats.servers("live4096")))
    at = instances[0].checks
    instances[1].kill()
    client.ok("one that is killed leaves HAProxy", client.until(
        lambda: name not in stats.servers("live4096")))
    rounds = instances[0].checks - at
    # One may have been under way; the rest is a second, and patience.
    client.ok("within fall rounds and a second",
              FALL - 1 <= rounds <= FALL + 1 + 1000 // INTERVAL_MS + 10,
              f"after {rounds} rounds of checks")
    client.ok("the others stay", are_up(2))
    instances[1] = Instance(instances[1].port)
    client.ok("and it comes back", are_up(3))


def check(port):
    stats = Stats()
    for backend, (service, whole) in BACKENDS.items():
        if whole:
            check_whole(stats, backend, service)
        else:
            check_sample(stats, backend)
    check_calm(stats)
    check_leave(stats, port)
    check_health(stats, port)


if __name__ == "__main__":
    if sys.argv[1] == "proxy":
        proxy(int(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "register":
        register(int(sys.argv[2]))
    else:
        check(int(sys.argv[2]))
