// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping for pKVM vendor modules: private VA, module VA and this CPU's window.
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

void pkvm_module_flush_dcache_to_poc(void *addr, size_t size)
{
	kvm_flush_dcache_to_poc(addr, size);
}
