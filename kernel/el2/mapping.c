// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping for pKVM vendor modules: private VA, module VA and this CPU's window.
 */

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
	phys_addr_t last = phys + size - 1;

	if (!haddr || !size || last < phys || last >= BIT(kvm_phys_shift(&host_mmu.arch.mmu)))
		return -EINVAL;

	/* Asked for here too, since a failure later on costs VA. */
	if (prot & ~known || !(prot & KVM_PGTABLE_PROT_R))
		return -EINVAL;
	if (prot & KVM_PGTABLE_PROT_X && prot & (KVM_PGTABLE_PROT_W | KVM_PGTABLE_PROT_DEVICE))
		return -EINVAL;

	return __pkvm_create_private_mapping(phys, size, prot, haddr);
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

/* The window maps normal memory, with attributes that are wrong for anything else. */
void *pkvm_module_fixmap_map(phys_addr_t phys)
{
	return addr_is_memory(phys) ? hyp_fixmap_map(phys) : NULL;
}

void pkvm_module_fixmap_unmap(void)
{
	hyp_fixmap_unmap();
}

void pkvm_module_flush_dcache_to_poc(void *addr, size_t size)
{
	kvm_flush_dcache_to_poc(addr, size);
}
