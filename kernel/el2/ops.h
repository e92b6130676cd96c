/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of struct pkvm_module_ops that are implemented outside of ops.c.
 */
#ifndef __ARM64_KVM_NVHE_MODULE_OPS_H__
#define __ARM64_KVM_NVHE_MODULE_OPS_H__

#include <asm/kvm_pgtable.h>

/* ops.c */
extern bool pkvm_module_used_missing_op;

/* mapping.c */
int pkvm_module_create_private_mapping(phys_addr_t phys, size_t size,
				       enum kvm_pgtable_prot prot, unsigned long *haddr);
int pkvm_module_map_page(u64 pfn, void *va, enum kvm_pgtable_prot prot, bool is_protected);
int pkvm_module_map_pages(u64 pfn, void *va, u64 nr_pages, enum kvm_pgtable_prot prot,
			  bool is_protected);
int pkvm_module_unmap_pages(u64 pfn, void *va, u64 nr_pages);
void *pkvm_module_fixmap_map(phys_addr_t phys);
void pkvm_module_fixmap_unmap(void);
void pkvm_module_flush_dcache_to_poc(void *addr, size_t size);

#endif /* __ARM64_KVM_NVHE_MODULE_OPS_H__ */
