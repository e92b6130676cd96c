// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part of a module of release 17: every operation that it has, with its
 * prototype there, and calls and callbacks for those that other releases have in
 * another form.
 */

#include <asm/esr.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/memory.h>

#define RELEASE		17
#define SMC_ID		(0xc2000000 + RELEASE)

static const struct pkvm_module_ops *pkvm_ops;

/* Its own EL2 address, by EL1. */
u64 api17_va;
/* For the test, which has the same structure. */
static struct {
	u64 slots[2];		/* members of the table that its names are, a bit for each */
	u64 take;		/* set by the test: other traps are taken */
	struct seen {
		u64 nr;
		u64 what;	/* it was told last */
	} perm_fault, guest_smc, default_trap, illegal_abt, psci;
} state;

/* The page whose permissions were changed: faults there are this module's. */
static u64 own_pfn;

#define OP(ret_t, name, args...)							\
do {											\
	unsigned int slot = offsetof(struct pkvm_module_ops, name) / sizeof(u64);	\
	ret_t (*op)(args) = pkvm_ops->name;						\
											\
	if (op)										\
		state.slots[slot / 64] |= BIT(slot % 64);				\
} while (0)

static void use_mapping(void)
{
	OP(int, create_private_mapping, phys_addr_t, size_t, enum kvm_pgtable_prot,
	   unsigned long *);
	OP(void *, alloc_module_va, u64);
	OP(int, map_module_pages, u64, void *, u64, enum kvm_pgtable_prot, bool);
	OP(int, unmap_module_pages, u64, void *, u64);
	OP(void *, fixmap_map, phys_addr_t);
	OP(void, fixmap_unmap, void);
	OP(void *, fixblock_map, phys_addr_t, size_t *);
	OP(void, fixblock_unmap, void);
	OP(void *, linear_map_early, phys_addr_t, size_t, enum kvm_pgtable_prot);
	OP(void, linear_unmap_early, void *, size_t);
	OP(void, flush_dcache_to_poc, void *, size_t);
}

static void use_ownership(void)
{
	OP(int, host_donate_hyp, u64, u64);
	OP(int, host_donate_hyp_prot, u64, u64, bool, enum kvm_pgtable_prot);
	OP(int, host_donate_sglist_hyp, struct pkvm_sglist_page *, size_t);
	OP(int, hyp_donate_host, u64, u64);
	OP(int, host_share_hyp, u64);
	OP(int, host_unshare_hyp, u64);
	OP(int, pin_shared_mem, void *, void *);
	OP(void, unpin_shared_mem, void *, void *);
	OP(int, host_stage2_mod_prot, u64, enum kvm_pgtable_prot, u64, bool);
	OP(int, host_stage2_get_leaf, phys_addr_t, kvm_pte_t *, s8 *);
}

static void use_traps(void)
{
	OP(int, register_host_perm_fault_handler, int (*)(struct user_pt_regs *, u64, u64));
	OP(int, register_host_smc_handler, bool (*)(struct user_pt_regs *));
	OP(int, register_guest_smc_handler,
	   bool (*)(struct arm_smccc_1_2_regs *, struct arm_smccc_1_2_regs *, pkvm_handle_t));
	OP(int, register_default_trap_handler, bool (*)(struct user_pt_regs *));
	OP(int, register_illegal_abt_notifier, void (*)(struct user_pt_regs *));
	OP(int, register_psci_notifier,
	   void (*)(enum pkvm_psci_notification, struct user_pt_regs *));
	OP(int, register_hyp_panic_notifier, void (*)(struct user_pt_regs *));
	OP(int, register_unmask_serror, bool (*)(void), void (*)(void));
	OP(void, update_hcr_el2, unsigned long, unsigned long);
	OP(void, update_hfgwtr_el2, unsigned long, unsigned long);
}

static void use_rest(void)
{
	OP(int, register_serial_driver, void (*)(char));
	OP(void, putc, char);
	OP(void, puts, const char *);
	OP(void, putx64, u64);
	OP(void *, memcpy, void *, const void *, size_t);
	OP(void *, memset, void *, int, size_t);
	OP(void *, hyp_alloc, size_t);
	OP(void, hyp_free, void *);
	OP(void *, tracing_reserve_entry, unsigned long);
	OP(void, tracing_commit_entry, void);
	OP(void, tracing_mod_hyp_printk, u8, u64, u64, u64, u64);
	OP(int, hyp_smp_processor_id, void);
	OP(u64, get_time, void);
	OP(bool, list_add_valid_or_report, struct list_head *, struct list_head *,
	   struct list_head *);
	OP(bool, list_del_entry_valid_or_report, struct list_head *);
	OP(int, register_guest_trng_ops, const struct pkvm_module_trng_ops *);
}

int api17_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;
	use_mapping();
	use_ownership();
	use_traps();
	use_rest();

	return 0;
}

static void note(struct seen *seen, u64 what)
{
	seen->nr++;
	seen->what = what;
}

static int on_perm_fault(struct user_pt_regs *regs, u64 esr, u64 addr)
{
	note(&state.perm_fault, addr);
	if (hyp_phys_to_pfn(addr) != own_pfn)
		return -EPERM;

	return pkvm_ops->host_stage2_mod_prot(own_pfn, KVM_PGTABLE_PROT_RWX, 1, false);
}

static bool on_host_smc(struct user_pt_regs *regs)
{
	if (regs->regs[0] != SMC_ID)
		return false;
	regs->regs[0] = RELEASE;
	regs->regs[3] = regs->regs[6] + RELEASE;

	return true;
}

static bool on_guest_smc(struct arm_smccc_1_2_regs *regs, struct arm_smccc_1_2_regs *res,
			 pkvm_handle_t handle)
{
	note(&state.guest_smc, handle);
	if (regs->a0 != SMC_ID)
		return false;
	res->a0 = RELEASE;
	res->a1 = regs->a1 + RELEASE;

	return true;
}

/* Of a system register, if it is to be taken. */
static bool on_default_trap(struct user_pt_regs *regs)
{
	u64 esr = read_sysreg_el2(SYS_ESR);

	note(&state.default_trap, regs->regs[29]);
	if (!state.take)
		return false;
	regs->regs[ESR_ELx_SYS64_ISS_RT(esr) % 31] = RELEASE;
	write_sysreg_el2(read_sysreg_el2(SYS_ELR) + 4, SYS_ELR);

	return true;
}

static void on_illegal_abt(struct user_pt_regs *regs)
{
	note(&state.illegal_abt, regs->regs[29]);
}

static void on_psci(enum pkvm_psci_notification notification, struct user_pt_regs *regs)
{
	note(&state.psci, notification);
}

static void on_hyp_panic(struct user_pt_regs *regs)
{
	pkvm_ops->puts("api17: last words");
}

/* Back in x1: 0 or the first error. */
void api17_hyp_register(struct user_pt_regs *regs)
{
	regs->regs[1] = pkvm_ops->register_host_perm_fault_handler(on_perm_fault) ?:
			pkvm_ops->register_host_smc_handler(on_host_smc) ?:
			pkvm_ops->register_guest_smc_handler(on_guest_smc) ?:
			pkvm_ops->register_default_trap_handler(on_default_trap) ?:
			pkvm_ops->register_illegal_abt_notifier(on_illegal_abt) ?:
			pkvm_ops->register_psci_notifier(on_psci) ?:
			pkvm_ops->register_hyp_panic_notifier(on_hyp_panic);
}

/* Back: where the state is, where api17_va is, and what EL1 takes that for. */
void api17_hyp_state(struct user_pt_regs *regs)
{
	regs->regs[1] = (u64)&state;
	regs->regs[2] = (u64)&api17_va;
	regs->regs[3] = api17_va;
}

/* x1: pfn, x2: how many. */
void api17_hyp_donate(struct user_pt_regs *regs)
{
	regs->regs[1] = pkvm_ops->host_donate_hyp(regs->regs[1], regs->regs[2]);
}

/* x1: pfn, x2: protection, x3: how many, x4: whether the IOMMU is to follow. */
void api17_hyp_mod_prot(struct user_pt_regs *regs)
{
	own_pfn = regs->regs[1];
	regs->regs[1] = pkvm_ops->host_stage2_mod_prot(own_pfn, regs->regs[2], regs->regs[3],
						       regs->regs[4]);
}

/*
 * x1: address. Back in x2: the entry, in x3: all ones but for the level, which says
 * how wide that is.
 */
void api17_hyp_get_leaf(struct user_pt_regs *regs)
{
	union {
		u64 all;
		s8 level;
	} room = { .all = ~0ULL };
	kvm_pte_t pte = 0;

	regs->regs[1] = pkvm_ops->host_stage2_get_leaf(regs->regs[1], &pte, &room.level);
	regs->regs[2] = pte;
	regs->regs[3] = room.all;
}

/* x1: address of 8 bytes. Back in x1: what is there, in x2: how much was said to be mapped. */
void api17_hyp_fixblock(struct user_pt_regs *regs)
{
	size_t size = 0;
	u64 *block = pkvm_ops->fixblock_map(regs->regs[1], &size);

	regs->regs[1] = block ? *block : 0;
	regs->regs[2] = size;
	if (block)
		pkvm_ops->fixblock_unmap();
}
