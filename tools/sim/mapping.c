// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's addresses: private VA, module VA, windows, and the linear range for init
 * functions. The limits are those of the hypervisor.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define MAX_RANGES	256
#define MAX_TABLES	448
#define MAX_LINEAR	8

static struct range {
	struct region *region;
	u64 tables;
} ranges[MAX_RANGES];
static unsigned int nr_ranges;
static u64 nr_tables;

/* Where a window was opened, for each CPU; NULL when it is closed. */
static void *fixmap_by[SIM_NR_CPUS];
static void *fixblock_by;
static unsigned int fixblock_cpu;

static struct {
	void *va;
	size_t size;
} linear[MAX_LINEAR];

void sim_reset_mapping(void)
{
	/* The regions went with the memory. */
	memset(ranges, 0, sizeof(ranges));
	nr_ranges = 0;
	nr_tables = 0;
	memset(fixmap_by, 0, sizeof(fixmap_by));
	fixblock_by = NULL;
	memset(linear, 0, sizeof(linear));
}

struct region *sim_new_charged_region(enum region_kind kind, u64 nr_pages, int *ret)
{
	u64 tables = nr_pages / PTRS_PER_PTE + 2;
	struct region *region;

	if (!nr_pages || nr_pages > BIT(48 - PAGE_SHIFT))
		*ret = nr_pages ? -ENOMEM : -EINVAL;
	else if (nr_pages > (u64)MAX_TABLES * PTRS_PER_PTE || tables > MAX_TABLES - nr_tables)
		*ret = -ENOMEM;
	else if (nr_ranges == MAX_RANGES)
		*ret = -ENOSPC;
	else
		*ret = 0;
	if (*ret)
		return NULL;

	region = sim_new_region(kind, nr_pages);
	if (!region) {
		*ret = -ENOMEM;
		return NULL;
	}
	ranges[nr_ranges].region = region;
	ranges[nr_ranges++].tables = tables;
	nr_tables += tables;

	return region;
}

void sim_uncharge_region(struct region *region)
{
	unsigned int i = 0;

	while (ranges[i].region != region)
		i++;
	nr_tables -= ranges[i].tables;
	ranges[i] = ranges[--nr_ranges];
	sim_free_region(region);
}

int op_create_private_mapping(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot,
			      unsigned long *haddr)
{
	phys_addr_t last = phys + size - 1, start = PAGE_ALIGN_DOWN(phys);
	struct region *region;
	int ret;

	SIM_OP();
	if (!haddr || !size || last < phys || last >> SIM_PA_BITS)
		return -EINVAL;
	if (prot & ~(KVM_PGTABLE_PROT_RWX | KVM_PGTABLE_PROT_DEVICE) ||
	    !(prot & KVM_PGTABLE_PROT_R))
		return -EINVAL;
	if (prot & KVM_PGTABLE_PROT_X && prot & (KVM_PGTABLE_PROT_W | KVM_PGTABLE_PROT_DEVICE))
		return -EINVAL;
	sim_check_access(haddr, sizeof(*haddr), true);

	size = PAGE_ALIGN(last + 1) - start;
	region = sim_new_charged_region(REGION_PRIVATE, size >> PAGE_SHIFT, &ret);
	if (!region)
		return ret;
	sim_map(region, region->start, size, start, prot);
	*haddr = (unsigned long)region->start + offset_in_page(phys);

	return 0;
}

void *op_alloc_module_va(u64 nr_pages)
{
	struct region *region;
	int ret;

	SIM_OP();
	region = sim_new_charged_region(REGION_MODULE, nr_pages, &ret);

	return region ? region->start : NULL;
}

static struct region *module_va(void *va, u64 nr)
{
	struct region *region = sim_find_region(va);
	u64 first;

	if (!region || region->kind != REGION_MODULE || !nr)
		return NULL;
	first = ((u64)va - (u64)region->start) >> PAGE_SHIFT;

	return region->nr_pages - first >= nr ? region : NULL;
}

/* What is executable at one address is not to be writable at another. */
static int check_no_text(void *va, u64 nr)
{
	struct el2_pte *pte;
	u64 i;

	for (i = 0; i < nr; i++) {
		pte = sim_find_pte(va + i * PAGE_SIZE);
		if (pte && pte->valid && pte->prot & KVM_PGTABLE_PROT_X)
			return -EBUSY;
	}

	return 0;
}

static int map_pages(u64 pfn, void *va, u64 nr, enum kvm_pgtable_prot prot, bool is_protected)
{
	struct region *region = module_va(va, nr);
	phys_addr_t phys = pfn << PAGE_SHIFT;
	u64 i;
	int ret;

	if (!region || !sim_range_valid(pfn, nr) || !sim_prot_valid(prot) || !PAGE_ALIGNED(va))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		if (sim_is_mapped(va + i * PAGE_SIZE))
			return -EBUSY;
	}

	ret = is_protected ? sim_check_pages(pfn, nr, SIM_MODULE) :
			     sim_take_pages(pfn, nr, SIM_MODULE);
	for (i = 0; !ret && i < nr; i++)
		ret = sim_page(pfn + i)->refcount ? -EBUSY : 0;
	if (!ret && prot & KVM_PGTABLE_PROT_W)
		ret = check_no_text(sim_hyp_va(phys), nr);
	if (ret)
		return ret;

	sim_map(region, va, nr << PAGE_SHIFT, phys, prot);
	for (i = 0; i < nr; i++) {
		void *alias = sim_hyp_va(phys + i * PAGE_SIZE);

		sim_page(pfn + i)->refcount = 1;
		if (prot & KVM_PGTABLE_PROT_X && sim_is_mapped(alias))
			sim_unmap(&sim_linear, alias, PAGE_SIZE);
	}

	return 0;
}

int op_map_module_pages(u64 pfn, void *va, u64 nr_pages, enum kvm_pgtable_prot prot,
			bool is_protected)
{
	SIM_OP();

	return map_pages(pfn, va, nr_pages, prot, is_protected);
}

int op_map_module_page(u64 pfn, void *va, enum kvm_pgtable_prot prot, bool is_protected)
{
	SIM_OP();

	return map_pages(pfn, va, 1, prot, is_protected);
}

int op_unmap_module_pages(u64 pfn, void *va, u64 nr_pages)
{
	struct region *region = module_va(va, nr_pages);
	u64 i;
	int ret;

	SIM_OP();
	if (!region || !sim_range_valid(pfn, nr_pages) || !PAGE_ALIGNED(va))
		return -EINVAL;
	ret = sim_check_pages(pfn, nr_pages, SIM_MODULE);
	if (ret)
		return ret;
	for (i = 0; i < nr_pages; i++) {
		if (sim_el2_phys(va + i * PAGE_SIZE) != (pfn + i) << PAGE_SHIFT)
			return -EINVAL;
	}

	sim_unmap(region, va, nr_pages << PAGE_SHIFT);
	for (i = 0; i < nr_pages; i++)
		sim_page(pfn + i)->refcount--;

	return 0;
}

/* --- windows --- */

void *op_fixmap_map(phys_addr_t phys)
{
	unsigned int cpu = sim_this_cpu();
	void *va = sim_fixmap.start + cpu * PAGE_SIZE;

	SIM_OP();
	if (fixmap_by[cpu]) {
		sim_misuse("the window of CPU %u is open since %s", cpu, sim_where(fixmap_by[cpu]));
		return NULL;
	}
	if (!sim_is_memory(phys, 1))
		return NULL;
	fixmap_by[cpu] = sim_caller();
	sim_map(&sim_fixmap, va, PAGE_SIZE, PAGE_ALIGN_DOWN(phys), PAGE_HYP);

	return va + offset_in_page(phys);
}

void op_fixmap_unmap(void)
{
	unsigned int cpu = sim_this_cpu();

	SIM_OP();
	if (!fixmap_by[cpu]) {
		sim_misuse("the window of CPU %u is closed", cpu);
		return;
	}
	fixmap_by[cpu] = NULL;
	sim_unmap(&sim_fixmap, sim_fixmap.start + cpu * PAGE_SIZE, PAGE_SIZE);
}

static void *fixblock_map(phys_addr_t phys, size_t *size)
{
	phys_addr_t start = ALIGN_DOWN(phys, PMD_SIZE);

	if (!size)
		return NULL;
	if (fixblock_by) {
		if (fixblock_cpu != sim_this_cpu())
			sim_fail("CPU %u has the block window since %s: CPU %u waits for ever",
				 fixblock_cpu, sim_where(fixblock_by), sim_this_cpu());
		sim_misuse("the block window is open since %s", sim_where(fixblock_by));
		return NULL;
	}
	if (!sim_is_memory(start, PMD_SIZE))
		return NULL;
	fixblock_by = sim_caller();
	fixblock_cpu = sim_this_cpu();
	sim_map(&sim_fixblock, sim_fixblock.start, PMD_SIZE, start, PAGE_HYP);
	*size = start + PMD_SIZE - phys;

	return sim_fixblock.start + (phys - start);
}

void *op_fixblock_map(phys_addr_t phys)
{
	size_t size;

	SIM_OP();

	return fixblock_map(phys, &size);
}

void *op_fixblock_map_17(phys_addr_t phys, size_t *size)
{
	SIM_OP();
	if (size)
		sim_check_access(size, sizeof(*size), true);

	return fixblock_map(phys, size);
}

void op_fixblock_unmap(void)
{
	SIM_OP();
	if (!fixblock_by || fixblock_cpu != sim_this_cpu()) {
		sim_misuse("CPU %u does not have the block window", sim_this_cpu());
		return;
	}
	fixblock_by = NULL;
	sim_unmap(&sim_fixblock, sim_fixblock.start, PMD_SIZE);
}

void sim_windows_closed(void)
{
	unsigned int cpu = sim_this_cpu();
	void *by = fixmap_by[cpu] ?: fixblock_by;

	if (by) {
		sim_enter_op(fixmap_by[cpu] ? "fixmap_map" : "fixblock_map", by);
		sim_misuse("the window is still open when EL2 code returns to the host");
	}
}

/* --- the linear range --- */

static int find_linear(void *va, size_t size)
{
	int i;

	for (i = 0; i < MAX_LINEAR; i++) {
		if (linear[i].va == va && linear[i].size == size)
			return i;
	}

	return -1;
}

void *op_linear_map_early(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot)
{
	void *va = sim_hyp_va(phys);
	int i = find_linear(NULL, 0);
	u64 offset;

	SIM_OP();
	if (i < 0 || !sim_in_init() || !PAGE_ALIGNED(phys | size) ||
	    !sim_range_valid(phys >> PAGE_SHIFT, size >> PAGE_SHIFT) || !sim_prot_valid(prot) ||
	    prot & KVM_PGTABLE_PROT_X || sim_host_owns(phys >> PAGE_SHIFT, size >> PAGE_SHIFT))
		return NULL;
	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		if (sim_is_mapped(va + offset))
			return NULL;
	}
	sim_map(&sim_linear, va, size, phys, prot);
	linear[i].va = va;
	linear[i].size = size;

	return va;
}

void op_linear_unmap_early(void *addr, size_t size)
{
	int i = addr && size ? find_linear(addr, size) : -1;

	SIM_OP();
	if (i < 0) {
		sim_misuse("%zu bytes at %p are not mapped by linear_map_early()", size, addr);
		return;
	}
	sim_unmap(&sim_linear, addr, size);
	linear[i].va = NULL;
	linear[i].size = 0;
}

bool sim_unmap_linear_all(void)
{
	bool none = true;
	int i;

	for (i = 0; i < MAX_LINEAR; i++) {
		if (!linear[i].size)
			continue;
		sim_unmap(&sim_linear, linear[i].va, linear[i].size);
		linear[i].va = NULL;
		linear[i].size = 0;
		none = false;
	}

	return none;
}

/* --- addresses --- */

void op_flush_dcache_to_poc(void *addr, size_t size)
{
	SIM_OP();
	sim_check_access(addr, size, false);
}

phys_addr_t op_hyp_pa(void *va)
{
	SIM_OP();

	return sim_hyp_pa(va);
}

void *op_hyp_va(phys_addr_t phys)
{
	SIM_OP();

	return sim_mmio_va(phys) ?: sim_hyp_va(phys);
}

unsigned long op_kern_hyp_va(unsigned long kern_va)
{
	SIM_OP();

	return kern_va - sim_kern_va(SIM_RAM_BASE) + (unsigned long)sim_linear.start;
}

/* Private mappings are for good. */
unsigned int sim_leaks_mapping(void)
{
	unsigned int nr = 0, i;
	u64 page;

	for (i = 0; i < nr_ranges; i++) {
		struct region *region = ranges[i].region;

		if (region->kind != REGION_MODULE)
			continue;
		for (page = 0; page < region->nr_pages; page++) {
			if (!region->ptes[page].valid)
				continue;
			fprintf(stderr, "    page %#llx is still mapped in module VA, at %s\n",
				region->ptes[page].phys >> PAGE_SHIFT,
				sim_where(region->ptes[page].by));
			nr++;
		}
	}

	return nr;
}
