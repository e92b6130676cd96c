/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the simulator share. */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#define SIM_WITHOUT_CMOCKA
#include "sim.h"

/* --- sim.c --- */

/*
 * First in each member of the table: which it is, and where EL2 code called it. Names
 * of functions are those of the members with op_ before it.
 */
#define SIM_OP()	sim_enter_op(__func__ + 3, __builtin_return_address(0))
void sim_enter_op(const char *name, void *caller);
/* Where the current operation was called from. */
void *sim_caller(void);

/* EL2 code did what it must never do. Ends the test. */
__noreturn __printf(1, 2) void sim_fail(const char *format, ...);
/* The same for what the contract has an errno for: see sim_tolerate(). */
__printf(1, 2) void sim_misuse(const char *format, ...);
/* ... and that a host may ask for, if the module leaves it to the hypervisor to refuse it. */
__printf(1, 2) void sim_refused(const char *format, ...);
/* The test did. */
__noreturn __printf(1, 2) void sim_test_error(const char *format, ...);

/* "file:line" of a return address, for messages. A few of them at a time. */
const char *sim_where(void *pc);

/* Set by unit.c and fuzz/main.c: does not return. */
extern void (*sim_on_failure)(const char *file, int line);

/* Since the test began. */
extern bool sim_module_ran;

/* Around each entry to EL2. */
void sim_enter_el2(void);
void sim_leave_el2(void);
bool sim_in_init(void);
unsigned int sim_this_cpu(void);
/* Whether @fn lies in the module's text. */
bool sim_is_text(const void *fn);

/* --- memory.c --- */

enum page_state {
	PAGE_OWNED,
	PAGE_SHARED_OWNED,
	PAGE_SHARED_BORROWED,
	PAGE_NONE,
	PAGE_MODULE_PROT,	/* the host's, with permissions that a module chose */
};

struct page {
	u8 host, hyp;		/* enum page_state */
	u8 user;		/* enum sim_owner: for whom EL2 has it */
	u8 host_prot;
	u16 refcount;
	bool given_back;
	void *by;		/* where that was done */
};

struct page *sim_page(u64 pfn);
bool sim_is_memory(phys_addr_t phys, u64 size);
/* Backdoor: all of memory, whoever owns it. */
void *sim_ram(phys_addr_t phys);

enum region_kind {
	REGION_LINEAR,
	REGION_MODULE,		/* alloc_module_va() */
	REGION_PRIVATE,
	REGION_FIXMAP,
	REGION_FIXBLOCK,
};

/* What EL2 has at a page of VA. */
struct el2_pte {
	u64 phys;
	u8 prot;
	bool valid, device;
	void *by;		/* where it was mapped or unmapped */
};

struct region {
	enum region_kind kind;
	u8 *start;
	u64 nr_pages;
	struct el2_pte *ptes;
	struct region *next;
};

extern struct region sim_linear, sim_fixmap, sim_fixblock;

/* NULL when there is no room. Nothing is mapped in it. */
struct region *sim_new_region(enum region_kind kind, u64 nr_pages);
void sim_free_region(struct region *region);
struct region *sim_find_region(const void *va);
struct el2_pte *sim_find_pte(const void *va);
void sim_map(struct region *region, void *va, u64 size, phys_addr_t phys,
	     enum kvm_pgtable_prot prot);
void sim_unmap(struct region *region, void *va, u64 size);
bool sim_is_mapped(const void *va);

/* Ends the test unless EL2 code may do that. */
void sim_check_access(const void *va, u64 size, bool write);
/* What is at an address, for messages. */
void sim_describe(const void *va, char *buf, size_t size);

/* --- one for each family --- */

void sim_reset_memory(void);
void sim_reset_ownership(void);
void sim_reset_mapping(void);
void sim_reset_handlers(void);
void sim_reset_console(void);
void sim_reset_heap(void);
void sim_reset_trace(void);
void sim_reset_trng(void);
void sim_reset_sysreg(void);

/* Each says what is left, and how many that is. */
unsigned int sim_leaks_ownership(void);
unsigned int sim_leaks_mapping(void);
unsigned int sim_leaks_heap(void);

/* ownership.c */
bool sim_range_valid(u64 pfn, u64 nr_pages);
bool sim_prot_valid(enum kvm_pgtable_prot prot);
int sim_take_pages(u64 pfn, u64 nr, enum sim_owner user);
int sim_check_pages(u64 pfn, u64 nr, enum sim_owner user);
void sim_return_pages(u64 pfn, u64 nr);
int sim_host_owns(u64 pfn, u64 nr);
void *sim_mmio_va(phys_addr_t phys);

/* mapping.c */
struct region *sim_new_charged_region(enum region_kind kind, u64 nr_pages, int *ret);
void sim_uncharge_region(struct region *region);
bool sim_unmap_linear_all(void);
void sim_windows_closed(void);

/* handlers.c */
bool sim_host_perm_fault(u64 esr, u64 addr);
void sim_illegal_abt(u64 esr, u64 addr);
void sim_serror_entry(void);
void sim_serror_exit(void);

/* console.c */
void sim_console_panic(void);

/* sysreg.c */
void sim_missing_op(void);
bool sim_used_missing_op(void);

/* trng.c, sim.c: the firmware */
void sim_firmware(struct arm_smccc_1_2_regs *regs);

extern const struct pkvm_module_ops sim_table;

/* Members of the table, by their names. */
int op_create_private_mapping(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot,
			      unsigned long *haddr);
void *op_alloc_module_va(u64 nr_pages);
int op_map_module_page(u64 pfn, void *va, enum kvm_pgtable_prot prot, bool is_protected);
int op_map_module_pages(u64 pfn, void *va, u64 nr_pages, enum kvm_pgtable_prot prot,
			bool is_protected);
int op_unmap_module_pages(u64 pfn, void *va, u64 nr_pages);
void *op_fixmap_map(phys_addr_t phys);
void op_fixmap_unmap(void);
void *op_fixblock_map(phys_addr_t phys);
void *op_fixblock_map_17(phys_addr_t phys, size_t *size);
void op_fixblock_unmap(void);
void *op_linear_map_early(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot);
void op_linear_unmap_early(void *addr, size_t size);
void op_flush_dcache_to_poc(void *addr, size_t size);
phys_addr_t op_hyp_pa(void *va);
void *op_hyp_va(phys_addr_t phys);
unsigned long op_kern_hyp_va(unsigned long kern_va);

int op_host_donate_hyp(u64 pfn, u64 nr_pages, bool accept_mmio);
int op_host_donate_hyp_17(u64 pfn, u64 nr_pages);
int op_host_donate_hyp_prot(u64 pfn, u64 nr_pages, bool accept_mmio, enum kvm_pgtable_prot prot);
int op_host_donate_sglist_hyp(struct pkvm_sglist_page *sglist, size_t nr_pages);
int op_hyp_donate_host(u64 pfn, u64 nr_pages);
int op_host_share_hyp(u64 pfn);
int op_host_unshare_hyp(u64 pfn);
int op_pin_shared_mem(void *from, void *to);
void op_unpin_shared_mem(void *from, void *to);
int op_host_stage2_mod_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages, bool update_iommu);
int op_host_stage2_mod_prot_14(u64 pfn, enum kvm_pgtable_prot prot);
int op_host_stage2_get_leaf(phys_addr_t phys, kvm_pte_t *ptep, s8 *level);
int op_host_stage2_get_leaf_15(phys_addr_t phys, kvm_pte_t *ptep, u32 *level);
int op_guest_stage2_pa(pkvm_handle_t handle, u64 ipa, phys_addr_t *phys);
int op_host_stage2_enable_lazy_pte(u64 addr, u64 nr_pages);
int op_host_stage2_disable_lazy_pte(u64 addr, u64 nr_pages);

int op_register_host_perm_fault_handler(int (*cb)(struct user_pt_regs *regs, u64 esr, u64 addr));
int op_register_host_smc_handler(bool (*cb)(struct user_pt_regs *regs));
int op_register_guest_smc_handler(bool (*cb)(struct arm_smccc_1_2_regs *regs,
					     struct arm_smccc_1_2_regs *res,
					     pkvm_handle_t handle));
int op_register_guest_smc_handler_15(bool (*cb)(struct arm_smccc_1_2_regs *regs,
						struct arm_smccc_res *res, pkvm_handle_t handle),
				     pkvm_handle_t handle);
int op_register_default_trap_handler(bool (*cb)(struct user_pt_regs *regs));
int op_register_illegal_abt_notifier(void (*cb)(struct user_pt_regs *regs));
int op_register_psci_notifier(void (*cb)(enum pkvm_psci_notification notification,
					 struct user_pt_regs *regs));
int op_register_hyp_panic_notifier(void (*cb)(struct user_pt_regs *regs));
int op_register_unmask_serror(bool (*unmask)(void), void (*mask)(void));
void op_update_hcr_el2(unsigned long set_mask, unsigned long clear_mask);
void op_update_hfgwtr_el2(unsigned long set_mask, unsigned long clear_mask);

int op_register_serial_driver(void (*hyp_putc_cb)(char c));
void op_putc(char c);
void op_puts(const char *str);
void op_putx64(u64 num);
void *op_memcpy(void *to, const void *from, size_t count);
void *op_memset(void *dst, int c, size_t count);
void *op_hyp_alloc(size_t size);
void op_hyp_free(void *addr);
int op_hyp_alloc_errno(void);
u8 op_hyp_alloc_missing_donations(void);
void *op_tracing_reserve_entry(unsigned long length);
void op_tracing_commit_entry(void);
void op_tracing_mod_hyp_printk(u8 fmt_id, u64 a, u64 b, u64 c, u64 d);
int op_register_hyp_event_ids(unsigned long start, unsigned long end);
int op_hyp_smp_processor_id(void);
void op_udelay(unsigned long usecs);
u64 op_get_time(void);
bool op_list_add_valid_or_report(struct list_head *entry, struct list_head *prev,
				 struct list_head *next);
bool op_list_del_entry_valid_or_report(struct list_head *entry);
int op_register_guest_trng_ops(const struct pkvm_module_trng_ops *ops);

#endif
