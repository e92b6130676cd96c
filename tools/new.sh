#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/new.sh NAME [DIR]
#
# Makes the vendor module DIR/NAME, or modules/NAME, of what is in tools/new.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

name=${1:-} dir=${2:-modules}
# MODULE_NAME_LEN is 56; what is in the sources has "-" for "_"
[[ $name =~ ^[A-Za-z][A-Za-z0-9_-]{0,54}$ ]] ||
	die "NAME=\"$name\": a module's name is a letter, and up to 54 more letters, digits, \"_\" or \"-\""
# el1.o can not be linked from el1.o
[ "${name,,}" != el1 ] || die "NAME=\"$name\": that is the name of a source file in it; take another one"
[ -d "$dir" ] || die "DIR=$dir: no such directory"
[[ $(realpath "$dir") != *[[:space:]]* ]] || die "DIR=$dir: a space in the path, which kbuild cannot do"
[ -w "$dir" ] || die "DIR=$dir: not a directory to write to"
new=${dir%/}/$name
[ ! -e "$new" ] || die "$new is there already; take another NAME, or remove it"

# All of it or nothing
work=$(mktemp -d "$dir/.$name.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -r "$top/tools/new/." "$work"
find "$work" -type f -exec sed -i \
	"s|@DIR@|$new|g; s/new-module/$name/g; s/new_module/${name//-/_}/g" {} +
chmod 755 "$work"
mv -T "$work" "$new"

cat <<END
$new is a vendor module now:

    make run M=$new     build it, boot with it
    make test M=$new    run its tests: unit/ on this machine, test/ on the hypervisor

Its EL2 code is $new/hyp/el2.c. docs/walkthrough.md goes on from here.
END
