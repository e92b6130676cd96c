// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 heap: hyp_alloc() for modules.
 *
 * Its memory comes from the host, page by page, and waits in a list. Chunks of any
 * size lie one after the other in a range of private VA, in which only what is in
 * use is mapped:
 *
 *   start                                            top                end
 *   | chunk | chunk (free) | chunk |    ...    | chunk | not mapped     |
 *
 * A chunk knows its own size and that of the one below, so that free neighbours
 * are merged at once and there are never two of them. A free chunk at the top is
 * cut off, and the pages above the new top go back to the list. From there the host
 * can have them back, zeroed.
 */

#include <linux/percpu.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>

#include <nvhe/mem_protect.h>
#include <nvhe/modules.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

#include "ops.h"

#define HEAP_SIZE	SZ_64M
#define CHUNK_ALIGN	16
#define CHUNK_USED	0x75736564
#define CHUNK_FREE	0x66726565

struct chunk {
	size_t size;		/* with this header */
	size_t size_below;	/* of the chunk below; 0 for the first one */
	u64 state;
	u64 image;		/* of the module that has it, see charge() */
};

static_assert(sizeof(struct chunk) % CHUNK_ALIGN == 0);

static DEFINE_HYP_SPINLOCK(heap_lock);
static unsigned long heap_start;
static unsigned long heap_top;		/* end of the highest chunk */
static unsigned long heap_mapped;	/* end of what is mapped, page aligned */
static size_t top_size;			/* of the highest chunk; 0 if there is none */

/* Free pages, each with the address of the next in its first word. */
static void **page_list;
static unsigned long nr_listed;

static DEFINE_PER_CPU(int, alloc_errno);
static DEFINE_PER_CPU(u8, alloc_missing);

static void push_page(void *page)
{
	*(void **)page = page_list;
	page_list = page;
	nr_listed++;
}

static void *pop_page(void)
{
	void **page = page_list;

	if (page) {
		page_list = *page;
		nr_listed--;
	}

	return page;
}

/* Unmap whole pages above @end and put them back into the list. */
static void shrink_mapping(unsigned long end)
{
	end = PAGE_ALIGN(end);
	while (heap_mapped > end) {
		heap_mapped -= PAGE_SIZE;
		push_page(__pkvm_module_unmap_heap_page(heap_mapped));
	}
}

/* Map pages up to @end. Leaves what it was if there are too few. */
static int grow_mapping(unsigned long end)
{
	unsigned long old = heap_mapped, missing;
	void *page;
	int ret;

	if (end > heap_start + HEAP_SIZE)
		return -ENOSPC;

	missing = end > heap_mapped ? PAGE_ALIGN(end - heap_mapped) >> PAGE_SHIFT : 0;
	if (missing > nr_listed) {
		*this_cpu_ptr(&alloc_missing) = min(missing - nr_listed, U8_MAX);
		return -ENOMEM;
	}

	while (heap_mapped < end) {
		page = pop_page();
		ret = __pkvm_module_map_heap_page(heap_mapped, page);
		if (ret) {
			push_page(page);
			shrink_mapping(old);
			return ret;
		}
		heap_mapped += PAGE_SIZE;
	}

	return 0;
}

static struct chunk *chunk_above(struct chunk *chunk)
{
	unsigned long addr = (unsigned long)chunk + chunk->size;

	return addr < heap_top ? (struct chunk *)addr : NULL;
}

static struct chunk *chunk_below(struct chunk *chunk)
{
	return chunk->size_below ? (void *)chunk - chunk->size_below : NULL;
}

static void set_size(struct chunk *chunk, size_t size)
{
	struct chunk *above;

	chunk->size = size;
	above = chunk_above(chunk);
	if (above)
		above->size_below = size;
	else
		top_size = size;
}

/* Give what a chunk has too much to a free one above it. */
static void split_chunk(struct chunk *chunk, size_t size)
{
	size_t rest = chunk->size - size;
	struct chunk *above;

	if (rest < sizeof(struct chunk) + CHUNK_ALIGN)
		return;

	above = (void *)chunk + size;
	above->state = CHUNK_FREE;
	above->size_below = size;
	chunk->size = size;
	set_size(above, rest);
}

static struct chunk *find_free_chunk(size_t size)
{
	struct chunk *chunk = (struct chunk *)heap_start;

	if (heap_top == heap_start)
		return NULL;

	for (; chunk; chunk = chunk_above(chunk)) {
		if (chunk->state == CHUNK_FREE && chunk->size >= size)
			return chunk;
	}

	return NULL;
}

static struct chunk *add_chunk(size_t size)
{
	struct chunk *chunk = (struct chunk *)heap_top;
	int ret;

	ret = grow_mapping(heap_top + size);
	if (ret)
		return ERR_PTR(ret);

	chunk->size_below = top_size;
	heap_top += size;
	set_size(chunk, size);

	return chunk;
}

static struct chunk *alloc_chunk(size_t size)
{
	struct chunk *chunk;

	if (!heap_start) {
		*this_cpu_ptr(&alloc_missing) = min(PAGE_ALIGN(size) >> PAGE_SHIFT, U8_MAX);
		return ERR_PTR(-ENOMEM);
	}

	chunk = find_free_chunk(size);
	if (chunk)
		split_chunk(chunk, size);
	else
		chunk = add_chunk(size);
	if (!IS_ERR(chunk))
		chunk->state = CHUNK_USED;

	return chunk;
}

#ifdef CONFIG_PKVM_MODULES_STATS
static void charge(struct chunk *chunk, unsigned int image)
{
	chunk->image = image;
	if (image < PKVM_MODULE_MAX_RANGES)
		pkvm_module_stats.images[image].heap += chunk->size - sizeof(*chunk);
}

static void uncharge(struct chunk *chunk)
{
	if (chunk->image < PKVM_MODULE_MAX_RANGES)
		pkvm_module_stats.images[chunk->image].heap -= chunk->size - sizeof(*chunk);
}

/* What it has allocated is nobody's. */
void pkvm_module_disown_heap(unsigned int image)
{
	struct chunk *chunk;

	hyp_spin_lock(&heap_lock);

	chunk = heap_top > heap_start ? (struct chunk *)heap_start : NULL;
	for (; chunk; chunk = chunk_above(chunk)) {
		if (chunk->state == CHUNK_USED && chunk->image == image) {
			uncharge(chunk);
			chunk->image = PKVM_MODULE_MAX_RANGES;
		}
	}

	hyp_spin_unlock(&heap_lock);
}
#else
static void charge(struct chunk *chunk, unsigned int image) { }
static void uncharge(struct chunk *chunk) { }
#endif

/* Whose allocation it is, by where it returns to. */
static unsigned int image_of_caller(void *caller)
{
	return IS_ENABLED(CONFIG_PKVM_MODULES_STATS) ?
	       pkvm_module_image_of((unsigned long)caller) : PKVM_MODULE_MAX_RANGES;
}

void *pkvm_module_alloc(size_t size)
{
	unsigned int image = image_of_caller(__builtin_return_address(0));
	struct chunk *chunk = ERR_PTR(-EINVAL);

	*this_cpu_ptr(&alloc_missing) = 0;

	if (size && size <= HEAP_SIZE) {
		size = ALIGN(size, CHUNK_ALIGN) + sizeof(*chunk);
		hyp_spin_lock(&heap_lock);
		chunk = alloc_chunk(size);
		if (!IS_ERR(chunk))
			charge(chunk, image);
		hyp_spin_unlock(&heap_lock);
	}

	*this_cpu_ptr(&alloc_errno) = PTR_ERR_OR_ZERO(chunk);
	if (IS_ERR(chunk))
		return NULL;

	return memset(chunk + 1, 0, chunk->size - sizeof(*chunk));
}

int pkvm_module_alloc_errno(void)
{
	return *this_cpu_ptr(&alloc_errno);
}

u8 pkvm_module_alloc_missing(void)
{
	return *this_cpu_ptr(&alloc_missing);
}

/*
 * What is not the address of a chunk in use is not touched. No look at what is there tells:
 * what a caller has in its memory, the host's words maybe, can be made to look like a header.
 */
static struct chunk *used_chunk(void *addr)
{
	struct chunk *chunk = (struct chunk *)heap_start;

	if (heap_top == heap_start)
		return NULL;

	while (chunk && (void *)(chunk + 1) < addr)
		chunk = chunk_above(chunk);

	return chunk && (void *)(chunk + 1) == addr && chunk->state == CHUNK_USED ? chunk : NULL;
}

void pkvm_module_free(void *addr)
{
	struct chunk *chunk, *other;

	hyp_spin_lock(&heap_lock);

	chunk = heap_start ? used_chunk(addr) : NULL;
	if (!chunk)
		goto unlock;

	uncharge(chunk);
	chunk->state = CHUNK_FREE;

	other = chunk_above(chunk);
	if (other && other->state == CHUNK_FREE)
		set_size(chunk, chunk->size + other->size);

	other = chunk_below(chunk);
	if (other && other->state == CHUNK_FREE) {
		set_size(other, other->size + chunk->size);
		chunk = other;
	}

	if (!chunk_above(chunk)) {
		top_size = chunk->size_below;
		heap_top = (unsigned long)chunk;
		shrink_mapping(heap_top);
	}

unlock:
	hyp_spin_unlock(&heap_lock);
}

/*
 * The host gives a page.
 * x1: its pfn.
 */
void handle___pkvm_module_topup_heap(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(u64, pfn, host_ctxt, 1);
	int ret = -EOPNOTSUPP;

	if (!is_protected_kvm_enabled())
		goto out;

	hyp_spin_lock(&heap_lock);

	if (!heap_start) {
		heap_start = (unsigned long)pkvm_alloc_heap_va(HEAP_SIZE >> PAGE_SHIFT);
		heap_top = heap_start;
		heap_mapped = heap_start;
	}

	ret = heap_start ? __pkvm_module_donate_heap_page(pfn) : -ENOMEM;
	if (!ret)
		push_page(hyp_phys_to_virt(hyp_pfn_to_phys(pfn)));

	hyp_spin_unlock(&heap_lock);
out:
	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * The host wants a page back that the heap does not need.
 * Returns its pfn, -ENOENT if there is none.
 */
void handle___pkvm_module_reclaim_heap(struct kvm_cpu_context *host_ctxt)
{
	s64 ret = -ENOENT;
	void *page;

	hyp_spin_lock(&heap_lock);

	page = pop_page();
	if (page) {
		memset(page, 0, PAGE_SIZE);
		ret = hyp_virt_to_pfn(page);
		WARN_ON(__pkvm_module_reclaim_heap_page(ret));
	}

	hyp_spin_unlock(&heap_lock);

	cpu_reg(host_ctxt, 1) = ret;
}
