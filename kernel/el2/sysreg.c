// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps that modules set for the host: HCR_EL2 and HFGWTR_EL2 of this CPU.
 *
 * HCR_EL2 is written anew from kvm_init_params whenever a guest was run and when
 * the CPU comes back from being off, so that is where a change is kept; the host's
 * HFGWTR_EL2 is saved and restored around guests, and has to be brought back here
 * when the CPU comes back.
 */

#include <linux/percpu.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/modules.h>

#include "ops.h"

/*
 * Not for modules: what keeps the host in its place, and what EL2 itself runs by. With
 * NV2, the host would write through an address of EL2's. With AMO or TEA, its errors
 * would come to EL2, which takes them for its own, or for faults in stage 2.
 */
#define HCR_KEPT	(HCR_VM | HCR_FWB | HCR_DC | HCR_CD | HCR_ID | HCR_TSC | HCR_HCD | \
			 HCR_IMO | HCR_FMO | HCR_AMO | HCR_TEA | HCR_TGE | HCR_E2H | \
			 HCR_RW | HCR_NV | HCR_NV1 | HCR_NV2)

static DEFINE_PER_CPU(unsigned long, hfgwtr_set);
static DEFINE_PER_CPU(unsigned long, hfgwtr_clear);

/* The bits that are not as they would be without modules. */
static DEFINE_PER_CPU(unsigned long, hcr_changed);
static DEFINE_PER_CPU(unsigned long, hfgwtr_changed);

/* With nobody to handle what is then trapped, the first such trap would be a panic. */
static bool trap_is_handled(void)
{
	if (pkvm_module_has(PKVM_MODULE_DEFAULT_TRAP))
		return true;

	pkvm_module_missing_op();

	return false;
}

/* A handler of its SMCs runs with a guest's registers, which are none of its business. */
static bool guest_is_loaded(void)
{
	return host_data_ptr(host_ctxt)->__hyp_running_vcpu;
}

static void update_hcr(unsigned long set_mask, unsigned long clear_mask)
{
	struct kvm_nvhe_init_params *params = this_cpu_ptr(&kvm_init_params);

	params->hcr_el2 = (params->hcr_el2 & ~clear_mask) | set_mask;
	/* Read with the MMU off when the CPU comes back. */
	kvm_flush_dcache_to_poc(params, sizeof(*params));

	if (!guest_is_loaded()) {
		write_sysreg_hcr((read_sysreg(hcr_el2) & ~clear_mask) | set_mask);
		isb();
	}
}

void pkvm_module_update_hcr(unsigned long set_mask, unsigned long clear_mask)
{
	unsigned long hcr = this_cpu_ptr(&kvm_init_params)->hcr_el2;
	unsigned long changed = hcr ^ ((hcr & ~clear_mask) | set_mask);

	if (!trap_is_handled())
		return;
	if (changed & HCR_KEPT) {
		pkvm_module_missing_op();
		return;
	}

	*this_cpu_ptr(&hcr_changed) ^= changed;
	/* Those that would not change may yet differ in the register itself. */
	update_hcr(set_mask & ~HCR_KEPT, clear_mask & ~HCR_KEPT);
}

static u64 read_hfgwtr(void)
{
	return guest_is_loaded() ? ctxt_sys_reg(host_data_ptr(host_ctxt), HFGWTR_EL2) :
				   read_sysreg_s(SYS_HFGWTR_EL2);
}

static void write_hfgwtr(u64 val)
{
	if (guest_is_loaded()) {
		ctxt_sys_reg(host_data_ptr(host_ctxt), HFGWTR_EL2) = val;
	} else {
		write_sysreg_s(val, SYS_HFGWTR_EL2);
		isb();
	}
}

void pkvm_module_update_hfgwtr(unsigned long set_mask, unsigned long clear_mask)
{
	unsigned long *set = this_cpu_ptr(&hfgwtr_set);
	unsigned long *clear = this_cpu_ptr(&hfgwtr_clear);
	u64 old, val;

	if (!cpus_have_final_cap(ARM64_HAS_FGT)) {
		pkvm_module_missing_op();
		return;
	}
	if (!trap_is_handled())
		return;

	*set = (*set & ~clear_mask) | set_mask;
	*clear = (*clear & ~set_mask) | clear_mask;
	old = read_hfgwtr();
	val = (old & ~clear_mask) | set_mask;
	*this_cpu_ptr(&hfgwtr_changed) ^= old ^ val;
	write_hfgwtr(val);
}

/* This CPU was off. */
void pkvm_module_restore_sysregs(void)
{
	unsigned long set = *this_cpu_ptr(&hfgwtr_set);
	unsigned long clear = *this_cpu_ptr(&hfgwtr_clear);

	if (set || clear)
		write_hfgwtr((read_hfgwtr() & ~clear) | set);
}

/*
 * The module that handled traps was withdrawn: end those of this CPU.
 * Returns whether there were any.
 */
bool pkvm_module_undo_traps(void)
{
	unsigned long hcr = this_cpu_ptr(&kvm_init_params)->hcr_el2;
	unsigned long hcr_bits = *this_cpu_ptr(&hcr_changed);
	unsigned long hfgwtr_bits = *this_cpu_ptr(&hfgwtr_changed);

	if (hcr_bits)
		update_hcr(~hcr & hcr_bits, hcr & hcr_bits);
	if (hfgwtr_bits)
		write_hfgwtr(read_hfgwtr() ^ hfgwtr_bits);

	*this_cpu_ptr(&hcr_changed) = 0;
	*this_cpu_ptr(&hfgwtr_changed) = 0;
	*this_cpu_ptr(&hfgwtr_set) = 0;
	*this_cpu_ptr(&hfgwtr_clear) = 0;

	return hcr_bits || hfgwtr_bits;
}
