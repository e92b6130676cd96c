/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Members of struct pkvm_module_ops that are implemented outside of ops.c.
 */
#ifndef __ARM64_KVM_NVHE_MODULE_OPS_H__
#define __ARM64_KVM_NVHE_MODULE_OPS_H__

#include <asm/kvm_pgtable.h>
#include <asm/kvm_pkvm_module.h>

/* ops.c */
extern bool pkvm_module_used_missing_op;
void pkvm_module_missing_op(void);

/* mapping.c */
int pkvm_module_create_private_mapping(phys_addr_t phys, size_t size,
				       enum kvm_pgtable_prot prot, unsigned long *haddr);
int pkvm_module_map_page(u64 pfn, void *va, enum kvm_pgtable_prot prot, bool is_protected);
int pkvm_module_map_pages(u64 pfn, void *va, u64 nr_pages, enum kvm_pgtable_prot prot,
			  bool is_protected);
int pkvm_module_unmap_pages(u64 pfn, void *va, u64 nr_pages);
void *pkvm_module_fixmap_map(phys_addr_t phys);
void pkvm_module_fixmap_unmap(void);
void *pkvm_module_fixblock_map(phys_addr_t phys);
void *pkvm_module_fixblock_map_size(phys_addr_t phys, size_t *size);
void pkvm_module_fixblock_unmap(void);
bool pkvm_module_close_windows(void);
void *pkvm_module_linear_map_early(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot);
void pkvm_module_linear_unmap_early(void *addr, size_t size);
bool pkvm_module_linear_unmap_all(void);
void pkvm_module_flush_dcache_to_poc(void *addr, size_t size);

/* handlers.c */
int pkvm_module_register_perm_fault(int (*cb)(struct user_pt_regs *regs, u64 esr, u64 addr));
int pkvm_module_register_host_smc(bool (*cb)(struct user_pt_regs *regs));
int pkvm_module_register_guest_smc(bool (*cb)(struct arm_smccc_1_2_regs *regs,
					      struct arm_smccc_1_2_regs *res,
					      pkvm_handle_t handle));
int pkvm_module_register_guest_smc_15(bool (*cb)(struct arm_smccc_1_2_regs *regs,
						 struct arm_smccc_res *res,
						 pkvm_handle_t handle),
				      pkvm_handle_t handle);
int pkvm_module_register_default_trap(bool (*cb)(struct user_pt_regs *regs));
int pkvm_module_register_illegal_abt(void (*cb)(struct user_pt_regs *regs));
int pkvm_module_register_psci(void (*cb)(enum pkvm_psci_notification notification,
					 struct user_pt_regs *regs));
int pkvm_module_register_hyp_panic(void (*cb)(struct user_pt_regs *regs));
void pkvm_module_remove_handlers(unsigned long text_start, unsigned long text_end);
void pkvm_module_free_handlers(unsigned long text_start, unsigned long text_end);

/* serror.c */
int pkvm_module_register_unmask_serror(bool (*unmask)(void), void (*mask)(void));
void pkvm_module_remove_serror(unsigned long text_start, unsigned long text_end);

/* sysreg.c */
void pkvm_module_update_hcr(unsigned long set_mask, unsigned long clear_mask);
void pkvm_module_update_hfgwtr(unsigned long set_mask, unsigned long clear_mask);

/* trng.c */
int pkvm_module_register_trng(const struct pkvm_module_trng_ops *ops);
void pkvm_module_remove_trng(unsigned long text_start, unsigned long text_end);

/* trace.c */
int pkvm_module_register_event_ids(unsigned long start, unsigned long end);
void pkvm_module_remove_events(unsigned long start, unsigned long end);
void *pkvm_module_trace_reserve(unsigned long length);
void pkvm_module_trace_commit(void);
void pkvm_module_trace_printk(u8 fmt_id, u64 a, u64 b, u64 c, u64 d);

/* console.c */
int pkvm_module_register_serial(void (*hyp_putc_cb)(char c));
void pkvm_module_remove_serial(unsigned long text_start, unsigned long text_end);
void pkvm_module_putc(char c);
void pkvm_module_puts(const char *str);
void pkvm_module_putx64(u64 num);
void pkvm_module_console_panic(void);

/* heap.c */
void *pkvm_module_alloc(size_t size);
void pkvm_module_free(void *addr);
int pkvm_module_alloc_errno(void);
u8 pkvm_module_alloc_missing(void);

#endif /* __ARM64_KVM_NVHE_MODULE_OPS_H__ */
