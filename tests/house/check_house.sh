#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check-house complains about each thing that it says it looks for: a small
# house in order passes, and with one thing wrong does not.
set -eu
top=$(cd "${top_srcdir:-.}" && pwd)
house=$(mktemp -d)
trap 'rm -rf "$house"' EXIT
number=0

build() {
	rm -rf "${house:?}"/*
	mkdir -p "$house/zones/dns" "$house/resolver" \
	    "$house/server/nameserver"
	for h in zones/dns/name zones/zone resolver/srv server/queue \
	    server/nameserver/query; do
		card "$h.h" '#include <stddef.h>'
	done
	cat >"$house/zones/zone.c" <<-'END'
	/* SPDX-License-Identifier: Apache-2.0 */
	#include "zones/zone.h"

	#include "zones/dns/name.h"
	END
	{
		echo 'zones_libzones_a_SOURCES ='
		printf '\t%s\n' resolver/srv.h server/nameserver/query.h \
		    server/queue.h zones/dns/name.h zones/zone.c zones/zone.h
	} >"$house/Makefile.am"
}

# card FILE LINE: a header in order that holds LINE.
card() {
	cat >"$house/$1" <<-END
	/* $(basename "$1") - a part of the house.
	 *
	 * Threads:   any.
	 * Ownership: none.
	 */
	$2
	END
}

list() {
	printf 'more = %s\n' "$1" >>"$house/Makefile.am"
}

# expect NAME PATTERN: check-house fails and says PATTERN; none: it passes.
expect() {
	number=$((number + 1))
	said=$("$top/scripts/check-house" "$house" 2>&1) && ok=yes || ok=no
	if [ -z "$2" ] && [ "$ok" = yes ]; then
		echo "ok $number - $1"
	elif [ -n "$2" ] && [ "$ok" = no ] &&
	    echo "$said" | grep -q -e "$2"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "$said" | sed 's/^/# /'
	fi
	build
}

# lines N TEXT
lines() {
	awk -v n="$1" -v text="$2" 'BEGIN { while (n-- > 0) print text }'
}

build
expect 'a house in order passes' ''

card zones/zone.h '#include "server/queue.h"'
expect 'zones includes nothing of server' 'zones/zone.h:6: zones/ includes'
card zones/zone.h '#include "resolver/srv.h"'
expect 'zones includes nothing of resolver' 'zones/zone.h:6: zones/ includes'
card zones/dns/name.h '#include "zones/zone.h"'
expect 'zones/dns depends on nothing' 'name.h:6: zones/dns/ depends'
card resolver/srv.h '#include "server/queue.h"'
expect 'resolver includes nothing of server' 'srv.h:6: resolver/ includes'
card server/nameserver/query.h '#include "server/queue.h"'
expect 'the nameserver knows no doors' 'query.h:6: server/nameserver/ knows'
card server/nameserver/query.h '#include "server/config.h"'
expect 'the nameserver knows the configuration' ''
card server/queue.h '#include "queue.h"'
expect 'includes start at the root' 'queue.h:6: includes start at the root'

card server/queue.h '#include "server/nameserver/query.h"'
card server/nameserver/query.h '#include "server/nameserver/b.h"'
card server/nameserver/b.h '#include "server/nameserver/query.h"'
list server/nameserver/b.h
expect 'no header includes itself by way of others' 'include cycle:'

echo '#include <lmdb.h>' >>"$house/zones/zone.c"
expect 'a foreign library stays behind its door' \
    'zone.c:5: lmdb.h stays behind its door'
echo '#include <ldns/ldns.h>' >>"$house/zones/zone.c"
expect 'so does one with a folder of headers' 'ldns stays behind its door'
card zones/store.h '#include <lmdb.h>'
list zones/store.h
echo '#include "zones/store.h"' >>"$house/zones/zone.c"
expect 'a header that shows a library stays behind the door too' \
    'zone.c:5: zones/store.h shows lmdb.h'

lines 597 '' >>"$house/zones/zone.c"
expect 'no file is longer than 600 lines' 'zone.c:601: longer than 600'
{ printf 'void\nzone_f(void)\n{\n'; lines 78 '	;'; echo '}'; } \
    >>"$house/zones/zone.c"
expect 'no function is longer than 80 lines' 'zone.c:6: zone_f() is longer'
{ printf 'void\nzone_f(void)\n{\n'; lines 77 '	;'; echo '}'; } \
    >>"$house/zones/zone.c"
expect 'a function may have 80 lines' ''

sed -i 1d "$house/zones/zone.c"
expect 'each .c names its licence' 'zone.c:1: no SPDX line'
sed -i '1s/zone.h/node.h/' "$house/zones/zone.h"
expect 'each header opens with its card' 'zone.h:1: no card'
sed -i /Threads/d "$house/zones/zone.h"
expect 'a card says which threads' 'zone.h:1: the card lacks Threads:'
sed -i /Ownership/d "$house/zones/zone.h"
expect 'a card says who owns' 'zone.h:1: the card lacks Ownership:'
echo "/* TO""DO: later */" >>"$house/zones/zone.c"
expect 'nothing is left for later' 'zone.c:5: an unfinished thing'
echo "/* /ho""me/me/muster */" >>"$house/zones/zone.c"
expect 'no path of one machine' 'zone.c:5: a path of one machine'
card zones/node.h ''
expect 'each file is in the lists' 'zones/node.h:1: not in Makefile.am'

if command -v clang-format >/dev/null &&
    clang-format --version | grep -q 'version 14\.'; then
	cp "$top/.clang-format" "$house/"
	echo '  int  x ;' >>"$house/zones/zone.c"
	expect 'laid out by clang-format' 'zone.c:4: not as clang-format'
fi

echo "1..$number"
