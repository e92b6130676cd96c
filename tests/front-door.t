#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The front door: what it is asked for wrongly is refused with one clear line, and
# what it does to a Linux tree touches nothing that need not be touched. Runs on
# copies and on a Linux tree of three files; where a kernel was built
# (PKVM_BUILD), modules are built for it too.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
built=${PKVM_BUILD:-$top/build}
kdir=${PKVM_KDIR:-$built/linux}
tmp=$(mktemp -d)
trap 'umount "$tmp/small" 2>/dev/null; rm -rf "$tmp"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES LINUX CONFIG_FRAGMENTS

count=0
ok() { # ok STATUS CLAIM
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$tmp/err" 2>/dev/null
	fi
}
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
is() { [ "$1" = "$2" ]; ok $? "$3"; }

# refused WORDS CLAIM COMMAND...: it fails, and says so in one line that has WORDS
refused() {
	local words=$1 claim=$2
	shift 2
	! "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &&
		[ "$(grep -cE '^error: |: \*\*\* (the path|PKVM_BUILD)' "$tmp/err")" = 1 ] && grep -qF -- "$words" "$tmp/err"
	ok $? "$claim"
}
runs() { # runs CLAIM COMMAND...
	local claim=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	ok $? "$claim"
}
fresh() { find "$tree" -type f -newer "$tmp/then" ! -path '*/.pkvm-modules/*' -printf '%P\n' | sort | paste -sd ' '; }
now() { sleep 0.02; touch "$tmp/then"; sleep 0.02; }

# A clone with nothing built in it
repo=$tmp/repo
mkdir "$repo"
cp -r "$top/Makefile" "$top/tools" "$top/kernel" "$repo"
unset PKVM_BUILD
door() { env PKVM_BUILD="$repo/build" make -C "$repo" --no-print-directory "$@"; }

# --- make help

for target in run shell gdb map check module linux help clean distclean; do
	is "$(make -C "$repo" --no-print-directory help | grep -c "^make $target ")" 1 "help has a line on $target"
done

# --- Where all goes

mkdir -p "$tmp/home/tools"
# Asked of help, which removes nothing: a clean that is not refused would take what is there
for what in '' 'a b' / .. .; do
	refused "PKVM_BUILD=\"$what\"" "PKVM_BUILD=\"$what\" is not where anything is built or removed" \
		make -C "$repo" --no-print-directory help PKVM_BUILD="$what"
done
refused "PKVM_BUILD=$tmp/home has other things in it" "nor is a directory that somebody else has" \
	make -C "$repo" --no-print-directory unit PKVM_BUILD="$tmp/home"
refused "PKVM_BUILD=$tmp/home is not made by this Makefile" "... where nothing is removed" \
	make -C "$repo" --no-print-directory clean PKVM_BUILD="$tmp/home"
[ -d "$tmp/home/tools" ]
ok $? "... indeed"

# --- What M= names

mkdir "$tmp/empty" "$tmp/a space"
touch "$tmp/a space/Makefile"
refused "$tmp/nowhere: no such directory" "M= names no directory" door run M="$tmp/nowhere"
refused "$tmp/empty: no Makefile" "M= names a directory without Makefile" door module M="$tmp/empty"
for target in module test unit fuzz coverage compile_commands "export FOR=android15"; do
	# shellcheck disable=SC2086	# two words
	refused "$repo: no obj-m in its Makefile" "... or one whose Makefile is about something else: make $target" \
		door $target M="$repo"
done
refused "that is the EL2 part of a module" "... or only the EL2 part" door module M="$repo/tools/new/hyp"
refused "no such directory" "the second of two modules is looked at too" \
	"$repo/tools/modules.sh" -n "$repo/tools/new" "$tmp/nowhere"
[ ! -e "$repo/build/linux-src" ]
ok $? "... and all that before Linux is fetched"

mkdir "$tmp/hurt" "$tmp/well"
cat >"$tmp/well/Makefile" <<'END'
ifneq ($(KERNELRELEASE),)
obj-m := well.o
else
all:
	make -C $(KDIR) M=$(PWD) modules
clean:
	make -C $(KDIR) M=$(PWD) clean
endif
END
sed 's/well/hurt/' "$tmp/well/Makefile" >"$tmp/hurt/Makefile"
cat >"$tmp/well/well.c" <<'END'
#include <linux/module.h>
MODULE_DESCRIPTION("Nothing");
MODULE_LICENSE("GPL");
END
echo 'int hurt = ;' >"$tmp/hurt/hurt.c"

if [ -e "$kdir/.pkvm-built" ]; then
	refused "M=$tmp/hurt does not build" "a module that does not compile" \
		"$top/tools/modules.sh" "$kdir" "$tmp/hurt"
	grep -q 'hurt.c:1:.*error' "$tmp/err"
	ok $? "... and the compiler's own words are shown"
	is "$("$top/tools/modules.sh" "$kdir" "$tmp/well" 2>"$tmp/err")" "$tmp/well/well.ko" \
		"a module that compiles: its .ko is named"
	runs "clean, the module's own way, without ARCH or CROSS_COMPILE" env -u ARCH -u CROSS_COMPILE \
		sh -c "cd $tmp/well && make KDIR=$kdir clean"
	is "$(find "$tmp/well" -type f -printf '%f\n' | sort | paste -sd ' ')" "Makefile well.c" \
		"... leaves what was there before"
	runs "build, the module's own way" env -u ARCH -u CROSS_COMPILE \
		sh -c "cd $tmp/well && make KDIR=$kdir"
	[ -e "$tmp/well/well.ko" ]
	ok $? "... makes the module"
	echo 'CONFIG_KVM_NO_SUCH_OPTION=y' >"$tmp/drop.config"
	refused "CONFIG_KVM_NO_SUCH_OPTION=y" "an option that Kconfig drops is named" \
		"$top/kernel/build.sh" "$built/linux-src" "$tmp/obj" "$top/kernel/config/base.config" "$tmp/drop.config"
else
	skip "modules are built, or not, as they should" "no kernel in $kdir"
fi

# --- What is missing around it

refused "a space in it" "a path with a space" env -C "$tmp/a space" make -f "$repo/Makefile"
refused "TESTS=\"$tmp/none.t\" names no file" "check without tests" door check TESTS="$tmp/none.t"

mkdir "$tmp/bin"
for dir in /usr/sbin /usr/bin /sbin /bin; do
	find "$dir/" -maxdepth 1 ! -type d ! -name 'qemu-system-*' ! -name sudo ! -name id \
		-exec ln -st "$tmp/bin" {} + 2>/dev/null
done
printf '#!/bin/sh\necho 1000\n' >"$tmp/bin/id"
chmod +x "$tmp/bin/id"
if dpkg-query -W qemu-system-arm >/dev/null 2>&1; then
	refused "no qemu-system-aarch64" "no QEMU in PATH" env PATH="$tmp/bin" \
		make -C "$repo" --no-print-directory run M="$tmp/well"
else
	skip "no QEMU in PATH" "it is not installed at all, and would be now"
fi
refused "neither root nor sudo; have these installed: no-such-package" "no way to install" \
	env PATH="$tmp/bin" "$repo/tools/deps.sh" no-such-package
refused "no answer from the Debian mirror" "no network while fetching" \
	env PKVM_MIRROR=http://127.0.0.1:9/ make -C "$repo" --no-print-directory linux
[ ! -e "$repo/build/linux-src" ]
ok $? "... leaves no source tree"

mkdir "$tmp/small"
if mount -t tmpfs -o size=1m none "$tmp/small" 2>/dev/null; then
	refused "no room: the Linux source needs 2500 MB" "no room on the disk" \
		env PKVM_BUILD="$tmp/small" make -C "$repo" --no-print-directory linux
	umount "$tmp/small"
else
	skip "no room on the disk" "cannot mount a small one"
fi

# --- LINUX=

# linux DIR VERSION: what passes for a Linux tree, at a glance
linux() {
	local nvhe=$1/arch/arm64/kvm/hyp/nvhe
	mkdir -p "$nvhe" "$1/arch/arm64/include/asm"
	# shellcheck disable=SC2086 # three of them
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = %s\n' ${2//./ } >"$1/Makefile"
	seq -f 'line %g of setup' 40 >"$nvhe/setup.c"
	seq -f 'line %g of mm' 40 >"$nvhe/mm.c"
	seq -f 'make %g' 40 >"$nvhe/Makefile"
	touch "$1/arch/arm64/include/asm/stock.h"
}
src=$tmp/lin/linux-src
source_sh() { env LINUX="$1" "$repo/kernel/source.sh" "$src"; }

linux "$tmp/old" 7.1.9
linux "$tmp/good" 7.2.99
tar -C "$tmp" -czf "$tmp/good.tar.gz" good
tar -C "$tmp" -cJf "$tmp/old.tar.xz" old
head -c 300 "$tmp/good.tar.gz" >"$tmp/half.tar.gz"

refused "is not a Linux source tree" "LINUX= names a directory of something else" source_sh "$tmp/empty"
refused "is Linux 7.1.9" "LINUX= names another Linux" source_sh "$tmp/old"
refused "is Linux 7.1.9" "LINUX= names a tarball of another Linux" source_sh "$tmp/old.tar.xz"
refused "no such directory or file" "LINUX= names nothing" source_sh "$tmp/nothing"
refused "neither a directory nor a .tar" "LINUX= names some file" source_sh "$tmp/then.txt$(touch "$tmp/then.txt")"
refused "cannot unpack" "LINUX= names half a tarball" source_sh "$tmp/half.tar.gz"
[ ! -e "$src" ]
ok $? "... and none of them leaves a tree"

runs "LINUX= names a tarball of 7.2" source_sh "$tmp/good.tar.gz"
grep -q 'Linux 7.2.99' "$tmp/err"
ok $? "... and its version is said"
diff -r -x .pkvm-modules "$tmp/good" "$src" >"$tmp/err"
ok $? "... and it is there whole"
touch "$src/witness"
runs "the same again" source_sh "$tmp/good.tar.gz"
[ -e "$src/witness" ]
ok $? "... keeps the tree"
refused "is Linux 7.1.9" "a wrong LINUX= after a right one" source_sh "$tmp/old"
[ -e "$src/witness" ]
ok $? "... keeps the tree too"
runs "a tree instead of the tarball" source_sh "$tmp/good"
[ -d "$src" ] && [ ! -e "$src/witness" ]
ok $? "... makes it anew"
[ ! -e "$tmp/good/.pkvm-modules" ]
ok $? "... and only reads what LINUX= names"

# --- apply.sh

tree=$tmp/good
nvhe=arch/arm64/kvm/hyp/nvhe
kern=$tmp/kern
mkdir -p "$kern"/{el1,el2,kbuild,hooks,include/nvhe}
cp "$top/kernel/apply.sh" "$kern"
cp -r "$tree" "$tmp/stock"
apply() { "$kern/apply.sh" "$@"; }
# hook NAME FILE SED: a patch that changes FILE of the stock tree as SED says
hook() {
	sed "$3" "$tmp/stock/$2" | diff -u --label "a/$2" --label "b/$2" "$tmp/stock/$2" - >"$kern/hooks/$1"
}

runs "an empty kernel/ applies" apply "$tree"
echo loader >"$kern/el1/loader.c"
echo ops >"$kern/el2/ops.c"
echo api >"$kern/include/kvm_pkvm_module.h"
echo private >"$kern/include/nvhe/module.h"
echo build >"$kern/kbuild/Makefile.module"
hook 0001-setup.patch $nvhe/setup.c 's/line 20 /hook 20 /'
hook 0002-mm.patch $nvhe/mm.c 's/line 5 /hook 5 /'
hook 0003-setup-again.patch $nvhe/setup.c 's/line 35 /hook 35 /'
now
runs "files and hooks apply" apply "$tree"
is "$(fresh)" "arch/arm64/include/asm/kvm_pkvm_module.h arch/arm64/kvm/hyp/include/nvhe/module.h \
$nvhe/Makefile.module $nvhe/mm.c $nvhe/module/ops.c $nvhe/setup.c arch/arm64/kvm/pkvm_module/loader.c" \
	"... to their places, and no others"
is "$(grep -c hook "$tree/$nvhe/setup.c" "$tree/$nvhe/mm.c" | sed 's/.*://' | paste -sd ' ')" "2 1" \
	"... two patches to one file both"

now
runs "once more" apply "$tree"
is "$(fresh)" "" "... touches nothing"

hook 0002-mm.patch $nvhe/mm.c 's/line 6 /hook 6 /'
echo loader2 >"$kern/el1/loader.c"
runs "a changed hook and a changed file" apply "$tree"
is "$(fresh)" "$nvhe/mm.c arch/arm64/kvm/pkvm_module/loader.c" "... touch just these"
is "$(grep hook "$tree/$nvhe/mm.c")" "hook 6 of mm" "... the hook from pristine: nothing of the old one is left"

cp -a "$tree" "$tmp/before"
untouched() { diff -r "$tmp/before" "$tree" >"$tmp/err" && [ -z "$(fresh)" ]; }
now
hook 0004-bad.patch $nvhe/mm.c 's/line 30 /hook 30 /'
sed -i 's/ line 29/ line 99/' "$kern/hooks/0004-bad.patch"
echo loader3 >"$kern/el1/loader.c"
refused "0004-bad.patch does not apply to $nvhe/mm.c" "a hook that does not apply" apply "$tree"
untouched
ok $? "... leaves the tree as it was"
sed -i 's/mm\.c/gone.c/' "$kern/hooks/0004-bad.patch"
refused "has no $nvhe/gone.c" "a hook for a file that is not there" apply "$tree"
printf -- '--- /dev/null\n+++ b/x.c\n@@ -0,0 +1 @@\n+x\n' >"$kern/hooks/0004-bad.patch"
refused "makes or removes a file" "a hook that makes a file" apply "$tree"
rm "$kern/hooks/0004-bad.patch"
echo loader2 >"$kern/el1/loader.c"
echo mine >"$kern/kbuild/setup.c"
refused "Linux has a file $nvhe/setup.c" "a file of kernel/ in the place of one of Linux" apply "$tree"
rm "$kern/kbuild/setup.c"
echo edit >>"$tree/$nvhe/mm.c"
refused "$nvhe/mm.c was changed" "an edit in the tree is not overwritten" apply "$tree"
mv "$tree/.pkvm-modules/applied/$nvhe/mm.c" "$tmp/applied"
refused "$nvhe/mm.c was changed" "... nor without what was applied" apply "$tree"
mv "$tmp/applied" "$tree/.pkvm-modules/applied/$nvhe/mm.c"
cp -p "$tmp/before/$nvhe/mm.c" "$tree/$nvhe/mm.c"
echo edit >>"$tree/$nvhe/module/ops.c"
refused "$nvhe/module/ops.c was edited" "an edit of a new file neither" apply "$tree"
cp -p "$tmp/before/$nvhe/module/ops.c" "$tree/$nvhe/module/ops.c"
refused "not a Linux source tree" "no tree at all" apply "$tmp/empty"
untouched
ok $? "... none of which changed the tree"

# As the message says
sed 's/line 39 /newer 39 /' "$tmp/stock/$nvhe/mm.c" >"$tree/$nvhe/mm.c"
refused "$nvhe/mm.c was changed" "a newer Linux is not overwritten" apply "$tree"
rm -f "$tree/.pkvm-modules/pristine/$nvhe/mm.c" "$tree/.pkvm-modules/applied/$nvhe/mm.c"
runs "... and is what hooks are applied to, once it is told so" apply "$tree"
is "$(grep -cE 'hook|newer' "$tree/$nvhe/mm.c")" 2 "... with what both have changed"
cp "$tmp/stock/$nvhe/mm.c" "$tree/$nvhe/mm.c"
rm -f "$tree/.pkvm-modules/pristine/$nvhe/mm.c" "$tree/.pkvm-modules/applied/$nvhe/mm.c"
runs "... and the old one again" apply "$tree"

now
rm "$kern/el1/loader.c" "$kern"/hooks/000[13]-*
runs "a file and a file's hooks vanish" apply "$tree"
[ ! -e "$tree/arch/arm64/kvm/pkvm_module" ]
ok $? "... and with them the file, and its directory"
cmp -s "$tree/$nvhe/setup.c" "$tmp/stock/$nvhe/setup.c"
ok $? "... what was hooked is as it was in Linux"
is "$(fresh)" "$nvhe/setup.c" "... of a new date, so that it is compiled again"
runs "apply.sh -R" apply -R "$tree"
diff -r -x .pkvm-modules "$tmp/stock" "$tree" >"$tmp/err"
ok $? "... gives the stock tree back"

echo "1..$count"
