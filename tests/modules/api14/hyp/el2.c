// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part of a module of release 14: every operation that it has, with its
 * prototype there, and calls and callbacks for those that other releases have in
 * another form.
 */

#include <asm/esr.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/memory.h>

#define RELEASE		14
#define SMC_ID		(0xc2000000 + RELEASE)

static const struct pkvm_module_ops *pkvm_ops;

/* Its own EL2 address, by EL1. */
u64 api14_va;
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
	OP(int, map_module_page, u64, void *, enum kvm_pgtable_prot, bool);
	OP(void *, fixmap_map, phys_addr_t);
	OP(void, fixmap_unmap, void);
	OP(void *, linear_map_early, phys_addr_t, size_t, enum kvm_pgtable_prot);
	OP(void, linear_unmap_early, void *, size_t);
	OP(void, flush_dcache_to_poc, void *, size_t);
	OP(phys_addr_t, hyp_pa, void *);
	OP(void *, hyp_va, phys_addr_t);
	OP(unsigned long, kern_hyp_va, unsigned long);
}

static void use_ownership(void)
{
	OP(int, host_donate_hyp, u64, u64, bool);
	OP(int, hyp_donate_host, u64, u64);
	OP(int, host_share_hyp, u64);
	OP(int, host_unshare_hyp, u64);
	OP(int, pin_shared_mem, void *, void *);
	OP(void, unpin_shared_mem, void *, void *);
	OP(int, host_stage2_mod_prot, u64, enum kvm_pgtable_prot);
	OP(int, host_stage2_get_leaf, phys_addr_t, kvm_pte_t *, u32 *);
}

static void use_traps(void)
{
	OP(int, register_host_perm_fault_handler, int (*)(struct kvm_cpu_context *, u64, u64));
	OP(int, register_host_smc_handler, bool (*)(struct kvm_cpu_context *));
	OP(int, register_default_trap_handler, bool (*)(struct kvm_cpu_context *));
	OP(int, register_illegal_abt_notifier, void (*)(struct kvm_cpu_context *));
	OP(int, register_psci_notifier,
	   void (*)(enum pkvm_psci_notification, struct kvm_cpu_context *));
	OP(int, register_hyp_panic_notifier, void (*)(struct kvm_cpu_context *));
	OP(int, register_unmask_serror, bool (*)(void), void (*)(void));
	OP(void, update_hcr_el2, unsigned long, unsigned long);
	OP(void, update_hfgwtr_el2, unsigned long, unsigned long);
}

static void use_rest(void)
{
	OP(int, register_serial_driver, void (*)(char));
	OP(void, puts, const char *);
	OP(void, putx64, u64);
	OP(void *, memcpy, void *, const void *, size_t);
	OP(void *, memset, void *, int, size_t);
}

int api14_hyp_init(const struct pkvm_module_ops *ops)
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

static int on_perm_fault(struct kvm_cpu_context *ctxt, u64 esr, u64 addr)
{
	note(&state.perm_fault, addr);
	if (hyp_phys_to_pfn(addr) != own_pfn)
		return -EPERM;

	return pkvm_ops->host_stage2_mod_prot(own_pfn, KVM_PGTABLE_PROT_RWX);
}

static bool on_host_smc(struct kvm_cpu_context *ctxt)
{
	if (cpu_reg(ctxt, 0) != SMC_ID)
		return false;
	cpu_reg(ctxt, 0) = RELEASE;
	cpu_reg(ctxt, 3) = cpu_reg(ctxt, 6) + RELEASE;

	return true;
}

/* Of a system register, if it is to be taken. */
static bool on_default_trap(struct kvm_cpu_context *ctxt)
{
	u64 esr = read_sysreg_el2(SYS_ESR);

	note(&state.default_trap, cpu_reg(ctxt, 29));
	if (!state.take)
		return false;
	cpu_reg(ctxt, ESR_ELx_SYS64_ISS_RT(esr) % 31) = RELEASE;
	write_sysreg_el2(read_sysreg_el2(SYS_ELR) + 4, SYS_ELR);

	return true;
}

static void on_illegal_abt(struct kvm_cpu_context *ctxt)
{
	note(&state.illegal_abt, cpu_reg(ctxt, 29));
}

static void on_psci(enum pkvm_psci_notification notification, struct kvm_cpu_context *ctxt)
{
	note(&state.psci, notification);
}

static void on_hyp_panic(struct kvm_cpu_context *ctxt)
{
	pkvm_ops->puts("api14: last words");
}

/* Back in x1: 0 or the first error. */
void api14_hyp_register(struct kvm_cpu_context *ctxt)
{
	cpu_reg(ctxt, 1) = pkvm_ops->register_host_perm_fault_handler(on_perm_fault) ?:
			   pkvm_ops->register_host_smc_handler(on_host_smc) ?:
			   pkvm_ops->register_default_trap_handler(on_default_trap) ?:
			   pkvm_ops->register_illegal_abt_notifier(on_illegal_abt) ?:
			   pkvm_ops->register_psci_notifier(on_psci) ?:
			   pkvm_ops->register_hyp_panic_notifier(on_hyp_panic);
}

/* Back: where the state is, where api14_va is, and what EL1 takes that for. */
void api14_hyp_state(struct kvm_cpu_context *ctxt)
{
	cpu_reg(ctxt, 1) = (u64)&state;
	cpu_reg(ctxt, 2) = (u64)&api14_va;
	cpu_reg(ctxt, 3) = api14_va;
}

/* x1: pfn, x2: how many, x3: whether MMIO is welcome. */
void api14_hyp_donate(struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u64, pfn, ctxt, 1);
	DECLARE_REG(u64, nr_pages, ctxt, 2);
	DECLARE_REG(bool, accept_mmio, ctxt, 3);

	cpu_reg(ctxt, 1) = pkvm_ops->host_donate_hyp(pfn, nr_pages, accept_mmio);
}

/* x1: pfn, x2: protection. */
void api14_hyp_mod_prot(struct kvm_cpu_context *ctxt)
{
	own_pfn = cpu_reg(ctxt, 1);
	cpu_reg(ctxt, 1) = pkvm_ops->host_stage2_mod_prot(own_pfn, cpu_reg(ctxt, 2));
}

/*
 * x1: address. Back in x2: the entry, in x3: all ones but for the level, which says
 * how wide that is.
 */
void api14_hyp_get_leaf(struct kvm_cpu_context *ctxt)
{
	union {
		u64 all;
		u32 level;
	} room = { .all = ~0ULL };
	kvm_pte_t pte = 0;

	cpu_reg(ctxt, 1) = pkvm_ops->host_stage2_get_leaf(cpu_reg(ctxt, 1), &pte, &room.level);
	cpu_reg(ctxt, 2) = pte;
	cpu_reg(ctxt, 3) = room.all;
}
