# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests share: claims as TAP, and a machine to make them about. Sourced,
# not run. A claim that does not hold shows the end of what was last run.
# shellcheck disable=SC2034	# set here, used there
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${PKVM_BUILD:-$top/build}
# kernel KDIR: what comes then is about that one, and modules are built for it, in $tree
kernel() { kdir=$1 tree=$build/tests/modules/${1##*/}; }
# make check says which one it is about
kernel "${PKVM_KDIR:-$build/linux}"
# What the tools that made it begin with
cross=$(sed -n 's/^export CROSS_COMPILE ?= //p' "$kdir/GNUmakefile" 2>/dev/null)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# What a make above us was told is not for the makes of a test
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

count=0
out=$tmp/out
: >"$out"

# ok STATUS CLAIM
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		tail -n 40 "$out" | tr -d '\r' | sed 's/^/# /'
	fi
}
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
done_testing() { echo "1..$count"; }

# runs CLAIM COMMAND...: it succeeds
runs() {
	local claim=$1
	shift
	"$@" >"$out" 2>&1 </dev/null
	ok $? "$claim"
}

# has PATTERN CLAIM / hasnt PATTERN CLAIM: what was last run or booted said it, or
# did not (grep -E)
has() { grep -qE -- "$1" "$out"; ok $? "$2"; }
hasnt() { ! grep -qE -- "$1" "$out"; ok $? "$2"; }

# once PATTERN CLAIM: in just one line of it
once() { [ "$(grep -cE -- "$1" "$out")" = 1 ]; ok $? "$2"; }

# is A B CLAIM
is() {
	[ "$1" = "$2" ] || echo "got \"$1\", wanted \"$2\"" >>"$out"
	[ "$1" = "$2" ]
	ok $? "$3"
}

# Both modes of pKVM, by CPU
modes='max cortex-a53'
mode_of() { case $1 in cortex-a53) echo nVHE ;; *) echo hVHE ;; esac; }

# How many CPUs a machine has where no number is called for. With the kernel that finds
# bugs it is the other way round: so all is run with one and with four.
cpus=4 other_cpus=1
! grep -qs '^CONFIG_NVHE_EL2_DEBUG=y' "$kdir/.config" || cpus=1 other_cpus=4

# QEMU 7.2 was seen to keep EL2 translations that were invalidated by address, while
# HCR_EL2.E2H is set, as it is in hVHE: its version then
old_qemu=$(qemu-system-aarch64 --version 2>/dev/null | grep -E 'version [1-7]\.')

# boot ARGUMENTS...: runs the machine (machine/run.sh); $status is its status, and
# $out its whole console
boot() {
	status=0
	: >"$out"
	"$top/machine/run.sh" --image "$kdir/arch/arm64/boot/Image" --log "$out" "$@" >"$tmp/shown" 2>&1 </dev/null || status=$?
	tr -d '\r' <"$out" >"$tmp/console" && cat "$tmp/console" "$tmp/shown" >"$out"
}

# both ARGUMENTS...: boots both modes at once. of CPU: what the claims after it are
# about is the machine with that CPU: its $out and $status
both() {
	local cpu
	for cpu in $modes; do
		boot_aside "$cpu" "$@" &
	done
	wait
}
of() { out=$tmp/$1/out status=$(cat "$tmp/$1/status"); }
boot_aside() {
	local tmp=$tmp/$1 cpu=$1 out
	shift
	out=$tmp/out
	mkdir -p "$tmp"
	: >"$out"
	boot --cpu "$cpu" "$@"
	echo "$status" >"$tmp/status"
}

# module DIR: a module of this repository, in a copy of its directory, so that tests do
# not get into each other's way; its .ko is $ko. What pkvm-modcheck does not like is no
# module of ours.
module() {
	local dir=$tmp/modules/$1
	ko=
	build_modules "$1"
	cp "$tree/$1.log" "$out"
	[ -e "$tree/$1.key" ] || { cp "$tree/log" "$out"; return 1; }
	rm -rf "$dir"
	mkdir -p "${dir%/*}"
	cp -a "$tree/$1" "$dir"
	"$top/tools/modcheck.sh" "$kdir" -q "$dir"/*.ko >>"$out" 2>&1 || return
	ko=$(echo "$dir"/*.ko)
}

# modules NAME...: those of tests/modules, or with a directory elsewhere; the .ko of each is
# $NAME then, with underscores
modules() {
	local name dirs=()
	for name; do
		[[ $name == */* ]] || name=tests/modules/$name
		dirs+=("$name")
	done
	build_modules "${dirs[@]}"
	for name in "${dirs[@]}"; do
		module "$name"
		[ -n "$ko" ]
		ok $? "${name#tests/modules/} builds"
		name=${name##*/}
		declare -g "${name//-/_}=$ko"
	done
}

# They are built together, below $tree, since most of what it takes to build one is the
# same for many. They are kept there until they change or the kernel does.
# What kbuild makes in a module's directory
products=(-name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' -o -name modules.order
	-o -name Module.symvers -o -name hyp.lds -o -name hyp-reloc.S -o -name '*.a')
# Debian 12's sparse does not know this word yet, and kbuild leaves it out then
sparse='sparse -D__typeof_unqual__=__typeof__'

# build_modules DIR...: and has DIR.log say what compilers and sparse did of each
build_modules() {
	local dir todo=''
	mkdir -p "$tree"
	(
		flock 9
		for dir; do
			[ "$(cat "$tree/$dir.key" 2>/dev/null)" != "$(module_key "$dir")" ] || continue
			rm -rf "${tree:?}/$dir" "$tree/$dir.key"
			mkdir -p "$tree/${dir%/*}"
			cp -rL "$top/$dir" "$tree/$dir"
			find "$tree/$dir" \( "${products[@]}" \) -delete
			todo+=" $dir/"
		done
		[ -n "$todo" ] || exit 0
		# shellcheck disable=SC2016 # for make
		echo 'obj-m := $(MODULES)' >"$tree/Makefile"
		make -k -C "$kdir" M="$tree" MODULES="$todo" -j"${JOBS:-$(nproc)}" W=1 C=1 CHECK="$sparse" modules \
			>"$tree/log" 2>&1 </dev/null
		for dir in $todo; do
			dir=${dir%/}
			grep -E "(^|[^a-z_/])$dir/" "$tree/log" >"$tree/$dir.log"
			[ -z "$(find "$tree/$dir" -maxdepth 1 -name '*.ko')" ] || module_key "$dir" >"$tree/$dir.key"
		done
	) 9>"$tree/lock"
}
module_key() {
	{
		cd "$top/$1" && find -L . -type f ! \( "${products[@]}" \) -exec cksum {} +
		cksum "$kdir/.config" "$kdir/Module.symvers"
		stat -c %Y "$kdir/.pkvm-built"
	} | sort | cksum
}
# All that there are
module_dirs() { (cd "$top" && find modules tests/modules bench -mindepth 2 -maxdepth 2 -name Makefile -printf '%h\n' | sort); }

# compiler FILE.cmd: the compiler's command that kbuild has noted there, without the source
# and what is made of it
compiler() { sed -nE 's/^savedcmd_[^ ]* := ([^ ]*) -Wp,-MMD,[^ ]* (.*) -c -o .*/\1 \2/p' "$1"; }

# build_module DIR: the document's own way; $ko is what came of it
build_module() {
	ko=
	(cd "$1" && make KDIR="$kdir") >"$out" 2>&1 </dev/null || return
	ko=$(echo "$1"/*.ko)
}

# program NAME: builds the test program tests/machine/NAME.c, for ktap; it is $program
program() {
	program=$build/tests/$1
	PKVM_BUILD=$build make -s -f "$top/tests/machine/Makefile" "$1" >"$out" 2>&1 </dev/null
}

# ktap NAME PROGRAM ARGUMENTS...: boots the machine with --init PROGRAM, a test
# program that prints KTAP; each of its results becomes one of this test's, with NAME
# in front. One that failed shows what the program said before it.
ktap() {
	local name=$1 what=$2 line claim said=$tmp/said
	shift 2
	boot --init "$what" "$@"
	: >"$said"
	while read -r line; do
		# What comes after "ok 17 ", or after "ok 17 - "
		claim=${line#*ok * } claim=${claim#- }
		case $line in
		'ok '*' # SKIP'*) skip "$name: ${claim%% # SKIP*}" "${line##*# SKIP}" ;;
		'ok '*) ok 0 "$name: $claim" ;;
		'not ok '*) out=$said ok 1 "$name: $claim" ;;
		*) echo "${line#\# }" >>"$said"; continue ;;
		esac
		: >"$said"
	done < <(grep -E '^(not )?ok [0-9]+ |^# ' "$tmp/console")
	[ "$status" = 0 ] && grep -qE '^# Totals: .* fail:0 ' "$tmp/console"
	ok $? "$name: all of $what was run, and the machine lived"
}

# section FILE NAME: the number of an ELF section, and where its contents are in the file
section() {
	local nr name type address offset rest
	while read -r nr name type address offset rest; do
		[ "$name" != "$2" ] || echo "$nr $((16#$offset))"
	done < <(readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\]/\1/p')
}

# poke FILE OFFSET VALUE: writes 8 bytes
poke() {
	local bytes='' i
	for i in 0 8 16 24 32 40 48 56; do
		bytes+=$(printf '\\x%02x' $(($3 >> i & 0xff)))
	done
	printf '%b' "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# poke_section FILE SECTION OFFSET VALUE: in its contents
poke_section() {
	local offset
	read -r _ offset < <(section "$1" "$2")
	poke "$1" $((offset + $3)) "$4"
}

# poke_header FILE SECTION flags|size|link|align VALUE: in its section header; the upper half
# of what is written to sh_link is sh_info
poke_header() {
	local nr field headers
	case $3 in
	flags)	field=8 ;;
	size)	field=32 ;;
	link)	field=40 ;;
	align)	field=48 ;;
	esac
	headers=$(readelf -hW "$1" | awk '/Start of section headers/ { print $5 }')
	read -r nr _ < <(section "$1" "$2")
	poke "$1" $((headers + nr * 64 + field)) "$4"
}

# --- What a load shows, and a refusal of one

# load_said NAME REASON: the log has said so of that module, and nothing else. Debian's
# modprobe tries twice.
load_said() {
	local lines
	lines=$(sed -n "s|^\[.*\] pkvm_module: $1: ||p" "${out%/*}/console" | grep -vE '^(loading|EL2 part loaded)$')
	[[ $2 == modprobe:* ]] || lines=$(grep -v '^modprobe: ' <<<"$lines")
	[ "$(wc -l <<<"$lines")" -le 2 ] && [ "$(sort -u <<<"$lines" | wc -l)" = 1 ] && grep -qxE -- "$2" <<<"$lines"
}

# load_refused CASE NAME=REASON... -- ARGUMENTS...: boots with modules that are refused, the
# first of which is the one that closes the gate
load_refused() {
	local what=$1 reasons=() reason cpu case
	shift
	while [ "$1" != -- ]; do
		reasons+=("$1")
		shift
	done
	shift
	both "$@"
	for cpu in $modes; do
		of "$cpu"
		case="$(mode_of "$cpu"): $what"
		for reason in "${reasons[@]}"; do
			load_said "${reason%%=*}" "${reason#*=}"
			ok $? "$case: the log says of ${reason%%=*} why, in one line"
		done
		reason=${reasons[0]/=/: }
		grep -qxE "Protected VMs: denied: $reason" "$out" && grep -qx 'protected VM: refused: EPERM' "$out" &&
			grep -qE "no protected VM can be started: $reason$" "$out"
		ok $? "$case: no protected VM, and both log and sysfs say why"
		[ "$status" = 2 ] && grep -qE '^normal VM: ran, .* right$' "$out" &&
			! grep -qE 'Internal error|BUG:|Unable to handle' "$out"
		ok $? "$case: the machine is up, and normal VMs run"
	done
}

# load_accepted CASE NAMES ARGUMENTS...: boots, and these are loaded, in this order
load_accepted() {
	local what=$1 names=$2 cpu case
	shift 2
	both "$@"
	for cpu in $modes; do
		of "$cpu"
		case="$(mode_of "$cpu"): $what"
		is "$(sed -n 's/^\[.*\] pkvm_module: \(.*\): EL2 part loaded$/\1/p' "$out" | paste -sd ' ')" "$names" \
			"$case: loaded are: ${names:-none}"
		[ "$status" = 0 ] && grep -qx 'Protected VMs: allowed' "$out"
		ok $? "$case: protected VMs run"
	done
}

not_loadable() { echo "modprobe: can't load module $1 \($1\.ko\): $2"; }
