#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Power loss: the store lives on a file system in an image.  A copy of the
# image shows only what was written to the disk, not what the kernel still
# holds; what was acknowledged must be in it.
set -eu
rounds=${1:-8}
crash_store=${top_builddir:-.}/tests/crash/crash_store
dir=$(mktemp -d "${TMPDIR:-/tmp}/crash-power.XXXXXX")

# shellcheck disable=SC2317  # called by the trap
clean_up() {
	umount "$dir/live" 2>/dev/null || true
	umount "$dir/after" 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT

mkdir "$dir/live" "$dir/after"
truncate -s 512M "$dir/disk"
if ! mkfs.ext4 -q "$dir/disk" 2>/dev/null ||
    ! mount -o loop "$dir/disk" "$dir/live" 2>/dev/null; then
	echo '1..0 # SKIP no loop mounts here (root, mkfs.ext4 and a loop' \
	    'device are needed)'
	exit 0
fi

# Later rounds go on with the live file system, which the copies do not touch.
failed=0
echo "1..$rounds"
round=1
while [ "$round" -le "$rounds" ]; do
	"$crash_store" load "$dir/live/store" >"$dir/acks" &
	loader=$!
	sleep "$(awk -v seed="$$$round" 'BEGIN {
		srand(seed); printf "%.3f", 0.2 + rand() }')"
	kill -KILL "$loader"
	wait "$loader" 2>/dev/null || true
	cp --sparse=always "$dir/disk" "$dir/copy"
	acked=$(tail -n 1 "$dir/acks")
	mount -o loop "$dir/copy" "$dir/after"
	if said=$("$crash_store" verify "$dir/after/store" "${acked:-0}"); then
		echo "ok $round - power lost after batch ${acked:-0}"
	else
		echo "not ok $round - power lost after batch ${acked:-0}"
		failed=1
	fi
	echo "# $said"
	umount "$dir/after"
	round=$((round + 1))
done
exit "$failed"
