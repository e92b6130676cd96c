#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A module says with PKVM_MODULE_API for which release it was written: it gets the
# prototypes of that release and no others, and modules of all releases can be loaded
# together. tests/machine/levels.c makes the claims about what they do.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

header=$top/kernel/include/kvm_pkvm_module.h
releases='14 15 16 17'
members=$(awk '/^struct pkvm_module_ops \{/ { on = 1 } /^};/ { on = 0 }
	on && match($0, /\(\*[a-z_0-9]+\)\(/) && /^\t[a-z]/ { print substr($0, RSTART + 2, RLENGTH - 4) }' \
	"$header")

# of_release RELEASE: the members that it has
of_release() { awk -v r="$1" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == r) print $1 }' "$top/tools/ops.releases"; }

# Of a form of its own, modules know the name without number
plain() { sed -E 's/_1[457]$//' | sort; }

is "$(grep -v '^#' "$top/tools/ops.releases" | cut -f1)" "$members" "it is known of each member which releases have it"
for r in $releases; do
	is "$(grep -oE '^	OP\([^,]*, [a-z0-9_]+' "$top/tests/modules/api$r/hyp/el2.c" | sed 's/.* //' | sort)" \
		"$(of_release "$r" | plain)" "$r: the module uses all that the release has, and no more"
done

# --- What compiles

kos=()
for r in $releases; do
	module "tests/modules/api$r"
	[ -n "$ko" ] && ! grep -q 'warning:' "$out"
	ok $? "$r: the module builds, without a warning"
	kos+=(--ko "$ko")
done

# at LEVEL RELEASE [FILE]: compiles the EL2 part of that release's module, or its FILE, as it
# was when the module was built, but for another level
at() {
	local file=tests/modules/api$2/${3:-hyp/el2.c} object cmd
	object=${file%.c}
	[ -n "${3:-}" ] && object+=.o || object+=.nvhe.o
	cmd=$(compiler "$tmp/modules/${object%/*}/.${object##*/}.cmd")
	[ -n "$cmd" ] && (cd "$tmp/modules" && LC_ALL=C eval "$cmd -UPKVM_MODULE_API -DPKVM_MODULE_API=$1 -fsyntax-only $file") \
		>"$out" 2>&1 </dev/null
}

for level in 13 18 160; do
	! at $level 16
	ok $? "level $level does not compile"
	has 'error: #error "PKVM_MODULE_API is 14, 15, 16 or 17: the release that the module is written for"' \
		"... the error says which there are"
done

# refused RELEASE LEVEL NAME...: the prototypes that differ, and no others
refused() {
	local r=$1 level=$2
	shift 2
	! at "$level" "$r"
	ok $? "$r: the module does not compile at level $level"
	is "$(grep -oE '^ .*\| +OP\([^,]*, [a-z0-9_]+' "$out" | sed 's/.* //' | sort -u | paste -sd ' ')" \
		"$(printf '%s\n' "$@" | sort | paste -sd ' ')" "... for the prototypes that differ: $*"
	has '\[-Werror=incompatible-pointer-types\]' "... which is an error of the compiler"
}

callbacks=(register_host_perm_fault_handler register_host_smc_handler register_default_trap_handler
	register_illegal_abt_notifier register_psci_notifier register_hyp_panic_notifier)
refused 14 15 "${callbacks[@]}" host_stage2_mod_prot
refused 15 14 "${callbacks[@]}" host_stage2_mod_prot
refused 15 16 host_stage2_get_leaf register_guest_smc_handler
refused 16 15 host_stage2_get_leaf register_guest_smc_handler
refused 16 17 fixblock_map host_donate_hyp
refused 17 16 fixblock_map host_donate_hyp

# el1 RELEASE FROM SED: EL1's macros in another form
el1() {
	sed "s/api$2/api$1/g; $3" "$top/tests/modules/api$2/el1.c" >"$tmp/modules/tests/modules/api$1/other.c"
	cp "$tmp/modules/tests/modules/api$1/.el1.o.cmd" "$tmp/modules/tests/modules/api$1/.other.o.cmd"
	at "$1" "$1" other.c && ! grep -q 'warning:' "$out"
}
el1 14 14 '/unsigned long token;/d; s/, &\?token)/)/'
ok $? "14: EL1's macros also do without a token"
el1 17 16 ''
ok $? "17: EL1's macros also take a token"

# --- All of them in one kernel

# slots RELEASE: its members, a bit for each, in two words
slots() {
	local words=(0 0) i=0 m
	for m in $members; do
		! of_release "$1" | grep -qx "$m" || words[i / 64]=$((words[i / 64] | 1 << i % 64))
		i=$((i + 1))
	done
	printf '%x,%x' "${words[@]}"
}

runs "the test program builds" program levels
for name in modules/hyp-uart tests/modules/probe tests/modules/traps; do
	module "$name"
	[ -n "$ko" ]
	ok $? "$name builds"
	kos+=(--ko "$ko")
done
machine=("${kos[@]}" --add "$program:/bin/levels")
arguments=$(for r in $releases; do slots "$r"; echo; done | paste -sd ' ')

bug='nVHE hyp BUG at: (.* __kvm_nvhe_handle_trap\+|[^ ]*nvhe/hyp-main\.c:)'
for cpu in $modes; do
	mode=$(mode_of "$cpu")

	ktap "$mode" "/bin/levels $arguments" --cpu "$cpu" "${machine[@]}"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'cut here' "$mode: nothing in it made EL2 or the kernel warn"

	boot --cpu "$cpu" --init "/bin/levels panic" "${machine[@]}"
	is "$(grep -oE "^api1.: last words$|$bug" "$tmp/console" | sed "s/.*BUG.*/panic/" | paste -sd ' ')" \
		"api14: last words api15: last words api16: last words api17: last words panic" \
		"$mode: panic notifiers of all releases are told, in order"
done

done_testing
