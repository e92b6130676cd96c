// SPDX-License-Identifier: GPL-2.0-only
/* Formats of pkvm_printk() and trace events: what kernel/el1/trace.c asks of them. */
#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "modcheck.h"

#define MAX_FORMATS	256
#define MAX_ARGS	4
#define POINTER_SIZE	8
#define EVENT_ID_SIZE	8		/* struct hyp_event_id */

/* --- formats --- */

static const char *skip_conversion(const char *p)
{
	p += strspn(p, "-+ #0123456789.");
	p += strspn(p, "hlz");
	if (!*p || !strchr("diuxXocp", *p) ||
	    (*p == 'p' && isalnum((unsigned char)p[1]) && p[1] != 'x'))
		return NULL;

	return p + 1;
}

static bool format_valid(const char *format)
{
	unsigned int args = 0;

	while ((format = strchr(format, '%'))) {
		if (format[1] == '%') {
			format += 2;
			continue;
		}
		format = skip_conversion(format + 1);
		if (!format || ++args > MAX_ARGS)
			return false;
	}

	return true;
}

/* The string that a pointer in @sec is the address of, or NULL. */
static const char *string_at(const struct module *m, const struct section *sec, __u64 offset)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place to;

	if (!rel || rel->type != R_AARCH64_ABS64)
		return NULL;
	to = reloc_target(&m->elf, rel);

	return to.offset < 0 ? NULL : section_string(to.sec, to.offset);
}

void check_formats(struct module *m)
{
	const struct section *sec = elf_section(&m->elf, ".pkvm_printk.fmts");
	__u64 i, nr = sec && sec->flags & SHF_ALLOC ? sec->size / POINTER_SIZE : 0;

	if (nr > MAX_FORMATS) {
		found(m->findings, FORMATS, sec->name, "%llu times pkvm_printk(), not %d at most",
		      (unsigned long long)nr, MAX_FORMATS);
		return;
	}
	for (i = 0; i < nr; i++) {
		const char *format = string_at(m, sec, i * POINTER_SIZE);

		if (!format)
			found(m->findings, FORMAT, where(sec, i * POINTER_SIZE),
			      "is not the address of a format");
		else if (!format_valid(format))
			found(m->findings, FORMAT, where(sec, i * POINTER_SIZE),
			      "pkvm_printk(\"%.40s\"): at most %d integers or %%p", format,
			      MAX_ARGS);
	}
}

/* --- events --- */

static struct place pointer_at(const struct module *m, const struct section *sec, __u64 offset)
{
	const struct reloc *rel = sec ? reloc_at(sec, offset) : NULL;

	return rel && rel->type == R_AARCH64_ABS64 ? reloc_target(&m->elf, rel) :
						     (struct place) { NULL, 0 };
}

/* At EL1 there is a pointer to each, and at EL2 an array, whose begin and end EL1 has. */
void check_events(struct module *m)
{
	const struct section *events = elf_section(&m->elf, ".pkvm_events");
	const struct section *ids = elf_section(&m->elf, ".pkvm_event_ids");
	__u64 nr = events && events->flags & SHF_ALLOC ? events->size / POINTER_SIZE : 0;
	struct place start, end;
	__s64 at_el2 = 0;

	if (!nr)
		return;
	start = pointer_at(m, ids, 0);
	end = pointer_at(m, ids, POINTER_SIZE);
	if (start.sec && start.sec == end.sec)
		at_el2 = (__s64)((__u64)end.offset - (__u64)start.offset) / EVENT_ID_SIZE;
	if (at_el2 < 0 || (__u64)at_el2 != nr)
		found(m->findings, EVENTS, events->name, "%llu trace events at EL1, %lld at EL2",
		      (unsigned long long)nr, (long long)at_el2);
}
