// SPDX-License-Identifier: GPL-2.0-only
/* What is said of a module, for people. */
#include <string.h>

#include "modcheck.h"

/* Names are the file's, and may be anything: nothing of them moves the cursor. */
static void print_safe(FILE *out, const char *string)
{
	for (; *string; string++)
		fputc((unsigned char)*string < 0x20 || *string == 0x7f ? '?' : *string, out);
}

void report_findings(const struct module *m, FILE *out)
{
	size_t i;

	for (i = 0; i < m->findings->nr; i++) {
		const struct finding *finding = &m->findings->list[i];
		const struct finding_kind *kind = &finding_kinds[finding->id];

		fprintf(out, "%s: %s: ", m->path, level_names[kind->level]);
		if (finding->where) {
			print_safe(out, finding->where);
			fputs(": ", out);
		}
		print_safe(out, finding->what);
		fprintf(out, "; %s [%s]\n", kind->todo, kind->name);
	}
	for (i = 0; i < NR_FINDING_IDS; i++) {
		unsigned int count = m->findings->count[i];

		if (count > MAX_SHOWN)
			fprintf(out, "%s: %s: %u more of this kind [%s]\n", m->path,
				level_names[finding_kinds[i].level], count - MAX_SHOWN,
				finding_kinds[i].name);
	}
}

static void heading(FILE *out, const char *title)
{
	fprintf(out, "  %-14s", title);
}

static void report_sections(const struct module *m, FILE *out)
{
	unsigned long long pages = 0;
	unsigned int id;

	for (id = 0; id < NR_EL2_MAPPED; id++)
		pages += m->el2[id] ? m->el2[id]->size / m->page_size : 0;
	heading(out, "EL2 part");
	fprintf(out, "%llu page%s of %llu bytes\n", pages, pages == 1 ? "" : "s",
		(unsigned long long)m->page_size);
	for (id = 0; id < NR_EL2_SECTIONS; id++) {
		const struct section *sec = m->el2[id];

		if (!sec)
			continue;
		if (id < NR_EL2_MAPPED)
			fprintf(out, "    %-12s%s %6llu\n", sec->name, el2_section_prots[id],
				(unsigned long long)(sec->size / m->page_size));
		else
			fprintf(out, "    %-12s%llu addresses to convert\n", sec->name,
				(unsigned long long)(sec->size / sizeof(__u32)));
	}
}

static void report_calls(const struct uses *uses, FILE *out)
{
	size_t i;

	heading(out, "init");
	print_safe(out, uses->init ? plain_name(uses->init->name) : "not known");
	fputc('\n', out);
	heading(out, "calls");
	if (!uses->nr_calls)
		fputs("none", out);
	for (i = 0; i < uses->nr_calls; i++) {
		fputs(i ? " " : "", out);
		print_safe(out, plain_name(uses->calls[i]->name));
	}
	if (uses->calls_estimated && uses->nr_calls)
		fputs(" (some of these: EL1 has their addresses)", out);
	fputc('\n', out);
}

static void report_ops(const struct uses *uses, FILE *out)
{
	unsigned int slot, nr = 0, column = 16, release;

	heading(out, "operations");
	for (slot = 0; slot < nr_ops; slot++) {
		if (!uses->ops[slot])
			continue;
		if (nr++ && column + strlen(ops[slot].name) >= 78) {
			fprintf(out, "\n%16s", "");
			column = 16;
		} else if (nr > 1) {
			column += fprintf(out, " ");
		}
		column += fprintf(out, "%s", ops[slot].name);
	}
	fprintf(out, "%s\n", nr ? "" : "none");
	if (uses->lost) {
		heading(out, "");
		fputs("and maybe more: ", out);
		print_safe(out, uses->lost);
		fputc('\n', out);
	}

	heading(out, "releases");
	for (release = 0; release <= MAX_RELEASE - MIN_RELEASE; release++)
		if (uses->releases & 1u << release)
			fprintf(out, "%u ", MIN_RELEASE + release);
	fprintf(out, "%s\n", uses->releases ? "have them all" : "none has them all");
	heading(out, "table");
	if (uses->version_known)
		fprintf(out, "version %llu, %llu bytes\n", (unsigned long long)uses->version,
			(unsigned long long)uses->size);
	else
		fputs("not known\n", out);
}

static void report_verdict(const struct module *m, FILE *out)
{
	const struct findings *findings = m->findings;

	fprintf(out, "%s: ", m->path);
	if (findings->nr_errors)
		fprintf(out, "%u error%s", findings->nr_errors,
			findings->nr_errors == 1 ? "" : "s");
	else
		fputs(m->kernel ? "sane, and for this kernel" : "sane", out);
	if (findings->nr_warnings)
		fprintf(out, ", %u warning%s", findings->nr_warnings,
			findings->nr_warnings == 1 ? "" : "s");
	fputc('\n', out);
}

void report_text(const struct module *m, FILE *out)
{
	if (!m->has_el2_part) {
		fprintf(out, "%s: no EL2 part\n", m->path);
		return;
	}
	fprintf(out, "%s\n", m->path);
	report_sections(m, out);
	report_calls(m->uses, out);
	report_ops(m->uses, out);
	if (m->kernel) {
		heading(out, "kernel");
		fprintf(out, "%s, in %s\n", m->kernel->release, m->kernel->path);
	}
	report_findings(m, out);
	report_verdict(m, out);
}
