// SPDX-License-Identifier: GPL-2.0-only
/*
 * SErrors at EL2, while a vendor module says so.
 *
 * EL2 runs with PSTATE.A set and leaves SErrors pending for the host, which learns
 * of them too late to tell whose they were. A module that wants them taken where
 * they happen is asked at each entry from the host.
 *
 * The way in from the host is the one that every hypercall takes. To ask there would
 * cost each of them a load and a branch for what next to nobody uses, so that it is
 * done as a static key would: the BL to handle_trap() is patched. It is one of the
 * instructions that may be replaced while other CPUs run it (Arm ARM, "Concurrent
 * modification and execution of instructions"): they see the old or the new one.
 */

#include <linux/cacheflush.h>

#include <asm/insn.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/memory.h>
#include <nvhe/modules.h>
#include <nvhe/trap_handler.h>

#include "ops.h"

/* The BL in __host_exit(). */
extern u32 __pkvm_module_trap_site[];

static bool (*unmask_serror)(void);
static void (*mask_serror)(void);

static void take_serrors(void)
{
	/* With AMO clear, an SError stays pending at EL2 whatever PSTATE.A says. */
	write_sysreg_hcr(read_sysreg(hcr_el2) | HCR_AMO);
	isb();
	asm volatile("msr	daifclr, #4" : : : "memory");
}

static void leave_serrors(void)
{
	asm volatile("msr	daifset, #4" : : : "memory");
	write_sysreg_hcr(read_sysreg(hcr_el2) & ~HCR_AMO);
}

/* Called by __host_exit() instead of handle_trap(). */
static void handle_trap_unmasked(struct kvm_cpu_context *host_ctxt)
{
	bool (*unmask)(void) = READ_ONCE(unmask_serror);
	void (*mask)(void) = READ_ONCE(mask_serror);
	bool unmasked = unmask && mask && unmask();

	if (unmasked)
		take_serrors();

	handle_trap(host_ctxt);

	if (unmasked) {
		leave_serrors();
		mask();
	}
}

/* -EBUSY if this CPU's window is open. */
static int call_at_trap_site(void (*fn)(struct kvm_cpu_context *host_ctxt))
{
	u64 offset = (u64)fn - (u64)__pkvm_module_trap_site;
	u32 *insn = pkvm_module_fixmap_map(__hyp_pa(__pkvm_module_trap_site));

	if (!insn)
		return -EBUSY;

	offset = offset / AARCH64_INSN_SIZE & GENMASK(25, 0);
	WRITE_ONCE(*insn, aarch64_insn_get_bl_value() | offset);
	dcache_clean_inval_poc((unsigned long)insn, (unsigned long)(insn + 1));
	pkvm_module_fixmap_unmap();
	icache_inval_all_pou();

	return 0;
}

int pkvm_module_register_unmask_serror(bool (*unmask)(void), void (*mask)(void))
{
	int ret = -EINVAL;

	pkvm_module_lock();

	if (!pkvm_module_is_text((unsigned long)unmask) ||
	    !pkvm_module_is_text((unsigned long)mask))
		goto unlock;

	ret = -EBUSY;
	if (!unmask_serror) {
		WRITE_ONCE(mask_serror, mask);
		WRITE_ONCE(unmask_serror, unmask);
		ret = call_at_trap_site(handle_trap_unmasked);
		if (ret)
			WRITE_ONCE(unmask_serror, NULL);
	}

unlock:
	pkvm_module_unlock();

	return ret;
}

/* With pkvm_module_lock() held, as for registering, and this CPU's windows closed. */
void pkvm_module_remove_serror(unsigned long text_start, unsigned long text_end)
{
	unsigned long unmask = (unsigned long)unmask_serror, mask = (unsigned long)mask_serror;

	if (!unmask || ((unmask < text_start || unmask >= text_end) &&
			(mask < text_start || mask >= text_end)))
		return;

	WARN_ON(call_at_trap_site(handle_trap));
	WRITE_ONCE(unmask_serror, NULL);
}
