/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pKVM vendor modules: what the rest of the hypervisor calls, at EL2.
 */
#ifndef __ARM64_KVM_NVHE_MODULES_H__
#define __ARM64_KVM_NVHE_MODULES_H__

#include <linux/compiler.h>
#include <linux/kvm_host.h>
#include <linux/log2.h>
#include <linux/types.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_pgtable.h>
#include <asm/kvm_pkvm_module.h>
#include <asm/pkvm_module_faults.h>
#include <asm/pkvm_module_stats.h>

#include <nvhe/trap_handler.h>

struct pkvm_hyp_vm;

typedef void (*pkvm_module_call_t)(struct kvm_cpu_context *host_ctxt);

typedef bool (*pkvm_module_trap_handler_t)(struct user_pt_regs *regs);

/* An entry of the list of a kind: handlers.c */
struct pkvm_module_handler {
	void *fn;
	struct pkvm_module_handler *next;
	u64 data;		/* whom and in which form, for SMCs of guests */
	bool used;
	u8 slot;		/* its number in the array of its kind */
};

/* What became of a permission fault of the host. */
enum pkvm_module_fault {
	PKVM_MODULE_FAULT_NONE,		/* not one, or nobody cares */
	PKVM_MODULE_FAULT_HANDLED,
	PKVM_MODULE_FAULT_ABORT,
};

#ifdef CONFIG_PKVM_MODULES_STATS
DECLARE_PER_CPU_PAGE_ALIGNED(struct pkvm_module_cpu_stats, pkvm_module_cpu_stats);
extern struct pkvm_module_stats pkvm_module_stats;

/* Nothing interrupts EL2 between the load and the store. */
static inline void pkvm_module_count_call(unsigned long nr)
{
	this_cpu_ptr(&pkvm_module_cpu_stats)->calls[nr]++;
}

static inline void pkvm_module_count_handler(enum pkvm_module_handler_kind kind, unsigned int nr,
					     bool taken)
{
	struct pkvm_module_cpu_stats *stats = this_cpu_ptr(&pkvm_module_cpu_stats);

	if (taken)
		stats->handlers[kind][nr].taken++;
	else
		stats->handlers[kind][nr].passed++;
}

/* stats.c */
int pkvm_module_share_stats(void);
void pkvm_module_reset_call(unsigned int nr);
void pkvm_module_reset_handler(enum pkvm_module_handler_kind kind, unsigned int nr, void *fn);
void pkvm_module_count_image(unsigned int nr, unsigned long start);
void pkvm_module_disown_heap(unsigned int image);
#else
static inline void pkvm_module_count_call(unsigned long nr) { }
static inline void pkvm_module_count_handler(enum pkvm_module_handler_kind kind, unsigned int nr,
					     bool taken) { }
static inline int pkvm_module_share_stats(void) { return 0; }
static inline void pkvm_module_reset_call(unsigned int nr) { }
static inline void pkvm_module_reset_handler(enum pkvm_module_handler_kind kind, unsigned int nr,
					     void *fn) { }
static inline void pkvm_module_count_image(unsigned int nr, unsigned long start) { }
static inline void pkvm_module_disown_heap(unsigned int image) { }
#endif

#ifdef CONFIG_PKVM_MODULES_FAULTS
/* faults.c; the variables are for EL1 */
extern u64 pkvm_module_fail_nth, pkvm_module_fail_times;
extern u64 pkvm_module_fail_undo;
extern u64 pkvm_module_fail_init;
extern u64 pkvm_module_account_wanted;
extern u64 pkvm_module_accounts[PKVM_MODULE_NR_ACCOUNTS];
bool pkvm_module_should_fail(void);
bool pkvm_module_should_fail_undo(void);
void pkvm_module_end_faults(void);
void pkvm_module_take_account(void);
static inline bool pkvm_module_fails_init(void) { return pkvm_module_fail_init; }
/* module.c */
bool pkvm_module_is_locked(void);
void pkvm_module_count(u64 *accounts);
#else
static inline bool pkvm_module_should_fail(void) { return false; }
static inline bool pkvm_module_should_fail_undo(void) { return false; }
static inline void pkvm_module_end_faults(void) { }
static inline void pkvm_module_take_account(void) { }
static inline bool pkvm_module_fails_init(void) { return false; }
#endif

#ifdef CONFIG_PKVM_MODULES
DECLARE_STATIC_KEY_FALSE(pkvm_module_has_calls);
extern pkvm_module_call_t pkvm_module_calls[PKVM_MODULE_MAX_CALLS];
extern unsigned long pkvm_module_handled;
extern struct pkvm_module_handler *pkvm_module_first_host_smc;

/*
 * A hypercall that was found not to be a built-in one, and refused: it may be one of
 * those that modules have registered.
 *
 * This comes last, and the key jumps over it, so that what is refused is refused in as
 * many instructions as ever while there are none.
 */
static inline void pkvm_module_hcall(struct kvm_cpu_context *host_ctxt, unsigned long id)
{
	pkvm_module_call_t hfn;

	if (!static_branch_likely(&pkvm_module_has_calls))
		return;

	/* Not to be merged with the caller's own subtraction, which takes longer. */
	OPTIMIZER_HIDE_VAR(id);
	id -= __KVM_HOST_SMCCC_FUNC_MAX;
	if (id >= PKVM_MODULE_MAX_CALLS)
		return;

	/*
	 * The host has chosen it, and what is loaded is jumped to: past a check that was
	 * predicted wrong, it still is in the table.
	 */
	BUILD_BUG_ON(!is_power_of_2(PKVM_MODULE_MAX_CALLS));
	OPTIMIZER_HIDE_VAR(id);

	id &= PKVM_MODULE_MAX_CALLS - 1;
	hfn = READ_ONCE(pkvm_module_calls[id]);
	if (!hfn)
		return;

	pkvm_module_count_call(id);
	cpu_reg(host_ctxt, 0) = SMCCC_RET_SUCCESS;
	hfn(host_ctxt);
}

bool pkvm_modules_allow_vm(struct pkvm_hyp_vm *hyp_vm);

static inline bool pkvm_module_has(enum pkvm_module_handler_kind kind)
{
	return unlikely(READ_ONCE(pkvm_module_handled) & BIT(kind));
}

/* Here rather than in a function of its own: most of what it costs would be to call it. */
static inline bool pkvm_module_host_smc(struct kvm_cpu_context *host_ctxt)
{
	const struct pkvm_module_handler *handler = READ_ONCE(pkvm_module_first_host_smc);

	for (; unlikely(handler); handler = READ_ONCE(handler->next)) {
		pkvm_module_trap_handler_t fn = handler->fn;
		bool taken = fn(&host_ctxt->regs);

		pkvm_module_count_handler(PKVM_MODULE_HOST_SMC, handler->slot, taken);
		if (taken)
			return true;
	}

	return false;
}

int pkvm_module_enable_event(unsigned short id, bool enable);
int pkvm_module_unmap_mmio(struct kvm_pgtable *host_pgt, u64 start, u64 size);
#else
static inline void pkvm_module_hcall(struct kvm_cpu_context *host_ctxt, unsigned long id) { }
static inline bool pkvm_modules_allow_vm(struct pkvm_hyp_vm *hyp_vm) { return true; }
static inline bool pkvm_module_has(enum pkvm_module_handler_kind kind) { return false; }
static inline bool pkvm_module_host_smc(struct kvm_cpu_context *host_ctxt) { return false; }
static inline int pkvm_module_enable_event(unsigned short id, bool enable) { return -EINVAL; }

static inline int pkvm_module_unmap_mmio(struct kvm_pgtable *host_pgt, u64 start, u64 size)
{
	return kvm_pgtable_stage2_unmap(host_pgt, start, size);
}
#endif

/* switch.c: what becomes of the exits of protected VMs, by exception class. */
extern bool (* const pvm_exit_handlers[])(struct kvm_vcpu *vcpu, u64 *exit_code);

/* handlers.c */
bool __pkvm_module_default_trap(struct kvm_cpu_context *host_ctxt);
void __pkvm_module_illegal_abt(void);
void __pkvm_module_hyp_panic_notify(struct kvm_cpu_context *host_ctxt);
void __pkvm_module_psci(enum pkvm_psci_notification notification,
			struct kvm_cpu_context *host_ctxt);
enum pkvm_module_fault __pkvm_module_host_perm_fault(u64 esr, u64 addr);
bool pkvm_module_guest_smc(struct kvm_vcpu *vcpu, u64 *exit_code);

/* sysreg.c */
void pkvm_module_restore_sysregs(void);
bool pkvm_module_undo_traps(void);

/* Each costs three instructions where no module has registered: a load and a branch. */
static inline bool pkvm_module_default_trap(struct kvm_cpu_context *host_ctxt)
{
	return IS_ENABLED(CONFIG_PKVM_MODULES) && __pkvm_module_default_trap(host_ctxt);
}

/*
 * These two are not given the host's context, though who calls them has it: to keep it
 * for them would cost every fault of the host a register.
 */
static inline void pkvm_module_illegal_abt(void)
{
	if (pkvm_module_has(PKVM_MODULE_ILLEGAL_ABT))
		__pkvm_module_illegal_abt();
}

static inline enum pkvm_module_fault pkvm_module_host_perm_fault(u64 esr, u64 addr)
{
	/* The counters are read-only whether a module cares or not. */
	return IS_ENABLED(CONFIG_PKVM_MODULES_STATS) || pkvm_module_has(PKVM_MODULE_PERM_FAULT) ?
	       __pkvm_module_host_perm_fault(esr, addr) : PKVM_MODULE_FAULT_NONE;
}

static inline void pkvm_module_hyp_panic(struct kvm_cpu_context *host_ctxt)
{
	if (pkvm_module_has(PKVM_MODULE_HYP_PANIC))
		__pkvm_module_hyp_panic_notify(host_ctxt);
}

static inline void pkvm_module_psci(enum pkvm_psci_notification notification,
				    struct kvm_cpu_context *host_ctxt)
{
	if (IS_ENABLED(CONFIG_PKVM_MODULES) && notification == PKVM_PSCI_CPU_ENTRY)
		pkvm_module_restore_sysregs();
	if (pkvm_module_has(PKVM_MODULE_PSCI))
		__pkvm_module_psci(notification, host_ctxt);
}

/* module.c */
void handle___pkvm_module_reserve(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_map_page(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_init(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_register_call(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_unregister(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_undo_traps(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_release(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_close(struct kvm_cpu_context *host_ctxt);
bool pkvm_module_va_valid(unsigned long va, u64 nr_pages);
void *pkvm_alloc_module_va(u64 nr_pages);
void *pkvm_alloc_heap_va(u64 nr_pages);
int pkvm_module_map_private(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot,
			    unsigned long *va);
int pkvm_module_donate_mmio(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot);
int pkvm_module_return_mmio(u64 pfn, u64 nr_pages);
void pkvm_module_lock(void);
void pkvm_module_unlock(void);
bool pkvm_module_is_text(unsigned long va);
bool pkvm_module_is_data(unsigned long va, size_t size);
bool pkvm_module_in_init(void);
int pkvm_module_cpu(void);
unsigned int pkvm_module_image_of(unsigned long va);

/* mem_protect.c */

/* Who a page belongs to that EL2 took from the host for a module. */
enum pkvm_module_page_user {
	PKVM_MODULE_IMAGE = 1,		/* a section of its EL2 part */
	PKVM_MODULE_PAGE,		/* taken by the module itself */
	PKVM_MODULE_HEAP,		/* of the heap that all modules share */
};

int __pkvm_module_map_pages(u64 pfn, unsigned long va, u64 nr_pages,
			    enum kvm_pgtable_prot prot, bool is_protected,
			    enum pkvm_module_page_user user);
int __pkvm_module_unmap_pages(u64 pfn, unsigned long va, u64 nr_pages);
int __pkvm_module_release_image_page(unsigned long va);
int __pkvm_module_donate_hyp(u64 pfn, u64 nr_pages, bool accept_mmio,
			     enum kvm_pgtable_prot prot);
int __pkvm_module_check_mmio(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot);
int __pkvm_module_take_mmio(u64 pfn, u64 nr_pages, unsigned long va, enum kvm_pgtable_prot prot);
int __pkvm_module_return_mmio(u64 pfn, u64 nr_pages, unsigned long *va);
unsigned long __pkvm_module_mmio_va(phys_addr_t phys);
int __pkvm_module_donate_host(u64 pfn, u64 nr_pages);
int __pkvm_module_donate_sglist(struct pkvm_sglist_page *sglist, size_t nr);
int __pkvm_module_host_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages);
int __pkvm_module_host_leaf(phys_addr_t phys, kvm_pte_t *ptep, s8 *level);
int __pkvm_module_host_lazy(u64 pfn, u64 nr_pages, bool enable);
int __pkvm_module_map_linear(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot);
void __pkvm_module_unmap_linear(unsigned long va, u64 size);
bool __pkvm_module_is_mapped(const void *addr, size_t size);
bool __pkvm_module_is_memory(phys_addr_t phys, u64 size);
int __pkvm_module_guest_pa(pkvm_handle_t handle, u64 ipa, phys_addr_t *phys);
bool __pkvm_module_host_may(phys_addr_t phys, enum kvm_pgtable_prot access);
int __pkvm_module_donate_heap_page(u64 pfn);
int __pkvm_module_reclaim_heap_page(u64 pfn);
int __pkvm_module_map_heap_page(unsigned long va, void *page);
void *__pkvm_module_unmap_heap_page(unsigned long va);
int __pkvm_module_let_host_read(void *va, u64 size);
int __pkvm_module_share_hyp(u64 pfn);
int __pkvm_module_unshare_hyp(u64 pfn);
int __pkvm_module_map_private(unsigned long va, u64 size, phys_addr_t phys,
			      enum kvm_pgtable_prot prot);
int __pkvm_module_pin_shared(void *from, void *to);
void __pkvm_module_unpin_shared(void *from, void *to);

/* heap.c */
void handle___pkvm_module_topup_heap(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_reclaim_heap(struct kvm_cpu_context *host_ctxt);

/* ops.c */
extern const struct pkvm_module_ops module_ops;

#endif /* __ARM64_KVM_NVHE_MODULES_H__ */
