#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# SIGKILL at random moments: what was acknowledged is there, nothing is torn.
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/crash-store.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"${top_builddir:-.}/tests/crash/crash_store" random "$dir/store" "${1:-40}"
