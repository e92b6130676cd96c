#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: kernel/stock.sh SRC DIR
#
# Makes DIR the source of SRC as it was before kernel/apply.sh, to compare with. It
# costs next to nothing: files are links to those of SRC, and apply.sh replaces what
# it changes.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

[ $# = 2 ] || die "usage: $0 SRC DIR"
src=$1 dir=$2

! cmp -s "$src/.pkvm-modules/source" "$dir/.pkvm-modules/source" || exit 0

# Made beside its place: half a copy never counts as one
rm -rf "$dir" "$dir.new"
cp -al "$src" "$dir.new" 2>/dev/null || {
	rm -rf "$dir.new"
	need_room "${dir%/*}" 2500 "a copy of the Linux source"
	cp -a "$src" "$dir.new"
}
"$top/kernel/apply.sh" -R "$dir.new"
mv "$dir.new" "$dir"
