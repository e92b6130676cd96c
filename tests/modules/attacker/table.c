// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the attacker calls, and with what: each hypercall that the kernel knows, and
 * the members of the ops table as a module would call them that hands on what the host
 * asked for.
 *
 * An argument that would end the machine whatever EL2 does is not random: pointers
 * that EL2 follows unchecked on a stock kernel too are good ones (see known.c), and the
 * host's own virtual time stays as it is.
 */

#include <linux/kernel.h>
#include <linux/printk.h>

#include "probe.h"
#include "internal.h"

#define HVC(func, res, how_often, ...)				\
	{							\
		.name = #func,					\
		.id = KVM_HOST_SMCCC_FUNC(func),		\
		.result = res,					\
		.weight = how_often,				\
		.args = { __VA_ARGS__ },			\
	}

#define OP(op, res, how_often, never, ...)			\
	{							\
		.name = #op,					\
		.member = op,					\
		.result = res,					\
		.weight = how_often,				\
		.not_for = never,				\
		.args = { __VA_ARGS__ },			\
	}

/* Devices are the host's. */
#define LAZY_PTE(op)							\
	{								\
		.name = #op, .member = op, .result = RES_ERRNO,		\
		.weight = 20, .args = { PHYS, NR },			\
		.may_have = BIT(NO_PAGE),				\
	}

#define STEPS(what, how_often)	{ .name = #what, .weight = how_often, .steps = what }

/* What a module has said about a page, it may say differently. */
#define MODULES_OWN	(BIT(DONATED_PAGE) | BIT(PINNED_PAGE) | BIT(MODPROT_PAGE))

/* On a debug kernel EL2 asserts what these are told: a wrong gfn is a BUG(). */
#define ASSERTED	(IS_ENABLED(CONFIG_NVHE_EL2_DEBUG) ? 0 : 10)

const struct call calls[] = {
	/* Refused once the host is deprivileged. The first one has no name there. */
	{
		.name = "__kvm_hyp_init", .id = KVM_HOST_SMCCC_ID(0), .result = RES_ANY,
		.weight = 1, .args = { PHYS, ANY },
	},
	HVC(__pkvm_init, RES_ERRNO, 1, PHYS, NR, ANY, SMALL),
	HVC(__pkvm_create_private_mapping, RES_ERRNO, 1, PHYS, NR, PROT),
	HVC(__pkvm_cpu_set_vector, RES_ERRNO, 1, SMALL),
	HVC(__kvm_enable_ssbs, RES_VOID, 1),
	HVC(__vgic_v3_init_lrs, RES_VOID, 1),
	HVC(__vgic_v3_get_gic_config, RES_ANY, 1),
#ifdef CONFIG_PKVM_MODULES
	HVC(__pkvm_module_reserve, RES_ERRNO, 4, NR),
	HVC(__pkvm_module_map_page, RES_ERRNO, 4, HYP_VA, PFN, SLOT_VA, PROT),
	HVC(__pkvm_module_init, RES_ERRNO, 4, HYP_VA, HYP_VA),
	HVC(__pkvm_module_register_call, RES_ERRNO, 4, HYP_VA),
	HVC(__pkvm_module_unregister, RES_ERRNO, 4, HYP_VA),
	HVC(__pkvm_module_undo_traps, RES_ERRNO, 4),
	HVC(__pkvm_module_release, RES_ERRNO, 4, HYP_VA),
	HVC(__pkvm_module_close, RES_ERRNO, 4, BOOL),
#endif
	HVC(__pkvm_prot_finalize, RES_ERRNO, 2),

	HVC(__kvm_adjust_pc, RES_VOID, 4, GOOD_VCPU_VA),
	HVC(__kvm_vcpu_run, RES_ANY, 4, ANY),
	HVC(__kvm_flush_vm_context, RES_VOID, 1),
	HVC(__kvm_tlb_flush_vmid_ipa, RES_VOID, 2, GOOD_MMU_VA, PHYS, SMALL),
	HVC(__kvm_tlb_flush_vmid_ipa_nsh, RES_VOID, 2, GOOD_MMU_VA, PHYS, SMALL),
	HVC(__kvm_tlb_flush_vmid, RES_VOID, 2, GOOD_MMU_VA),
	HVC(__kvm_tlb_flush_vmid_range, RES_VOID, 2, GOOD_MMU_VA, PHYS, FEW),
	HVC(__kvm_flush_cpu_context, RES_VOID, 1, GOOD_MMU_VA),
	HVC(__kvm_timer_set_cntvoff, RES_VOID, 1, ZERO),
	HVC(__tracing_load, RES_ERRNO, 4, PAGES_VA, SMALL),
	HVC(__tracing_unload, RES_VOID, 4),
	HVC(__tracing_enable, RES_ERRNO, 4, BOOL),
	HVC(__tracing_swap_reader, RES_ERRNO, 4, SMALL),
	HVC(__tracing_update_clock, RES_VOID, 4, SMALL, SMALL, ANY, ANY),
	HVC(__tracing_reset, RES_ERRNO, 4, SMALL),
	HVC(__tracing_enable_event, RES_ERRNO, 4, SMALL, BOOL),
	HVC(__tracing_write_event, RES_VOID, 4, ANY),
	HVC(__vgic_v3_save_aprs, RES_VOID, 2, GOOD_CPU_IF_VA),
	HVC(__vgic_v3_restore_vmcr_aprs, RES_VOID, 2, GOOD_CPU_IF_VA),
	/* Only with a GICv5, which would take other pointers: see known.c. */
	HVC(__vgic_v5_save_apr, RES_VOID, 0),
	HVC(__vgic_v5_restore_vmcr_apr, RES_VOID, 0),
#ifdef CONFIG_PKVM_MODULES
	HVC(__pkvm_module_topup_heap, RES_ERRNO, 30, PFN),
	HVC(__pkvm_module_reclaim_heap, RES_POOL_PFN, 30),
#endif

	HVC(__pkvm_host_share_hyp, RES_ERRNO, 60, PFN),
	HVC(__pkvm_host_unshare_hyp, RES_ERRNO, 60, PFN),
	HVC(__pkvm_host_donate_guest, RES_ERRNO, 40, PFN, GFN),
	{
		.name = "__pkvm_host_share_guest", .result = RES_ERRNO, .weight = 40,
		.id = KVM_HOST_SMCCC_FUNC(__pkvm_host_share_guest),
		.args = { PFN, GFN, NR, GUEST_PROT },
		/* Normal VMs may have the same page: it is the host's all the time. */
		.may_have = BIT(NP_GUEST_PAGE),
	},
	HVC(__pkvm_host_unshare_guest, RES_ERRNO, 40, OWN_HANDLE, GFN, NR_GFNS),
	HVC(__pkvm_host_relax_perms_guest, RES_ERRNO, ASSERTED, GFN, PROT),
	HVC(__pkvm_host_wrprotect_guest, RES_ERRNO, ASSERTED, OWN_HANDLE, GFN, NR_GFNS),
	HVC(__pkvm_host_test_clear_young_guest, RES_BOOL, ASSERTED, HANDLE, LOW_GFN, NR_GFNS, BOOL),
	HVC(__pkvm_host_mkyoung_guest, RES_ERRNO, ASSERTED, GFN),
	HVC(__pkvm_reserve_vm, RES_HANDLE, 4),
	HVC(__pkvm_unreserve_vm, RES_VOID, 8, OWN_HANDLE),
	HVC(__pkvm_init_vm, RES_ERRNO, 40, KVM_VA, PAGES_VA, PAGES_VA),
	HVC(__pkvm_init_vcpu, RES_ERRNO, 40, HANDLE, VCPU_VA, PAGES_VA),
	HVC(__pkvm_vcpu_in_poison_fault, RES_BOOL, 4),
	{
		.name = "__pkvm_force_reclaim_guest_page", .result = RES_ERRNO, .weight = 20,
		.id = KVM_HOST_SMCCC_FUNC(__pkvm_force_reclaim_guest_page), .args = { PHYS },
		/* The guest's content is lost to all then; of text: see known.c. */
		.not_for = BIT(GUEST_PAGE) | BIT(HYP_TEXT_PAGE),
	},
	HVC(__pkvm_reclaim_dying_guest_page, RES_ERRNO, 10, OWN_HANDLE, GFN),
	HVC(__pkvm_start_teardown_vm, RES_ERRNO, 2, OWN_HANDLE),
	/* It loses what was not reclaimed before, stock or not: see step_end_vm(). */
	HVC(__pkvm_finalize_teardown_vm, RES_ERRNO, 0, OWN_HANDLE),
	HVC(__pkvm_vcpu_load, RES_VOID, 40, OWN_HANDLE, VCPU_NR, ANY),
	HVC(__pkvm_vcpu_put, RES_VOID, 20),
	HVC(__pkvm_tlb_flush_vmid, RES_VOID, 2, HANDLE),

	/* Memory of the host that EL2 looks at, and VMs in all their stages */
	STEPS(step_fake_kvm, 20),
	STEPS(step_fake_vcpu, 30),
	STEPS(step_whole_vm, 10),
	STEPS(step_end_vm, 3),

	/* By way of the probe */
	OP(OP_HOST_DONATE_HYP, RES_ERRNO, 20, 0, PFN, NR, ZERO),
	OP(OP_HOST_DONATE_HYP_PROT, RES_ERRNO, 20, 0, PFN, NR, ZERO, PROT),
	OP(OP_HYP_DONATE_HOST, RES_ERRNO, 30, MODULES_OWN, PFN, NR),
	OP(OP_HOST_SHARE_HYP, RES_ERRNO, 20, 0, PFN),
	OP(OP_HOST_UNSHARE_HYP, RES_ERRNO, 20, 0, PFN),
	OP(OP_PIN_SHARED_MEM, RES_ERRNO, 30, BIT(PINNED_PAGE), HYP_VA, HYP_VA_END),
	OP(OP_UNPIN_SHARED_MEM, RES_ANY, 30, BIT(PINNED_PAGE), HYP_VA, HYP_VA_END),
	OP(OP_MAP_MODULE_PAGES, RES_ERRNO, 20, MODULES_OWN, PFN, SLOT_VA, NR, PROT, BOOL),
	OP(OP_UNMAP_MODULE_PAGES, RES_ERRNO, 20, MODULES_OWN, PFN, SLOT_VA, NR),
	OP(OP_HOST_STAGE2_MOD_PROT, RES_ERRNO, 20, MODULES_OWN, PFN, PROT, NR, BOOL),
	LAZY_PTE(OP_HOST_STAGE2_ENABLE_LAZY_PTE),
	LAZY_PTE(OP_HOST_STAGE2_DISABLE_LAZY_PTE),
	OP(OP_GUEST_STAGE2_PA, RES_ERRNO, 20, 0, HANDLE, IPA, SCRATCH_VA),
	OP(OP_HYP_FREE, RES_ANY, 4, 0, HYP_VA),
	OP(OP_FLUSH_DCACHE_TO_POC, RES_ANY, 0, 0),
	STEPS(step_alloc, 20),
};

const unsigned int nr_calls = ARRAY_SIZE(calls);

bool table_is_complete(void)
{
	unsigned int i;
	u64 func;

	for (func = 0; func < __KVM_HOST_SMCCC_FUNC_MAX; func++) {
		for (i = 0; i < nr_calls; i++) {
			if (calls[i].id == KVM_HOST_SMCCC_ID(func))
				break;
		}
		if (i == nr_calls) {
			pr_err("attacker: hypercall %llu is not described: add it to table.c\n",
			       func);
			return false;
		}
	}

	return true;
}
