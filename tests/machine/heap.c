// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 heap against a model: what is handed out is aligned, zeroed, in one piece
 * and nobody else's, it says how many pages it lacks, and in the end all of them come
 * back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib.h"

#define NR_CHUNKS	64
#define NR_STEPS	10000
#define MIN_SIZE	8UL
#define MAX_SIZE	(64UL << 10)

/* struct chunk of kernel/el2/heap.c */
#define CHUNK_HEADER	32
#define CHUNK_USED	0x75736564UL

static struct chunk {
	__u64 addr;
	__u64 size;
	__u64 mark;
} chunks[NR_CHUNKS];

static __u64 nr_given;		/* pages that the heap has */
static unsigned int seed = 1;

static unsigned int rnd(unsigned int below)
{
	return rand_r(&seed) % below;
}

static __u64 peek(__u64 addr)
{
	return probe(PROBE_PEEK, addr).res[0];
}

static void poke(__u64 addr, __u64 val)
{
	probe(PROBE_POKE, addr, val);
}

static __u64 last_word(const struct chunk *c)
{
	return c->addr + c->size - sizeof(__u64);
}

static int topup(__u64 nr_pages)
{
	int ret = (int)probe(PROBE_TOPUP, nr_pages).res[0];

	if (!ret)
		nr_given += nr_pages;

	return ret;
}

static __u64 reclaim(__u64 nr_pages)
{
	__u64 nr = probe(PROBE_RECLAIM, nr_pages).res[0];

	nr_given -= nr;

	return nr;
}

/* Small ones as often as large ones. */
static __u64 random_size(void)
{
	__u64 limit = MIN_SIZE << rnd(14);
	__u64 size = MIN_SIZE + rnd(limit);

	size = size > MAX_SIZE ? MAX_SIZE : size;

	return size & ~7UL;
}

static bool overlaps(const struct chunk *c)
{
	int i;

	for (i = 0; i < NR_CHUNKS; i++) {
		if (&chunks[i] != c && chunks[i].addr && chunks[i].addr < c->addr + c->size &&
		    c->addr < chunks[i].addr + chunks[i].size)
			return true;
	}

	return false;
}

/* Every so many bytes, and the last ones. */
static bool is_zero(const struct chunk *c)
{
	__u64 addr;

	for (addr = c->addr; addr + sizeof(__u64) <= c->addr + c->size; addr += 1024) {
		if (peek(addr))
			return false;
	}

	return !peek(last_word(c));
}

static unsigned int nr_bad, nr_allocs, nr_topups;

static void check(bool holds, const char *what, const struct chunk *c)
{
	if (holds)
		return;
	nr_bad++;
	printf("# %s: %#llx, %llu bytes\n", what, c->addr, c->size);
}

static void alloc_one(struct chunk *c)
{
	c->size = random_size();
	c->addr = op(OP_HYP_ALLOC, c->size);

	if (!c->addr) {
		__u64 missing = op(OP_HYP_ALLOC_MISSING_DONATIONS) & 0xff;

		check(op_int(OP_HYP_ALLOC_ERRNO) == -ENOMEM && missing, "no reason given", c);
		check(!topup(missing), "topup failed", c);
		nr_topups++;
		c->addr = op(OP_HYP_ALLOC, c->size);
		check(c->addr, "as many pages as it said it lacked did not do", c);
		if (!c->addr)
			return;
	}

	nr_allocs++;
	check(!op_int(OP_HYP_ALLOC_ERRNO), "an error beside an address", c);
	check(!(c->addr % 16), "not aligned", c);
	check(!overlaps(c), "overlaps another", c);
	check(is_zero(c), "not zeroed", c);

	c->mark = ((__u64)rnd(1 << 30) << 32) | rnd(1 << 30) | 1;
	poke(last_word(c), ~c->mark);
	poke(c->addr, c->mark);
}

static void free_one(struct chunk *c)
{
	__u64 first = peek(c->addr), last = peek(last_word(c));

	if (c->size == sizeof(__u64))
		last = ~first;
	if (first != c->mark || last != ~c->mark)
		printf("# %#llx: %#llx and %#llx, not %#llx\n", c->addr, first, last, c->mark);
	check(first == c->mark && last == ~c->mark, "its contents changed", c);
	op(OP_HYP_FREE, c->addr);
	c->addr = 0;
}

static void test_model(void)
{
	int i;

	for (i = 0; i < NR_STEPS; i++) {
		struct chunk *c = &chunks[rnd(NR_CHUNKS)];

		if (c->addr)
			free_one(c);
		else
			alloc_one(c);
	}
	for (i = 0; i < NR_CHUNKS; i++) {
		if (chunks[i].addr)
			free_one(&chunks[i]);
	}

	claim(nr_allocs > NR_STEPS / 3 && nr_topups, "it was used: %u allocations", nr_allocs);
	expect(nr_bad, 0, "none of %d random steps went wrong", NR_STEPS);
}

static void test_empty(void)
{
	expect(op(OP_HYP_ALLOC, 100), 0, "hyp_alloc() gives NULL before the first page");
	expect(op_int(OP_HYP_ALLOC_ERRNO), -ENOMEM, "and says ENOMEM");
	expect(op(OP_HYP_ALLOC_MISSING_DONATIONS) & 0xff, 1, "and that it lacks a page");
	op(OP_HYP_FREE, 0);
	claim(true, "hyp_free(NULL) is nothing");
	expect(reclaim(1), 0, "there is nothing to take back");
}

static void test_bad_input(void)
{
	__u64 addr, page;

	expect(topup(4), 0, "four pages are given");
	expect(op(OP_HYP_ALLOC, 0), 0, "hyp_alloc(0) gives NULL");
	expect(op_int(OP_HYP_ALLOC_ERRNO), -EINVAL, "and says EINVAL");
	expect(op(OP_HYP_ALLOC, 1UL << 40), 0, "more than the heap can be gives NULL");
	expect(op_int(OP_HYP_ALLOC_ERRNO), -EINVAL, "and says EINVAL");
	expect(op(OP_HYP_ALLOC, -1UL), 0, "a size that wraps gives NULL");

	addr = op(OP_HYP_ALLOC, 4096);
	claim(addr, "a page is handed out");
	op(OP_HYP_FREE, addr + 16);
	op(OP_HYP_FREE, addr + 1);
	op(OP_HYP_FREE, 0x1000);
	/* NULL, and where the header of an allocation would be at the end of all addresses. */
	op(OP_HYP_FREE, 0);
	op(OP_HYP_FREE, 16);
	op(OP_HYP_FREE, -16UL);
	/* What is in it looks like another one, with one far below. */
	poke(addr + 64, 128);
	poke(addr + 72, 1UL << 40);
	poke(addr + 80, CHUNK_USED);
	poke(addr + 64 + 128 + 8, 128);
	op(OP_HYP_FREE, addr + 64 + CHUNK_HEADER);
	poke(addr, 7);
	expect(peek(addr), 7, "freeing what is no allocation frees nothing");
	op(OP_HYP_FREE, addr);
	op(OP_HYP_FREE, addr);
	claim(true, "freeing it twice is survived");

	page = op(OP_HYP_ALLOC, 64);
	claim(page, "and it still works");
	op(OP_HYP_FREE, page);
}

/* Where the heap is going to grow to is no place for a module's own mappings. */
static void test_no_mapping(void)
{
	struct pages p = alloc_pages(0);
	__u64 addr = op(OP_HYP_ALLOC, 64), above = (addr & ~(PAGE - 1)) + (4UL << 20);

	expect(op_int(OP_MAP_MODULE_PAGES, p.pfn, above, 1, HYP_RW, false), -EINVAL,
	       "map_module_pages() above the heap gives -EINVAL");
	expect(op_int(OP_MAP_MODULE_PAGE, p.pfn, above, HYP_RW, false), -EINVAL,
	       "map_module_page() there gives -EINVAL");
	claim(is_hosts(p), "the page is the host's");
	op(OP_HYP_FREE, addr);
}

int main(void)
{
	__u64 given;

	open_probe();

	test_empty();
	test_bad_input();
	test_no_mapping();
	test_model();
	given = nr_given;
	expect(reclaim(given + 1), given, "every page that was given comes back, and no more");
	finished();
}
