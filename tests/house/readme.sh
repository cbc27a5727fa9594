#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README shows a configuration that musterd accepts, and names every module.
set -u
sources=${top_srcdir:-.}
work=$(mktemp -d "${TMPDIR:-/tmp}/readme.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

wrong() {
	echo "# README.md: $*"
	failed=1
}

# The example, as it is in README and as a file.
awk '/^```yaml/ { text = ""; inside = 1; next }
    /^```/ { if (inside && text ~ /^# A complete/) printf "%s", text
	inside = 0 }
    inside { text = text $0 "\n" }' "$sources/README.md" >"$work/muster.yaml"
cmp -s "$work/muster.yaml" "$sources/examples/muster.yaml" ||
    wrong "the example is not examples/muster.yaml"
echo bXVzdGVyIGV4YW1wbGUgc2VjcmV0IG9mIDMyIGJ5dGU= >"$work/web-team.secret"
chmod 600 "$work/web-team.secret"
if [ -x "${MUSTERD:-}" ]; then
	said=$("$MUSTERD" --check -c "$work/muster.yaml" 2>&1) ||
	    wrong "musterd does not accept the example: $said"
fi

# `name` or `name_*` in the guided tour, for each .h and .c.
sed -n '/^## Guided tour/,/^## Glossary/p' "$sources/README.md" |
    grep -o '`[a-z0-9_]*\*\{0,1\}`' | tr -d '`' | sort -u >"$work/words"
for f in $(cd "$sources" && sh scripts/list-sources --print |
    grep -v '^tests/' | sed 's/\.[ch]$//' | sort -u); do
	name=$(basename "$f")
	grep -qx "$name" "$work/words" || {
		found=no
		while read -r word; do
			# shellcheck disable=SC2254
			case $word in
			*'*') case $name in $word) found=yes ;; esac ;;
			esac
		done <"$work/words"
		[ $found = yes ] || wrong "the guided tour passes $f by"
	}
done

# Files that are pointed at.
grep -o '](\(etc\|examples\|docs\)/[^)#]*' "$sources/README.md" | cut -c 3- |
    sort -u >"$work/links"
while read -r f; do
	[ -e "$sources/$f" ] || wrong "$f is not there"
done <"$work/links"
exit $failed
