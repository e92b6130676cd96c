// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps and events for pKVM vendor modules: who is asked, who is told.
 *
 * Each kind has its functions in the order in which they were registered. They
 * are read without a lock, on paths that may hold any: a slot is filled before it
 * is counted, and one whose module was withdrawn is emptied in place. Modules are
 * withdrawn only before the host is deprivileged, and the host then makes every
 * CPU leave EL2.
 *
 * Registering is for EL2 init functions and for module calls, at any time.
 */

#include <hyp/adjust_pc.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/mem_protect.h>
#include <nvhe/modules.h>
#include <nvhe/trap_handler.h>

#include "ops.h"

#define MAX_HANDLERS	16

typedef int (*perm_fault_handler_t)(struct user_pt_regs *regs, u64 esr, u64 addr);
typedef bool (*trap_handler_t)(struct user_pt_regs *regs);
typedef void (*notifier_t)(struct user_pt_regs *regs);
typedef void (*psci_notifier_t)(enum pkvm_psci_notification notification,
				struct user_pt_regs *regs);
typedef bool (*guest_smc_handler_t)(struct arm_smccc_1_2_regs *regs,
				    struct arm_smccc_1_2_regs *res, pkvm_handle_t handle);
typedef bool (*guest_smc_handler_15_t)(struct arm_smccc_1_2_regs *regs,
				       struct arm_smccc_res *res, pkvm_handle_t handle);

unsigned int pkvm_module_nr_handlers[PKVM_MODULE_NR_HANDLER_KINDS];
static struct handler {
	void *fn;
	u64 data;		/* of guest_smc_handler_data(), for that kind */
} handlers[PKVM_MODULE_NR_HANDLER_KINDS][MAX_HANDLERS];

/*
 * Returns 0; -EINVAL for a function that is not in the text of a live module;
 * -EBUSY when it is registered already, or all slots are taken.
 */
static int register_handler_data(enum pkvm_module_handler_kind kind, void *fn, u64 data)
{
	unsigned int i, nr;
	int ret = -EINVAL;

	pkvm_module_lock();

	if (!pkvm_module_is_text((unsigned long)fn))
		goto unlock;

	ret = -EBUSY;
	nr = pkvm_module_nr_handlers[kind];
	for (i = 0; i < nr; i++) {
		if (handlers[kind][i].fn == fn && handlers[kind][i].data == data)
			goto unlock;
	}
	while (nr && !handlers[kind][nr - 1].fn)
		nr--;
	if (nr == MAX_HANDLERS)
		goto unlock;

	handlers[kind][nr].data = data;
	WRITE_ONCE(handlers[kind][nr].fn, fn);
	/* Pairs with next_handler(). */
	smp_store_release(&pkvm_module_nr_handlers[kind], nr + 1);
	ret = 0;

unlock:
	pkvm_module_unlock();

	return ret;
}

static int register_handler(enum pkvm_module_handler_kind kind, void *fn)
{
	return register_handler_data(kind, fn, 0);
}

/* With pkvm_module_lock() held, as for registering. */
void pkvm_module_remove_handlers(unsigned long text_start, unsigned long text_end)
{
	unsigned int kind, i, nr;

	for (kind = 0; kind < PKVM_MODULE_NR_HANDLER_KINDS; kind++) {
		nr = 0;
		for (i = 0; i < pkvm_module_nr_handlers[kind]; i++) {
			unsigned long fn = (unsigned long)handlers[kind][i].fn;

			if (fn >= text_start && fn < text_end)
				WRITE_ONCE(handlers[kind][i].fn, NULL);
			else if (fn)
				nr = i + 1;
		}
		/*
		 * Pages may still be what one that is gone had made them: the host is told
		 * so, which it would not be where nobody ever asked for its faults.
		 */
		if (kind == PKVM_MODULE_PERM_FAULT && pkvm_module_nr_handlers[kind] && !nr)
			nr = 1;
		WRITE_ONCE(pkvm_module_nr_handlers[kind], nr);
	}
}

/* The handler in slot *@i or the next one that has one; NULL after the last. */
static void *next_handler(enum pkvm_module_handler_kind kind, unsigned int *i)
{
	/* Pairs with register_handler(): what is counted is there. */
	unsigned int nr = smp_load_acquire(&pkvm_module_nr_handlers[kind]);

	while (*i < nr) {
		void *fn = READ_ONCE(handlers[kind][(*i)++].fn);

		if (fn)
			return fn;
	}

	return NULL;
}

/* @i is the number of the slot after that of @fn. */
#define for_each_handler_slot(fn, i, kind)	\
	for (unsigned int i = 0; ((fn) = next_handler(kind, &(i)));)

#define for_each_handler(fn, kind)	for_each_handler_slot(fn, __i, kind)

static void notify(enum pkvm_module_handler_kind kind, struct kvm_cpu_context *host_ctxt)
{
	notifier_t fn;

	for_each_handler(fn, kind)
		fn(&host_ctxt->regs);
}

static bool ask(enum pkvm_module_handler_kind kind, struct kvm_cpu_context *host_ctxt)
{
	trap_handler_t fn;

	for_each_handler(fn, kind) {
		if (fn(&host_ctxt->regs))
			return true;
	}

	return false;
}

bool __pkvm_module_host_smc(struct kvm_cpu_context *host_ctxt)
{
	return ask(PKVM_MODULE_HOST_SMC, host_ctxt);
}

bool __pkvm_module_default_trap(struct kvm_cpu_context *host_ctxt)
{
	/* Withdrawn on another CPU; the host is about to call __pkvm_module_undo_traps. */
	if (!pkvm_module_has(PKVM_MODULE_DEFAULT_TRAP))
		return pkvm_module_undo_traps();

	return ask(PKVM_MODULE_DEFAULT_TRAP, host_ctxt);
}

void __pkvm_module_illegal_abt(struct kvm_cpu_context *host_ctxt)
{
	notify(PKVM_MODULE_ILLEGAL_ABT, host_ctxt);
}

#ifdef CONFIG_PKVM_STACKTRACE
/* x0-x30, sp: see panic.S. */
DEFINE_PER_CPU(u64 [32], pkvm_module_panic_regs);
#endif

void __pkvm_module_hyp_panic_notify(struct kvm_cpu_context *host_ctxt)
{
	static unsigned long panicking;
	notifier_t fn;

	/* A notifier that faults panics again, and is not asked a second time. */
	if (xchg(&panicking, 1))
		return;

	pkvm_module_console_panic();

	for_each_handler(fn, PKVM_MODULE_HYP_PANIC)
		fn(&host_ctxt->regs);
}

void __pkvm_module_psci(enum pkvm_psci_notification notification,
			struct kvm_cpu_context *host_ctxt)
{
	psci_notifier_t fn;

	for_each_handler(fn, PKVM_MODULE_PSCI)
		fn(notification, &host_ctxt->regs);
}

/*
 * A host access that stage 2 does not permit. pKVM itself has the host try again,
 * for the case that another CPU has changed the entry meanwhile: what no module
 * takes is to be aborted, unless that is the case.
 */
enum pkvm_module_fault __pkvm_module_host_perm_fault(struct kvm_cpu_context *host_ctxt, u64 esr,
						     u64 addr)
{
	enum kvm_pgtable_prot access = KVM_PGTABLE_PROT_R;
	perm_fault_handler_t fn;

	if (!esr_fsc_is_permission_fault(esr))
		return PKVM_MODULE_FAULT_NONE;

	for_each_handler(fn, PKVM_MODULE_PERM_FAULT) {
		if (!fn(&host_ctxt->regs, esr, addr))
			return PKVM_MODULE_FAULT_HANDLED;
	}

	/* A page-table walk that may read was stopped when it updated an entry. */
	if (esr & ESR_ELx_S1PTW)
		access = KVM_PGTABLE_PROT_W;
	else if (ESR_ELx_EC(esr) == ESR_ELx_EC_IABT_LOW)
		access = KVM_PGTABLE_PROT_X;
	else if (esr & ESR_ELx_WNR)
		access = KVM_PGTABLE_PROT_W;

	if (__pkvm_module_host_may(addr, access))
		return PKVM_MODULE_FAULT_HANDLED;

	/* pKVM aborts for translation faults only, and leaves it alone for any other. */
	write_sysreg_el1(read_sysreg_el2(SYS_FAR), SYS_FAR);

	return PKVM_MODULE_FAULT_ABORT;
}

/* Release 15 has a form of its own, for one guest: the handle, or 0 for all. */
#define GUEST_SMC_15		BIT(63)

/* Guests rely on x4-x17 being theirs after a call that has no results there (SMCCC 1.1). */
static void init_result(struct arm_smccc_1_2_regs *res, const struct arm_smccc_1_2_regs *regs)
{
	*res = *regs;
	res->a0 = 0;
	res->a1 = 0;
	res->a2 = 0;
	res->a3 = 0;
}

static bool ask_guest_smc(void *fn, u64 data, struct arm_smccc_1_2_regs *regs,
			  struct arm_smccc_1_2_regs *res, pkvm_handle_t handle)
{
	pkvm_handle_t only = data & ~GUEST_SMC_15;
	struct arm_smccc_res res_15 = {};

	init_result(res, regs);
	if (!(data & GUEST_SMC_15))
		return ((guest_smc_handler_t)fn)(regs, res, handle);

	if ((only && only != handle) || !((guest_smc_handler_15_t)fn)(regs, &res_15, handle))
		return false;

	res->a0 = res_15.a0;
	res->a1 = res_15.a1;
	res->a2 = res_15.a2;
	res->a3 = res_15.a3;

	return true;
}

/*
 * SMC of a guest. What no module takes goes on to the host, which knows PSCI and
 * its like and answers "not supported" to the rest.
 */
bool pkvm_module_guest_smc(struct kvm_vcpu *vcpu, u64 *exit_code)
{
	struct arm_smccc_1_2_regs regs, res;
	void *fn;
	int i;

	/* As everywhere, only an immediate of zero makes it an SMCCC call. */
	if (!pkvm_module_has(PKVM_MODULE_GUEST_SMC) || kvm_vcpu_hvc_get_imm(vcpu))
		return false;

	BUILD_BUG_ON(offsetof(struct arm_smccc_1_2_regs, a17) != 17 * sizeof(u64));
	for (i = 0; i <= 17; i++)
		((unsigned long *)&regs)[i] = vcpu_get_reg(vcpu, i);

	for_each_handler_slot(fn, slot, PKVM_MODULE_GUEST_SMC) {
		if (!ask_guest_smc(fn, handlers[PKVM_MODULE_GUEST_SMC][slot - 1].data, &regs, &res,
				   vcpu->kvm->arch.pkvm.handle))
			continue;
		for (i = 0; i <= 17; i++)
			vcpu_set_reg(vcpu, i, ((unsigned long *)&res)[i]);
		/* Trapped, not taken: the PC is still at the SMC. */
		__kvm_skip_instr(vcpu);
		return true;
	}

	return false;
}

int pkvm_module_register_perm_fault(perm_fault_handler_t cb)
{
	return register_handler(PKVM_MODULE_PERM_FAULT, cb);
}

int pkvm_module_register_host_smc(trap_handler_t cb)
{
	return register_handler(PKVM_MODULE_HOST_SMC, cb);
}

int pkvm_module_register_default_trap(trap_handler_t cb)
{
	return register_handler(PKVM_MODULE_DEFAULT_TRAP, cb);
}

int pkvm_module_register_illegal_abt(notifier_t cb)
{
	return register_handler(PKVM_MODULE_ILLEGAL_ABT, cb);
}

int pkvm_module_register_hyp_panic(notifier_t cb)
{
	return register_handler(PKVM_MODULE_HYP_PANIC, cb);
}

int pkvm_module_register_psci(psci_notifier_t cb)
{
	return register_handler(PKVM_MODULE_PSCI, cb);
}

int pkvm_module_register_guest_smc(guest_smc_handler_t cb)
{
	return register_handler(PKVM_MODULE_GUEST_SMC, cb);
}

int pkvm_module_register_guest_smc_15(guest_smc_handler_15_t cb, pkvm_handle_t handle)
{
	return register_handler_data(PKVM_MODULE_GUEST_SMC, cb, GUEST_SMC_15 | handle);
}
