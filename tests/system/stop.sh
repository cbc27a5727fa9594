#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From the command line to ready and back: usage, one clear error for what
# cannot start, and a clean end while updates are under way.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig dnspython ss

configuration() {
	cat <<-END
	server: {listen: "127.0.0.1:$1", data: $2}
	zones:
	  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
	END
}
configuration "$port" data >muster.yaml

# run [ARGUMENTS]: musterd until it ends; $status, and what it said.
run() {
	"$musterd" "$@" >said 2>&1 &
	end_of $!
	said=$(sed 's/^[^ ]*Z //' said)
}

# ---- the command line ------------------------------------------------------

run --nonsense
is 'an unknown option: exit status 2' "$status" 2
like 'and where help is' "$said" '^musterd: try musterd --help$'
run -c muster.yaml again
is 'one argument too many: exit status 2' "$status" 2
like 'and which' "$said" 'unexpected argument: again'
run -c
is 'an option without its value: exit status 2' "$status" 2
run --help
is '--help: exit status 0' "$status" 0
like 'on standard output' "$said" '^Usage: musterd'
run --version
is '--version' "$status $said" "0 $(echo "$said" | grep '^musterd [0-9]')"

# ---- what cannot start -----------------------------------------------------

must_start
configuration "$port" other >second.yaml
run -c second.yaml
is 'an address in use: exit status 1' "$status" 1
is 'and one line' "$said" \
    "error: cannot listen on 127.0.0.1:$port (UDP): Address already in use"
second=$(pick_port 1)
configuration "$second" data >second.yaml
run -c second.yaml
is 'a data folder in use: exit status 1' "$status" 1
like 'and says so' "$said" '^error: data.*(in use|another)'
is 'in one line' "$(printf '%s\n' "$said" | wc -l)" 1
is 'the first goes on' "$(rcode_of svc.example SOA)" NOERROR
: >file
configuration "$second" file/data >second.yaml
run -c second.yaml
is 'a data folder that cannot be: exit status 1' "$status" 1
like 'and says why' "$said" '^error: file/data.*Not a directory'
is 'in one line too' "$(printf '%s\n' "$said" | wc -l)" 1

# ---- the end ---------------------------------------------------------------

registrar=$source_folder/tests/lib/registrar.py

# under_load SIGNAL: stops the daemon while updates are under way.
under_load() {
	"$python" "$registrar" run "$port" journal <fifo >>load.log 2>&1 &
	load=$!
	exec 3>fifo
	until_true "$patience" test -s journal
	until_true $((5 * patience)) has_acked "$2"
	stop "$1"
	is "SIG$1 while updates are under way: exit status 0" "$status" 0
	exec 3>&-
	wait $load
	is 'the client sees the end of the connection' $? 0
	is 'the last lines of the log' "$(tail -n 2 musterd.log |
	    sed 's/^[^ ]* //')" 'notice: stopping
notice: stopped'
	must_start
	"$muster" -c muster.yaml dump svc.example >zone 2>&1
	is 'what was acknowledged is there after a start' \
	    "$("$python" "$registrar" check journal <zone)" 'as promised'
	promised=$("$python" "$registrar" serial journal)
	works 'the serial did not go back' test "$(serial_of)" -ge "$promised"
}

# Whether so many updates have been acknowledged.
# shellcheck disable=SC2317  # until_true calls it
has_acked() {
	[ "$(grep -c acked journal)" -ge "$1" ]
}

mkfifo fifo
: >journal
under_load TERM 300
under_load INT 900
finish
