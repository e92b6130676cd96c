// SPDX-License-Identifier: GPL-2.0-only
/* The same for programs: one JSON object a module, on one line. */
#include <string.h>

#include "modcheck.h"

/* Bytes that are not ASCII are given as the characters of Latin-1 with their number. */
static void put_string(FILE *out, const char *string)
{
	fputc('"', out);
	for (; *string; string++) {
		unsigned char c = *string;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_key(FILE *out, const char *key)
{
	fprintf(out, "\"%s\":", key);
}

static void put_symbol(FILE *out, const struct symbol *sym)
{
	if (sym)
		put_string(out, plain_name(sym->name));
	else
		fputs("null", out);
}

static void put_sections(FILE *out, const struct module *m)
{
	const char *comma = "";
	unsigned int id;

	put_key(out, "sections");
	fputc('[', out);
	for (id = 0; id < NR_EL2_MAPPED; id++) {
		if (!m->el2[id])
			continue;
		fprintf(out, "%s{\"name\":\"%s\",\"protection\":\"%s\",", comma,
			el2_section_names[id], el2_section_prots[id]);
		fprintf(out, "\"size\":%llu,\"pages\":%llu}", (unsigned long long)m->el2[id]->size,
			(unsigned long long)(m->el2[id]->size / m->page_size));
		comma = ",";
	}
	fprintf(out, "],\"page_size\":%llu,\"relocations\":%llu,", (unsigned long long)m->page_size,
		(unsigned long long)(m->el2[EL2_RELOC] ? m->el2[EL2_RELOC]->size / 4 : 0));
}

static void put_uses(FILE *out, const struct uses *uses)
{
	const char *comma = "";
	unsigned int i;

	put_key(out, "init");
	put_symbol(out, uses->init);
	fputs(",\"calls\":[", out);
	for (i = 0; i < uses->nr_calls; i++) {
		fputs(i ? "," : "", out);
		put_symbol(out, uses->calls[i]);
	}
	fprintf(out, "],\"calls_exact\":%s,", uses->calls_estimated ? "false" : "true");
	fputs("\"operations\":[", out);
	for (i = 0; i < nr_ops; i++) {
		if (!uses->ops[i])
			continue;
		fprintf(out, "%s\"%s\"", comma, ops[i].name);
		comma = ",";
	}
	fprintf(out, "],\"operations_complete\":%s,\"releases\":[", uses->lost ? "false" : "true");
	comma = "";
	for (i = 0; i <= MAX_RELEASE - MIN_RELEASE; i++) {
		if (!(uses->releases & 1u << i))
			continue;
		fprintf(out, "%s%u", comma, MIN_RELEASE + i);
		comma = ",";
	}
	fputs("],\"table\":", out);
	if (uses->version_known)
		fprintf(out, "{\"version\":%llu,\"size\":%llu},", (unsigned long long)uses->version,
			(unsigned long long)uses->size);
	else
		fputs("null,", out);
}

static void put_findings(FILE *out, const struct findings *findings)
{
	size_t i;

	put_key(out, "findings");
	fputc('[', out);
	for (i = 0; i < findings->nr; i++) {
		const struct finding *finding = &findings->list[i];
		const struct finding_kind *kind = &finding_kinds[finding->id];

		fprintf(out, "%s{\"id\":\"%s\",\"level\":\"%s\",\"by\":\"%s\",", i ? "," : "",
			kind->name, level_names[kind->level], refuser_names[kind->by]);
		put_key(out, "where");
		if (finding->where)
			put_string(out, finding->where);
		else
			fputs("null", out);
		fputs(",\"what\":", out);
		put_string(out, finding->what);
		fputs(",\"todo\":", out);
		put_string(out, kind->todo);
		fputc('}', out);
	}
	fputs("],", out);
}

void report_json(const struct module *m, FILE *out)
{
	fputc('{', out);
	put_key(out, "file");
	put_string(out, m->path);
	fprintf(out, ",\"el2_part\":%s,", m->has_el2_part ? "true" : "false");
	if (m->kernel) {
		put_key(out, "kernel");
		put_string(out, m->kernel->release);
		fputc(',', out);
	}
	if (m->has_el2_part) {
		put_sections(out, m);
		put_uses(out, m->uses);
	}
	put_findings(out, m->findings);
	fprintf(out, "\"errors\":%u,\"warnings\":%u}\n", m->findings->nr_errors,
		m->findings->nr_warnings);
}
