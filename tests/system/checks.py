# SPDX-License-Identifier: Apache-2.0
#
# Servers as instances have them: good, broken, slow, and worse.
#
#   checks.py FOLDER    serves until its standard input ends; writes lines
#                       "NAME PORT" to FOLDER/ports once all of them listen.
#                       FOLDER holds good.pem, other.pem, expired.pem, self.pem
#                       (each a certificate and its key) for TLS.
import os
import socket
import ssl
import struct
import sys
import threading

folder = sys.argv[1]
PAGE = b"all is well"


def answer(status, body=b"", headers=()):
    lines = ["HTTP/1.1 %s" % status, "Content-Length: %d" % len(body)]
    lines += headers
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def read_request(c):
    got = b""
    while b"\r\n\r\n" not in got:
        piece = c.recv(4096)
        if not piece:
            break
        got += piece
    return got


def wait_for_end(c):
    """Until the other side has had enough."""
    try:
        while c.recv(4096):
            pass
    except OSError:
        pass


# ---- HTTP: name -> what it does with a connection after the request ---------

def says(data):
    def serve(c):
        read_request(c)
        c.sendall(data)
        wait_for_end(c)
    return serve


def drip(first):
    """Sends first, then an octet at a time, for ever."""
    def serve(c):
        read_request(c)
        c.sendall(first)
        stop = threading.Event()
        while not stop.wait(0.02):
            c.sendall(b"x")
    return serve


def flood(first, piece):
    def serve(c):
        read_request(c)
        c.sendall(first)
        while True:
            c.sendall(piece)
    return serve


def hang(c):
    wait_for_end(c)


def reset(c):
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 0))


def close(c):
    read_request(c)


def echo_request(c):
    """The request itself is the page, for the check to look into."""
    c.sendall(answer("200 OK", read_request(c)))
    wait_for_end(c)


def in_two(c):
    """The text is cut in the middle, between two segments."""
    read_request(c)
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
              % (len(PAGE), PAGE[:5]))
    threading.Event().wait(0.1)
    c.sendall(PAGE[5:])
    wait_for_end(c)


def agent(line):
    def serve(c):
        c.sendall(line)
    return serve


def ping(c):
    if c.recv(16) == b"PING\r\n":
        c.sendall(b"+PO")
        c.sendall(b"NG\r\n")
    wait_for_end(c)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNENDING = b"HTTP/1.1 200 OK\r\n\r\n"
plain = {
    "ok": says(answer("200 OK", PAGE, ["X-Load: 37"])),
    "heavy": says(answer("200 OK", PAGE, ["x-LOAD:   65535"])),
    "error": says(answer("500 Oops", b"broken")),
    "redirect": says(answer("302 Found", b"", ["Location: /elsewhere"])),
    "missing": says(answer("404 Not Found")),
    "interim": says(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                    + answer("200 OK", PAGE)),
    "chunked": says(CHUNKED + b"4\r\nall \r\n7\r\nis well\r\n0\r\n\r\n"),
    "short": lambda c: (read_request(c), c.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall")),
    "ssh": says(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "drip": drip(UNENDING),
    "drip-header": drip(b"HTTP/1.1 200 OK\r\nX: "),
    "drip-error": drip(b"HTTP/1.1 500 Oops\r\n\r\n"),
    "flood": flood(UNENDING, b"x" * 16384),
    "flood-header": flood(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 99 + b"\r\n"),
    "deep": says(answer("200 OK", b"x" * 70000 + PAGE)),
    "in-two": in_two,
    "hang": hang,
    "reset": reset,
    "close": close,
    "rude": lambda c: c.recv(65536),
    "echo": echo_request,
    "ping": ping,
    "agent-up": agent(b"up ready 75%\n"),
    "agent-drain": agent(b"drain\r\n"),
    "agent-maint": agent(b"maint\n"),
    "agent-down": agent(b"down #disk full, again\n"),
    "agent-fail": agent(b"FAIL\n"),
    "agent-stopped": agent(b"stopped,50%\n"),
    "agent-percent": agent(b"120%\n"),
    "agent-maxconn": agent(b"up maxconn:30\n"),
    "agent-unended": agent(b"up 10%"),
    "agent-strange": agent(b"hello world\n"),
    "agent-empty": agent(b"\n"),
    "agent-nothing": agent(b""),
    "agent-long": agent(b"up " * 1000 + b"\n"),
    "agent-binary": agent(b"down #\x00\xff\x1b[31m\n"),
}

# Those with TLS: the certificate and what is behind it.
secure = {
    "tls": ("good.pem", says(answer("200 OK", PAGE))),
    "tls-other": ("other.pem", says(answer("200 OK", PAGE))),
    "tls-expired": ("expired.pem", says(answer("200 OK", PAGE))),
    "tls-self": ("self.pem", says(answer("200 OK", PAGE))),
    "tls-ping": ("good.pem", ping),
}


# ---- serving ----------------------------------------------------------------

def serve_one(c, serve, context):
    try:
        c.settimeout(30)
        if context:
            c = context.wrap_socket(c, server_side=True)
        serve(c)
    except (OSError, ssl.SSLError):
        pass
    finally:
        try:
            c.close()
        except OSError:
            pass


def listen():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(128)
    return s


def accept_all(s, serve, context):
    while True:
        c, _ = s.accept()
        threading.Thread(target=serve_one, args=(c, serve, context),
                         daemon=True).start()


def accept_once(s):
    """One good answer, then nobody listens any more."""
    c, _ = s.accept()
    s.close()
    serve_one(c, plain["ok"], None)


ports = {}


def begin(name, serve, context=None):
    s = listen()
    ports[name] = s.getsockname()[1]
    threading.Thread(target=accept_all, args=(s, serve, context),
                     daemon=True).start()


def begin_grpc():
    """Health by the library that others use."""
    from concurrent import futures

    import grpc

    says = {"": 1, "sick": 2, "unsure": 0}

    def check(request, context):
        # HealthCheckRequest: a tag, a length, the name.
        name = request[2:].decode() if request else ""
        if name == "slow":
            threading.Event().wait(20)
        if name not in says:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return bytes([8, says[name]]) if says[name] else b""

    health = grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health",
        {"Check": grpc.unary_unary_rpc_method_handler(check)})
    kept = []
    with open(os.path.join(folder, "good.pem"), "rb") as f:
        pem = f.read()
    credentials = grpc.ssl_server_credentials([(pem, pem)])
    for name, handlers, secure in (("grpc", [health], False),
                                   ("grpc-empty", [], False),
                                   ("grpc-tls", [health], True)):
        server = grpc.server(futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers(handlers)
        if secure:
            ports[name] = server.add_secure_port("127.0.0.1:0", credentials)
        else:
            ports[name] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        kept.append(server)
    return kept


for name, serve in plain.items():
    begin(name, serve)
for name, (pem, serve) in secure.items():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, pem))
    begin(name, serve, context)
once = listen()
ports["once"] = once.getsockname()[1]
threading.Thread(target=accept_once, args=(once,), daemon=True).start()
nobody = listen()
ports["nobody"] = nobody.getsockname()[1]
nobody.close()
try:
    grpc_servers = begin_grpc()
except ImportError:
    grpc_servers = []
with open(os.path.join(folder, "ports.new"), "w") as f:
    for name, port in ports.items():
        print(name, port, file=f)
os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
sys.stdin.read()
for server in grpc_servers:
    server.stop(0)
os._exit(0)
