// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a host can do to a stock kernel's hypervisor just the same: these calls are
 * kept out of the random run, by the argument that makes them so. Each ends the
 * machine with a panic of the hypervisor, which the host can not even tell where it is
 * under the lock that the host's next fault takes. tests/attack.sh --known shows it on a
 * stock kernel.
 *
 * Linux 7.2 has EL2 follow these pointers as it does without protection. So a host
 * can have EL2 read and write at addresses of its choice by some of them; pKVM without
 * modules is no better off.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/kvm_pgtable.h>

#include "internal.h"

#define FOLLOWED	"EL2 follows the pointer, whatever it is"
#define GICV5		"EL2 uses registers that only a GICv5 has"

static const struct known {
	const char *name, *why;
	u64 id;
	enum { NOTHING, GOOD_VCPU, HIGH_GFN, LOST_PAGE, HYP_TEXT, ONE_X } arg;
} knowns[] = {
#define KNOWN(func, why, ...) { #func, why, KVM_HOST_SMCCC_FUNC(func), ## __VA_ARGS__ }
	KNOWN(__kvm_adjust_pc, FOLLOWED),
	KNOWN(__kvm_tlb_flush_vmid_ipa, FOLLOWED),
	KNOWN(__kvm_tlb_flush_vmid_ipa_nsh, FOLLOWED),
	KNOWN(__kvm_tlb_flush_vmid, FOLLOWED),
	KNOWN(__kvm_tlb_flush_vmid_range, FOLLOWED),
	KNOWN(__kvm_flush_cpu_context, FOLLOWED),
	KNOWN(__vgic_v3_save_aprs, FOLLOWED),
	KNOWN(__vgic_v3_restore_vmcr_aprs, FOLLOWED),
	KNOWN(__vgic_v5_save_apr, GICV5, GOOD_VCPU),
	KNOWN(__vgic_v5_restore_vmcr_apr, GICV5, GOOD_VCPU),
	KNOWN(__pkvm_host_test_clear_young_guest,
	      "a gfn that the VM can not have: kvm_pgtable_stage2_test_clear_young() warns",
	      HIGH_GFN),
	KNOWN(__pkvm_force_reclaim_guest_page,
	      "of a page that a VM had when it ended: the next VM has its handle, and EL2 warns",
	      LOST_PAGE),
	KNOWN(__pkvm_force_reclaim_guest_page,
	      "of the hypervisor's text, which the host may read: not of a VM, but mapped, and EL2 warns",
	      HYP_TEXT),
	KNOWN(__pkvm_host_share_guest,
	      "for one of EL0 and EL1 to execute, without FEAT_XNX: stage 2 can not, and EL2 warns",
	      ONE_X),
};

/* A VM that ends with page @page of the pool, and the handle of one that may come next. */
static void end_with_page(u64 page, bool end)
{
	struct attack_vm vm = { .slot = page, .nr_vcpus = 1, .is_protected = 1 };

	vm.handle = hvc3(__pkvm_reserve_vm, 0, 0, 0);
	make_vm(&vm);
	hvc3(__pkvm_init_vm, vm.kvm_va, vm.vm_mem, vm.pgd_mem);
	hvc3(__pkvm_init_vcpu, vm.handle, vm.vcpu_va, vm.vcpu_mem);
	hvc3(__pkvm_vcpu_load, vm.handle, 0, 0);
	hvc3(__pkvm_host_donate_guest, pool_pfn + POOL_PAGES - 1 - page, 0, 0);
	hvc3(__pkvm_vcpu_put, 0, 0, 0);
	if (!end)
		return;
	hvc3(__pkvm_start_teardown_vm, vm.handle, 0, 0);
	hvc3(__pkvm_finalize_teardown_vm, vm.handle, 0, 0);
}

static void reclaim_lost_page(u64 id)
{
	end_with_page(0, true);
	end_with_page(1, false);
	hypercall(id, (pool_pfn + POOL_PAGES - 1) << PAGE_SHIFT, 0, 0);
}

/* With a VM that is not protected. */
static void share_for_el1_to_execute(u64 id)
{
	struct attack_vm vm = { .nr_vcpus = 1 };
	u64 x[NR_ARGS + 2] = { id, pool_pfn + POOL_PAGES - 1, 0, 1,
			       KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_PX };
	struct arm_smccc_1_2_regs out;

	vm.handle = hvc3(__pkvm_reserve_vm, 0, 0, 0);
	make_vm(&vm);
	hvc3(__pkvm_init_vm, vm.kvm_va, vm.vm_mem, vm.pgd_mem);
	hvc3(__pkvm_init_vcpu, vm.handle, vm.vcpu_va, vm.vcpu_mem);
	hvc3(__pkvm_vcpu_load, vm.handle, 0, 0);
	attack_hvc(x, &out);
}

int known_call(struct attack_known *known)
{
	const struct known *k;

	if (known->index >= ARRAY_SIZE(knowns))
		return -ENOENT;

	k = &knowns[known->index];
	strscpy(known->name, k->name);
	strscpy(known->why, k->why);
	if (!known->go)
		return 0;

	switch (k->arg) {
	case NOTHING:
		/* The pool is not shared: EL2 has nothing there. */
		hypercall(k->id, (u64)pool, 0, 0);
		break;
	case GOOD_VCPU:
		hypercall(k->id, (u64)good_vcpu, 0, 0);
		break;
	case HIGH_GFN:
		hypercall(k->id, first_handle - 1, BIT(40), 1);
		break;
	case LOST_PAGE:
		reclaim_lost_page(k->id);
		break;
	case HYP_TEXT:
		hypercall(k->id, __kimg_to_phys(known->hyp_text), 0, 0);
		break;
	case ONE_X:
		share_for_el1_to_execute(k->id);
		break;
	}

	return 0;
}
