// SPDX-License-Identifier: GPL-2.0-only
/*
 * A default trap handler that does what was trapped, and notes it; a PSCI notifier,
 * the two functions for SErrors, and entropy that can be foretold. The init function
 * registers what EL1 chose, and a test the rest.
 */

#include <asm/esr.h>
#include <asm/kvm_arm.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>

#include "../events.h"

static const struct pkvm_module_ops *pkvm_ops;

u64 events_init;
u64 events_pfn;
struct events_state events_state;

static struct events_cpu *this_cpu_events(void)
{
	return &events_state.cpus[pkvm_ops->hyp_smp_processor_id() % EVENTS_CPUS];
}

static u64 read_hfgwtr(void)
{
	u64 mmfr0 = read_sysreg_s(SYS_ID_AA64MMFR0_EL1);

	return SYS_FIELD_GET(ID_AA64MMFR0_EL1, FGT, mmfr0) ? read_sysreg_s(SYS_HFGWTR_EL2) : 0;
}

/* --- traps --- */

static u64 read_reg(u32 reg)
{
	switch (reg) {
	case SYS_AIDR_EL1:
		return read_sysreg(aidr_el1);
	case SYS_REVIDR_EL1:
		return read_sysreg(revidr_el1);
	case SYS_ACTLR_EL1:
		return read_sysreg(actlr_el1);
	default:
		return 0;
	}
}

bool events_trap(struct user_pt_regs *regs)
{
	struct events_cpu *cpu = this_cpu_events();
	u64 esr = read_sysreg_el2(SYS_ESR);
	int rt = ESR_ELx_SYS64_ISS_RT(esr);
	u32 reg;

	if (ESR_ELx_EC(esr) != ESR_ELx_EC_SYS64)
		return false;

	reg = esr_sys64_to_sysreg(esr);
	cpu->traps++;
	cpu->reg = reg;
	if (esr & ESR_ELx_SYS64_ISS_DIR_READ) {
		if (rt < 31)
			regs->regs[rt] = events_state.answer ?: read_reg(reg);
	} else {
		cpu->written = rt < 31 ? regs->regs[rt] : 0;
		if (reg == SYS_CONTEXTIDR_EL1)
			write_sysreg_el1(cpu->written, SYS_CONTEXTIDR);
	}
	write_sysreg_el2(read_sysreg_el2(SYS_ELR) + 4, SYS_ELR);

	return true;
}

/* For /dev/probe to call. */
u64 events_hcr(void)
{
	return read_sysreg(hcr_el2);
}

u64 events_hfgwtr(void)
{
	return read_hfgwtr();
}

/* --- power --- */

void events_psci(enum pkvm_psci_notification notification, struct user_pt_regs *regs)
{
	struct events_psci *psci = &events_state.psci[events_state.nr_psci++ % EVENTS_LOG];

	psci->notification = notification;
	psci->cpu = pkvm_ops->hyp_smp_processor_id();
	psci->hcr = read_sysreg(hcr_el2);
	psci->hfgwtr = read_hfgwtr();
}

/* --- guests --- */

/* Takes no SMC, but changes what is trapped for the host. */
bool events_guest_smc(struct arm_smccc_1_2_regs *regs, struct arm_smccc_1_2_regs *res,
		      pkvm_handle_t handle)
{
	u64 i = events_state.nr_guest++ % EVENTS_LOG;

	pkvm_ops->update_hcr_el2(events_state.guest_set, events_state.guest_clear);
	if (events_state.guest_fgt)
		pkvm_ops->update_hfgwtr_el2(events_state.guest_fgt, 0);
	events_state.guest_hcr[i] = read_sysreg(hcr_el2);
	events_state.guest_hfgwtr[i] = read_hfgwtr();

	return false;
}

/* --- SErrors --- */

bool events_unmask(void)
{
	struct events_cpu *cpu = this_cpu_events();

	cpu->asked++;
	if (!cpu->unmask)
		return false;
	cpu->yes++;

	return true;
}

void events_mask(void)
{
	struct events_cpu *cpu = this_cpu_events();

	cpu->told++;
	cpu->mask_daif = read_sysreg(daif);
	cpu->mask_hcr = read_sysreg(hcr_el2);
}

bool events_unmask_2(void)
{
	return false;
}

void events_mask_2(void)
{
}

void events_hyp_look(struct user_pt_regs *regs)
{
	struct events_cpu *cpu = this_cpu_events();

	regs->regs[1] = (cpu->asked & U32_MAX) | cpu->told << 32;
	regs->regs[2] = read_sysreg(daif);
	regs->regs[3] = read_sysreg(hcr_el2);
}

/* --- any member, as /dev/probe has it --- */

void events_hyp_op(struct user_pt_regs *regs)
{
	u64 (*const *members)(u64 a, u64 b) = (void *)pkvm_ops;

	regs->regs[1] = members[regs->regs[1]](regs->regs[2], regs->regs[3]);
}

/* --- entropy --- */

/* Not aligned: a uuid_t need not be. */
static const struct {
	u8 pad;
	u8 uuid[16];
} __packed trng_uuid = { .uuid = EVENTS_UUID };

int events_rnd64(u64 *entropy, int bits)
{
	u64 i = events_state.trng_nr++;

	events_state.trng_bits[i % EVENTS_LOG] = bits;
	*entropy = events_entropy(i);

	return i + 1 == events_state.trng_fail ? -EIO : 0;
}

struct pkvm_module_trng_ops events_trng = {
	.trng_uuid	= (const uuid_t *)trng_uuid.uuid,
	.trng_rnd64	= events_rnd64,
};

/* The next ones, for who comes second. A test fills in what is bad of them. */
struct pkvm_module_trng_ops events_trng_2 = {
	.trng_uuid	= (const uuid_t *)trng_uuid.uuid,
	.trng_rnd64	= events_rnd64,
};

struct pkvm_module_trng_ops events_trng_bad;

static int events_perm_fault(struct user_pt_regs *regs, u64 esr, u64 addr)
{
	return -EPERM;
}

static int protect_page(void)
{
	int ret = pkvm_ops->register_host_perm_fault_handler(events_perm_fault);

	return ret ?: pkvm_ops->host_stage2_mod_prot(events_pfn, KVM_PGTABLE_PROT_R, 1, false);
}

int events_hyp_init(const struct pkvm_module_ops *ops)
{
	int ret = 0;

	pkvm_ops = ops;
	events_state.init_cpu = ops->hyp_smp_processor_id();

	if (events_init & EVENTS_INIT_TRAP)
		ret = ops->register_default_trap_handler(events_trap);
	if (!ret && events_init & EVENTS_INIT_HCR)
		ops->update_hcr_el2(HCR_TID1, 0);
	if (!ret && events_init & EVENTS_INIT_SERROR)
		ret = ops->register_unmask_serror(events_unmask, events_mask);
	if (!ret && events_init & EVENTS_INIT_TRNG)
		ret = ops->register_guest_trng_ops(&events_trng);
	if (!ret && events_init & EVENTS_INIT_PROT)
		ret = protect_page();

	return ret;
}
