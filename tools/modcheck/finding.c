// SPDX-License-Identifier: GPL-2.0-only
/* Findings, and memory to keep them in. */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "modcheck.h"

const struct finding_kind finding_kinds[NR_FINDING_IDS] = {
#define FINDING(id, name, level, by, todo)	{ name, level, by, todo },
#include "findings.h"
#undef FINDING
};

const char * const level_names[] = { [LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning" };
const char * const refuser_names[] = {
	[BY_KERNEL] = "kernel", [BY_LOADER] = "loader", [BY_EL2] = "EL2",
};

void *must_alloc(size_t nr, size_t size)
{
	void *p = calloc(nr ? nr : 1, size);

	if (!p)
		errx(2, "out of memory");
	return p;
}

void *must_realloc(void *old, size_t nr, size_t size)
{
	void *p = reallocarray(old, nr ? nr : 1, size);

	if (!p)
		errx(2, "out of memory");
	return p;
}

static char *must_vprintf(const char *format, va_list args)
{
	char *string;

	if (vasprintf(&string, format, args) < 0)
		errx(2, "out of memory");
	return string;
}

char *must_printf(const char *format, ...)
{
	char *string;
	va_list args;

	va_start(args, format);
	string = must_vprintf(format, args);
	va_end(args);

	return string;
}

/* @where may be NULL: it is about the whole file. */
void found(struct findings *findings, enum finding_id id, const char *where, const char *what, ...)
{
	struct finding *finding;
	va_list args;

	if (finding_kinds[id].level == LEVEL_ERROR)
		findings->nr_errors++;
	else
		findings->nr_warnings++;
	if (findings->count[id]++ >= MAX_SHOWN)
		return;

	findings->list = must_realloc(findings->list, findings->nr + 1, sizeof(*findings->list));
	finding = &findings->list[findings->nr++];
	finding->id = id;
	finding->where = where ? must_printf("%s", where) : NULL;
	va_start(args, what);
	finding->what = must_vprintf(what, args);
	va_end(args);
}

void findings_free(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->nr; i++) {
		free(findings->list[i].where);
		free(findings->list[i].what);
	}
	free(findings->list);
	memset(findings, 0, sizeof(*findings));
}
