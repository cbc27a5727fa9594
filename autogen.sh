#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac and Makefile.am.
set -eu
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
	echo "autogen.sh: autoreconf is missing:" \
	    "apt-get install autoconf automake pkg-config" >&2
	exit 1
}
mkdir -p build-aux
exec autoreconf --install --warnings=all
