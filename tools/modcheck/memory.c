// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: the module's sections and a frame for each function, in cells of eight bytes.
 * A cell may hold anything that was ever stored in it, whatever came first.
 */
#include <elf.h>
#include <stdlib.h>

#include "flow.h"

#define POINTER_SIZE	8

/* What is left of memory when there is more of it: one cell a region. */
#define MAX_CELLS	4096

static struct cell *find_cell(struct flow *flow, unsigned int region, __s64 offset)
{
	size_t i;

	for (i = 0; i < flow->nr_cells; i++)
		if (flow->cells[i].region == region && flow->cells[i].offset == offset)
			return &flow->cells[i];

	return NULL;
}

static void store_cell(struct flow *flow, unsigned int region, __s64 offset, val_t val)
{
	struct cell *cell = find_cell(flow, region, offset);
	val_t joined;

	if (!cell && flow->nr_cells >= MAX_CELLS) {
		offset = ANYWHERE_LO;
		cell = find_cell(flow, region, offset);
	}
	if (!cell) {
		flow->cells = must_realloc(flow->cells, flow->nr_cells + 1, sizeof(*flow->cells));
		cell = &flow->cells[flow->nr_cells++];
		*cell = (struct cell) { region, offset, val };
		flow->memory_changed = true;
		return;
	}
	joined = value_join(flow, cell->val, val);
	if (joined != cell->val) {
		cell->val = joined;
		flow->memory_changed = true;
	}
}

/* Numbers are forgotten: nothing asks for them. */
static bool is_worth_keeping(const struct flow *flow, val_t val)
{
	return value_has(flow, val, ITEM_OPS) || value_has(flow, val, ITEM_OP) ||
	       value_has(flow, val, ITEM_ADDR) || value_has(flow, val, ITEM_POINTERS);
}

/* The places that the initialised pointers in a range point to. */
size_t pointers_in(const struct flow *flow, const struct item *item, struct place *places,
		   size_t max)
{
	const struct section *sec = elf_section_at(&flow->m->elf, item->region);
	const struct reloc *rel;
	size_t i, nr_relocs, nr = 0;

	if (!sec || item->hi < 0)
		return 0;
	rel = relocs_from(sec, item->lo < 0 ? 0 : item->lo, &nr_relocs);
	for (i = 0; i < nr_relocs && nr < max && rel[i].offset <= (__u64)item->hi; i++) {
		if (rel[i].type != R_AARCH64_ABS64)
			continue;
		places[nr] = reloc_target(&flow->m->elf, &rel[i]);
		if (places[nr].sec)
			nr++;
	}

	return nr;
}

static val_t load_at(struct flow *flow, const struct item *item, bool *any)
{
	struct value value = { 0 };
	struct place place;
	val_t val = 0;
	size_t i;

	*any = false;
	for (i = 0; i < flow->nr_cells; i++) {
		const struct cell *cell = &flow->cells[i];

		if (cell->region != item->region ||
		    (cell->offset != ANYWHERE_LO &&
		     (cell->offset < item->lo || cell->offset > item->hi)))
			continue;
		val = *any ? value_join(flow, val, cell->val) : cell->val;
		*any = true;
	}

	if (!pointers_in(flow, item, &place, 1))
		return val;
	if (*any)
		value = value_get(flow, val);
	value_add_item(flow, &value, item->lo == item->hi ?
		       &(struct item) { ITEM_ADDR, place.sec->index, place.offset, place.offset } :
		       &(struct item) { ITEM_POINTERS, item->region, item->lo, item->hi });
	*any = true;

	return value_number(flow, &value);
}

/* Pointers in memory are followed to this many places. */
#define MAX_POINTERS	16

/* The places that an item may be the address of: @items has room for MAX_POINTERS. */
static size_t addresses(const struct flow *flow, const struct item *item, struct item *items)
{
	struct place places[MAX_POINTERS];
	size_t i, nr;

	if (item->kind == ITEM_ADDR) {
		items[0] = *item;
		return 1;
	}
	if (item->kind != ITEM_POINTERS)
		return 0;
	nr = pointers_in(flow, item, places, MAX_POINTERS);
	for (i = 0; i < nr; i++)
		items[i] = (struct item) {
			ITEM_ADDR, places[i].sec->index, places[i].offset, places[i].offset,
		};

	return nr;
}

/* Unknown where nothing is known to have been stored. */
val_t memory_load(struct flow *flow, val_t address, unsigned int size)
{
	struct value value = value_get(flow, address);
	struct item items[MAX_POINTERS];
	bool any = false, found;
	val_t val = 0, part;
	unsigned int i;
	size_t j, nr;

	if (size != POINTER_SIZE)
		return VAL_UNKNOWN;
	for (i = 0; i < value.nr; i++) {
		if (value.items[i].kind == ITEM_OPS && value.items[i].lo == value.items[i].hi) {
			part = value_of(flow, ITEM_OP, 0, value.items[i].lo, value.items[i].lo);
			val = any ? value_join(flow, val, part) : part;
			any = true;
		}
		nr = addresses(flow, &value.items[i], items);
		for (j = 0; j < nr; j++) {
			part = load_at(flow, &items[j], &found);
			if (!found)
				continue;
			val = any ? value_join(flow, val, part) : part;
			any = true;
		}
	}

	return any ? val : VAL_UNKNOWN;
}

/* Returns false if it may have been stored somewhere that is not known. */
bool memory_store(struct flow *flow, val_t address, val_t val, unsigned int size)
{
	struct value value = value_get(flow, address);
	struct item items[MAX_POINTERS];
	bool stored = false;
	unsigned int i;
	size_t j, nr;

	if (size != POINTER_SIZE || !is_worth_keeping(flow, val))
		return true;
	for (i = 0; i < value.nr; i++) {
		nr = addresses(flow, &value.items[i], items);
		for (j = 0; j < nr; j++)
			store_cell(flow, items[j].region,
				   items[j].lo == items[j].hi ? items[j].lo : ANYWHERE_LO, val);
		stored |= nr != 0;
	}

	return stored;
}
