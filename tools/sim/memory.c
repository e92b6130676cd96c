// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical memory, and what EL2 has mapped of it.
 *
 * Memory is one file in RAM that is mapped twice and more: for the simulator, all of
 * it; for EL2 code, at each EL2 address that it would have, with the permissions that
 * it would have. The CPU of the build machine then finds each wrong access.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define NR_PAGES	(SIM_RAM_SIZE / PAGE_SIZE)
#define BASE_PFN	(SIM_RAM_BASE / PAGE_SIZE)
/* The hypervisor's own, the last of them for images of modules. */
#define NR_EL2_PAGES	512
#define NR_IMAGE_PAGES	4

static struct page pages[NR_PAGES];
static u64 next_page, next_block;
static u8 *ram, *kernel;
static int ram_fd;

static struct region *regions;
struct region sim_linear, sim_fixmap, sim_fixblock;

struct page *sim_page(u64 pfn)
{
	return pfn - BASE_PFN < NR_PAGES ? &pages[pfn - BASE_PFN] : NULL;
}

bool sim_is_memory(phys_addr_t phys, u64 size)
{
	return phys >= SIM_RAM_BASE && phys < SIM_RAM_END && size <= SIM_RAM_END - phys;
}

void *sim_ram(phys_addr_t phys)
{
	return ram + (phys - SIM_RAM_BASE);
}

u64 sim_kern_va(phys_addr_t phys)
{
	return (u64)kernel + (phys - SIM_RAM_BASE);
}

static void *reserve(u64 size)
{
	void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void *reserve_or_die(u64 size)
{
	void *at = reserve(size);

	if (!at) {
		perror("error: the simulator needs address space");
		exit(1);
	}

	return at;
}

static void add_region(struct region *region, enum region_kind kind, void *start, u64 nr_pages)
{
	region->kind = kind;
	region->start = start;
	region->nr_pages = nr_pages;
	region->ptes = calloc(nr_pages, sizeof(*region->ptes));
	region->next = regions;
	regions = region;
}

static void init_memory(void)
{
	if (sysconf(_SC_PAGESIZE) != PAGE_SIZE) {
		fprintf(stderr, "error: the simulator needs a machine with pages of 4 KiB\n");
		exit(1);
	}
	ram_fd = memfd_create("sim", MFD_CLOEXEC);
	if (ram_fd < 0 || ftruncate(ram_fd, SIM_RAM_SIZE)) {
		perror("error: the simulator needs memory");
		exit(1);
	}
	ram = mmap(NULL, SIM_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
	kernel = reserve_or_die(SIM_RAM_SIZE);
	add_region(&sim_linear, REGION_LINEAR, reserve_or_die(SIM_RAM_SIZE), NR_PAGES);
	mmap(sim_linear.start, SIM_RAM_SIZE, PROT_NONE, MAP_SHARED | MAP_FIXED, ram_fd, 0);
	add_region(&sim_fixmap, REGION_FIXMAP, reserve_or_die(SIM_NR_CPUS * PAGE_SIZE),
		   SIM_NR_CPUS);
	add_region(&sim_fixblock, REGION_FIXBLOCK, reserve_or_die(PMD_SIZE), PMD_SIZE / PAGE_SIZE);
}

static void reset_region(struct region *region)
{
	u64 i;

	for (i = 0; i < region->nr_pages; i++) {
		if (region->ptes[i].valid)
			sim_unmap(region, region->start + i * PAGE_SIZE, PAGE_SIZE);
	}
	memset(region->ptes, 0, region->nr_pages * sizeof(*region->ptes));
}

void sim_reset_memory(void)
{
	struct region *region, *next;
	u64 i;

	if (!ram)
		init_memory();

	for (region = regions; region; region = next) {
		next = region->next;
		if (region->kind == REGION_MODULE || region->kind == REGION_PRIVATE)
			sim_free_region(region);
		else
			reset_region(region);
	}

	/* From both ends: pages grow up, blocks grow down. */
	if (next_page)
		memset(ram, 0, next_page * PAGE_SIZE);
	if (next_block)
		memset(ram + next_block * PAGE_SIZE, 0, SIM_RAM_SIZE - next_block * PAGE_SIZE);
	next_page = NR_EL2_PAGES;
	next_block = NR_PAGES;

	memset(pages, 0, sizeof(pages));
	for (i = 0; i < NR_PAGES; i++) {
		pages[i].host = PAGE_OWNED;
		pages[i].hyp = PAGE_NONE;
		pages[i].user = SIM_HOST;
		pages[i].host_prot = PKVM_HOST_MEM_PROT;
	}
	for (i = 0; i < NR_EL2_PAGES; i++) {
		pages[i].host = PAGE_NONE;
		pages[i].hyp = PAGE_OWNED;
		pages[i].user = i < NR_EL2_PAGES - NR_IMAGE_PAGES ? SIM_EL2 : SIM_IMAGE;
	}
}

u64 sim_el2_page(void)
{
	return BASE_PFN;
}

u64 sim_image_page(void)
{
	return BASE_PFN + NR_EL2_PAGES - NR_IMAGE_PAGES;
}

u64 sim_alloc_pages(unsigned int nr)
{
	u64 first = next_page;

	if (nr > next_block - next_page)
		sim_test_error("sim_alloc_pages(%u): the machine has no more memory", nr);
	next_page += nr;

	return BASE_PFN + first;
}

u64 sim_alloc_block(void)
{
	if (next_block - next_page < PMD_SIZE / PAGE_SIZE)
		sim_test_error("sim_alloc_block(): the machine has no more memory");
	next_block -= PMD_SIZE / PAGE_SIZE;

	return BASE_PFN + next_block;
}

/* --- EL2's addresses --- */

struct region *sim_new_region(enum region_kind kind, u64 nr_pages)
{
	struct region *region;
	void *start = reserve(nr_pages * PAGE_SIZE);

	if (!start)
		return NULL;
	region = calloc(1, sizeof(*region));
	add_region(region, kind, start, nr_pages);

	return region;
}

void sim_free_region(struct region *region)
{
	struct region **at = &regions;

	while (*at != region)
		at = &(*at)->next;
	*at = region->next;
	munmap(region->start, region->nr_pages * PAGE_SIZE);
	free(region->ptes);
	free(region);
}

struct region *sim_find_region(const void *va)
{
	struct region *region = regions;

	while (region && (u64)va - (u64)region->start >= region->nr_pages * PAGE_SIZE)
		region = region->next;

	return region;
}

static struct el2_pte *pte_of(struct region *region, const void *va)
{
	return &region->ptes[((u64)va - (u64)region->start) / PAGE_SIZE];
}

struct el2_pte *sim_find_pte(const void *va)
{
	struct region *region = sim_find_region(va);

	return region ? pte_of(region, va) : NULL;
}

bool sim_is_mapped(const void *va)
{
	struct el2_pte *pte = sim_find_pte(va);

	return pte && pte->valid;
}

/* What is executable is arm64 code: the build machine can only read it. */
static int host_prot(enum kvm_pgtable_prot prot)
{
	return (prot & KVM_PGTABLE_PROT_R ? PROT_READ : 0) |
	       (prot & KVM_PGTABLE_PROT_W ? PROT_WRITE : 0);
}

void sim_map(struct region *region, void *va, u64 size, phys_addr_t phys,
	     enum kvm_pgtable_prot prot)
{
	bool memory = sim_is_memory(phys, size) && !(prot & KVM_PGTABLE_PROT_DEVICE);
	u64 offset;

	/* Registers of a device are reached by readl() and its like only. */
	if (region->kind == REGION_LINEAR)
		mprotect(va, size, host_prot(prot));
	else if (memory && mmap(va, size, host_prot(prot), MAP_SHARED | MAP_FIXED, ram_fd,
				phys - SIM_RAM_BASE) == MAP_FAILED)
		sim_test_error("the build machine can not map more (vm.max_map_count)");

	for (offset = 0; offset < size; offset += PAGE_SIZE)
		*pte_of(region, va + offset) = (struct el2_pte) {
			.phys = phys + offset, .prot = prot, .valid = true, .device = !memory,
			.by = sim_caller(),
		};
}

void sim_unmap(struct region *region, void *va, u64 size)
{
	u64 offset;

	if (region->kind == REGION_LINEAR)
		mprotect(va, size, PROT_NONE);
	else
		mmap(va, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
		     -1, 0);

	for (offset = 0; offset < size; offset += PAGE_SIZE)
		*pte_of(region, va + offset) = (struct el2_pte) { .by = sim_caller() };
}

/* --- what is where --- */

static const char * const owner_names[] = {
	[SIM_NOBODY] = "no memory",
	[SIM_HOST] = "the host's",
	[SIM_SHARED] = "shared by the host",
	[SIM_MODULE] = "the module's",
	[SIM_HEAP] = "the EL2 heap's",
	[SIM_IMAGE] = "of a module's image",
	[SIM_EL2] = "the hypervisor's own",
	[SIM_GUEST] = "a protected guest's",
	[SIM_GUEST_SHARED] = "shared with a guest",
};

const char *sim_owner_name(enum sim_owner owner)
{
	return owner_names[owner];
}

enum sim_owner sim_owner(u64 pfn)
{
	struct page *page = sim_page(pfn);

	if (!page)
		return SIM_NOBODY;

	return page->host == PAGE_SHARED_OWNED && page->user == SIM_HOST ? SIM_SHARED : page->user;
}

static const char *prot_string(unsigned int prot)
{
	static char buf[8][4];
	static unsigned int next;
	char *p = buf[next++ % 8];

	p[0] = prot & KVM_PGTABLE_PROT_R ? 'r' : '-';
	p[1] = prot & KVM_PGTABLE_PROT_W ? 'w' : '-';
	p[2] = prot & KVM_PGTABLE_PROT_X ? 'x' : '-';

	return p;
}

const char *sim_host_prot(u64 pfn)
{
	struct page *page = sim_page(pfn);

	return prot_string(page && page->host != PAGE_NONE ? page->host_prot : 0);
}

const char *sim_el2_prot(const void *va)
{
	struct el2_pte *pte = sim_find_pte(va);

	return prot_string(pte && pte->valid ? pte->prot : 0);
}

phys_addr_t sim_el2_phys(const void *va)
{
	struct el2_pte *pte = sim_find_pte(va);

	return pte && pte->valid ? pte->phys + offset_in_page(va) : (phys_addr_t)-1;
}

static void describe_pte(const struct el2_pte *pte, char *buf, size_t size)
{
	if (!pte->valid)
		snprintf(buf, size, "nothing is mapped there%s%s", pte->by ? ": unmapped at " : "",
			 pte->by ? sim_where(pte->by) : "");
	else if (pte->device)
		snprintf(buf, size, "a device's registers: use readl(), writel() and their like");
	else
		snprintf(buf, size, "mapped %s, at %s", prot_string(pte->prot), sim_where(pte->by));
}

static void describe_linear(u64 pfn, const struct el2_pte *pte, char *buf, size_t size)
{
	struct page *page = sim_page(pfn);
	char by[256] = "";

	if (page->by)
		snprintf(by, sizeof(by), ", %s at %s", page->given_back ? "given back" : "taken",
			 sim_where(page->by));
	snprintf(buf, size, "page %#llx: %s%s; EL2 has it %s there", pfn,
		 sim_owner_name(sim_owner(pfn)), by, prot_string(pte->valid ? pte->prot : 0));
}

void sim_describe(const void *va, char *buf, size_t size)
{
	static const char * const names[] = {
		[REGION_MODULE] = "module VA", [REGION_PRIVATE] = "private VA",
		[REGION_FIXMAP] = "the fixmap window", [REGION_FIXBLOCK] = "the block window",
	};
	struct region *region = sim_find_region(va);
	struct el2_pte *pte;
	int len;

	if ((u64)va - (u64)kernel < SIM_RAM_SIZE) {
		snprintf(buf, size, "an address of the kernel, which EL2 does not have");
	} else if (!region) {
		snprintf(buf, size, "no address of EL2");
	} else {
		pte = pte_of(region, va);
		if (region->kind == REGION_LINEAR) {
			describe_linear(BASE_PFN + (pte - region->ptes), pte, buf, size);
			return;
		}
		len = snprintf(buf, size, "%s: ", names[region->kind]);
		describe_pte(pte, buf + len, size - len);
	}
}

/* Of the compiler's library, where one of the sanitizers is in use. */
void *__asan_region_is_poisoned(void *at, size_t size) __attribute__((weak));

static void check_page(const void *va, bool write)
{
	struct el2_pte *pte = sim_find_pte(va);
	char what[512];

	if ((u64)va - (u64)kernel >= SIM_RAM_SIZE &&
	    (!pte || (pte->valid && !pte->device &&
		      (!write || pte->prot & KVM_PGTABLE_PROT_W))))
		return;

	sim_describe(va, what, sizeof(what));
	sim_fail("it may not %s %p: %s", write ? "write to" : "read", va, what);
}

void sim_check_access(const void *va, u64 size, bool write)
{
	u64 offset;
	void *bad;

	if (!size)
		return;
	if (!sim_find_region(va) && __asan_region_is_poisoned) {
		bad = __asan_region_is_poisoned((void *)va, size);
		if (bad)
			sim_fail("%llu bytes at %p are more than there are: %p is out of bounds",
				 size, va, bad);
	}
	for (offset = 0; offset < size; offset = ALIGN_DOWN((u64)va + offset + PAGE_SIZE,
							    PAGE_SIZE) - (u64)va)
		check_page(va + offset, write);
}

void *sim_hyp_va(phys_addr_t phys)
{
	return sim_linear.start + (phys - SIM_RAM_BASE);
}

phys_addr_t sim_hyp_pa(const void *va)
{
	return (u64)va - (u64)sim_linear.start + SIM_RAM_BASE;
}
