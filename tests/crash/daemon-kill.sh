#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# daemon-kill.sh [ROUNDS]: musterd killed at random moments while updates are
# under way, and started again: whatever it acknowledged is there, each update
# wholly or not at all, and the serial never goes back.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig dnspython ss

rounds=${1:-20}
registrar=$source_folder/tests/lib/registrar.py
cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
END

round() {
	"$python" "$registrar" run "$port" journal <fifo >>load.log 2>&1 &
	load=$!
	exec 3>fifo
	until_true "$patience" grep -q acked journal
	sleep "$1"
	stop KILL
	exec 3>&-
	wait $load
	must_start
	"$muster" -c muster.yaml dump svc.example >zone
	is "killed after $1 s: $(grep -c acked journal) updates acknowledged" \
	    "$("$python" "$registrar" check journal <zone)" 'as promised'
	promised=$("$python" "$registrar" serial journal)
	works "the serial is $(serial_of), it was $promised" \
	    test "$(serial_of)" -ge "$promised"
}

mkfifo fifo
: >journal
n=0
while [ "$n" -lt "$rounds" ]; do
	# A new store now and then: a young one is another case, and the
	# zone stays small.
	if [ $((n % 5)) -eq 0 ]; then
		[ -z "$pid" ] || stop
		rm -rf data
		: >journal
		must_start
	fi
	round "$(awk -v seed="$$$n" 'BEGIN {
		srand(seed); printf "%.3f", 0.02 + 0.4 * rand() }')"
	n=$((n + 1))
done
finish
