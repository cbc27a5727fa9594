#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# libmuster as other programs have it: installed, found by pkg-config, shared
# and static; with musterd as its DNS server and servers that really fail.
. "${top_srcdir:-.}/tests/lib/system.sh"
need nsupdate ss cc make nm python3
pkg-config --exists libevent_core || skip_all 'libevent is not installed'

# ---- installed -------------------------------------------------------------

works 'the library installs' make -s -C "$build_folder" \
    install-libLTLIBRARIES install-libmusterDATA install-pkgconfigDATA \
    install-includeHEADERS install-man3 prefix="$dir/usr"
libdir=$(dirname "$(find "$dir/usr" -name libmuster.so)")
export PKG_CONFIG_PATH="$libdir/pkgconfig" LD_LIBRARY_PATH="$libdir"

# flags [OPTION] MODULE...: of the library where it is now.
flags() {
	pkg-config --define-variable=prefix="$dir/usr" \
	    --define-variable=libdir="$libdir" \
	    --define-variable=includedir="$dir/usr/include" \
	    --cflags --libs "$@"
}

# defined FILE [nm options]: the names that it shows.
defined() {
	file=$1
	shift
	nm --defined-only -g "$@" "$file" | awk 'NF == 3 && $2 != "A" {
		sub(/@.*/, "", $3); print $3 }' | sort
}
declared() {
	tr '\n' ' ' <"$dir/usr/include/muster.h" |
	    grep -o 'MUSTER_API [^;]*;' | grep -o 'muster_[a-z_]*(' |
	    tr -d '(' | sort
}
is 'the shared library shows what muster.h declares, no more' \
    "$(defined "$libdir/libmuster.so" -D)" "$(declared)"
is 'and so does the static one' "$(defined "$libdir/libmuster.a")" \
    "$(declared)"

examples=$source_folder/examples/libmuster
# An instrumented library needs the same of its programs.
instrument=$(sed -n 's/^INSTRUMENT = //p' "$build_folder/Makefile")
# shellcheck disable=SC2046,SC2086
works 'sync builds' cc $instrument -Wall -Werror -o sync "$examples/sync.c" \
    $(flags libmuster)
# shellcheck disable=SC2046,SC2086
works 'sync builds with the static library' cc $instrument -Wall -Werror \
    -o sync-static "$examples/sync.c" -I"$dir/usr/include" \
    "$libdir/libmuster.a" $(pkg-config --libs libcares) -lm
# shellcheck disable=SC2046,SC2086
works 'events builds' cc $instrument -Wall -Werror -o events \
    "$examples/events.c" $(flags libmuster libevent_core)
printf '#include <muster.h>\nint main() { return muster_new(0, 0) == 99; }\n' \
    >plus.cc
if command -v c++ >/dev/null; then
	# shellcheck disable=SC2046,SC2086
	works 'the header is good C++' c++ -Wall -Werror -fsyntax-only \
	    plus.cc $(flags libmuster)
fi
[ -x sync ] && [ -x sync-static ] && [ -x events ] || finish

# ---- a registry ------------------------------------------------------------

cat >muster.yaml <<END
server: {listen: "127.0.0.1:$port", data: data}
zones:
  - {name: svc.example, ttl: 30, negative-ttl: 1s, lease: 1h, update: [{from: 127.0.0.1}]}
END
must_start

# serve KIND ADDRESS: on $hello; it ends with us.
hello=$(pick_port 100)
mkfifo life
sleep 1000 >life &
keeper=$!
# shellcheck disable=SC2317
clean_up_more() {
	kill "$keeper" 2>/dev/null
}
serve() {
	python3 "$source_folder/tests/system/hello.py" "$1" "$2" "$hello" \
	    <life >"$2.out" 2>"$2.err" &
	until_true 10 grep -qs ready "$2.out" || {
		fail "hello.py listens on $2"
		note "$(cat "$2.err")"
	}
}
# How many have connected.
visits() {
	sed 1d "$1.out" | tail -n 1 | grep . || echo 0
}
serve well 127.0.0.2
serve close 127.0.0.3
serve hang 127.0.0.4
serve flaky 127.0.0.5
# Nobody listens on 127.0.0.6.

# register SERVICE HOST ADDRESS PRIORITY WEIGHT
register() {
	printf 'update add %s.svc.example 30 A %s\nupdate add %s 30 SRV %s %s %s %s.svc.example\n' \
	    "$2" "$3" "_hello._tcp.$1.svc.example" "$4" "$5" "$hello" "$2"
}
is 'instances are registered' "$({
	register good well 127.0.0.2 10 1
	register tiers closes 127.0.0.3 10 1
	register tiers hangs 127.0.0.4 20 1
	register tiers refuses 127.0.0.6 30 1
	register tiers well 127.0.0.2 40 1
	register bad closes 127.0.0.3 10 1
	register bad refuses 127.0.0.6 10 1
	register flaky flaky 127.0.0.5 10 1
	echo 'update add plain.svc.example 30 A 127.0.0.2'
} | update)" NOERROR
dns=127.0.0.1:$port

for program in ./sync ./sync-static ./events; do
	like "$program finds the instance that is there" \
	    "$($program _hello._tcp.good.svc.example "$dns" 2>&1)" \
	    "127.0.0.2:$hello: hello from 127.0.0.2"
	like "$program says that there is no service" \
	    "$($program _hello._tcp.nobody.svc.example "$dns" 2>&1)" \
	    'no such service'
done

# ---- servers that fail -----------------------------------------------------

said=$(./sync _hello._tcp.tiers.svc.example "$dns" 5 2>&1)
is 'from tier to tier, whatever the failure' \
    "$(printf '%s\n' "$said" | sed -n 1,5p)" \
    "  closes.svc.example 127.0.0.3:$hello: closed
  hangs.svc.example 127.0.0.4:$hello: no answer
  refuses.svc.example 127.0.0.6:$hello: no connection
  well.svc.example 127.0.0.2:$hello: hello from 127.0.0.2
call 1: no error"
is 'after three failures the breakers leave only what works' \
    "$(printf '%s\n' "$said" | tail -n 4)" \
    "  well.svc.example 127.0.0.2:$hello: hello from 127.0.0.2
call 4: no error
  well.svc.example 127.0.0.2:$hello: hello from 127.0.0.2
call 5: no error"
is 'nobody was asked more often than that' \
    "$(visits 127.0.0.3) $(visits 127.0.0.4)" '3 3'

said=$(./sync _hello._tcp.bad.svc.example "$dns" 4 2>&1)
is 'when all have failed, it says so at once' \
    "$(printf '%s\n' "$said" | grep call)" \
    'call 1: no endpoint is left to try
call 2: no endpoint is left to try
call 3: no endpoint is left to try
call 4: all endpoints failed a short time ago'

said=$(./events _hello._tcp.flaky.svc.example "$dns" 8 2>&1)
is 'in a loop: retries with delays get through to a flaky server' \
    "$(printf '%s\n' "$said" | grep -c 'hello from')" 8
said=$(./events _hello._tcp.tiers.svc.example "$dns" 20 2>&1)
is 'in a loop: twenty calls at a time find the one that works' \
    "$(printf '%s\n' "$said" | grep -c 'hello from 127.0.0.2')" 20

# ---- muster resolve, muster exec -------------------------------------------

"$muster" resolve --help >help.out 2>&1
if ! grep -q 'muster resolve' help.out; then
	note "$(cat help.out)"
	skip 'muster resolve and exec' 'this muster has neither'
	finish
fi
is 'resolve lists endpoints, the best first' \
    "$("$muster" resolve -s "$dns" _hello._tcp.tiers.svc.example 2>&1)" \
    "closes.svc.example $hello 127.0.0.3 10 1
hangs.svc.example $hello 127.0.0.4 20 1
refuses.svc.example $hello 127.0.0.6 30 1
well.svc.example $hello 127.0.0.2 40 1"
is 'resolve --pick --json' "$("$muster" resolve --pick --json -s "$dns" \
    _hello._tcp.tiers.svc.example 2>&1)" \
    "{\"host\":\"closes.svc.example\",\"port\":$hello,\"address\":\"127.0.0.3\",\"priority\":10,\"weight\":1}"
is 'resolve with a default port' \
    "$("$muster" resolve -s "$dns" -p 99 plain.svc.example 2>&1)" \
    'plain.svc.example 99 127.0.0.2 0 0'
is 'resolve of nobody fails' "$("$muster" resolve -s "$dns" \
    nobody.svc.example 2>&1; echo $?)" 'muster: nobody.svc.example: no such service
1'
is 'resolve without a name is a mistake' \
    "$("$muster" resolve >/dev/null 2>&1; echo $?)" 2
# shellcheck disable=SC2016  # for the inner shell
is 'exec fills in the words' "$("$muster" exec -s "$dns" \
    _hello._tcp.good.svc.example -- sh -c \
    'echo {host}:{port} {address} $MUSTER_HOST "$@"' sh -n '{}' 2>&1)" \
    "well.svc.example:$hello 127.0.0.2 well.svc.example -n {}"
is 'exec has the status of the command' "$("$muster" exec -s "$dns" \
    _hello._tcp.good.svc.example -- sh -c 'exit 7'; echo $?)" 7
is 'exec of what is not there' "$("$muster" exec -s "$dns" \
    _hello._tcp.good.svc.example -- ./not-there 2>/dev/null; echo $?)" 127
is 'exec --retry goes on until it works' "$("$muster" exec --retry -s "$dns" \
    _hello._tcp.tiers.svc.example -- sh -c \
    'echo {host}; test {host} = refuses.svc.example' 2>/dev/null; echo $?)" \
    'closes.svc.example
hangs.svc.example
refuses.svc.example
0'
is 'exec --retry gives up with the last status' "$("$muster" exec --retry \
    -s "$dns" _hello._tcp.bad.svc.example -- sh -c 'exit 9' 2>&1 | wc -l)" 2
is 'exec --attempts goes around' "$("$muster" exec --attempts 3 --delay 10ms \
    -s "$dns" _hello._tcp.good.svc.example -- sh -c 'echo x; exit 1' \
    2>/dev/null | wc -l)" 3
finish
