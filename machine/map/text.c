// SPDX-License-Identifier: GPL-2.0-only
/* The picture as text. */
#include <stdlib.h>
#include <string.h>

#include "map.h"

static void write_totals(const struct map *map, FILE *out)
{
	struct total totals[MAX_TOTALS];
	size_t i, n = sum_up(map, totals);
	char name[96], size[32];

	fprintf(out, "\nPHYSICAL MEMORY, BY OWNER\n");
	fprintf(out, "  %-36s %10s %9s   %s\n", "", "size", "pages", "the host may");
	for (i = 0; i < n; i++)
		fprintf(out, "  %-36s %10s %9llu   %s\n",
			owner_name(totals[i].owner, name, sizeof(name)),
			size_name(totals[i].pages << PAGE_SHIFT, size, sizeof(size)),
			totals[i].pages, prot_name(totals[i].host_prot));
	fprintf(out, "  %-36s %10s %9zu\n", "all of RAM",
		size_name(map->m.size, size, sizeof(size)), map->nr_pages);
}

static void write_tables(const struct map *map, FILE *out)
{
	fprintf(out, "\nTRANSLATION TABLES\n");
	fprintf(out, "  tables of %-26s %20u pages\n", "EL2", map->tables[TABLES_EL2]);
	fprintf(out, "  tables of %-26s %20u pages\n", "the host", map->tables[TABLES_HOST]);
}

static void write_ranges(const struct map *map, FILE *out)
{
	char name[96], size[32];
	size_t first, next;

	fprintf(out, "\nPHYSICAL MEMORY THAT IS NOT THE HOST'S ALONE, BY ADDRESS\n");
	for (first = 0; first < map->nr_pages; first = next) {
		const struct page *page = &map->pages[first];

		for (next = first + 1; next < map->nr_pages; next++)
			if (map->pages[next].owner != page->owner)
				break;
		if (page->owner == OWNER_HOST)
			continue;
		fprintf(out, "  0x%09llx  %10s  %s\n", map->m.base + (first << PAGE_SHIFT),
			size_name((next - first) << PAGE_SHIFT, size, sizeof(size)),
			owner_name(page->owner, name, sizeof(name)));
	}
}

static void write_mapping(const struct mapping *mapping, FILE *out)
{
	char size[32], phys[64], pieces[32] = "";

	size_name(mapping->size, size, sizeof(size));
	if (mapping->empty)
		snprintf(phys, sizeof(phys), "nothing now");
	else
		snprintf(phys, sizeof(phys), "0x%09llx%s", mapping->phys,
			 mapping->scattered ? " ..." : "");
	if (mapping->pieces > 1)
		snprintf(pieces, sizeof(pieces), " (%u ranges)", mapping->pieces);

	fprintf(out, "    0x%012llx  %10s  %s  %-15s  %s%s\n", mapping->va, size,
		prot_name(mapping->prot), phys, mapping->name, pieces);
}

static void write_el2(const struct map *map, FILE *out)
{
	enum group group = NR_GROUPS;
	size_t i;

	fprintf(out, "\nEL2'S ADDRESSES\n");
	fprintf(out, "    %-14s  %10s  %s  %-15s  %s\n", "address", "size", "may", "physical",
		"what");
	for (i = 0; i < map->nr_mappings; i++) {
		const struct mapping *mapping = &map->mappings[i];

		if (group_of(map, mapping->va) != group) {
			group = group_of(map, mapping->va);
			fprintf(out, "  %s: %s\n", group_texts[group].title,
				group_texts[group].text);
		}
		write_mapping(mapping, out);
	}
}

static void write_checks(const struct map *map, FILE *out)
{
	struct check checks[NR_CHECKS];
	int i;

	check_all(map, checks);
	fprintf(out, "\nCHECKED\n");
	for (i = 0; i < NR_CHECKS; i++) {
		if (checks[i].wrong)
			fprintf(out, "  NO   %s: not so for %llu pages\n", checks[i].claim,
				checks[i].wrong);
		else
			fprintf(out, "  yes  %s\n", checks[i].claim);
	}
}

void write_text(const struct map *map, FILE *out)
{
	const struct machine *m = &map->m;
	char size[32];

	fprintf(out, "Who owns which memory, and what EL2 maps: ");
	fprintf(out, "pKVM in %s mode, %u CPUs, %s of RAM\n", m->hvhe ? "hVHE" : "nVHE", m->cpus,
		size_name(m->size, size, sizeof(size)));
	write_totals(map, out);
	write_tables(map, out);
	if (map->taken_mmio)
		fprintf(out, "  %-36s %10s\n", "device registers taken from the host",
			size_name(map->taken_mmio, size, sizeof(size)));
	write_ranges(map, out);
	write_el2(map, out);
	write_checks(map, out);
	fprintf(out, "\nr read, w write, x execute.\n");
	fprintf(out, "Read from EL2's tables (TTBR0_EL2 0x%llx) and the host's stage 2\n", m->ttbr);
	fprintf(out, "(VTTBR_EL2 0x%llx), as they were when the machine powered off.\n", m->vttbr);
}
