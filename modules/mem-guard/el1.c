// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL1 part: says which ranges, has the kernel's own locked when it is told to, and
 * shows what tried to get at them.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include <asm/kvm_pkvm_module.h>
#include <asm/memory.h>
#include <asm/sysreg.h>

#include "mem-guard.h"

int __kvm_nvhe_mem_guard_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_mem_guard_hyp_call(struct user_pt_regs *regs);

extern struct mem_guard_range kvm_nvhe_sym(mem_guard_ranges)[MEM_GUARD_MAX_RANGES];
extern unsigned int kvm_nvhe_sym(mem_guard_nr_ranges);
extern u64 kvm_nvhe_sym(mem_guard_skip_pages)[MEM_GUARD_SKIP_PAGES];
extern u64 kvm_nvhe_sym(mem_guard_nr_protected);

static char *ro[MEM_GUARD_MAX_RANGES], *none[MEM_GUARD_MAX_RANGES];
static unsigned int nr_ro, nr_none;
module_param_array(ro, charp, &nr_ro, 0444);
MODULE_PARM_DESC(ro, "Windows that the host may only read from now on: start+size, in hex");
module_param_array(none, charp, &nr_none, 0444);
MODULE_PARM_DESC(none, "Windows that it may not use at all from now on");

static int call_id;
static bool locked;
static DEFINE_MUTEX(lock_mutex);

/* EL2 does some at a time. It is for good, so a second time has nothing to do. */
static int protect(enum mem_guard_stage stage, const char *what)
{
	struct arm_smccc_res res;

	do {
		res = pkvm_el2_mod_call_smccc(call_id, MEM_GUARD_PROTECT, stage);
		if (res.a0 != SMCCC_RET_SUCCESS)
			return -EIO;
		if ((long)res.a1 < 0)
			return res.a1;
		cond_resched();
	} while (res.a1);

	pr_info("%s: %lu pages are protected by now, %lu are not the host's alone\n", what, res.a2,
		res.a3);

	return 0;
}

static int lock_get(void *data, u64 *val)
{
	*val = READ_ONCE(locked);

	return 0;
}

static int lock_set(void *data, u64 val)
{
	int ret;

	if (val != 1)
		return -EINVAL;

	guard(mutex)(&lock_mutex);

	ret = locked ? 0 : protect(MEM_GUARD_LOCKED, "kernel code");
	if (!ret)
		WRITE_ONCE(locked, true);

	return ret;
}
DEFINE_DEBUGFS_ATTRIBUTE(lock_fops, lock_get, lock_set, "%llu\n");

static int faults_show(struct seq_file *m, void *unused)
{
	static const char * const names[MEM_GUARD_NR_ACCESSES] = { "read", "write", "exec" };
	struct arm_smccc_res res;
	unsigned int i;

	for (i = 0; i < MEM_GUARD_NR_ACCESSES; i++) {
		res = pkvm_el2_mod_call_smccc(call_id, MEM_GUARD_FAULTS, i);
		if (res.a0 != SMCCC_RET_SUCCESS)
			return -EIO;
		seq_printf(m, "%s %lu", names[i], res.a1);
		if (res.a1)
			seq_printf(m, " last %#lx", res.a2);
		seq_putc(m, '\n');
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(faults);

/* Nothing tells modules that the kernel's init is over. */
static void protect_constants(struct work_struct *work);
static DECLARE_DELAYED_WORK(boot_work, protect_constants);

static void protect_constants(struct work_struct *work)
{
	if (system_state < SYSTEM_RUNNING)
		schedule_delayed_work(&boot_work, HZ / 10);
	else if (protect(MEM_GUARD_BOOTED, "kernel constants"))
		pr_err("the kernel's constants could not be protected\n");
}

static int __init guard_range(u64 start, u64 size, enum kvm_pgtable_prot prot,
			      enum mem_guard_stage stage)
{
	unsigned int i = kvm_nvhe_sym(mem_guard_nr_ranges);

	if (i == MEM_GUARD_MAX_RANGES)
		return -ENOSPC;

	kvm_nvhe_sym(mem_guard_ranges)[i] = (struct mem_guard_range) {
		.start = start, .size = size, .prot = prot, .stage = stage,
	};
	kvm_nvhe_sym(mem_guard_nr_ranges) = i + 1;

	return 0;
}

static int __init add_window(const char *window, enum kvm_pgtable_prot prot)
{
	u64 start, size;
	char end;

	if (sscanf(window, "%llx+%llx%c", &start, &size, &end) != 2 || !size ||
	    !PAGE_ALIGNED(start | size) || start + size < start) {
		pr_err("%s: not start+size in hex, of whole pages\n", window);
		return -EINVAL;
	}

	return guard_range(start, size, prot, MEM_GUARD_LOADED);
}

static struct resource * __init find_kernel_code(void)
{
	struct resource *ram, *res;

	for (ram = iomem_resource.child; ram; ram = ram->sibling) {
		for (res = ram->child; res; res = res->sibling) {
			if (!strcmp(res->name, "Kernel code"))
				return res;
		}
	}

	return NULL;
}

/* swapper_pg_dir */
static u64 __init top_table(void)
{
	return read_sysreg(ttbr1_el1) & GENMASK_ULL(47, PAGE_SHIFT);
}

/* Whether the kernel maps a page of its image executable. */
static bool __init is_code(u64 phys)
{
	u64 va = phys + kimage_voffset;
	p4d_t *p4d = p4d_offset(pgd_offset_pgd(phys_to_virt(top_table()), va), va);
	pud_t *pud = pud_offset(p4d, va);
	pmd_t *pmd;

	if (pud_leaf(READ_ONCE(*pud)))
		return !(pud_val(READ_ONCE(*pud)) & PTE_PXN);
	pmd = pmd_offset(pud, va);
	if (pmd_leaf(READ_ONCE(*pmd)))
		return !(pmd_val(READ_ONCE(*pmd)) & PTE_PXN);

	return !(pte_val(READ_ONCE(*pte_offset_kernel(pmd, va))) & PTE_PXN);
}

/*
 * Code comes first, then constants. Of these, swapper_pg_dir stays in use and is written
 * to, and the zero page is shared with guests that read what nobody has written yet,
 * which EL2 allows for pages that the host has all permissions on.
 */
static int __init add_kernel(void)
{
	enum kvm_pgtable_prot prot = KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_X;
	struct resource *res = find_kernel_code();
	u64 start, constants, end;

	if (!res) {
		pr_err("cannot find the kernel's code\n");
		return -ENOENT;
	}

	start = PAGE_ALIGN(res->start);
	end = PAGE_ALIGN_DOWN(res->end + 1);
	for (constants = start + SZ_64K; constants < end && is_code(constants); )
		constants += PAGE_SIZE;
	kvm_nvhe_sym(mem_guard_skip_pages)[0] = top_table();
	kvm_nvhe_sym(mem_guard_skip_pages)[1] = page_to_phys(ZERO_PAGE(0));

	/* The vDSO, which processes execute, is among the constants. */
	return guard_range(start, constants - start, prot, MEM_GUARD_LOCKED) ?:
	       guard_range(constants, end - constants, prot, MEM_GUARD_BOOTED);
}

static int __init add_ranges(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr_ro; i++)
		ret = add_window(ro[i], KVM_PGTABLE_PROT_R);
	for (i = 0; !ret && i < nr_none; i++)
		ret = add_window(none[i], 0);

	return ret ?: add_kernel();
}

static int __init mem_guard_init(void)
{
	struct dentry *dir;
	unsigned long token;
	int ret;

	ret = add_ranges();
	if (ret)
		return ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_mem_guard_hyp_init, &token);
	if (ret)
		return ret;

	call_id = pkvm_register_el2_mod_call(__kvm_nvhe_mem_guard_hyp_call, token);
	if (call_id < 0)
		return call_id;

	dir = debugfs_create_dir("mem_guard", NULL);
	debugfs_create_file("faults", 0400, dir, NULL, &faults_fops);
	debugfs_create_file("lock", 0600, dir, NULL, &lock_fops);
	schedule_delayed_work(&boot_work, 0);

	pr_info("windows: %llu pages are protected\n", kvm_nvhe_sym(mem_guard_nr_protected));

	return 0;
}
module_init(mem_guard_init);

MODULE_DESCRIPTION("pKVM vendor module: makes memory read-only or inaccessible for the host");
MODULE_LICENSE("GPL");
