#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/prepare.sh
#
# Builds all modules that the tests use, at once: one by one, it takes twice as long.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

mapfile -t dirs < <(module_dirs)
echo "building ${#dirs[@]} modules for the tests, for ${kdir##*/}" >&2
build_modules "${dirs[@]}"
