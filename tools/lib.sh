# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the front door's scripts share. Sourced, not run.

say() { echo "$*" >&2; }
die() { say "error: $*"; exit 1; }

# What the tools that make code for arm64 begin with: as Debian has them
# shellcheck disable=SC2034
cross=${CROSS_COMPILE:-$([ "$(uname -m)" = aarch64 ] || echo aarch64-linux-gnu-)}

# need_room DIR MB WHAT: an unpacking or a build that fails half way for want of
# room says so in a hundred places, none of them clear. Ask first.
need_room() {
	local free
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$free" -ge "$2" ] ||
		die "no room: $3 needs $2 MB, $1 has $free MB free; free some, or build elsewhere with PKVM_BUILD=/dir"
}

# out_of WHAT DIR: where in $build what is made for WHAT of the module in DIR goes. One of
# the same name elsewhere is another module: nothing of it is left there, and its corpus is
# kept beside it.
# shellcheck disable=SC2154
out_of() {
	local dir out kept
	dir=$(realpath "$2")
	out=$build/$1/${dir##*/}
	[ "$(cat "$out/.dir" 2>/dev/null)" = "$dir" ] || {
		# What took the fuzzer hours is not to go with it
		[ ! -d "$out/corpus" ] || {
			kept=$out.$(date +%s)
			mv -T "$out" "$kept"
			say "$out was of the module in $(cat "$kept/.dir"): it is $kept now"
		}
		rm -rf "$out"
		mkdir -p "$out"
		echo "$dir" >"$out/.dir"
	}
	echo "$out"
}

# el2_text LOG FILE.ko: where its EL2 text was in the machine with that log, which was
# booted with MAP=1, and how many bytes of it there are
el2_text() {
	local name
	name=$(basename "$2" .ko | tr - _)
	tr -d '\r' <"$1" | awk -v name="$name" '$1 == "machine:" && $3 == name && $4 == ".hyp.text" { print $5, $6 }'
}

# sim_make ARGUMENTS...: tools/sim/module.mk. A header that is not there, or only to say
# that, is said in one line: it is what comes of including what EL2 code cannot have.
# shellcheck disable=SC2154
sim_make() {
	local said missing refused status=0
	said=$(LC_ALL=C make -s -f "$top/tools/sim/module.mk" -j"${JOBS:-$(nproc)}" "$@" 2>&1) || status=$?
	missing=$(sed -nE "s/^([^ ]+:[0-9]+):[0-9]+: fatal error: '?([^ ']+)'?(: No such file| file not found).*/\1: \2/p" \
		<<<"$said" | sort -u)
	refused=$(sed -nE "s/^(In file included from| +from) ([^ ]+:[0-9]+)[:,].*/\2/; t from
		s|^$top/tools/sim/include/([^:]+):[0-9:]+ error: (#error )?\"(.*)\"|: \1: \3|; t said; b
		:from; h; b; :said; x; G; s/\n//p" <<<"$said" | sort -u)
	if [ -n "$refused" ]; then
		echo "$refused"
	elif [ -n "$missing" ]; then
		sed "s/.*/&: the simulator has no such header: EL2 code cannot have it, or unit\/include has to/" <<<"$missing"
	elif [ -n "$said" ]; then
		echo "$said"
	fi >&2
	return "$status"
}
