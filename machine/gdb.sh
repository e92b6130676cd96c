#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: machine/gdb.sh [OPTION]...
#
# Starts the machine as machine/run.sh does, with gdb on it. What the machine shows
# comes between what gdb does, as long as the machine runs.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"

command -v gdb-multiarch >/dev/null || die "gdb is not installed; apt-get install gdb-multiarch"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Away from the terminal: its ctrl-c is for gdb. What it says of that is for others.
setsid "$top/machine/run.sh" "$@" --gdb "$work/commands" </dev/null \
	2> >(sed -u '/^the machine waits for gdb/d' >&2) &
machine=$!
# It has no time limit. As setsid made it, its process group has its number
trap 'kill -- -$machine 2>/dev/null || true; rm -rf "$work"' EXIT
trap exit HUP TERM
while [ ! -e "$work/commands" ]; do
	kill -0 $machine 2>/dev/null || { wait $machine; exit; }
	sleep 0.05
done

gdb-multiarch -q -x "$work/commands" || true
wait $machine
