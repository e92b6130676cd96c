// SPDX-License-Identifier: GPL-2.0-only
/* Handlers and notifiers: who registered, and who is asked about what the host does. */
#include <stdio.h>
#include <string.h>

#include <asm/kvm_arm.h>

#include "internal.h"

#define MAX_HANDLERS	16
/* Of the form that release 15 has: one guest's handle, or 0 for all. */
#define GUEST_SMC_15	BIT(63)

typedef int (*perm_fault_t)(struct user_pt_regs *regs, u64 esr, u64 addr);
typedef bool (*trap_t)(struct user_pt_regs *regs);
typedef void (*notifier_t)(struct user_pt_regs *regs);
typedef void (*psci_t)(enum pkvm_psci_notification notification, struct user_pt_regs *regs);
typedef bool (*guest_smc_t)(struct arm_smccc_1_2_regs *regs, struct arm_smccc_1_2_regs *res,
			    pkvm_handle_t handle);
typedef bool (*guest_smc_15_t)(struct arm_smccc_1_2_regs *regs, struct arm_smccc_res *res,
			       pkvm_handle_t handle);

static struct handler {
	void *fn;
	u64 data;
	void *by;
} handlers[SIM_NR_KINDS][MAX_HANDLERS];
static unsigned int nr_handlers[SIM_NR_KINDS];

static struct {
	bool (*unmask)(void);
	void (*mask)(void);
	bool unmasked;
} serror;

static bool panicked;

void sim_reset_handlers(void)
{
	memset(handlers, 0, sizeof(handlers));
	memset(nr_handlers, 0, sizeof(nr_handlers));
	memset(&serror, 0, sizeof(serror));
	panicked = false;
}

unsigned int sim_nr_handlers(enum sim_kind kind)
{
	return nr_handlers[kind];
}

bool sim_has_serror(void)
{
	return serror.unmask;
}

static int add(enum sim_kind kind, void *fn, u64 data)
{
	unsigned int i;

	if (!sim_is_text(fn))
		return -EINVAL;
	for (i = 0; i < nr_handlers[kind]; i++) {
		if (handlers[kind][i].fn != fn || handlers[kind][i].data != data)
			continue;
		sim_refused("this function is registered already, at %s",
			    sim_where(handlers[kind][i].by));
		return -EBUSY;
	}
	if (nr_handlers[kind] == MAX_HANDLERS)
		return -EBUSY;

	handlers[kind][nr_handlers[kind]++] = (struct handler) {
		.fn = fn, .data = data, .by = sim_caller(),
	};

	return 0;
}

int op_register_host_perm_fault_handler(perm_fault_t cb)
{
	SIM_OP();

	return add(SIM_PERM_FAULT, cb, 0);
}

int op_register_host_smc_handler(trap_t cb)
{
	SIM_OP();

	return add(SIM_HOST_SMC, cb, 0);
}

int op_register_guest_smc_handler(guest_smc_t cb)
{
	SIM_OP();

	return add(SIM_GUEST_SMC, cb, 0);
}

int op_register_guest_smc_handler_15(guest_smc_15_t cb, pkvm_handle_t handle)
{
	SIM_OP();

	return add(SIM_GUEST_SMC, cb, GUEST_SMC_15 | handle);
}

int op_register_default_trap_handler(trap_t cb)
{
	SIM_OP();

	return add(SIM_DEFAULT_TRAP, cb, 0);
}

int op_register_illegal_abt_notifier(notifier_t cb)
{
	SIM_OP();

	return add(SIM_ILLEGAL_ABT, cb, 0);
}

int op_register_psci_notifier(psci_t cb)
{
	SIM_OP();

	return add(SIM_PSCI, cb, 0);
}

int op_register_hyp_panic_notifier(notifier_t cb)
{
	SIM_OP();

	return add(SIM_HYP_PANIC, cb, 0);
}

int op_register_unmask_serror(bool (*unmask)(void), void (*mask)(void))
{
	SIM_OP();
	if (!sim_is_text(unmask) || !sim_is_text(mask))
		return -EINVAL;
	if (serror.unmask)
		return -EBUSY;
	serror.unmask = unmask;
	serror.mask = mask;

	return 0;
}

void sim_serror_entry(void)
{
	serror.unmasked = serror.unmask && serror.unmask();
}

void sim_serror_exit(void)
{
	if (serror.unmasked)
		serror.mask();
	serror.unmasked = false;
}

/* --- what happens --- */

/* A trap is about the host's registers, and says why in ESR_EL2. */
static struct user_pt_regs host_regs;

static struct user_pt_regs *enter(u64 esr, u64 far)
{
	memset(&host_regs, 0, sizeof(host_regs));
	sim_set_sysreg("SYS_ESR", esr);
	sim_set_sysreg("SYS_FAR", far);
	sim_enter_el2();
	sim_serror_entry();

	return &host_regs;
}

static void leave(void)
{
	sim_serror_exit();
	sim_leave_el2();
}

bool sim_host_perm_fault(u64 esr, u64 addr)
{
	struct user_pt_regs *regs;
	bool handled = false;
	unsigned int i;

	if (!nr_handlers[SIM_PERM_FAULT])
		return false;
	regs = enter(esr, addr);
	for (i = 0; i < nr_handlers[SIM_PERM_FAULT] && !handled; i++)
		handled = !((perm_fault_t)handlers[SIM_PERM_FAULT][i].fn)(regs, esr, addr);
	leave();

	return handled;
}

static void notify(enum sim_kind kind, struct user_pt_regs *regs)
{
	unsigned int i;

	for (i = 0; i < nr_handlers[kind]; i++)
		((notifier_t)handlers[kind][i].fn)(regs);
}

void sim_illegal_abt(u64 esr, u64 addr)
{
	struct user_pt_regs *regs = enter(esr, addr);

	notify(SIM_ILLEGAL_ABT, regs);
	leave();
}

int sim_fault(u64 esr, u64 addr)
{
	if (esr_fsc_is_permission_fault(esr) && sim_host_perm_fault(esr, addr))
		return 0;
	sim_illegal_abt(esr, addr);

	return -EFAULT;
}

bool sim_trap(u64 esr, struct user_pt_regs *regs)
{
	struct user_pt_regs none = {};
	bool handled = false;
	unsigned int i;

	enter(esr, 0);
	for (i = 0; i < nr_handlers[SIM_DEFAULT_TRAP] && !handled; i++)
		handled = ((trap_t)handlers[SIM_DEFAULT_TRAP][i].fn)(regs ?: &none);
	leave();

	return handled;
}

void sim_psci(enum pkvm_psci_notification notification)
{
	struct user_pt_regs *regs = enter(ESR_ELx_EC_SMC64 << ESR_ELx_EC_SHIFT, 0);
	unsigned int i;

	for (i = 0; i < nr_handlers[SIM_PSCI]; i++)
		((psci_t)handlers[SIM_PSCI][i].fn)(notification, regs);
	leave();
}

void sim_panic(void)
{
	struct user_pt_regs *regs;

	if (panicked)
		return;
	panicked = true;
	regs = enter(0, 0);
	sim_console_panic();
	notify(SIM_HYP_PANIC, regs);
	sim_leave_el2();
}

static bool is_pkvms(u64 id)
{
	u64 func = ARM_SMCCC_FUNC_NUM(id);

	return id >> 32 || (ARM_SMCCC_IS_FAST_CALL(id) &&
			    ARM_SMCCC_OWNER_NUM(id) == ARM_SMCCC_OWNER_STANDARD &&
			    (func <= 0x1f || (func >= 0x60 && func <= 0xff)));
}

struct sim_smc sim_smc_args(const u64 *x)
{
	struct sim_smc smc = { .by = SIM_BY_EL3 };
	struct user_pt_regs *regs;
	bool taken = false;
	unsigned int i;

	for (i = 0; i <= 17; i++)
		((unsigned long *)&smc.regs)[i] = x[i];
	if (is_pkvms(x[0] & ~(u64)ARM_SMCCC_CALL_HINTS)) {
		smc.by = SIM_BY_PKVM;
		return smc;
	}

	regs = enter(ESR_ELx_EC_SMC64 << ESR_ELx_EC_SHIFT, 0);
	memcpy(regs->regs, x, 18 * sizeof(u64));
	for (i = 0; i < nr_handlers[SIM_HOST_SMC] && !taken; i++)
		taken = ((trap_t)handlers[SIM_HOST_SMC][i].fn)(regs);
	leave();

	for (i = 0; i <= 17; i++)
		((unsigned long *)&smc.regs)[i] = regs->regs[i];
	if (taken)
		smc.by = SIM_BY_MODULE;
	else
		sim_firmware(&smc.regs);

	return smc;
}

static bool ask_guest_smc(struct handler *handler, struct arm_smccc_1_2_regs *regs,
			  struct arm_smccc_1_2_regs *res, pkvm_handle_t handle)
{
	pkvm_handle_t only = handler->data & ~GUEST_SMC_15;
	struct arm_smccc_res res_15 = {};

	/* x4-x17 stay the guest's where the handler has nothing to say. */
	*res = *regs;
	res->a0 = 0;
	res->a1 = 0;
	res->a2 = 0;
	res->a3 = 0;
	if (!(handler->data & GUEST_SMC_15))
		return ((guest_smc_t)handler->fn)(regs, res, handle);

	if ((only && only != handle) ||
	    !((guest_smc_15_t)handler->fn)(regs, &res_15, handle))
		return false;
	res->a0 = res_15.a0;
	res->a1 = res_15.a1;
	res->a2 = res_15.a2;
	res->a3 = res_15.a3;

	return true;
}

struct sim_smc sim_guest_smc_args(pkvm_handle_t handle, const u64 *x)
{
	struct sim_smc smc = { .by = SIM_BY_EL3, .regs.a0 = SMCCC_RET_NOT_SUPPORTED };
	struct arm_smccc_1_2_regs regs, res;
	bool taken = false;
	unsigned int i;

	for (i = 0; i <= 17; i++)
		((unsigned long *)&regs)[i] = x[i];

	enter(ESR_ELx_EC_SMC64 << ESR_ELx_EC_SHIFT, 0);
	for (i = 0; i < nr_handlers[SIM_GUEST_SMC] && !taken; i++)
		taken = ask_guest_smc(&handlers[SIM_GUEST_SMC][i], &regs, &res, handle);
	leave();

	if (taken) {
		smc.by = SIM_BY_MODULE;
		smc.regs = res;
	}

	return smc;
}
