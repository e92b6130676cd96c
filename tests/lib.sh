# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests share: claims as TAP, and a machine to make them about. Sourced,
# not run. A claim that does not hold shows the end of what was last run.
# shellcheck disable=SC2034	# set here, used there
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${PKVM_BUILD:-$top/build}
kdir=$build/linux
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

# boot ARGUMENTS...: runs the machine (machine/run.sh); $status is its status, and
# $out its whole console
boot() {
	status=0
	"$top/machine/run.sh" --log "$out" "$@" >"$tmp/shown" 2>&1 </dev/null || status=$?
	tr -d '\r' <"$out" >"$tmp/console" && cat "$tmp/console" "$tmp/shown" >"$out"
}

# module DIR: builds a module of this repository in a copy of its directory, so that
# tests do not get into each other's way; its .ko is $ko
module() {
	local dir=$tmp/modules/$1
	mkdir -p "${dir%/*}"
	cp -r "$top/$1" "$dir"
	find "$dir" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
	build_module "$dir"
}

# build_module DIR: the document's own way; $ko is what came of it
build_module() {
	ko=
	(cd "$1" && make KDIR="$kdir") >"$out" 2>&1 </dev/null || return
	ko=$(echo "$1"/*.ko)
}

# ktap PROGRAM ARGUMENTS...: boots the machine with --init PROGRAM, a test program
# that prints KTAP; each of its results becomes one of this test's, with the mode
# in front
ktap() {
	local name=$1 what=$2 line
	shift 2
	boot --init "$what" "$@"
	while read -r line; do
		case $line in
		'ok '*' # SKIP'*) skip "$name: $(ktap_name "${line%% # SKIP*}")" "${line##*# SKIP}" ;;
		'ok '*) ok 0 "$name: $(ktap_name "$line")" ;;
		'not ok '*) ok 1 "$name: $(ktap_name "${line#not }")" ;;
		esac
	done < <(grep -E '^(not )?ok [0-9]+ ' "$tmp/console")
	[ "$status" = 0 ] && grep -qE '^# Totals: .* fail:0 ' "$tmp/console"
	ok $? "$name: all of $what was run, and the machine lived"
}
ktap_name() {
	local result=${1#ok * }
	echo "${result#- }"
}
