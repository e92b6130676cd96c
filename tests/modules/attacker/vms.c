// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs that no KVM knows of: a struct kvm and vcpus that the attacker makes up in
 * memory that it shares with EL2, and changes as it likes. Their guests have nothing
 * where they start, so that a run ends at once.
 */

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/kvm_pgtable.h>
#include <asm/kvm_pkvm.h>

#include "probe.h"
#include "internal.h"

#define KVM_PAGES	(PAGE_ALIGN(sizeof(struct kvm)) >> PAGE_SHIFT)
#define VCPU_PAGES	(PAGE_ALIGN(sizeof(struct kvm_vcpu)) >> PAGE_SHIFT)
#define VM_PAGES	(KVM_PAGES + FAKE_VCPUS * VCPU_PAGES)
/* More than EL2 needs for a VM, its stage 2, or a vcpu; the largest of it is aligned so. */
#define DONATION_ORDER	4
#define DONATION_PAGES	BIT(DONATION_ORDER)

u64 first_handle;
struct kvm *good_kvm;
struct kvm_vcpu *good_vcpu;
u64 slot_va;
u64 scratch_va;
u64 allocs[NR_ALLOCS];

struct kvm *fake_kvm(unsigned int slot)
{
	return pool_va(slot * VM_PAGES);
}

struct kvm_vcpu *fake_vcpu(unsigned int slot, unsigned int nr)
{
	return pool_va(slot * VM_PAGES + KVM_PAGES + nr * VCPU_PAGES);
}

static void clear(void *addr, u64 nr_pages)
{
	u64 i;

	for (i = 0; i < nr_pages; i++)
		write_nofault(addr + i * PAGE_SIZE, NULL, PAGE_SIZE);
}

static int share(void *addr, u64 nr_pages)
{
	int ret = 0;
	u64 i;

	for (i = 0; i < nr_pages; i++) {
		int err = hvc3(__pkvm_host_share_hyp, (__pa(addr) >> PAGE_SHIFT) + i, 0, 0);

		ret = ret ?: err;
	}

	return ret;
}

#define set(field, val)								\
	do {									\
		typeof(field) __val = (val);					\
		write_nofault(&(field), &__val, sizeof(__val));			\
	} while (0)

static void set_up_kvm(struct kvm *kvm, u16 handle, int nr_vcpus, bool is_protected)
{
	clear(kvm, KVM_PAGES);
	set(kvm->arch.pkvm.handle, handle);
	set(kvm->arch.pkvm.is_protected, is_protected);
	set(kvm->created_vcpus, nr_vcpus);
	set(kvm->arch.flags, BIT(KVM_ARCH_FLAG_ID_REGS_INITIALIZED));
	share(kvm, KVM_PAGES);
}

static void set_up_vcpu(struct kvm_vcpu *vcpu, int nr)
{
	clear(vcpu, VCPU_PAGES);
	set(vcpu->vcpu_idx, nr);
	set(vcpu->vcpu_id, nr);
	share(vcpu, VCPU_PAGES);
}

/* What EL2 is to take for page tables: a list through the pages themselves. */
static void set_memcache(struct step *step, struct kvm_vcpu *vcpu)
{
	u64 i, nr = rnd_to(step, 8), head = 0;

	for (i = 0; i < nr; i++) {
		u64 page = rnd_to(step, POOL_PAGES);

		poke(pool_va(page), head);
		head = (pool_pfn + page) << PAGE_SHIFT;
	}
	if (!rnd_to(step, 8) && nr_known_pages)
		head = known_pages[rnd_to(step, nr_known_pages)].pfn << PAGE_SHIFT;
	else if (!rnd_to(step, 16))
		head = rnd(step);

	set(vcpu->arch.pkvm_memcache.head, head);
	set(vcpu->arch.pkvm_memcache.nr_pages, rnd_to(step, 8) ? nr : rnd(step));
}

void step_fake_kvm(struct step *step)
{
	/* What EL2 could take for so many would reach beyond memory, or not past the pool. */
	static const int odd[] = { 0, 3, 16, 64, -1, S32_MAX, S32_MIN };
	int nr = rnd_to(step, 8) ? 1 + rnd_to(step, FAKE_VCPUS) :
				   odd[rnd_to(step, ARRAY_SIZE(odd))];
	u16 handle = rnd_to(step, 16) ? first_handle + rnd_to(step, NR_HANDLES) : rnd(step);

	set_up_kvm(fake_kvm(rnd_to(step, NR_FAKE_VMS)), handle, nr, rnd_to(step, 2));
}

void step_fake_vcpu(struct step *step)
{
	int nr = rnd_to(step, FAKE_VCPUS);
	struct kvm_vcpu *vcpu = fake_vcpu(rnd_to(step, NR_FAKE_VMS), nr);

	if (rnd_to(step, 2))
		set_up_vcpu(vcpu, rnd_to(step, 8) ? nr : rnd(step));
	set_memcache(step, vcpu);
}

static u64 donation(struct step *step)
{
	u64 places = (POOL_PAGES - 2 * DONATION_PAGES) / DONATION_PAGES;

	return (u64)pool_va((1 + rnd_to(step, places)) * DONATION_PAGES);
}

/* From nothing to a vcpu that is loaded, if all of it is to be had. */
void step_whole_vm(struct step *step)
{
	unsigned int slot = rnd_to(step, NR_FAKE_VMS), nr;
	struct kvm *kvm = fake_kvm(slot);
	s64 handle = hvc3(__pkvm_reserve_vm, 0, 0, 0);

	if (handle < (s64)first_handle)
		return;
	if (handle >= first_handle + NR_HANDLES) {
		hvc3(__pkvm_unreserve_vm, handle, 0, 0);
		return;
	}

	set_up_kvm(kvm, handle, FAKE_VCPUS, rnd_to(step, 2));
	if (hvc3(__pkvm_init_vm, (u64)kvm, donation(step), donation(step)))
		return;

	for (nr = 0; nr < FAKE_VCPUS; nr++) {
		set_up_vcpu(fake_vcpu(slot, nr), nr);
		hvc3(__pkvm_init_vcpu, handle, (u64)fake_vcpu(slot, nr), donation(step));
		set_memcache(step, fake_vcpu(slot, nr));
	}

	hvc3(__pkvm_vcpu_put, 0, 0, 0);
	hvc3(__pkvm_vcpu_load, handle, rnd_to(step, FAKE_VCPUS), rnd(step));
}

/*
 * A page that the guest still has when its VM ends, is nobody's any more; and EL2 warns,
 * which is a panic, when one is reclaimed whose VM has a successor: see known.c. So a VM
 * is only ended as a whole, and by one CPU at a time.
 */
static DEFINE_SPINLOCK(end_lock);

static void end_vm_locked(u64 handle)
{
	unsigned int i;

	hvc3(__pkvm_start_teardown_vm, handle, 0, 0);
	if (hvc3(__pkvm_reclaim_dying_guest_page, handle, gfns[0], 0) == -EINVAL) {
		/* It is no VM, or in use. */
		hvc3(__pkvm_unreserve_vm, handle, 0, 0);
		return;
	}

	for (i = 0; i < nr_gfns; i++) {
		hvc3(__pkvm_host_unshare_guest, handle, gfns[i], 1);
		hvc3(__pkvm_host_unshare_guest, handle, gfns[i], PTRS_PER_PMD);
		hvc3(__pkvm_reclaim_dying_guest_page, handle, gfns[i], 0);
	}
	hvc3(__pkvm_finalize_teardown_vm, handle, 0, 0);
}

void end_vm(u64 handle)
{
	spin_lock(&end_lock);
	end_vm_locked(handle);
	spin_unlock(&end_lock);
}

void step_end_vm(struct step *step)
{
	end_vm(first_handle + rnd_to(step, NR_HANDLES));
}

void step_alloc(struct step *step)
{
	u64 *place = &allocs[rnd_to(step, NR_ALLOCS)], addr = xchg(place, 0);

	if (!probe_call)
		return;
	if (!addr) {
		addr = op(OP_HYP_ALLOC, rnd_to(step, 3 * PAGE_SIZE), 0, 0);
		if (!cmpxchg(place, 0, addr))
			return;
	}
	op(OP_HYP_FREE, addr, 0, 0);
}

/* --- and back --- */

static void reset_slot(u64 va)
{
	u64 x[NR_ARGS + 2] = { probe_call, PROBE_PTE, va };
	struct arm_smccc_1_2_regs out;

	attack_hvc(x, &out);
	if (out.a1 & EL2_PTE_VALID)
		op(OP_UNMAP_MODULE_PAGES, (out.a1 & GENMASK(47, PAGE_SHIFT)) >> PAGE_SHIFT, va, 1);
}

#define MAX_PINS	4096

/* All pins are of one page, see HYP_VA_END. */
static void reset_page(u64 i)
{
	u64 pfn = pool_pfn + i, va = pool_hyp_va + i * PAGE_SIZE;
	int pins;

	/* Nothing to be done for most of them. */
	if (!hvc3(__pkvm_host_share_hyp, pfn, 0, 0) && !hvc3(__pkvm_host_unshare_hyp, pfn, 0, 0))
		return;

	op(OP_HYP_DONATE_HOST, pfn, 1, 0);
	op(OP_HOST_STAGE2_MOD_PROT, pfn, KVM_PGTABLE_PROT_RWX, 1);
	for (pins = 0; pins < MAX_PINS; pins++) {
		if ((int)op(OP_HOST_UNSHARE_HYP, pfn, 0, 0) != -EBUSY)
			break;
		op(OP_UNPIN_SHARED_MEM, va, va + PAGE_SIZE, 0);
	}
}

static void reset_ops(void)
{
	u64 i;

	for (i = 0; i < NR_ALLOCS; i++)
		op(OP_HYP_FREE, xchg(&allocs[i], 0), 0, 0);
	for (i = 0; i < NR_SLOTS; i++)
		reset_slot(slot_va + i * PAGE_SIZE);
	for (i = 0; i < POOL_PAGES; i++)
		reset_page(i);
}

static const char *check_page(u64 i)
{
	u64 pfn = pool_pfn + i, val = 0x5a5a5a5a5a5a5a5a + i, got = 0;
	s64 ret;

	if (write_nofault(pool_va(i), &val, sizeof(val)) ||
	    copy_from_kernel_nofault(&got, pool_va(i), sizeof(got)) || got != val)
		return "the host can not use it";

	ret = hvc3(__pkvm_host_share_hyp, pfn, 0, 0);
	if (!ret)
		ret = hvc3(__pkvm_host_unshare_hyp, pfn, 0, 0);

	return ret ? "it is not the host's alone" : NULL;
}

const char *reset_all(char *text, size_t size)
{
	const char *what;
	u64 i;

	for (i = 0; i < KVM_MAX_PVMS; i++)
		end_vm(first_handle + i);

	if (probe_call)
		reset_ops();
#ifdef CONFIG_PKVM_MODULES
	while (hvc3(__pkvm_module_reclaim_heap, 0, 0, 0) > 0)
		;
#endif
	for (i = 0; i < POOL_PAGES; i++)
		hvc3(__pkvm_host_unshare_hyp, pool_pfn + i, 0, 0);

	for (i = 0; i < POOL_PAGES; i++) {
		what = check_page(i);
		if (!what)
			continue;
		scnprintf(text, size, "page %llu of the pool (pfn %#llx) did not come back: %s", i,
			  pool_pfn + i, what);
		return text;
	}

	return NULL;
}

/* --- for a test that goes step by step --- */

#define MEMCACHE_PAGES	8

/* Pages for the page tables of its guest. */
static void give_memcache(unsigned int slot)
{
	u64 i, page = POOL_PAGES - (slot + 2) * MEMCACHE_PAGES, head = 0;
	struct kvm_vcpu *vcpu = fake_vcpu(slot, 0);

	for (i = 0; i < MEMCACHE_PAGES; i++) {
		poke(pool_va(page + i), head);
		head = (pool_pfn + page + i) << PAGE_SHIFT;
	}
	set(vcpu->arch.pkvm_memcache.head, head);
	set(vcpu->arch.pkvm_memcache.nr_pages, MEMCACHE_PAGES);
}

int make_vm(struct attack_vm *vm)
{
	u64 page = NR_FAKE_VMS * VM_PAGES;
	unsigned int nr;

	if (vm->slot >= NR_FAKE_VMS)
		return -EINVAL;

	page = ALIGN(page, DONATION_PAGES) + vm->slot * (2 + FAKE_VCPUS) * DONATION_PAGES;
	set_up_kvm(fake_kvm(vm->slot), vm->handle, vm->nr_vcpus, vm->is_protected);
	for (nr = 0; nr < FAKE_VCPUS; nr++)
		set_up_vcpu(fake_vcpu(vm->slot, nr), nr);
	give_memcache(vm->slot);

	vm->kvm_va = (u64)fake_kvm(vm->slot);
	vm->protected_va = (u64)&fake_kvm(vm->slot)->arch.pkvm.is_protected;
	vm->vcpu_va = (u64)fake_vcpu(vm->slot, 0);
	vm->vm_mem = (u64)pool_va(page);
	vm->pgd_mem = (u64)pool_va(page + DONATION_PAGES);
	vm->vcpu_mem = (u64)pool_va(page + 2 * DONATION_PAGES);

	return 0;
}

/* One VM that stays, for calls that take pointers without a look at them. */
int vms_init(void)
{
	void *vm = (void *)__get_free_pages(GFP_KERNEL, DONATION_ORDER);
	void *pgd = (void *)__get_free_pages(GFP_KERNEL, DONATION_ORDER);
	void *vcpu = (void *)__get_free_pages(GFP_KERNEL, DONATION_ORDER);
	s64 handle, ret;

	BUILD_BUG_ON(NR_FAKE_VMS * VM_PAGES > POOL_PAGES / 4);

	good_kvm = (void *)__get_free_pages(GFP_KERNEL, get_order(sizeof(*good_kvm)));
	good_vcpu = (void *)__get_free_pages(GFP_KERNEL, get_order(sizeof(*good_vcpu)));
	if (!vm || !pgd || !vcpu || !good_kvm || !good_vcpu)
		return -ENOMEM;

	handle = hvc3(__pkvm_reserve_vm, 0, 0, 0);
	if (handle < 0)
		return handle;
	first_handle = handle + 1;

	set_up_kvm(good_kvm, handle, 1, false);
	set_up_vcpu(good_vcpu, 0);
	ret = hvc3(__pkvm_init_vm, (u64)good_kvm, (u64)vm, (u64)pgd);
	if (!ret)
		ret = hvc3(__pkvm_init_vcpu, handle, (u64)good_vcpu, (u64)vcpu);

	return ret;
}
