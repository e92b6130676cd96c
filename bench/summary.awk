# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f bench/summary.awk SAME RESULTS
#
# What RESULTS say beside the paths: loading, memory, sizes, times. SAME is what
# bench/same-code.sh has said. Status 1 if anything is beyond its aim.

FNR == NR { same[++nr_same] = $0; next }
{ value[$1, $2, $3] = $4 }
$2 == "loading" && !($1 in seen) { seen[$1] = 1; cpus[++nr_cpus] = $1 }

function held(text, v, limit, how,   miss) {
	miss = v > limit
	missed += miss
	printf "  %-58s " how "%s\n", text, v, miss ? sprintf("!  at most %s is the aim", limit) : ""
}

function growth(name,   a, b) {
	a = value["-", "stock", name]
	b = value["-", "kernel", name]
	printf "  %-10s %10d -> %10d bytes, %+d, %+.2f %%\n", name, a, b, b - a, 100 * (b - a) / a
}

END {
	for (c = 1; c <= nr_cpus; c++) {
		cpu = cpus[c]
		printf "\n%s, loading\n", cpu
		printf "  %-58s %.0f\n", "instructions from modprobe to the end of init, EL2 module",
		       value[cpu, "loading", "load"]
		printf "  %-58s %.0f\n", "... the same file as a plain module", value[cpu, "loading", "plain_load"]
		held("... ratio", value[cpu, "loading", "ratio"], 1.2, "%.2f")
		held("pages of the host beyond the sections, a module", value[cpu, "loading", "host_pages"], 1,
		     "%.2f")
		held("pages of tables at EL2, a module", value[cpu, "loading", "el2_tables"], 1, "%.2f")
		printf "  %-58s %.2f\n", "pages of tables of the host's stage 2, a module",
		       value[cpu, "loading", "host_tables"]
		printf "  %-58s %.1f, %.1f, %.1f\n", "million instructions to init with 0, 1 and 16 modules",
		       value[cpu, "modules0", "boot"] / 1e6, value[cpu, "calls1", "boot"] / 1e6,
		       value[cpu, "modules16", "boot"] / 1e6
		printf "  %-58s %.1f\n", "... on the stock kernel", value[cpu, "stock", "boot"] / 1e6
	}

	print "\nSize, stock -> with EL2 modules"
	growth("image")
	growth("text")
	growth("data")
	growth("bss")

	printf "\nWith CONFIG_PKVM_MODULES=n, arch/arm64/kvm/ against stock: %s%s\n", same[nr_same],
	       (nr_same > 1 ? "" : ", all the same")
	for (i = 1; i < nr_same; i++)
		print "  differs: " same[i]
	missed += nr_same > 1

	if (("-", "kernel", "edit_seconds") in value)
		printf "\nFrom an edit of el2.c to the verdict: %.1f s, on this machine as it is now\n",
		       value["-", "kernel", "edit_seconds"]
	exit missed > 0
}
