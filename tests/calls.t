#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Calls from EL1 into a module: what they carry, where they run, that none is lost,
# and what is refused. tests/machine/calls.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program calls
module tests/modules/probe
[ -n "$ko" ]
ok $? "the probe builds"
probe=$ko

# No machine shows what a CPU does in speculation
"${cross}objdump" -dr "$kdir/arch/arm64/kvm/hyp/nvhe/hyp-main.nvhe.o" |
	grep -A4 'pkvm_module_calls$' >"$out"
has '[[:space:]]and[[:space:]].*, #0x1ff$' "the number of a call is masked before it is an index"

# The probe under another name, to fail after it has registered its calls
broken=$tmp/broken
cp -r "$tmp/modules/tests/modules/probe" "$broken"
rm "$broken"/*.ko "$broken"/*.mod*
sed -i 's/probe\.o/broken.o/; s/probe-y/broken-y/' "$broken/Makefile"
build_module "$broken"
[ -n "$ko" ]
ok $? "the module that fails builds"

mkdir "$tmp/filled" "$tmp/withdrawn"
echo 'options probe fill=1' >"$tmp/filled/probe.conf"
echo 'options broken fail=el1 load_first=probe' >"$tmp/withdrawn/broken.conf"

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	machine=(--cpu "$cpu" --smp 4 --ko "$probe" --add "$program:/bin/calls")

	ktap "$mode" /bin/calls "${machine[@]}"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	for symbol in '__kvm_nvhe_probe_hyp_echo \[probe\]' 'not_el2_text \[probe\]'; do
		once "$symbol can not be registered as a call: not in a loaded EL2 part" \
			"$mode: the log says so of ${symbol%% *}, in one line"
	done
	once 'probe: EL2 refused to register .*: error -22' "$mode: the log says so of .hyp.data, in one line"

	ktap "$mode, filled" "/bin/calls filled" "${machine[@]}" --add "$tmp/filled:/etc/modprobe.d"
	ktap "$mode, withdrawn" "/bin/calls withdrawn" "${machine[@]}" --ko "$ko" --named broken \
		--add "$tmp/withdrawn:/etc/modprobe.d"
done

done_testing
