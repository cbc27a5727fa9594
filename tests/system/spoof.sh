#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Forged answers from this very machine, to what is asked of others, by who
# guesses ports and IDs, or knows the ports: none is believed.  MUSTER_SPOOF
# says how many (10000000: a few minutes).
. "${top_srcdir:-.}/tests/lib/system.sh"
spoof=$build_folder/tests/system/spoof
[ -x "$spoof" ] || skip_all "$spoof is not built"

figure() {
	sed -n "s/.*\\<$1 \\([0-9]*\\).*/\\1/p" said
}

"$spoof" "${MUSTER_SPOOF:-300000}" >said || note "it ends with $?"
note "$(cat said)"
is 'no forged answer is taken' "$(figure forged)" 0
is 'each question is answered' "$(figure none)" 0
is 'by the server' "$([ "$(figure good)" -gt 1000 ] && echo yes)" yes
is 'forged ones came, and TCP was asked instead' \
    "$([ "$(figure guards)" -gt 0 ] && echo yes)" yes
is 'after three of them each time' \
    "$([ "$(figure wrong)" -le $(($(figure guards) * 3 + 2)) ] && echo yes)" yes

"$spoof" 20000 control >said || note "it ends with $?"
is 'and they would have been noticed' \
    "$([ "$(figure forged)" -gt 0 ] && echo yes)" yes
finish
