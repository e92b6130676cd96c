#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/sim/entry.sh NAME SOURCE...
#
# Writes C for the simulator: which EL2 function the EL1 sources of a module run as
# its init, and which they register as calls.
set -euo pipefail

name=$1
shift
el1=$(cat /dev/null "$@" | tr '\n\t' '  ')

# named MACRO: the EL2 functions that are its first argument
named() {
	grep -oE "\b$1\( *(__kvm_nvhe_|kvm_nvhe_sym\( *)[A-Za-z0-9_]+" <<<"$el1" |
		sed -E 's/.*(__kvm_nvhe_|kvm_nvhe_sym\( *)//' | awk '!seen[$0]++' || true
}

init=$(named pkvm_load_el2_module | head -n 1)
calls=$(named pkvm_register_el2_mod_call)

echo '/* Made by tools/sim/entry.sh from the EL1 part. */'
echo '#define SIM_WITHOUT_CMOCKA'
echo '#include "sim.h"'
echo "const char sim_module_name[] = \"$name\";"
[ -z "$init" ] || echo "int $init(const struct pkvm_module_ops *ops) __attribute__((weak));"
echo "int (*const sim_module_init)(const struct pkvm_module_ops *ops) = ${init:-NULL};"
for call in $calls; do
	echo "void $call(struct user_pt_regs *regs) __attribute__((weak));"
done
echo 'const struct sim_call sim_calls[] = {'
for call in $calls; do
	echo "	{ \"$call\", $call },"
done
echo '	{ NULL, NULL }'
echo '};'
echo 'const unsigned int sim_nr_calls = ARRAY_SIZE(sim_calls) - 1;'
