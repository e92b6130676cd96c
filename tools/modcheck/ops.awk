# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f ops.awk tools/ops.releases kernel/include/kvm_pkvm_module.h
#
# Makes the table of operations: the order of members is the header's, and the releases
# that have one are those of the list. Where the two disagree there is no table.

function fail(what) {
	print "error: " what > "/dev/stderr"
	failed = 1
	exit 1
}

FNR == NR {
	if (/^#/ || !NF)
		next
	for (i = 2; i <= NF; i++)
		releases[$1] += 2 ^ ($i - 14)
	next
}

/^#define PKVM_MODULE_OPS_VERSION/	{ version = $3 }
/^#define PKVM_MODULE_OPS_SLOTS/	{ slots = $3 }
/^#define PKVM_MODULE_OPS_RESERVED/	{ reserved = $3 }

/^struct pkvm_module_ops \{/	{ inside = 1; next }
inside && /^\};/		{ inside = 0 }
# A member begins in the first column, and its name is in the first pair of brackets
inside && /^\t[a-z].*\(\*[a-z]/ {
	name = $0
	sub(/^[^(]*\(\*/, "", name)
	sub(/[^a-z_0-9].*/, "", name)
	names[nr++] = name
}

END {
	if (failed)
		exit 1
	if (!nr || !version || nr + reserved != slots)
		fail("kvm_pkvm_module.h: " nr " members and " reserved " reserved are not " slots)
	for (i = 0; i < nr; i++) {
		if (!(names[i] in releases))
			fail("ops.releases: no line for " names[i])
		known[names[i]] = 1
	}
	for (name in releases)
		if (!(name in known))
			fail("ops.releases: " name " is no member of struct pkvm_module_ops")

	print "/* Made by ops.awk */"
	print "#include \"modcheck.h\"\n"
	print "const struct op ops[] = {"
	for (i = 0; i < nr; i++)
		printf "\t{ \"%s\", 0x%x },\n", names[i], releases[names[i]]
	print "};\n"
	printf "const unsigned int nr_ops = %d, ops_version = %d, ops_slots = %d;\n", nr, version, slots
}
