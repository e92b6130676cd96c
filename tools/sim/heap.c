// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 heap. Where a chunk would lie in the hypervisor's heap, and so how many
 * pages it lacks, is counted as the hypervisor does it. The memory itself comes from
 * the C library, so that AddressSanitizer sees what is out of bounds and what is freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define HEAP_SIZE	SZ_64M
#define HEADER		32
#define MAX_CHUNKS	4096

/* In the order of their addresses, without gaps. */
static struct chunk {
	u64 start, size;
	void *addr;		/* NULL when it is free */
	size_t asked;
	void *by;
} chunks[MAX_CHUNKS];
static unsigned int nr_chunks;

static bool started;
static u64 nr_given, nr_mapped;
static u64 given[MAX_CHUNKS];

static struct {
	int error;
	u8 missing;
} last[SIM_NR_CPUS];

void sim_reset_heap(void)
{
	unsigned int i;

	for (i = 0; i < nr_chunks; i++)
		free(chunks[i].addr);
	nr_chunks = 0;
	started = false;
	nr_given = 0;
	nr_mapped = 0;
	memset(last, 0, sizeof(last));
}

int sim_topup(unsigned long nr_pages)
{
	started = true;
	while (nr_pages--) {
		u64 pfn;

		if (nr_given == MAX_CHUNKS)
			return -ENOMEM;
		pfn = sim_alloc_pages(1);
		sim_take_pages(pfn, 1, SIM_HEAP);
		given[nr_given++] = pfn;
	}

	return 0;
}

unsigned long sim_reclaim(unsigned long nr_pages)
{
	unsigned long nr = 0;

	for (; nr < nr_pages && nr_given > nr_mapped; nr++)
		sim_return_pages(given[--nr_given], 1);

	return nr;
}

static u64 top(void)
{
	return nr_chunks ? chunks[nr_chunks - 1].start + chunks[nr_chunks - 1].size : 0;
}

static void insert(unsigned int i, u64 start, u64 size)
{
	memmove(&chunks[i + 1], &chunks[i], (nr_chunks - i) * sizeof(chunks[0]));
	chunks[i] = (struct chunk) { .start = start, .size = size };
	nr_chunks++;
}

static void drop(unsigned int i)
{
	nr_chunks--;
	memmove(&chunks[i], &chunks[i + 1], (nr_chunks - i) * sizeof(chunks[0]));
}

/* The first free one that is large enough: what is too much stays free. */
static int find(u64 size)
{
	unsigned int i = 0;

	while (i < nr_chunks && (chunks[i].addr || chunks[i].size < size))
		i++;
	if (i == nr_chunks)
		return -1;
	if (chunks[i].size - size >= HEADER + 16) {
		insert(i + 1, chunks[i].start + size, chunks[i].size - size);
		chunks[i].size = size;
	}

	return i;
}

/* At the top. A negative errno, with what is missing. */
static int grow(u64 size, u8 *missing)
{
	u64 need = PAGE_ALIGN(top() + size) >> PAGE_SHIFT, more;

	if (top() + size > HEAP_SIZE)
		return -ENOSPC;
	more = need > nr_mapped ? need - nr_mapped : 0;
	if (more > nr_given - nr_mapped) {
		*missing = min(more - (nr_given - nr_mapped), (u64)U8_MAX);
		return -ENOMEM;
	}
	nr_mapped += more;
	insert(nr_chunks, top(), size);

	return nr_chunks - 1;
}

static int alloc(u64 size, u8 *missing)
{
	int i;

	if (nr_chunks > MAX_CHUNKS - 2)
		sim_fail("the simulator's heap has room for %d allocations only", MAX_CHUNKS - 2);
	if (!started) {
		*missing = min(PAGE_ALIGN(size) >> PAGE_SHIFT, (u64)U8_MAX);
		return -ENOMEM;
	}
	i = find(size);

	return i < 0 ? grow(size, missing) : i;
}

void *op_hyp_alloc(size_t size)
{
	unsigned int cpu = sim_this_cpu();
	int i = -EINVAL;

	SIM_OP();
	last[cpu].missing = 0;
	if (size && size <= HEAP_SIZE)
		i = alloc(ALIGN(size, 16) + HEADER, &last[cpu].missing);
	last[cpu].error = min(i, 0);
	if (i < 0)
		return NULL;

	if (posix_memalign(&chunks[i].addr, 16, size))
		sim_test_error("the build machine has no more memory");
	memset(chunks[i].addr, 0, size);
	chunks[i].asked = size;
	chunks[i].by = sim_caller();

	return chunks[i].addr;
}

int op_hyp_alloc_errno(void)
{
	SIM_OP();

	return last[sim_this_cpu()].error;
}

u8 op_hyp_alloc_missing_donations(void)
{
	SIM_OP();

	return last[sim_this_cpu()].missing;
}

void op_hyp_free(void *addr)
{
	unsigned int i = 0;

	SIM_OP();
	while (i < nr_chunks && (!addr || chunks[i].addr != addr))
		i++;
	if (i == nr_chunks) {
		if (addr)
			sim_misuse("%p is not the address of an allocation", addr);
		return;
	}

	free(chunks[i].addr);
	chunks[i].addr = NULL;
	if (i + 1 < nr_chunks && !chunks[i + 1].addr) {
		chunks[i].size += chunks[i + 1].size;
		drop(i + 1);
	}
	if (i && !chunks[i - 1].addr) {
		chunks[i - 1].size += chunks[i].size;
		drop(i--);
	}
	if (i == nr_chunks - 1) {
		drop(i);
		nr_mapped = min(nr_mapped, PAGE_ALIGN(top()) >> PAGE_SHIFT);
	}
}

unsigned int sim_leaks_heap(void)
{
	unsigned int nr = 0, i;

	for (i = 0; i < nr_chunks; i++) {
		if (!chunks[i].addr)
			continue;
		fprintf(stderr, "    %zu bytes of the heap are still allocated, at %s\n",
			chunks[i].asked, sim_where(chunks[i].by));
		nr++;
	}

	return nr;
}
