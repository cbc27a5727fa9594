#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac and Makefile.am.
set -eu
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
	echo "autogen.sh: autoreconf is missing:" \
	    "apt-get install autoconf automake libtool pkg-config" >&2
	exit 1
}
command -v libtoolize >/dev/null || {
	echo "autogen.sh: libtoolize is missing: apt-get install libtool" >&2
	exit 1
}
mkdir -p build-aux m4
exec autoreconf --install --warnings=all
