// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seventeen handlers of each kind, which note that they were called. Nothing is
 * registered here.
 */

#include <asm/esr.h>
#include <asm/kvm_arm.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>

#include <nvhe/memory.h>

#include "../traps.h"

static const struct pkvm_module_ops *pkvm_ops;

struct traps_state traps_states[TRAPS_NR_KINDS];

int traps_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;

	return 0;
}

/* Gives back whether handler @i takes it. */
static bool note(enum traps_kind kind, u64 i, u64 a, u64 b, u64 c)
{
	struct traps_state *state = &traps_states[kind];
	u64 nr = state->nr++;

	if (nr < TRAPS_LOG) {
		state->log[nr] = i;
		state->args[nr][0] = a;
		state->args[nr][1] = b;
		state->args[nr][2] = c;
	}

	return state->take & BIT(i);
}

static int on_perm_fault(u64 i, struct user_pt_regs *regs, u64 esr, u64 addr)
{
	if (!note(TRAPS_PERM_FAULT, i, esr, addr, regs->pc))
		return -EPERM;

	return pkvm_ops->host_stage2_mod_prot(hyp_phys_to_pfn(addr), KVM_PGTABLE_PROT_RWX, 1,
					      false);
}

static bool on_host_smc(u64 i, struct user_pt_regs *regs)
{
	if (regs->regs[0] != traps_states[TRAPS_HOST_SMC].watch ||
	    !note(TRAPS_HOST_SMC, i, regs->regs[0], regs->regs[1], regs->regs[6]))
		return false;

	regs->regs[0] = TRAPS_ANSWER(i);
	regs->regs[3] = regs->regs[1] + regs->regs[2];

	return true;
}

static bool on_guest_smc(u64 i, struct arm_smccc_1_2_regs *regs, struct arm_smccc_1_2_regs *res,
			 pkvm_handle_t handle)
{
	/* Nobody is to see that of one that does not take it. */
	res->a5 = TRAPS_ANSWER(i);
	if (!note(TRAPS_GUEST_SMC, i, regs->a0, regs->a17, handle))
		return false;

	res->a0 = TRAPS_ANSWER(i);
	res->a1 = regs->a1 + regs->a17;

	return true;
}

static bool on_guest_smc_15(u64 i, struct arm_smccc_1_2_regs *regs, struct arm_smccc_res *res,
			    pkvm_handle_t handle)
{
	if (!note(TRAPS_GUEST_SMC, TRAPS_15 + i, regs->a0, regs->a17, handle))
		return false;

	res->a0 = TRAPS_ANSWER(TRAPS_15 + i);
	res->a1 = regs->a1 + regs->a17;
	res->a2 = regs->a2;
	res->a3 = regs->a3;

	return true;
}

/* Reads of a system register only. */
static bool on_default_trap(u64 i, struct user_pt_regs *regs)
{
	u64 esr = read_sysreg_el2(SYS_ESR);

	if (!note(TRAPS_DEFAULT_TRAP, i, esr, 0, 0))
		return false;

	regs->regs[ESR_ELx_SYS64_ISS_RT(esr) % 31] = TRAPS_ANSWER(i);
	write_sysreg_el2(read_sysreg_el2(SYS_ELR) + 4, SYS_ELR);

	return true;
}

static void on_illegal_abt(u64 i, struct user_pt_regs *regs)
{
	note(TRAPS_ILLEGAL_ABT, i, read_sysreg_el2(SYS_ESR), read_sysreg_el2(SYS_FAR), 0);
}

static void on_psci(u64 i, enum pkvm_psci_notification notification, struct user_pt_regs *regs)
{
	note(TRAPS_PSCI, i, notification, pkvm_ops->hyp_smp_processor_id(), regs->regs[0]);
}

static void on_hyp_panic(u64 i, struct user_pt_regs *regs)
{
	note(TRAPS_HYP_PANIC, i, 0, 0, 0);
	pkvm_ops->puts(i ? "traps: the next words" : "traps: last words");
}

#define HANDLERS(n)										\
int traps_perm_fault_##n(struct user_pt_regs *regs, u64 esr, u64 addr)				\
{												\
	return on_perm_fault(n, regs, esr, addr);						\
}												\
bool traps_host_smc_##n(struct user_pt_regs *regs)						\
{												\
	return on_host_smc(n, regs);								\
}												\
bool traps_guest_smc_##n(struct arm_smccc_1_2_regs *regs, struct arm_smccc_1_2_regs *res,	\
			 pkvm_handle_t handle)							\
{												\
	return on_guest_smc(n, regs, res, handle);						\
}												\
bool traps_guest_smc_15_##n(struct arm_smccc_1_2_regs *regs, struct arm_smccc_res *res,		\
			    pkvm_handle_t handle)						\
{												\
	return on_guest_smc_15(n, regs, res, handle);						\
}												\
bool traps_default_trap_##n(struct user_pt_regs *regs)						\
{												\
	return on_default_trap(n, regs);							\
}												\
void traps_illegal_abt_##n(struct user_pt_regs *regs)						\
{												\
	on_illegal_abt(n, regs);								\
}												\
void traps_psci_##n(enum pkvm_psci_notification notification, struct user_pt_regs *regs)	\
{												\
	on_psci(n, notification, regs);								\
}												\
void traps_hyp_panic_##n(struct user_pt_regs *regs)						\
{												\
	on_hyp_panic(n, regs);									\
}

HANDLERS(0)
HANDLERS(1)
HANDLERS(2)
HANDLERS(3)
HANDLERS(4)
HANDLERS(5)
HANDLERS(6)
HANDLERS(7)
HANDLERS(8)
HANDLERS(9)
HANDLERS(10)
HANDLERS(11)
HANDLERS(12)
HANDLERS(13)
HANDLERS(14)
HANDLERS(15)
HANDLERS(16)

/* Makes this CPU trap what it does not: its own reads of AIDR_EL1. Nobody handles that. */
u64 traps_trap_aidr(void)
{
	write_sysreg(read_sysreg(hcr_el2) | HCR_TID1, hcr_el2);
	isb();

	return 0;
}

u64 traps_untrap_aidr(void)
{
	write_sysreg(read_sysreg(hcr_el2) & ~HCR_TID1, hcr_el2);
	isb();

	return 0;
}
