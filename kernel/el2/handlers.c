// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps and events for pKVM vendor modules: who is asked, who is told.
 *
 * Each kind has a list of functions, in the order in which they were registered. It
 * is read without a lock, on paths that may hold any: an entry is filled before it is
 * linked, and one whose module is withdrawn still leads on to the next. Modules are
 * withdrawn only before the host is deprivileged, and the host then makes every CPU
 * leave EL2, before the module is released and its entries can be filled again.
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

typedef int (*perm_fault_handler_t)(struct user_pt_regs *regs, u64 esr, u64 addr);
typedef void (*notifier_t)(struct user_pt_regs *regs);
typedef void (*psci_notifier_t)(enum pkvm_psci_notification notification,
				struct user_pt_regs *regs);
typedef bool (*guest_smc_handler_t)(struct arm_smccc_1_2_regs *regs,
				    struct arm_smccc_1_2_regs *res, pkvm_handle_t handle);
typedef bool (*guest_smc_handler_15_t)(struct arm_smccc_1_2_regs *regs,
				       struct arm_smccc_res *res, pkvm_handle_t handle);

/* A bit for each kind that has any. */
unsigned long pkvm_module_handled;
/* One of those of @first, where an instruction less is needed to find it. */
struct pkvm_module_handler *pkvm_module_first_host_smc;
static struct pkvm_module_handler *first[PKVM_MODULE_NR_HANDLER_KINDS];
static struct pkvm_module_handler handlers[PKVM_MODULE_NR_HANDLER_KINDS][PKVM_MODULE_MAX_HANDLERS];

/* What is read without a lock beside the lists themselves. */
static void update_summary(enum pkvm_module_handler_kind kind)
{
	if (first[kind])
		WRITE_ONCE(pkvm_module_handled, pkvm_module_handled | BIT(kind));
	/*
	 * Pages may still be what one that is gone had made them: the host is told so,
	 * which it would not be where nobody ever asked for its faults.
	 */
	else if (kind != PKVM_MODULE_PERM_FAULT)
		WRITE_ONCE(pkvm_module_handled, pkvm_module_handled & ~BIT(kind));

	/* Like the list itself: whoever finds an entry finds it filled. */
	smp_store_release(&pkvm_module_first_host_smc, first[PKVM_MODULE_HOST_SMC]);
}

static struct pkvm_module_handler *unused_handler(enum pkvm_module_handler_kind kind)
{
	unsigned int i;

	for (i = 0; i < PKVM_MODULE_MAX_HANDLERS; i++) {
		if (!handlers[kind][i].used)
			return &handlers[kind][i];
	}

	return NULL;
}

/*
 * Returns 0; -EINVAL for a function that is not in the text of a live module;
 * -EBUSY when it is registered already, or there is no room for more.
 */
static int register_handler_data(enum pkvm_module_handler_kind kind, void *fn, u64 data)
{
	struct pkvm_module_handler **link, *handler;
	int ret = -EINVAL;

	pkvm_module_lock();

	if (!pkvm_module_is_text((unsigned long)fn))
		goto unlock;

	ret = -EBUSY;
	for (link = &first[kind]; *link; link = &(*link)->next) {
		if ((*link)->fn == fn && (*link)->data == data)
			goto unlock;
	}
	handler = unused_handler(kind);
	if (!handler)
		goto unlock;

	*handler = (struct pkvm_module_handler) {
		.fn = fn, .data = data, .used = true, .slot = handler - handlers[kind],
	};
	pkvm_module_reset_handler(kind, handler->slot, fn);
	/* Whoever finds it finds it filled. */
	smp_store_release(link, handler);
	update_summary(kind);
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
	unsigned int kind;

	for (kind = 0; kind < PKVM_MODULE_NR_HANDLER_KINDS; kind++) {
		struct pkvm_module_handler **link = &first[kind];

		while (*link) {
			unsigned long fn = (unsigned long)(*link)->fn;

			if (fn >= text_start && fn < text_end) {
				pkvm_module_reset_handler(kind, (*link)->slot, NULL);
				WRITE_ONCE(*link, (*link)->next);
			} else {
				link = &(*link)->next;
			}
		}
		update_summary(kind);
	}
}

/* What was removed, nobody can be at any more. With pkvm_module_lock() held. */
void pkvm_module_free_handlers(unsigned long text_start, unsigned long text_end)
{
	unsigned int kind, i;

	for (kind = 0; kind < PKVM_MODULE_NR_HANDLER_KINDS; kind++) {
		for (i = 0; i < PKVM_MODULE_MAX_HANDLERS; i++) {
			unsigned long fn = (unsigned long)handlers[kind][i].fn;

			if (fn >= text_start && fn < text_end)
				handlers[kind][i].used = false;
		}
	}
}

#define for_each_handler(handler, kind)		\
	for ((handler) = READ_ONCE(first[kind]); (handler); (handler) = READ_ONCE((handler)->next))

static void notify(enum pkvm_module_handler_kind kind, struct kvm_cpu_context *host_ctxt)
{
	const struct pkvm_module_handler *handler;

	for_each_handler(handler, kind) {
		notifier_t notifier = handler->fn;

		pkvm_module_count_handler(kind, handler->slot, false);
		notifier(&host_ctxt->regs);
	}
}

static bool ask(enum pkvm_module_handler_kind kind, struct kvm_cpu_context *host_ctxt)
{
	const struct pkvm_module_handler *handler;

	for_each_handler(handler, kind) {
		pkvm_module_trap_handler_t fn = handler->fn;
		bool taken = fn(&host_ctxt->regs);

		pkvm_module_count_handler(kind, handler->slot, taken);
		if (taken)
			return true;
	}

	return false;
}

bool __pkvm_module_default_trap(struct kvm_cpu_context *host_ctxt)
{
	/* Withdrawn on another CPU; the host is about to call __pkvm_module_undo_traps. */
	if (!pkvm_module_has(PKVM_MODULE_DEFAULT_TRAP))
		return pkvm_module_undo_traps();

	return ask(PKVM_MODULE_DEFAULT_TRAP, host_ctxt);
}

void __pkvm_module_illegal_abt(void)
{
	notify(PKVM_MODULE_ILLEGAL_ABT, host_data_ptr(host_ctxt));
}

#ifdef CONFIG_PKVM_STACKTRACE
/* x0-x30, sp: see panic.S. */
DEFINE_PER_CPU(u64 [32], pkvm_module_panic_regs);
#endif

void __pkvm_module_hyp_panic_notify(struct kvm_cpu_context *host_ctxt)
{
	static unsigned long panicking;

	/* A notifier that faults panics again, and is not asked a second time. */
	if (xchg(&panicking, 1))
		return;

	pkvm_module_console_panic();

	notify(PKVM_MODULE_HYP_PANIC, host_ctxt);
}

void __pkvm_module_psci(enum pkvm_psci_notification notification,
			struct kvm_cpu_context *host_ctxt)
{
	const struct pkvm_module_handler *handler;

	for_each_handler(handler, PKVM_MODULE_PSCI) {
		psci_notifier_t notifier = handler->fn;

		pkvm_module_count_handler(PKVM_MODULE_PSCI, handler->slot, false);
		notifier(notification, &host_ctxt->regs);
	}
}

/*
 * A host access that stage 2 does not permit. pKVM itself has the host try again,
 * for the case that another CPU has changed the entry meanwhile: what no module
 * takes is to be aborted, unless that is the case.
 */
enum pkvm_module_fault __pkvm_module_host_perm_fault(u64 esr, u64 addr)
{
	struct kvm_cpu_context *host_ctxt = host_data_ptr(host_ctxt);
	enum kvm_pgtable_prot access = KVM_PGTABLE_PROT_R;
	const struct pkvm_module_handler *handler;

	if (!esr_fsc_is_permission_fault(esr))
		return PKVM_MODULE_FAULT_NONE;

	for_each_handler(handler, PKVM_MODULE_PERM_FAULT) {
		perm_fault_handler_t fn = handler->fn;
		bool taken = !fn(&host_ctxt->regs, esr, addr);

		pkvm_module_count_handler(PKVM_MODULE_PERM_FAULT, handler->slot, taken);
		if (taken)
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

static bool for_other_guest(u64 data, pkvm_handle_t handle)
{
	pkvm_handle_t only = data & ~GUEST_SMC_15;

	return data & GUEST_SMC_15 && only && only != handle;
}

static bool ask_guest_smc(void *fn, u64 data, struct arm_smccc_1_2_regs *regs,
			  struct arm_smccc_1_2_regs *res, pkvm_handle_t handle)
{
	struct arm_smccc_res res_15 = {};

	init_result(res, regs);
	if (!(data & GUEST_SMC_15))
		return ((guest_smc_handler_t)fn)(regs, res, handle);

	if (!((guest_smc_handler_15_t)fn)(regs, &res_15, handle))
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
	const struct pkvm_module_handler *handler;
	struct arm_smccc_1_2_regs regs, res;
	pkvm_handle_t handle;
	int i;

	/* As everywhere, only an immediate of zero makes it an SMCCC call. */
	if (!pkvm_module_has(PKVM_MODULE_GUEST_SMC) || kvm_vcpu_hvc_get_imm(vcpu))
		return false;

	/* Where there is a module, that is EL2's own vcpu: in nVHE mode it is the host's. */
	handle = vcpu->kvm->arch.pkvm.handle;

	BUILD_BUG_ON(offsetof(struct arm_smccc_1_2_regs, a17) != 17 * sizeof(u64));
	for (i = 0; i <= 17; i++)
		((unsigned long *)&regs)[i] = vcpu_get_reg(vcpu, i);

	for_each_handler(handler, PKVM_MODULE_GUEST_SMC) {
		bool taken;

		if (for_other_guest(handler->data, handle))
			continue;
		taken = ask_guest_smc(handler->fn, handler->data, &regs, &res, handle);
		pkvm_module_count_handler(PKVM_MODULE_GUEST_SMC, handler->slot, taken);
		if (!taken)
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

int pkvm_module_register_host_smc(pkvm_module_trap_handler_t cb)
{
	return register_handler(PKVM_MODULE_HOST_SMC, cb);
}

int pkvm_module_register_default_trap(pkvm_module_trap_handler_t cb)
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
