#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Forged answers from this very machine, to what is asked of others, by who
# guesses ports and IDs, or knows the ports: none is believed.  MUSTER_SPOOF
# says how many (10000000: a few minutes).
. "${top_srcdir:-.}/tests/lib/system.sh"
spoof=$build_folder/tests/system/spoof
[ -x "$spoof" ] || skip_all "$spoof is not built"

# In a network of its own: all that listens on the loopback would be hit.
if [ "${MUSTER_INSIDE-}" != yes ]; then
	need ip unshare
	for how in -n -rn; do
		! unshare "$how" true 2>/dev/null || break
		how=
	done
	[ -n "$how" ] || skip_all 'no namespaces here'
	unshare "$how" env MUSTER_INSIDE=yes top_srcdir="$source_folder" \
	    top_builddir="$build_folder" \
	    sh "$source_folder/tests/system/spoof.sh"
	exit
fi
ip link set lo up

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
