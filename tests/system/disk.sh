#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A full disk: updates are refused and say why, queries go on, and all is well
# when there is room again.  A store of a newer muster is left alone.
. "${top_srcdir:-.}/tests/lib/system.sh"
need dig nsupdate dnspython ss unshare namespaces

# What is mounted here nobody else sees, and it goes when the script ends.
if [ "${MUSTER_INSIDE-}" != yes ]; then
	unshare -m env MUSTER_INSIDE=yes top_srcdir="$source_folder" \
	    top_builddir="$build_folder" MUSTERD="$musterd" MUSTER="$muster" \
	    sh "$source_folder/tests/system/disk.sh"
	exit
fi
mkdir disk
# shellcheck disable=SC2317  # called by the trap
clean_up_more() {
	umount -l disk
}
mount -t tmpfs -o size=48m tmpfs disk || skip_all 'cannot mount a tmpfs'

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: disk/data, history: 4MiB}
zones:
  - {name: svc.example, lease: 1h, update: [{from: 127.0.0.1}]}
END
must_start

registrar=$source_folder/tests/lib/registrar.py

# updates SECONDS: as many as go in that time.
updates() {
	"$python" "$registrar" run "$port" journal <fifo >>load.log 2>&1 &
	load=$!
	exec 3>fifo
	until_true "$1" has_failed
	exec 3>&-
	wait $load
}
# shellcheck disable=SC2317  # until_true calls it
has_failed() {
	grep -q failed journal
}
# Whether the zone is what the client was promised.
promised() {
	"$muster" -c muster.yaml dump svc.example >zone 2>&1
	"$python" "$registrar" check journal <zone
}
fill() {
	dd if=/dev/zero of=disk/filler bs=64k 2>/dev/null
}
mkfifo fifo
: >journal

# ---- full ------------------------------------------------------------------

is 'an update while there is room' \
    "$(echo 'update add a.svc.example 300 A 192.0.2.1' | update)" NOERROR
fill
updates "$patience"
works 'on a full disk updates fail at last' has_failed
"$python" "$source_folder/tests/system/disk.py" "$port" >said
is 'SERVFAIL, and an extended error says why' "$(cat said)" \
    'SERVFAIL 0 not stored: no space left'
is 'queries go on' "$(query +short a.svc.example A)" 192.0.2.1
is 'a heartbeat needs no room' \
    "$(echo 'update add a.svc.example 300 A 192.0.2.1' | update)" NOERROR
is 'what was acknowledged is there, what was refused is not' "$(promised)" \
    'as promised'
works 'the log says so, and not for each update' \
    test "$(times_logged 'not stored')" -le 100 -a \
    "$(times_logged 'not stored')" -gt 0

# ---- room again ------------------------------------------------------------

rm disk/filler
# shellcheck disable=SC2317  # until_true calls it
is_taken() {
	[ "$(echo 'update add b.svc.example 300 A 192.0.2.2' | update)" = \
	    NOERROR ]
}
works 'with room updates are taken again, without a restart' \
    until_true "$patience" is_taken
grep -v failed journal >acked
mv acked journal
updates 1
is 'many of them' "$(promised)" 'as promised'

# ---- full at a start -------------------------------------------------------

fill
stop KILL
if start; then
	is 'started on a full disk: all is there' "$(promised)" 'as promised'
	stop
else
	end_of "$pid"
	pid=
	like 'one that cannot start says why' "$(cat musterd.log)" \
	    'error: disk/data/[a-z]*: No space left on device'
	is 'a full disk may keep it from starting: exit status 1' "$status" 1
fi
rm disk/filler
must_start
is 'started with room: all is there' "$(promised)" 'as promised'
is 'and updates are taken' \
    "$(echo 'update add c.svc.example 300 A 192.0.2.3' | update)" NOERROR
stop

# ---- of a newer muster -----------------------------------------------------

"$python" - disk/data/*/data.mdb <<'END'
import re
import sys
for path in sys.argv[1:]:
    with open(path, "r+b") as f:
        octets = f.read()
        for m in re.finditer(b"muster(LG|ST)", octets):
            f.seek(m.end())
            f.write((99).to_bytes(4, "big"))
END
"$musterd" -c muster.yaml >said 2>&1 &
end_of $!
is 'a store of a newer muster: exit status 1' "$status" 1
is 'and one line' "$(sed 's/^[^ ]* //' said | wc -l)" 1
like 'that says so' "$(cat said)" \
    'error: disk/data/[a-z]*: written in format 99 by a newer muster'
finish
