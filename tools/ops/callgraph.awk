# SPDX-License-Identifier: GPL-2.0-only
#
# usage: readelf --debug-dump=rawline,info OBJECT | awk -f tools/ops/callgraph.awk
#
# Who calls whom in an object, from its debug information: calls, tail calls, and what
# the compiler put inline, of which symbols and relocations know nothing. A line for
# each: caller, its file, callee, the file that declares it; with tabs between.

# A debugging information entry is complete. Calls belong to the function around them,
# which may be an inline one.
function entry_ends(   n) {
	if (tag == "subprogram" || tag == "inlined_subroutine")
		function_at[depth] = offset
	if (tag == "inlined_subroutine" || tag ~ /call_site$/) {
		for (n = depth - 1; n > 0 && !(n in function_at); n--)
			;
		if (n > 0 && origin != "") {
			nr_calls++
			caller[nr_calls] = function_at[n]
			callee[nr_calls] = origin
		}
	}
	if (origin != "") origin_of[offset] = origin
	if (name != "") name_of[offset] = name
	if (file != "") file_of[offset] = file
}

# The entry that has the name: a copy of a function refers to its original.
function named(entry) {
	while (!(entry in name_of) && (entry in origin_of))
		entry = origin_of[entry]
	return entry
}

/The Directory Table/ { table = "directories"; next }
/The File Name Table/ { table = "files"; next }
/Line Number Statements/ { table = "" }
table == "directories" && /^  [0-9]/ { directory[$1] = $NF }
table == "files" && /^  [0-9]/ { file_name[$1] = directory[$2] "/" $NF }

# " <2><24f5>: Abbrev Number: 77 (DW_TAG_call_site)", the first number decimal
/^ *<[0-9]+><[0-9a-f]+>: Abbrev Number/ {
	entry_ends()
	split($1, part, /[<>]+/)
	depth = part[2] + 0
	offset = part[3]
	origin = name = file = tag = ""
	for (n in function_at)
		if (n + 0 >= depth) delete function_at[n]
	if (match($0, /DW_TAG_[a-zA-Z_]+/))
		tag = substr($0, RSTART + 7, RLENGTH - 7)
}
/DW_AT_(abstract_origin|call_origin|specification)/ { origin = $NF; gsub(/<0x|>/, "", origin) }
/DW_AT_name / { name = $NF }
/DW_AT_decl_file/ { file = $4 }

END {
	entry_ends()
	for (n = 1; n <= nr_calls; n++) {
		from = named(caller[n])
		to = named(callee[n])
		print name_of[from] "\t" file_name[file_of[from]] "\t" \
			name_of[to] "\t" file_name[file_of[to]]
	}
}
