# SPDX-License-Identifier: GPL-2.0-only
#
# Of a console's log, the results of upstream's tests: a line "NAME VERDICT REASON" with
# tabs for each, and "NAME: PART VERDICT" for what a test itself calls its parts.

BEGIN { OFS = "\t" }

/^# selftests: kvm: / {
	name = $4
	warned = reason = last = parts = ""
	next
}
name == "" { next }

# The kernel's own
/------------\[ cut here \]/ { warned = "+WARNING" }

# The first assertion that failed, or why a test skips: the last it says, if nothing else
/^# ==== Test Assertion Failure/ {
	getline
	sub(/^#[ \t]*/, "")
	if (reason == "")
		reason = $0
}
/# SKIP/ && /^#/ {
	reason = $0
	sub(/.*# SKIP[- ]*/, "", reason)
}
/^#/ { last = substr($0, 3) }

/^# +(not )?ok [0-9]+/ {
	verdict = /^# +not/ ? "fail" : /# SKIP/ ? "skip" : "pass"
	part = $0
	sub(/^# +(not )?ok [0-9]+ *(- )?/, "", part)
	# kselftest.h has the name of one that it skips behind the word
	sub(/^# SKIP /, "", part)
	sub(/ *# .*/, "", part)
	if (times[name, part]++)
		part = part " " times[name, part]
	parts = parts name ": " part OFS verdict OFS "\n"
}

/^(not )?ok [0-9]+ selftests: kvm: / {
	verdict = /^not/ ? "fail" : /# SKIP/ ? "skip" : "pass"
	if (/TIMEOUT [0-9]+ seconds/) {
		verdict = "timeout"
		# How far it came is chance
		parts = ""
		reason = ""
	} else if (reason == "") {
		reason = verdict == "fail" ? $NF : last
	}
	print name, verdict warned, verdict == "pass" ? "" : reason
	printf "%s", parts
	name = ""
}

END { if (name != "") print name, "machine ended" warned, "" }
