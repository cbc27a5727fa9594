# SPDX-License-Identifier: Apache-2.0
"""Leases, with options that nsupdate cannot send: PORT."""
import struct
import sys
import time

import client
from client import (ask, equal, in_time, lease_option, new_update, ok,
                    option_of, rcode, send_udp, serial, texts, until)

port = int(sys.argv[1])


def register(*records, lease=None, key_lease=None):
    options = [] if lease is None else [lease_option(lease, key_lease)]
    return send_udp(new_update(*records, options=options), port)


def granted(reply):
    """What the reply's option says: a tuple of one or two lengths."""
    data = option_of(reply, 2)
    return data and struct.unpack("!" + "I" * (len(data) // 4), data)


def is_gone(name):
    return rcode(ask(port, name)) == "NXDOMAIN"


def test_granting():
    reply = register("a 900 A 192.0.2.1", lease=600)
    equal("a lease of 600 s", rcode(reply), "NOERROR")
    equal("is granted, in the form of 4 octets", granted(reply), (600,))
    equal("in the form of 8 octets too",
          granted(register("a 900 A 192.0.2.1", lease=700, key_lease=7000)),
          (700, 7000))
    equal("too long ones are shortened",
          granted(register("a 900 A 192.0.2.1", lease=50000,
                           key_lease=50000)), (1000, 10000))
    before = serial(port)
    equal("too short ones are prolonged",
          granted(register("b 30 A 192.0.2.1", lease=0)), (1,))
    ok("and end then", until(lambda: is_gone("b.svc.example")))
    # The reaper comes a little later, with a step of the serial, which
    # others below count.
    until(lambda: serial(port) == before + 2)
    equal("who does not ask is told nothing",
          granted(register("a 900 A 192.0.2.1")), None)
    refused = register("a.example.org. 30 A 192.0.2.1", lease=600)
    equal("a refused update", rcode(refused), "NOTZONE")
    equal("grants nothing", granted(refused), None)
    ok("the TTL handed out never exceeds the lease",
       register("c 1000 A 192.0.2.1", lease=600)
       and 400 <= ask(port, "c.svc.example").answer[0].ttl <= 600)


def test_heartbeat():
    register("beat 30 A 192.0.2.1", "_x._tcp.beat 30 SRV 1 1 80 beat",
             lease=600)
    before = serial(port)
    for _ in range(3):
        register("beat 30 A 192.0.2.1", "_x._tcp.beat 30 SRV 1 1 80 beat",
                 lease=600)
    equal("heartbeats keep the serial", serial(port), before)
    update = new_update(options=[lease_option(600)])
    update.delete("beat", "A")
    update.add("beat", 30, "A", "192.0.2.1")
    equal("deleted and added at once", rcode(send_udp(update, port)),
          "NOERROR")
    equal("is a heartbeat too", serial(port), before)
    register("beat 30 A 192.0.2.2", lease=600)
    equal("a new address is not", serial(port), before + 1)


def test_expiry():
    # Once more if somebody was stopped until the lease may have ended.
    for _ in range(20):
        before = serial(port)
        asked = time.monotonic()
        register("short 30 A 192.0.2.1", lease=2)
        answer = ask(port, "short.svc.example")
        if time.monotonic() - asked < 2:
            break
        until(lambda: serial(port) == before + 2)
    equal("a lease of two seconds is there", texts(answer), ["192.0.2.1"])
    ok("with a TTL of at most that", answer.answer[0].ttl <= 2)
    ok("and goes", until(lambda: is_gone("short.svc.example")))
    took = time.monotonic() - asked
    ok("not before its time", took >= 2, took)
    ok("with a step of the serial",
       until(lambda: serial(port) == before + 2), before, serial(port))

    register("ttl 1 A 192.0.2.1")
    ok("without an option the TTL is the lease",
       until(lambda: is_gone("ttl.svc.example")))

    # Two owners of one set: each record has its own lease.
    register("pair 30 A 192.0.2.1", lease=600)
    register("pair 30 A 192.0.2.2", lease=1)
    ok("of two records the one whose lease ends goes",
       until(lambda: texts(ask(port, "pair.svc.example"))
             == ["192.0.2.1"]))
    equal("and expired means deleted for prerequisites too",
          rcode(send_udp(present("pair", "A", "192.0.2.2"), port)),
          "NXRRSET")


def present(*rrset):
    update = new_update()
    update.present(*rrset)
    return update


def stays():
    """Whether a record stays while it is refreshed for longer than a lease;
    None if the lease may have ended in between."""
    end = time.monotonic() + 2.8
    sent = time.monotonic()
    register("kept 30 A 192.0.2.1", lease=2)
    while time.monotonic() < end:
        there = texts(ask(port, "kept.svc.example"))
        asked = time.monotonic()
        if asked - sent >= 2:
            return None
        if not there:
            return False
        register("kept 30 A 192.0.2.1", lease=2)
        sent = asked
        time.sleep(0.1)
    return True


def test_refreshing():
    ok("refreshed in time a record stays beyond its first lease",
       in_time(stays))
    ok("and goes without", until(lambda: is_gone("kept.svc.example")))

    # Many at once, as after a crash of their host.
    for start in range(0, 500, 100):
        send_udp(new_update(*(f"m{i}.many 30 A 192.0.2.{i % 250}"
                              for i in range(start, start + 20)),
                            options=[lease_option(1)]), port)
    ok("a hundred leases that end together",
       until(lambda: is_gone("m419.many.svc.example")
             and is_gone("m0.many.svc.example")))


test_granting()
test_heartbeat()
test_expiry()
test_refreshing()
