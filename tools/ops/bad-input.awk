# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f tools/ops/bad-input.awk ARGUMENTS CASES
#
# A table of what members of struct pkvm_module_ops answer to bad input. ARGUMENTS has
# their prototypes, which say what there is to be tried; CASES has what is tried: the
# member, what it is given, what it answers. What was not tried is an error.

BEGIN {
	FS = "\t"
	# In this order: a case is of the first kind that it has the words of
	nr = split("misaligned|nothing|huge|NULL|not code|senseless|W+X|twice|past it|MMIO|EL2's|a guest's|taken|shared",
		   kinds, "|")
	words["misaligned"] = "misaligned"
	words["nothing"] = "of no pages|of nothing"
	words["huge"] = "wraps|an order|as many pages|of everything|of 4 GiB|all addresses|backwards|pages to past"
	words["NULL"] = "NULL|without a"
	words["not code"] = "of a function of the hyp|of the kernel's|of an address|of data"
	words["senseless"] = "no access|w only|x only|of a device|of bit|uncached| bit"
	words["W+X"] = "rwx|rw and x|an executable device"
	words["twice"] = "second time|already"
	words["past it"] = "past |number -1"
	words["MMIO"] = "MMIO"
	words["EL2's"] = "the hypervisor's page|a module's image"
	words["a guest's"] = "guest's page"
	words["taken"] = "donated|mapped|taken"
	words["shared"] = "shared|pinned"
	# The kinds for which any good page will do, and what has to be tried for the others
	split("misaligned|nothing|huge|NULL|senseless|W+X", x, "|")
	for (i in x)
		of_any[x[i]]
	plain[1] = "of (so many pages .* of )?a (page of the host|shared page)$"
	plain[0] = "^\\((---|r--|rw-|r-x)?(, )?(accept_mmio|is_protected)?\\) of "
	# Giving back what is not there any more
	again["hyp_donate_host"] = "of a page of the host"
	again["host_unshare_hyp"] = "of a page of the host"
	again["unmap_module_pages"] = "of a page taken by"
	again["unpin_shared_mem"] = "of a shared page"
}

# Whether an argument can be that. Conversions and copies believe theirs.
function applies(kind, args) {
	if ($1 ~ /^(hyp_pa|hyp_va|kern_hyp_va|flush_dcache_to_poc|memcpy|memset)$/)
		return 0
	# There is no guest yet
	if ($1 == "linear_map_early" && kind == "a guest's")
		return 0
	if (kind == "misaligned")
		return args ~ /phys_addr_t phys|u64 addr|void \*(va|from)[,)]/
	if (kind == "nothing" || kind == "huge")
		return args ~ /nr_pages|size_t size[,)]|void \*from/
	if (kind == "NULL")
		return args ~ /\(\*|\*(haddr|ptep|phys|size|sglist|ops)[,)]/
	if (kind == "not code")
		return args ~ /\(\*|\*ops/
	if (kind == "senseless" || kind == "W+X")
		return args ~ / prot[,)]/
	if (kind == "twice")
		return args ~ /\(\*cb/ || $1 in again
	return args ~ /u64 pfn|phys_addr_t phys[,)]|u64 addr|void \*from|sglist/
}

function kind_of(what,   i) {
	if ($1 in again && what ~ again[$1] && what !~ /misaligned|nothing|all addresses|backwards/)
		return "twice"
	for (i = 1; i <= nr; i++) {
		if (what ~ words[kinds[i]])
			return kinds[i]
	}
	return ""
}

FNR == NR { args[$1] = $2; order[++members] = $1; next }
{
	# The host may be given all
	if ($1 == "host_stage2_mod_prot" && $2 ~ /^\(rwx\)/)
		next
	kind = kind_of($2)
	# Of a range, an address or a protection that is bad, a good page is enough; of a bad
	# page, the plain form
	if ($2 ~ / of .*(page|MMIO|image)/ && $2 !~ /pages( |$)/ && $2 !~ plain[kind in of_any])
		next
	sub(/^-/, "", $3)
	if (kind && !index(answers[$1, kind] ",", $3 ",")) {
		answers[$1, kind] = answers[$1, kind] (answers[$1, kind] ? ", " : "") $3
		tried[$1]
	}
}
END {
	printf "| member |"
	for (i = 1; i <= nr; i++)
		printf " %s |", kinds[i]
	printf "\n|---|"
	for (i = 1; i <= nr; i++)
		printf "---|"
	print ""
	for (m = 1; m <= members; m++) {
		member = $1 = order[m]
		row = ""
		some = member in tried
		for (i = 1; i <= nr; i++) {
			answer = answers[member, kinds[i]]
			if (answer == "" && applies(kinds[i], args[member])) {
				row = row " ? |"
				some = 1
				missing = missing "error: " member ": no case for " kinds[i] "\n"
			} else {
				row = row " " (answer == "" ? "–" : answer) " |"
			}
		}
		if (some)
			print "| `" member "` |" row
	}
	printf "%s", missing >"/dev/stderr"
	exit missing != ""
}
