// SPDX-License-Identifier: GPL-2.0-only
/* All that is looked at, in order. */
#include <string.h>

#include "modcheck.h"

#define DEFAULT_PAGE_SIZE	4096

const char *module_check(struct module *m, const void *image, size_t size)
{
	const char *error = elf_open(&m->elf, image, size, m->findings);

	if (error)
		return error;
	m->page_size = m->kernel && m->kernel->page_size ? m->kernel->page_size : DEFAULT_PAGE_SIZE;
	if (!find_el2_part(m)) {
		/* A plain module, which is nothing to this program */
		findings_free(m->findings);
		return NULL;
	}

	check_sections(m);
	check_relocs(m);
	check_text(m);
	check_formats(m);
	check_events(m);
	check_license(m);
	find_uses(m);
	if (m->kernel)
		check_kernel(m);

	return NULL;
}

void module_close(struct module *m)
{
	elf_close(&m->elf);
	findings_free(m->findings);
	uses_free(m->uses);
}
