#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Man pages, docs/configuration.md and completion name every command, option
# and key that there is, and none that there is not.
# shellcheck disable=SC2016,SC2317
set -u
cd "${top_srcdir:-.}" || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/manuals.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
page=man/muster.yaml.5
words=etc/bash-completion/muster

wrong() {
	echo "# $*"
	failed=1
}

# each LIST WHERE COMMAND...: the command, called with each line, is true.
each() {
	list=$1
	where=$2
	shift 2
	[ -s "$list" ] || wrong "nothing to look for in $where"
	while read -r word; do
		"$@" "$word" || wrong "$where: $word is missing"
	done <"$list"
}

# is_known WHERE LIST WORD: it is in the list.
is_known() {
	grep -q -x -F -e "$3" "$2" || wrong "$1: $3 does not exist"
}

# is_item PAGE MACRO WORD: an item of a man page, such as Ic max-answers, Fl
# -keep, Cm status.
is_item() {
	sed -n 's/^\.It Xo /.It /; s/^\.It //p' "$1" |
	    tr ',' ' ' | tr -s ' ' '\n' |
	    awk -v macro="$2" -v word="$3" '
		/^[A-Z][a-z]$/ { on = $0 == macro; next }
		on && $0 == word { found = 1 }
		END { exit !found }'
}

is_key() { # WORD
	is_item "$page" Ic "$1" || grep -q -x -e "\.Ss $1" "$page"
}

has_word() { # FILE WORD
	tr -c 'a-zA-Z0-9-' '\n' <"$1" | grep -q -x -e "$2"
}

is_documented() { # WORD
	grep -q -e "^|.*\`$1=\{0,1\}\`" -e "^## $1\$" docs/configuration.md
}

# --- keys of the configuration: the rows of its tables, and their words

cat server/config.c server/config_*.c | tr '\n\t' '  ' |
    grep -o 'FIELD[A-Z_]*( *"[^"]*"' | sed 's/.*"\(.*\)"/\1/' |
    sort -u >"$work/keys"
grep -h -o '{"[a-z-]*", [A-Za-z_]*}' server/config_zone.c \
    server/config_service.c server/config_check.c server/config_forward.c | sed 's/{"\(.*\)".*/\1/' | sort -u >"$work/values"
tr '\n\t' '  ' <server/config_check_override.c |
    sed 's/.* config_check_keys\[\] = {\([^}]*\)}.*/\1/' |
    grep -o '"[a-z-]*"' | tr -d '"' >"$work/txt"
each "$work/keys" "$page" is_key
each "$work/values" "$page" has_word "$page"
each "$work/txt" "$page" has_word "$page"
cat "$work/keys" "$work/values" "$work/txt" >"$work/all"
each "$work/all" docs/configuration.md is_documented
# And nothing that is not there.
sed -n 's/^\.It Ic //p' "$page" | tr -d ' ' | tr ',' '\n' >"$work/named"
each "$work/named" "$page" is_known "$page" "$work/keys"
sed -n 's/^| `\([a-z0-9-]*\)` |.*/\1/p' docs/configuration.md >"$work/named"
each "$work/named" docs/configuration.md \
    is_known docs/configuration.md "$work/keys"

# --- commands and options: what the programs say of themselves

options() { # PROGRAM...
	"$@" --help | grep -o -e '--[a-z][a-z0-9-]*' | sort -u
}

is_option() { # PAGE WORD
	is_item "$1" Fl "${2#-}"
}

if [ -x "${MUSTERD:-}" ]; then
	options "$MUSTERD" >"$work/options"
	each "$work/options" man/musterd.8 is_option man/musterd.8
	each "$work/options" "${words}d" has_word "${words}d"
	# The examples are such as musterd accepts.
	echo bXVzdGVyIGV4YW1wbGUgc2VjcmV0IG9mIDMyIGJ5dGU= \
	    >"$work/web-team.secret"
	chmod 600 "$work/web-team.secret"
	echo '@ SOA ns admin 1 3600 600 86400 5' >"$work/svc.example.zone"
	sed -n '/^```yaml/,/^```/p' docs/configuration.md | grep -v '^```' \
	    >"$work/docs.yaml"
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$page" | grep -v '^\.' \
	    >"$work/page.yaml"
	for file in "$work"/*.yaml; do
		said=$("$MUSTERD" --check -c "$file" 2>&1) || wrong "$said"
	done
fi
if [ -x "${MUSTER:-}" ]; then
	"$MUSTER" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' \
	    >"$work/commands"
	{
		options "$MUSTER"
		while read -r command; do options "$MUSTER" "$command"; done \
		    <"$work/commands"
	} | sort -u >"$work/options"
	each "$work/commands" man/muster.1 is_item man/muster.1 Cm
	each "$work/options" man/muster.1 is_option man/muster.1
	each "$work/commands" "$words" has_word "$words"
	each "$work/options" "$words" has_word "$words"
	# And nothing that is not there.
	grep -o -e '--[a-z][a-z0-9-]*' "$words" | sort -u >"$work/named"
	each "$work/named" "$words" is_known "$words" "$work/options"
	grep '^\.It ' man/muster.1 | grep -o 'Fl -[a-z][a-z0-9-]*' |
	    sed 's/Fl -/--/' >"$work/named"
	each "$work/named" man/muster.1 is_known man/muster.1 "$work/options"
	sed -n 's/^\.It \(Xo \)\{0,1\}Cm \([a-z]*\).*/\2/p' man/muster.1 \
	    >"$work/named"
	each "$work/named" man/muster.1 is_known man/muster.1 "$work/commands"
fi

# --- form

for file in man/*; do
	said=
	if command -v mandoc >/dev/null; then
		said=$(mandoc -T lint -W warning "$file" 2>/dev/null)
	elif command -v groff >/dev/null; then
		said=$(groff -mdoc -ww -z -T utf8 "$file" 2>&1)
	fi
	[ -z "$said" ] || wrong "$said"
done
if command -v bash >/dev/null; then
	offered=$(bash -c '
		. "$1"
		COMP_WORDS=("${@:2}")
		COMP_CWORD=$(($# - 2))
		_muster
		echo "${COMPREPLY[*]}"' - "$words" muster -s x force '*.a' d)
	[ "$offered" = 'down drain' ] || wrong "completion offers: $offered"
fi

exit $failed
