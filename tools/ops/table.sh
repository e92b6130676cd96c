#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/ops/table.sh KDIR >docs/ops.md
#
# For each member of struct pkvm_module_ops the releases that have it, the functions of
# Linux under it, the tests that use it, and what it answers to bad input. All of it is
# looked up: in tools/ops.releases, in the objects of the kernel in KDIR, which needs
# CONFIG_NVHE_EL2_TRACING, and in the tests. tools/ops/linux says which functions of
# many matter; those have to be among them. What can not be found is an error.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/tools/lib.sh"
[ $# = 1 ] || die "usage: $0 KDIR"
kdir=$(realpath "$1")
grep -qs '^CONFIG_NVHE_EL2_TRACING=y' "$kdir/.config" ||
	die "$kdir is no kernel with CONFIG_NVHE_EL2_TRACING; make linux CONFIG_FRAGMENTS=debug builds one"
linux=$(realpath "${PKVM_BUILD:-$top/build}/linux-src")
nvhe=$kdir/arch/arm64/kvm/hyp/nvhe
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$top"
export LC_ALL=C

# words PATTERN FILE...: each thing in them that it matches, also if there is none
words() { grep -ohE -- "$@" || [ $? = 1 ]; }

# --- What is under them

# member, function
awk '/^const struct pkvm_module_ops module_ops/ { on = 1 }
	on && /^\t\.[a-z]/ { gsub(/[.,]/, ""); print $1 "\t" $3 }' kernel/el2/ops.c >"$tmp/members"

words '^[a-z].*\(' kernel/el2/*.c | sed -E 's/\(.*//; s/.*[ *]//' | sort -u >"$tmp/ours"

# Calls; and functions in tables, which have no caller that could be seen
for object in "$nvhe"/*.nvhe.o "$nvhe"/module/*.nvhe.o; do
	readelf --debug-dump=rawline,info "$object" 2>/dev/null | awk -f tools/ops/callgraph.awk
	readelf -rW "$object" | awk -v file="$(basename "$object" .nvhe.o).c" '
		/^Relocation section/ { data = /\.rela\.(data|rodata)/ && !/hyp_events/ }
		data && $3 == "R_AARCH64_ABS64" { print "a table in `nvhe/" file "`\t" file "\t" $5 "\t" }'
done | sort -u >"$tmp/calls"

# function, macro that it uses: macros leave no trace in objects
sed -nE 's/^#define[ \t]+([a-z_0-9]+)\(.*/\1/p' "$linux"/arch/arm64/kvm/hyp/include/nvhe/*.h \
	"$linux"/arch/arm64/include/asm/kvm_mmu.h | sort -u >"$tmp/defined"
awk 'FNR == NR { macro[$1]; next }
	/^[a-z].*\(/ { split($0, part, "("); n = split(part[1], word, /[ *]/); name = word[n] }
	/^\t/ { for (m in macro) if (index($0, m "(")) print name "\t" m }' \
	"$tmp/defined" kernel/el2/ops.c >"$tmp/macros"

grep -v '^#' tools/ops/linux >"$tmp/hints"
failed=0
awk -f tools/ops/under.awk "$tmp/ours" "$tmp/calls" "$tmp/macros" "$tmp/hints" "$tmp/members" >"$tmp/under" ||
	failed=1

# --- What uses them

# test, source that runs in it
for test in tests/*.t; do
	{
		words '\bprogram [a-z-]+' "$test" | sed 's|program \(.*\)|tests/machine/\1.c|'
		words '\btests/modules/[a-z0-9_]+|\b(for name in|modules) [a-z0-9_ ]+' "$test" |
			sed 's/for name in//; s/^modules//; s|tests/modules/||' | tr ' ' '\n' |
			sed '/^$/d; /^probe$/d; s|.*|tests/modules/&/hyp/el2.c|'
	} | sort -u | while read -r source; do
		[ ! -f "$source" ] || echo "${test##*/} $source"
	done
done >"$tmp/runs"
printf 'cases.t tests/cases/%s\n' list.h cases.c >>"$tmp/runs"

# What stands for a member there: a kind of handlers, a macro
sed -nE 's/^	\[(TRAPS_[A-Z_]+)\].*OP_([A-Z0-9_]+).*/s|\\b\1\\b|OP_\2|g/p' tests/machine/traps-lib.c >"$tmp/aliases"
printf '%s\n' 's|pkvm_printk\(|ops->tracing_mod_hyp_printk(|g' \
	's|pkvm_trace_init\(|ops->register_hyp_event_ids(|g' >>"$tmp/aliases"

# test, member, how often
while read -r test source; do
	sed -E -f "$tmp/aliases" "$source" | words '\bOP_[A-Z0-9_]+|ops->[a-z_0-9]+' - |
		sed 's/.*->//; s/^OP_//' | tr '[:upper:]' '[:lower:]' | sort | uniq -c |
		awk -v test="$test" -v source="$source" '{ print test "\t" $2 "\t" $1 "\t" source }'
done <"$tmp/runs" >"$tmp/used-by"

# --- What they answer

gcc -D_GNU_SOURCE -o "$tmp/print" tests/cases/print.c
"$tmp/print" >"$tmp/cases"
# What only an init function can try
sed -nE 's/^	EARLY_(BAD_)?([A-Z_]+),.*/\2/p' tests/modules/early/early.h | sed '
	s/^NO_ACCESS$/no access/; s/^W$/w only/; s/^RWX$/rwx/; s/^BIT$/ bit/; s/^NOTHING$/of nothing/
	s/^MISALIGNED$/misaligned/; s/^WRAPS$/wraps/; s/^PAST_.*/past memory/; s/^TABLE$/of the hypervisor'"'"'s page/
	/[A-Z]/ { /^MMIO$/!{ s/^DONATED$/donated/; s/^SHARED$/shared/; /[A-Z]/d; }; }
	s/.*/linear_map_early\t&\tNULL/' >>"$tmp/cases"
# ... and what takes more than one call
sed -nE 's/.*reg_15\(.*, -(E[A-Z]+), "for .* again.*/register_guest_smc_handler_15\tsecond time\t\1/p' \
	tests/machine/registering.c >>"$tmp/cases"
# member, arguments
awk '/^struct pkvm_module_ops \{/ { on = 1 } /^};/ { on = 0 }
	!on { next }
	/^\t[a-z].*\(\*[a-z]/ { text = "" }
	/^\t+[a-z(]/ { text = text $0 }
	/;$/ && match(text, /\(\*[a-z_0-9]+\)/) {
		print substr(text, RSTART + 2, RLENGTH - 3) "\t" substr(text, RSTART + RLENGTH)
		text = ""
	}' kernel/include/kvm_pkvm_module.h | tr -s '\t ' >"$tmp/arguments"

cat <<'END'
<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by tools/ops/table.sh: make docs -->

# The operations

What each member of `struct pkvm_module_ops` is made of and where it is shown to work; what it does is
in the [reference](reference.rst). 14, 15 and 16 are Android's releases, 17 the development line
after them. *In Linux* names what a member comes to, or what calls a function that is registered with
it, as the debug information of the kernel has it; "designed here" means that Linux has nothing like it.
*Tests* are those in `tests/` that use it, the ones that do so most first.

| member | releases | in Linux | tests |
|---|---|---|---|
END
awk -F '\t' '
	FNR == 1 { file++ }
	# What modules use counts where no program for the machine asks for it by name
	file == 1 && $4 ~ /\/modules\// { in_module[$2, $1] += $3; tests[$1]; next }
	file == 1 { uses[$2, $1] += $3; tests[$1] }
	file == 1 && $4 ~ /\/machine\// { asked[$2] }
	file == 1 { next }
	file == 2 { releases[$1] = $2; next }
	{
		for (t in tests)
			if (!($1 in asked) && ($1, t) in in_module)
				uses[$1, t] += in_module[$1, t]
		cell = ""
		for (n = 1; n <= 3; n++) {
			best = ""
			for (t in tests) {
				k = uses[$1, t]
				if (k && (best == "" || k > uses[$1, best] || (k == uses[$1, best] && t < best)))
					best = t
			}
			if (best == "")
				break
			uses[$1, best] = 0
			name = best
			sub(/\.t$/, "", name)
			cell = cell (cell ? ", " : "") "[" name "](../tests/" best ")"
		}
		if (releases[$1] == "" || cell == "") {
			print "error: " $1 ": " (cell == "" ? "no test uses it" : \
				"tools/ops.releases does not have it") >"/dev/stderr"
			failed = 1
		}
		print "| `" $1 "` | " releases[$1] " | " $2 " | " cell " |"
	}
	END { exit failed }' "$tmp/used-by" <(grep -v '^#' tools/ops.releases) "$tmp/under" || failed=1

cat <<'END'

## Bad input

What they answer to what they may be given by mistake, or by a host through a module: errno, 0, or what a
pointer is. Made from the list in `tests/cases`, which [cases](../tests/cases.t) runs at EL2 and
`make unit` in the simulator; both look at whose the page is afterwards. Where there are several
answers, they are those of several forms. "–" means that no argument can be that. Cases of
`linear_map_early` are in [mapping](../tests/mapping.t), as it is for init functions. Members that are not
here believe their arguments, as do the kernel's own functions of their kind.

END
awk -f tools/ops/bad-input.awk "$tmp/arguments" "$tmp/cases" || failed=1
exit $failed
