# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f bench/report.awk bench/limits RESULTS
#
# A table of RESULTS, which has lines of CPU, kernel, path and instructions, and what
# bench/limits says of them: "!" is beyond the limit. Ratio and verdict are of the worst
# that has a limit, to what it is held to. Status 1 if anything is beyond.

BEGIN {
	text["hvc_builtin"] = "built-in HVC"
	text["hvc_unknown"] = "unknown HVC"
	text["smc_psci_version"] = "SMC, PSCI_VERSION"
	text["smc_unknown"] = "SMC that nobody knows"
	text["hvc_module_first"] = "module HVC, the first"
	text["hvc_module_last"] = "module HVC, the last"
	text["host_fault"] = "stage-2 fault of the host"
	text["vm_exit_el2"] = "protected VM: call to EL2"
	text["vm_exit_host"] = "protected VM: call to the host"
	text["vm_run"] = "protected VM: KVM_RUN"
	nr_kernels = split("stock none calls1 calls16 calls256 handlers1 handlers16", kernels)
	split("stock|no module|1 call|16 calls|256 calls|1 handler|16 handlers", titles, "|")
}

# fits("handlers*", "handlers16")
function fits(glob, name) {
	return glob == "*" || glob == name ||
	       (glob ~ /\*$/ && index(name, substr(glob, 1, length(glob) - 1)) == 1)
}

FNR == NR {
	if (NF == 4 && $1 !~ /^#/) {
		l_path[++nr_limits] = $1; l_kernel[nr_limits] = $2
		l_base[nr_limits] = $3; l_more[nr_limits] = $4
		if (!($1 in known))
			paths[++nr_paths] = $1
		known[$1] = 1
	}
	next
}

$3 in known {
	value[$1, $2, $3] = $4
	if (!($1 in seen)) {
		seen[$1] = 1
		cpus[++nr_cpus] = $1
	}
	have[$2] = 1
}

# The limit of a path, and what it is held to in base; "" if it has none
function limit(cpu, kernel, path,   i) {
	for (i = 1; i <= nr_limits; i++) {
		if (l_path[i] != path || !fits(l_kernel[i], kernel))
			continue
		if (l_base[i] == "-" || !((cpu, "stock", l_base[i]) in value))
			return ""
		base = value[cpu, "stock", l_base[i]]
		return base + l_more[i]
	}
	return ""
}

# Two ticks of the counter in all rounds together are no instruction
function beyond(v, l) { return l != "" && v > l + 0.25 }

function cell(cpu, kernel, path,   v, l) {
	if (!((cpu, kernel, path) in value))
		return sprintf("%12s", "")
	v = value[cpu, kernel, path]
	if (kernel == "stock")
		return sprintf("%11.0f ", v)
	l = limit(cpu, kernel, path)
	if (l != "") {
		nr_held++
		if (v / base > ratio)
			ratio = v / base
		if (verdict == "")
			verdict = "pass"
	}
	if (beyond(v, l)) {
		verdict = "MISS"
		misses[++nr_misses] = sprintf("%s, %s: %s takes %.2f, the limit is %.2f", cpu, kernel,
					      text[path], v, l)
		return sprintf("%11.0f!", v)
	}
	return sprintf("%11.0f ", v)
}

END {
	for (c = 1; c <= nr_cpus; c++) {
		cpu = cpus[c]
		printf "%-32s", (c > 1 ? "\n" : "") cpu ", instructions"
		for (k = 1; k <= nr_kernels; k++)
			if (kernels[k] in have)
				printf "%11s ", titles[k]
		print "  ratio"
		for (p = 1; p <= nr_paths; p++) {
			path = paths[p]
			line = sprintf("  %-30s", text[path])
			ratio = 0; verdict = ""
			for (k = 1; k <= nr_kernels; k++)
				if (kernels[k] in have)
					line = line cell(cpu, kernels[k], path)
			print line (verdict ? sprintf("%7.3f  %s", ratio, verdict) : "")
		}
	}
	if (!nr_held) {
		print "error: nothing was compared"
		exit 1
	}
	printf "\n%d of %d within their limits\n", nr_held - nr_misses, nr_held
	for (i = 1; i <= nr_misses; i++)
		print "  " misses[i]
	exit nr_misses > 0
}
