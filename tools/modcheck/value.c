// SPDX-License-Identifier: GPL-2.0-only
/* Values: what a register or a place in memory may hold. Each is kept once. */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* --- items --- */

static bool same_place(const struct item *a, const struct item *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ITEM_CONST || a->kind == ITEM_OP)
		return a->lo == b->lo;
	return a->region == b->region;
}

/* The object that a range is in, or all of the region. */
static void spread_item(const struct flow *flow, struct item *item)
{
	const struct section *sec = item->kind == ITEM_OPS ? NULL :
				    elf_section_at(&flow->m->elf, item->region);
	const struct symbol *sym = sec && item->lo >= 0 ? symbol_at(sec, item->lo) : NULL;

	if (item->kind == ITEM_CONST || item->kind == ITEM_OP)
		return;
	if (sym && sym->size && sym->size < (__u64)ANYWHERE_HI && sym->value < (__u64)ANYWHERE_HI &&
	    (__u64)item->hi < sym->value + sym->size) {
		item->lo = sym->value;
		item->hi = sym->value + sym->size - 1;
		return;
	}
	item->lo = ANYWHERE_LO;
	item->hi = ANYWHERE_HI;
}

/* A loop that counts an address up would go on for ever: the second time, it is anywhere. */
static void widen_item(const struct flow *flow, struct item *item, const struct item *by)
{
	if (by->lo >= item->lo && by->hi <= item->hi)
		return;
	if (by->lo < item->lo)
		item->lo = by->lo;
	if (by->hi > item->hi)
		item->hi = by->hi;
	spread_item(flow, item);
}

/* @value may be it, too. What there is no room for makes it unknown, but never the table. */
void value_add_item(struct flow *flow, struct value *value, const struct item *item)
{
	unsigned int i;

	for (i = 0; i < value->nr; i++) {
		if (!same_place(&value->items[i], item))
			continue;
		widen_item(flow, &value->items[i], item);
		return;
	}
	if (value->nr < MAX_ITEMS) {
		value->items[value->nr++] = *item;
		return;
	}
	value->unknown = true;
	if (item->kind == ITEM_OPS)
		value->items[0] = *item;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (x->region != y->region)
		return x->region > y->region ? 1 : -1;
	return (x->lo > y->lo) - (x->lo < y->lo);
}

/* --- values by number --- */

static __u32 hash_value(const struct value *value)
{
	__u64 hash = value->unknown;
	unsigned int i;

	for (i = 0; i < value->nr; i++) {
		const struct item *item = &value->items[i];

		hash = (hash ^ item->kind) * 0x9e3779b97f4a7c15;
		hash = (hash ^ item->region) * 0x9e3779b97f4a7c15;
		hash = (hash ^ (__u64)item->lo) * 0x9e3779b97f4a7c15;
		hash = (hash ^ (__u64)item->hi) * 0x9e3779b97f4a7c15;
	}

	return hash >> 32;
}

static bool same_value(const struct value *a, const struct value *b)
{
	unsigned int i;

	if (a->unknown != b->unknown || a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (compare_items(&a->items[i], &b->items[i]) || a->items[i].hi != b->items[i].hi)
			return false;

	return true;
}

static __u32 *hash_slot(struct flow *flow, const struct value *value)
{
	__u32 i = hash_value(value);

	for (;; i++) {
		__u32 *slot = &flow->value_hash[i & (flow->value_hash_size - 1)];

		if (!*slot || same_value(&flow->values[*slot - 1], value))
			return slot;
	}
}

static void grow(struct flow *flow)
{
	__u32 i;

	flow->value_hash_size = flow->value_hash_size ? 2 * flow->value_hash_size : 256;
	free(flow->value_hash);
	flow->value_hash = must_alloc(flow->value_hash_size, sizeof(*flow->value_hash));
	flow->values = must_realloc(flow->values, flow->value_hash_size, sizeof(*flow->values));
	for (i = 0; i < flow->nr_values; i++)
		*hash_slot(flow, &flow->values[i]) = i + 1;
}

val_t value_number(struct flow *flow, const struct value *value)
{
	struct value sorted = *value;
	__u32 *slot;

	qsort(sorted.items, sorted.nr, sizeof(sorted.items[0]), compare_items);
	if (2 * flow->nr_values >= flow->value_hash_size)
		grow(flow);
	slot = hash_slot(flow, &sorted);
	if (!*slot) {
		flow->values[flow->nr_values++] = sorted;
		*slot = flow->nr_values;
	}

	return *slot - 1;
}

void values_init(struct flow *flow)
{
	struct value unknown = { .unknown = true };

	value_number(flow, &unknown);
}

void values_free(struct flow *flow)
{
	free(flow->values);
	free(flow->value_hash);
}

val_t value_of(struct flow *flow, enum item_kind kind, unsigned int region, __s64 lo, __s64 hi)
{
	struct value value = { .nr = 1, .items = { { kind, region, lo, hi } } };

	return value_number(flow, &value);
}

/* --- what is done with them --- */

val_t value_join(struct flow *flow, val_t a, val_t b)
{
	struct value value, other;
	unsigned int i;

	if (a == b)
		return a;
	value = value_get(flow, a);
	other = value_get(flow, b);
	value.unknown |= other.unknown;
	for (i = 0; i < other.nr; i++)
		value_add_item(flow, &value, &other.items[i]);

	return value_number(flow, &value);
}

static void move_item(struct item *item, __s64 n, bool is_64bit)
{
	switch (item->kind) {
	case ITEM_CONST:
		item->lo = (__s64)((__u64)item->lo + (__u64)n);
		if (!is_64bit)
			item->lo &= 0xffffffff;
		item->hi = item->lo;
		break;
	case ITEM_ADDR:
	case ITEM_OPS:
		/* Somewhere in an object, and so is what is counted on from there */
		if (item->lo != item->hi)
			break;
		item->lo = (__s64)((__u64)item->lo + (__u64)n);
		item->hi = item->lo;
		if (item->lo > ANYWHERE_LO && item->lo < ANYWHERE_HI)
			break;
		item->lo = ANYWHERE_LO;
		item->hi = ANYWHERE_HI;
		break;
	default:
		break;
	}
}

val_t value_add(struct flow *flow, val_t val, __s64 n, bool is_64bit)
{
	struct value value = value_get(flow, val), sum = { .unknown = value.unknown };
	unsigned int i;

	if (!n && is_64bit)
		return val;
	for (i = 0; i < value.nr; i++) {
		struct item item = value.items[i];

		if (!is_64bit && item.kind != ITEM_CONST) {
			sum.unknown = true;
			continue;
		}
		/* An address in memory or of a function is not counted on with */
		if (item.kind == ITEM_POINTERS || item.kind == ITEM_OP) {
			sum.unknown = true;
			continue;
		}
		move_item(&item, n, is_64bit);
		value_add_item(flow, &sum, &item);
	}

	return value_number(flow, &sum);
}

/* An address to which something unknown was added. */
val_t value_spread(struct flow *flow, val_t val)
{
	struct value value = value_get(flow, val), spread = { .unknown = true };
	unsigned int i;

	for (i = 0; i < value.nr; i++) {
		struct item item = value.items[i];

		if (item.kind != ITEM_ADDR && item.kind != ITEM_OPS)
			continue;
		spread_item(flow, &item);
		value_add_item(flow, &spread, &item);
	}

	return value_number(flow, &spread);
}

bool value_has(const struct flow *flow, val_t val, enum item_kind kind)
{
	const struct value *value = &flow->values[val];
	unsigned int i;

	for (i = 0; i < value->nr; i++)
		if (value->items[i].kind == kind)
			return true;

	return false;
}

/* Whether it is that number, and can be nothing else. */
bool value_const(const struct flow *flow, val_t val, __u64 *n)
{
	const struct value *value = &flow->values[val];

	if (value->unknown || value->nr != 1 || value->items[0].kind != ITEM_CONST)
		return false;
	*n = value->items[0].lo;

	return true;
}
