// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL1 part of the probe: /dev/probe, see probe.h. For test machines only.
 */

#define pr_fmt(fmt) "probe: " fmt

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include <asm/kvm_pkvm_module.h>

#include "probe.h"

int __kvm_nvhe_probe_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_probe_hyp_call(struct user_pt_regs *regs);
void __kvm_nvhe_probe_hyp_call14(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_probe_hyp_mem(struct user_pt_regs *regs);

extern u64 kvm_nvhe_sym(probe_from_el1);
extern u64 kvm_nvhe_sym(probe_from_el2);
extern const u64 kvm_nvhe_sym(probe_rodata);
extern u64 kvm_nvhe_sym(probe_data);
extern u64 kvm_nvhe_sym(probe_bss);

static int call_id, call14_id, mem_id;
static DECLARE_COMPLETION(exec_started);

static void not_el2_text(struct user_pt_regs *regs)
{
}

static void not_el2_text14(struct kvm_cpu_context *ctxt)
{
}

/* The fault kills this thread, and not the caller. */
static int exec_thread(void *addr)
{
	void (*fn)(void) = addr;

	complete(&exec_started);
	fn();

	/* Only where nothing stopped it. */
	pr_err("executed %px\n", addr);

	return 0;
}

static int probe_exec(u64 addr)
{
	struct task_struct *task;

	reinit_completion(&exec_started);
	task = kthread_run(exec_thread, (void *)addr, "probe_exec");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&exec_started);

	return 0;
}

/* Copies 8 bytes: -EFAULT where one of the two can not be reached. */
static int probe_access(u64 *to, const u64 *from)
{
	u64 val;

	pagefault_disable();
	__get_kernel_nofault(&val, from, u64, fault);
	__put_kernel_nofault(to, &val, u64, fault);
	pagefault_enable();
	return 0;

fault:
	pagefault_enable();
	return -EFAULT;
}

static void probe_section(struct probe_request *req)
{
	static const struct {
		const void *addr;
		const char *name;
	} sections[] = {
		{ __kvm_nvhe_probe_hyp_init },
		{ &kvm_nvhe_sym(probe_rodata) },
		{ &kvm_nvhe_sym(probe_data) },
		{ &kvm_nvhe_sym(probe_bss) },
	};
	const void *addr;

	if (req->args[0] >= ARRAY_SIZE(sections)) {
		req->res[0] = 0;
		return;
	}

	addr = sections[req->args[0]].addr;
	req->res[0] = (u64)addr;
	req->res[1] = pkvm_el2_mod_va(addr);
}

static int probe_run(struct probe_request *req)
{
	u64 *a = req->args;
	struct arm_smccc_res res = {};
	struct page *page;

	switch (req->cmd) {
	case PROBE_OP ... PROBE_WHERE:
		res = pkvm_el2_mod_call_smccc(call_id, req->cmd, a[0], a[1], a[2], a[3], a[4]);
		if (res.a0 != SMCCC_RET_SUCCESS)
			return -EIO;
		req->res[0] = res.a1;
		req->res[1] = res.a2;
		req->res[2] = res.a3;
		return 0;
	case PROBE_ALLOC:
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(a[0] * PAGE_SIZE));
		if (!page)
			return -ENOMEM;
		req->res[0] = (u64)page_address(page);
		req->res[1] = page_to_pfn(page);
		return 0;
	case PROBE_FREE:
		free_pages(a[0], get_order(a[1] * PAGE_SIZE));
		return 0;
	case PROBE_READ:
		req->res[0] = probe_access(&req->res[1], (u64 *)a[0]);
		return 0;
	case PROBE_WRITE:
		req->res[0] = probe_access((u64 *)a[0], &a[1]);
		return 0;
	case PROBE_EXEC:
		return probe_exec(a[0]);
	case PROBE_CALL:
		res = pkvm_el2_mod_call_smccc(a[0], a[1], a[2], a[3], a[4], a[5]);
		req->res[0] = res.a0;
		req->res[1] = res.a1;
		req->res[2] = res.a2;
		req->res[3] = res.a3;
		return 0;
	case PROBE_REGISTER:
		req->res[0] = pkvm_register_el2_mod_call((void (*)(struct user_pt_regs *))a[0]);
		return 0;
	case PROBE_SECTION:
		probe_section(req);
		return 0;
	case PROBE_KERN_VA:
		req->res[0] = pkvm_el2_mod_kern_va(a[0]);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long probe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct probe_request req;
	int ret;

	if (cmd != PROBE_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&req, (void __user *)arg, sizeof(req)))
		return -EFAULT;

	ret = probe_run(&req);

	return ret ?: copy_to_user((void __user *)arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static const struct file_operations probe_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= probe_ioctl,
};

static struct miscdevice probe_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "probe",
	.fops	= &probe_fops,
};

/* Everything that has to be tried before the host is deprivileged. */
static int __init probe_early_checks(void)
{
	unsigned long ret;

	/* EL2 saw what was stored before the load, and EL1 sees what its init stored. */
	if (kvm_nvhe_sym(probe_from_el2) != 42) {
		pr_err("EL2's init stored %llu\n", kvm_nvhe_sym(probe_from_el2));
		return -EIO;
	}
	kvm_nvhe_sym(probe_from_el1) = 43;

	if (pkvm_register_el2_mod_call(not_el2_text) != -EINVAL ||
	    pkvm_register_el2_mod_call(not_el2_text14) != -EINVAL) {
		pr_err("EL1 text was taken for EL2 text\n");
		return -EIO;
	}

	/* Loading it once more is refused and changes nothing. */
	if (pkvm_load_el2_module(__kvm_nvhe_probe_hyp_init) != -EBUSY) {
		pr_err("loaded a second time\n");
		return -EIO;
	}

	ret = pkvm_el2_mod_call(call14_id, 28);
	if (ret != 42) {
		pr_err("the Android 14 form gave back %lu\n", ret);
		return -EIO;
	}

	ret = pkvm_el2_mod_call(mem_id, 7);
	if (ret != 7) {
		pr_err("the compiler's memory calls gave back %lu\n", ret);
		return -EIO;
	}

	pr_info("early checks passed\n");

	return 0;
}

static int __init probe_init(void)
{
	unsigned long token;
	int ret;

	kvm_nvhe_sym(probe_from_el1) = 41;

	ret = pkvm_load_el2_module(__kvm_nvhe_probe_hyp_init, &token);
	if (ret)
		return ret;

	/* Both arities, and both types of handler. */
	call_id = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_call, token);
	call14_id = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_call14);
	mem_id = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_mem);
	if (call_id < 0 || call14_id < 0 || mem_id < 0)
		return min3(call_id, call14_id, mem_id);

	ret = probe_early_checks();
	if (ret)
		return ret;

	return misc_register(&probe_misc);
}
module_init(probe_init);

module_param(call_id, int, 0444);
MODULE_DESCRIPTION("Test probe: lets a test program work at EL2");
MODULE_LICENSE("GPL");
