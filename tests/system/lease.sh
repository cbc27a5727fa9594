#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Leases on the clock of the world (RFC 9664): what is granted, what a
# heartbeat costs, when a record goes.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig dnspython ss

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - name: svc.example
    lease: ttl
    lease-min: 1s
    lease-max: 1000s
    key-lease-max: 10000s
    update: [{from: 127.0.0.1}]
END
must_start
results "$python" "$source_folder/tests/system/lease.py" "$port"
finish
