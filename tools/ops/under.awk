# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f tools/ops/under.awk OURS CALLS MACROS HINTS MEMBERS
#
# What there is of Linux under each member of struct pkvm_module_ops: a line with the
# member and, after a tab, functions that it comes to, as HINTS names them, or those
# that call what is registered with it, or "designed here". The files are
#
#	OURS	functions that are not of Linux
#	CALLS	what callgraph.awk says
#	MACROS	function of ours, macro of Linux that it uses
#	HINTS	tools/ops/linux
#	MEMBERS	member, its function

BEGIN { FS = "\t" }

function ours(file) { return file ~ /nvhe\/module\/|nvhe\/modules\.h|asm\/(kvm_)?pkvm_module/ }

# Those that say something: about ownership, tables, windows, the trace buffer; not
# locks, conversions and checks
function counts(name, file) {
	return file ~ /kvm\/hyp\/nvhe\/|nvhe\/(mem_protect|mm|pkvm|trace)\.h|kvm_pgtable\.h/ &&
		name !~ /(^|_)(lock|unlock)(_|$)|_component$|valid|is_memory|check_|kvm_pte_|^is_|^find_/
}

function fail(why) {
	print "error: " $1 ": " why >"/dev/stderr"
	failed = 1
}

# All that a function comes to, up to the first of Linux
function visit(name,   n, i, to) {
	if (name in visited)
		return
	visited[name]
	n = split(calls[name], to, " ")
	for (i = 1; i <= n; i++) {
		reached[to[i]]
		if (to[i] in is_ours)
			visit(to[i])
	}
}

function code(name) { return name ~ / / ? name : "`" name "()`" }

# The functions of Linux that call those of ours with @stem in their name
function callers(stem,   i, name, text) {
	for (i = 1; i <= nr_calls; i++) {
		name = code(caller[i])
		if (!ours(caller_file[i]) && (callee[i] in is_ours) && index(callee[i], stem) &&
		    callee[i] !~ /_(register|remove)_/ && !index(text, name))
			text = text (text ? ", " : "") name
	}
	return text
}

function under(name,   n, i, f, want, text, stem, other) {
	if (!(name in is_ours))
		return code(name)

	split("", visited)
	split("", reached)
	visit(name)
	n = split(hint[$1], want, " ")
	for (i = 1; i <= n; i++) {
		if (!((want[i] in reached) && !(want[i] in is_ours)) && !((name, want[i]) in macro))
			fail("it does not come to " want[i] "() in this kernel: correct tools/ops/linux")
		text = text (text ? ", " : "") code(want[i])
	}
	for (f in reached) {
		if (!n && (f in file_of) && counts(f, file_of[f]))
			other = f
	}
	if (other)
		fail("it comes to " other "(): say in tools/ops/linux which functions matter")
	if (text)
		return text

	stem = name
	if (sub(/^pkvm_module_register_/, "", stem)) {
		sub(/_15$/, "", stem)
		text = callers(stem)
	}
	return text ? "called from " text : "designed here"
}

FNR == 1 { file++ }
file == 1 { is_ours[$1]; next }
file == 2 {
	calls[$1] = calls[$1] " " $3
	if (ours($2))
		is_ours[$1]
	if (ours($4))
		is_ours[$3]
	else
		file_of[$3] = $4
	caller[++nr_calls] = $1
	caller_file[nr_calls] = $2
	callee[nr_calls] = $3
	next
}
file == 3 { macro[$1, $2]; next }
file == 4 { hint[$1] = $2; next }
{ print $1 "\t" under($2) }
END { exit failed }
