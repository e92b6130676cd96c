// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping for pKVM vendor modules: private VA, module VA, windows, and the linear
 * range of the host's memory for as long as an init function runs.
 */

#include <linux/percpu.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/modules.h>

#include "ops.h"

int pkvm_module_create_private_mapping(phys_addr_t phys, size_t size,
				       enum kvm_pgtable_prot prot, unsigned long *haddr)
{
	const enum kvm_pgtable_prot known = KVM_PGTABLE_PROT_RWX | KVM_PGTABLE_PROT_DEVICE;
	phys_addr_t last = phys + size - 1, start = PAGE_ALIGN_DOWN(phys);
	unsigned long va;
	int ret;

	if (!haddr || !size || last < phys || last >= BIT(kvm_phys_shift(&host_mmu.arch.mmu)))
		return -EINVAL;

	if (prot & ~known || !(prot & KVM_PGTABLE_PROT_R))
		return -EINVAL;
	if (prot & KVM_PGTABLE_PROT_X && prot & (KVM_PGTABLE_PROT_W | KVM_PGTABLE_PROT_DEVICE))
		return -EINVAL;

	ret = pkvm_module_map_private(start, PAGE_ALIGN(last + 1) - start, prot, &va);
	if (!ret)
		*haddr = va + offset_in_page(phys);

	return ret;
}

int pkvm_module_map_pages(u64 pfn, void *va, u64 nr_pages, enum kvm_pgtable_prot prot,
			  bool is_protected)
{
	if (!pkvm_module_va_valid((unsigned long)va, nr_pages))
		return -EINVAL;

	return __pkvm_module_map_pages(pfn, (unsigned long)va, nr_pages, prot, is_protected,
				       PKVM_MODULE_PAGE);
}

int pkvm_module_map_page(u64 pfn, void *va, enum kvm_pgtable_prot prot, bool is_protected)
{
	return pkvm_module_map_pages(pfn, va, 1, prot, is_protected);
}

int pkvm_module_unmap_pages(u64 pfn, void *va, u64 nr_pages)
{
	if (!pkvm_module_va_valid((unsigned long)va, nr_pages))
		return -EINVAL;

	return __pkvm_module_unmap_pages(pfn, (unsigned long)va, nr_pages);
}

/* Mapping over a mapping would leave the old one in the TLB. */
static DEFINE_PER_CPU(bool, fixmap_in_use);

/* The window maps normal memory, with attributes that are wrong for anything else. */
void *pkvm_module_fixmap_map(phys_addr_t phys)
{
	bool *in_use = this_cpu_ptr(&fixmap_in_use);

	if (*in_use || !addr_is_memory(phys))
		return NULL;

	*in_use = true;

	return hyp_fixmap_map(phys);
}

void pkvm_module_fixmap_unmap(void)
{
	bool *in_use = this_cpu_ptr(&fixmap_in_use);

	if (!*in_use)
		return;

	hyp_fixmap_unmap();
	*in_use = false;
}

/* The lock would wait for its own CPU if this one had the block already. */
static DEFINE_PER_CPU(bool, fixblock_in_use);

void *pkvm_module_fixblock_map_size(phys_addr_t phys, size_t *size)
{
	phys_addr_t start = ALIGN_DOWN(phys, PMD_SIZE);
	bool *in_use = this_cpu_ptr(&fixblock_in_use);
	size_t block_size;

	/* There is no block with 64 kB pages. */
	if (IS_ENABLED(CONFIG_ARM64_64K_PAGES)) {
		if (size)
			*size = PAGE_SIZE - offset_in_page(phys);
		return size ? pkvm_module_fixmap_map(phys) : NULL;
	}

	if (!size || *in_use || !__pkvm_module_is_memory(start, PMD_SIZE))
		return NULL;

	*in_use = true;
	*size = start + PMD_SIZE - phys;

	return hyp_fixblock_map(start, &block_size) + (phys - start);
}

void *pkvm_module_fixblock_map(phys_addr_t phys)
{
	size_t size;

	return pkvm_module_fixblock_map_size(phys, &size);
}

void pkvm_module_fixblock_unmap(void)
{
	bool *in_use = this_cpu_ptr(&fixblock_in_use);

	if (IS_ENABLED(CONFIG_ARM64_64K_PAGES))
		return pkvm_module_fixmap_unmap();

	if (!*in_use)
		return;

	/* Before the lock is dropped: this CPU can not be back here until then. */
	*in_use = false;
	hyp_fixblock_unmap();
}

/*
 * Ranges of the linear range that an EL2 init function has mapped for itself. Init
 * functions run one at a time.
 */
#define MAX_LINEAR_RANGES	8

static struct linear_range {
	unsigned long va;
	size_t size;
} linear_ranges[MAX_LINEAR_RANGES];

static struct linear_range *find_linear_range(unsigned long va, size_t size)
{
	int i;

	for (i = 0; i < MAX_LINEAR_RANGES; i++) {
		if (linear_ranges[i].va == va && linear_ranges[i].size == size)
			return &linear_ranges[i];
	}

	return NULL;
}

void *pkvm_module_linear_map_early(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot)
{
	struct linear_range *range = find_linear_range(0, 0);
	unsigned long va = (unsigned long)__hyp_va(phys);

	if (!range || !pkvm_module_in_init() || !PAGE_ALIGNED(phys | size) ||
	    __pkvm_module_map_linear(phys, size, prot))
		return NULL;

	*range = (struct linear_range) { .va = va, .size = size };

	return (void *)va;
}

void pkvm_module_linear_unmap_early(void *addr, size_t size)
{
	struct linear_range *range = find_linear_range((unsigned long)addr, size);

	if (!addr || !size || !range)
		return;

	__pkvm_module_unmap_linear(range->va, range->size);
	*range = (struct linear_range) { };
}

/* Whether there was none left. */
bool pkvm_module_linear_unmap_all(void)
{
	bool none = true;
	int i;

	for (i = 0; i < MAX_LINEAR_RANGES; i++) {
		if (!linear_ranges[i].size)
			continue;
		pkvm_module_linear_unmap_early((void *)linear_ranges[i].va, linear_ranges[i].size);
		none = false;
	}

	return none;
}

void pkvm_module_flush_dcache_to_poc(void *addr, size_t size)
{
	if (__pkvm_module_is_mapped(addr, size))
		kvm_flush_dcache_to_poc(addr, size);
}

/* Those of this CPU. Whether none was open. */
bool pkvm_module_close_windows(void)
{
	bool none = !*this_cpu_ptr(&fixmap_in_use) && !*this_cpu_ptr(&fixblock_in_use);

	pkvm_module_fixmap_unmap();
	pkvm_module_fixblock_unmap();

	return none;
}
