#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The TCP door: replies as they are ready, messages in any pieces, and peers
# who sit there, do not read or come in crowds (RFC 7766).
. "${top_srcdir:-.}/tests/lib/system.sh"
need dnspython ss

# configuration IDLE: how long a connection may be silent.
configuration() {
	cat <<-END
	server:
	  listen: "127.0.0.1:$port"
	  data: data
	  workers: 1
	  tcp-idle: $1
	  tcp-clients: 40
	  tcp-clients-per-address: 30
	  tcp-pipeline: 16
	zones:
	  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
	END
}

# The peers who are cut off, then those who are served however slow they are.
configuration 1s >muster.yaml
must_start
results "$python" "$source_folder/tests/system/tcp.py" "$port" cut
stop
configuration 5m >muster.yaml
must_start
results "$python" "$source_folder/tests/system/tcp.py" "$port" served
finish
