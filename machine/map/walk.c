// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables as the hardware reads them: EL2's stage 1, and the host's stage 2 with
 * what pKVM notes in entries that are not valid. 4 KB pages, 48 bits of addresses.
 *
 * With E2H stage 1 has the format of EL1&0, without it that of a regime that has one
 * exception level. The Arm ARM: "VMSAv8-64 translation table format descriptors".
 */
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define PTE_VALID		BIT(0)
#define PTE_TABLE		BIT(1)
#define PTE_PHYS		(FIELD(~0ULL, 47, PAGE_SHIFT) << PAGE_SHIFT)
#define S1_READONLY		BIT(7)		/* AP[2] */
#define S1_PXN			BIT(53)		/* only with E2H */
#define S1_XN			BIT(54)		/* UXN with E2H */
#define S2_READ			BIT(6)
#define S2_WRITE		BIT(7)
#define TCR_DS_NVHE		BIT(32)
#define TCR_DS_HVHE		BIT(59)
#define VTCR_DS			BIT(32)

/* kvm_pgtable.h and nvhe/mem_protect.c: an entry of the host that is not valid. */
#define INVALID_TYPE(pte)	FIELD(pte, 63, 60)
#define INVALID_DONATION	2
#define DONATION_OWNER(pte)	FIELD(pte, 3, 1)
#define DONATION_EXTRA(pte)	FIELD(pte, 7, 4)	/* above it, for which list */

enum { ID_HOST, ID_HYP, ID_GUEST };

/* nvhe/modules.h */
enum { EXTRA_NONE, EXTRA_IMAGE, EXTRA_PAGE, EXTRA_HEAP };

/* nvhe/memory.h: the bits of struct hyp_page that have a page's state for the host. */
#define HYP_PAGE_SIZE			8
#define HYP_PAGE_HOST_STATE(page)	FIELD(page, 27, 24)
#define HYP_PAGE_GUESTS(page)		FIELD(page, 63, 32)

/* It can have that much: of 48 bits of addresses. */
#define VMEMMAP_SIZE			(BIT(48 - PAGE_SHIFT) * HYP_PAGE_SIZE)

enum {
	STATE_SHARED_OWNED = 1,
	STATE_SHARED_BORROWED = 2,
	STATE_MODULE_PROT = 8,	/* el2/mem_protect.c */
};

typedef void (*leaf_fn)(struct map *map, __u64 pte, __u64 va, __u64 size);

static __u64 level_size(int level)
{
	return BIT(9 * (3 - level) + PAGE_SHIFT);
}

static void walk(struct map *map, __u64 table, unsigned int entries, int level, __u64 va,
		 leaf_fn leaf, enum tables whose)
{
	unsigned int i;

	map->tables[whose]++;
	for (i = 0; i < entries; i++, va += level_size(level)) {
		__u64 pte = read64(&map->m, table + 8 * i);

		if (level < 3 && (pte & PTE_VALID) && (pte & PTE_TABLE))
			walk(map, pte & PTE_PHYS, 512, level + 1, va, leaf, whose);
		else if (pte)
			leaf(map, pte, va, level_size(level));
	}
}

/* --- EL2 --- */

static bool is_device(const struct machine *m, __u64 pte)
{
	__u64 attr = m->mair >> (8 * FIELD(pte, 4, 2)) & 0xff;

	return !(attr & 0xf0);
}

static unsigned int el2_prot(const struct machine *m, __u64 pte)
{
	unsigned int prot = PROT_R;

	if (!(pte & S1_READONLY))
		prot |= PROT_W;
	/* With E2H, what EL0 may execute counts, too */
	if (!(pte & S1_XN) || (m->hvhe && !(pte & S1_PXN)))
		prot |= PROT_X;

	return prot;
}

static void el2_leaf(struct map *map, __u64 pte, __u64 va, __u64 size)
{
	struct mapping *mapping;

	map->mappings = realloc(map->mappings, (map->nr_mappings + 1) * sizeof(*mapping));
	if (!map->mappings)
		errx(1, "out of memory");
	mapping = &map->mappings[map->nr_mappings++];
	memset(mapping, 0, sizeof(*mapping));

	mapping->va = va;
	mapping->end = va + size;
	mapping->size = size;
	mapping->pieces = 1;
	mapping->empty = !(pte & PTE_VALID);
	if (mapping->empty)
		return;
	mapping->phys = pte & PTE_PHYS;
	mapping->prot = el2_prot(&map->m, pte);
	mapping->device = is_device(&map->m, pte);
}

void walk_el2(struct map *map)
{
	const struct machine *m = &map->m;
	unsigned int bits = 64 - FIELD(m->tcr, 5, 0);
	int level = 4 - (bits - PAGE_SHIFT + 8) / 9;

	if (FIELD(m->tcr, 15, 14) || m->tcr & (m->hvhe ? TCR_DS_HVHE : TCR_DS_NVHE) || bits > 48)
		errx(1, "EL2 has other than 4 KB pages and 48 bits: TCR_EL2 is 0x%llx", m->tcr);
	walk(map, m->ttbr & PTE_PHYS, BIT(bits) / level_size(level), level, 0, el2_leaf,
	     TABLES_EL2);
}

/* --- the host --- */

static struct page *page_at(struct map *map, __u64 phys)
{
	return in_ram(&map->m, phys) ? &map->pages[(phys - map->m.base) >> PAGE_SHIFT] : NULL;
}

static unsigned int host_prot(__u64 pte)
{
	unsigned int prot = 0;

	if (!(pte & PTE_VALID))
		return 0;
	if (pte & S2_READ)
		prot |= PROT_R;
	if (pte & S2_WRITE)
		prot |= PROT_W;
	/* XN[1:0], where 2 is neither EL1 nor EL0; 1 and 3 leave one of them */
	if (FIELD(pte, 54, 53) != 2)
		prot |= PROT_X;

	return prot;
}

static int owner_of(__u64 pte)
{
	static const int hyp[] = {
		[EXTRA_NONE]	= OWNER_VM,
		[EXTRA_IMAGE]	= OWNER_UNKNOWN,
		[EXTRA_PAGE]	= OWNER_TAKEN,
		[EXTRA_HEAP]	= OWNER_HEAP,
	};

	if (pte & PTE_VALID || INVALID_TYPE(pte) != INVALID_DONATION)
		return OWNER_HOST;
	if (DONATION_OWNER(pte) == ID_GUEST)
		return OWNER_GUEST;
	if (DONATION_OWNER(pte) == ID_HYP && DONATION_EXTRA(pte) < ARRAY_SIZE(hyp))
		return hyp[DONATION_EXTRA(pte)];
	errx(1, "a host stage-2 entry that nobody knows: 0x%llx", pte);
}

static void host_leaf(struct map *map, __u64 pte, __u64 va, __u64 size)
{
	int owner = owner_of(pte);
	__u64 end = va + size;

	if (owner != OWNER_HOST && !in_ram(&map->m, va))
		map->taken_mmio += size;

	for (; va < end; va += PAGE_SIZE) {
		struct page *page = page_at(map, va);

		if (!page)
			break;
		page->owner = owner;
		page->host_prot = host_prot(pte);
	}
}

/* Entries that are 0 are of memory that the host has not touched yet. */
static void default_pages(struct map *map)
{
	size_t i;

	map->nr_pages = map->m.size >> PAGE_SHIFT;
	map->pages = calloc(map->nr_pages, sizeof(*map->pages));
	if (!map->pages)
		errx(1, "out of memory");
	for (i = 0; i < map->nr_pages; i++)
		map->pages[i].host_prot = PROT_R | PROT_W | PROT_X;
}

static void apply_state(struct page *page, __u64 hyp_page)
{
	switch (HYP_PAGE_HOST_STATE(hyp_page)) {
	case STATE_SHARED_OWNED:
		page->owner = HYP_PAGE_GUESTS(hyp_page) ? OWNER_LENT : OWNER_SHARED;
		break;
	case STATE_SHARED_BORROWED:
		page->owner = OWNER_GUEST_SHARED;
		break;
	case STATE_MODULE_PROT:
		page->owner = OWNER_LIMITED;
		break;
	}
}

/* What EL2 keeps of each page beside the tables: struct hyp_page, in its vmemmap. */
static void apply_states(struct map *map, const struct mapping *mapping, __u64 vmemmap)
{
	__u64 at;

	for (at = 0; at < mapping->size; at += HYP_PAGE_SIZE) {
		__u64 pfn = (mapping->va + at - vmemmap) / HYP_PAGE_SIZE;
		struct page *page = page_at(map, pfn << PAGE_SHIFT);

		if (page && page->owner == OWNER_HOST)
			apply_state(page, read64(&map->m, mapping->phys + at));
	}
}

void walk_host(struct map *map)
{
	static const int first_level[] = { 2, 1, 0, 3 };
	const struct machine *m = &map->m;
	unsigned int bits = 64 - FIELD(m->vtcr, 5, 0);
	int level = first_level[FIELD(m->vtcr, 7, 6)];
	__u64 vmemmap = read_symbol(m, "__kvm_nvhe___hyp_vmemmap");
	size_t i;

	if (FIELD(m->vtcr, 15, 14) || m->vtcr & VTCR_DS || bits > 48)
		errx(1, "the host has other than 4 KB pages and 48 bits: VTCR_EL2 is 0x%llx",
		     m->vtcr);

	default_pages(map);
	/* Up to 16 tables of the first level lie side by side */
	walk(map, m->vttbr & PTE_PHYS & ~1ULL, BIT(bits) / level_size(level), level, 0, host_leaf,
	     TABLES_HOST);

	for (i = 0; i < map->nr_mappings; i++)
		if (map->mappings[i].va - vmemmap < VMEMMAP_SIZE && !map->mappings[i].empty)
			apply_states(map, &map->mappings[i], vmemmap);
}
