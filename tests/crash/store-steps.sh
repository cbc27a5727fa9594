#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The process ends at each step of a commit, of folding and of trimming.
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/crash-store.XXXXXX")
trap 'rm -rf "$dir"' EXIT
"${top_builddir:-.}/tests/crash/crash_store" steps "$dir/store"
