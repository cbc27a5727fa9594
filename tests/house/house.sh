#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The house keeps its own rules.
exec sh "${top_srcdir:-.}/scripts/check-house"
