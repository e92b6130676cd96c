# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f bench/chart.awk RESULTS >FILE.svg
#
# RESULTS as bars: for each path and CPU the stock kernel, and the one with modules with
# none, and with some. Each path has a scale of its own.

BEGIN {
	nr_paths = split("hvc_builtin hvc_unknown hvc_module_last smc_psci_version smc_unknown host_fault " \
			 "vm_exit_el2 vm_exit_host vm_run", paths)
	split("built-in HVC|unknown HVC|module HVC|SMC, PSCI_VERSION|SMC nobody knows|" \
	      "host stage-2 fault|VM: call to EL2|VM: call to the host|VM: KVM_RUN", titles, "|")
	nr_kernels = split("stock none calls256 handlers1 handlers16", kernels)
	split("stock|no module|256 calls|1 handler|16 handlers", legend, "|")
	split("#9aa0a6 #1a73e8 #34a853 #f9ab00 #d93025", colours)
	bar = 11; gap = 14; left = 170; wide = 560
}

{ value[$1, $2, $3] = $4 }
$1 != "-" && $4 > longest[$3] { longest[$3] = $4 }
!($1 in seen) && $1 != "-" { seen[$1] = 1; cpus[++nr_cpus] = $1 }

function text(x, y, s, more) {
	printf "<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y, more, s
}

END {
	for (p = 1; p <= nr_paths; p++)
		for (k = 1; k <= nr_kernels; k++)
			if ((cpus[1], kernels[k], paths[p]) in value)
				rows[p]++
	for (p = 1; p <= nr_paths; p++)
		tall += rows[p] * bar + gap
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ", \
	       nr_cpus * wide + 20, tall + 90
	print "font-family=\"sans-serif\" font-size=\"11\">"
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	text(10, 20, "Instructions for a round trip into the hypervisor", " font-size=\"15\"")
	for (k = 1; k <= nr_kernels; k++) {
		printf "<rect x=\"%d\" y=\"32\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", 10 + 110 * (k - 1), colours[k]
		text(24 + 110 * (k - 1), 41, legend[k], "")
	}
	for (c = 1; c <= nr_cpus; c++) {
		x = (c - 1) * wide + left
		y = 66
		text(x, y, cpus[c], " font-weight=\"bold\"")
		y += 10
		for (p = 1; p <= nr_paths; p++) {
			text(x - 8, y + rows[p] * bar / 2 + 4, titles[p], " text-anchor=\"end\"")
			for (k = 1; k <= nr_kernels; k++) {
				if (!((cpus[c], kernels[k], paths[p]) in value))
					continue
				v = value[cpus[c], kernels[k], paths[p]]
				w = (wide - left - 60) * v / longest[paths[p]]
				printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", \
				       x, y, w, bar - 2, colours[k]
				text(x + w + 4, y + bar - 2, sprintf("%.0f", v), " font-size=\"9\"")
				y += bar
			}
			y += gap
		}
	}
	print "</svg>"
}
