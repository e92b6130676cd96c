// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL1 part of the probe: /dev/probe, see probe.h. For test machines only.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kmod.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>
#include <asm/word-at-a-time.h>

#include "probe.h"

int __kvm_nvhe_probe_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_probe_hyp_call(struct user_pt_regs *regs);
void __kvm_nvhe_probe_hyp_call14(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_probe_hyp_echo(struct user_pt_regs *regs);
void __kvm_nvhe_probe_hyp_mem(struct user_pt_regs *regs);

extern u64 kvm_nvhe_sym(probe_from_el1);
extern u64 kvm_nvhe_sym(probe_seen_by_el2);
extern u64 kvm_nvhe_sym(probe_from_el2);
extern s64 kvm_nvhe_sym(probe_init_result);
extern s64 kvm_nvhe_sym(probe_init_op);
extern u64 kvm_nvhe_sym(probe_hyp_function);
extern const u64 kvm_nvhe_sym(probe_rodata)[];
extern u64 kvm_nvhe_sym(probe_data)[];

typedef void (*handler_t)(struct user_pt_regs *regs);

static char *fail = "";
module_param(fail, charp, 0444);
MODULE_PARM_DESC(fail, "Where to fail: at \"el2\" in its init, or at \"el1\" after all else");

static char *load_first = "";
module_param(load_first, charp, 0444);
MODULE_PARM_DESC(load_first, "A module to load before init is finished");

static bool fill;
module_param(fill, bool, 0444);
MODULE_PARM_DESC(fill, "Register calls until it fails");

static int init_op = -1;
module_param(init_op, int, 0444);
MODULE_PARM_DESC(init_op, "Member of the ops table that EL2's init calls");

static int ids[NR_HANDLERS];
static u64 early[NR_EARLY];

static const u16 functions[NR_PROBE_HVCS] = {
	[HVC_MODULE_RESERVE]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_reserve,
	[HVC_MODULE_MAP_PAGE]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_map_page,
	[HVC_MODULE_INIT]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_init,
	[HVC_MODULE_REGISTER_CALL]	= __KVM_HOST_SMCCC_FUNC___pkvm_module_register_call,
	[HVC_MODULE_UNREGISTER]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_unregister,
	[HVC_MODULE_UNDO_TRAPS]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_undo_traps,
	[HVC_MODULE_RELEASE]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_release,
	[HVC_MODULE_CLOSE]		= __KVM_HOST_SMCCC_FUNC___pkvm_module_close,
	[HVC_HOST_SHARE_HYP]		= __KVM_HOST_SMCCC_FUNC___pkvm_host_share_hyp,
	[HVC_HOST_UNSHARE_HYP]		= __KVM_HOST_SMCCC_FUNC___pkvm_host_unshare_hyp,
	[HVC_FORCE_RECLAIM]		= __KVM_HOST_SMCCC_FUNC___pkvm_force_reclaim_guest_page,
	[HVC_MIN_PKVM]			= __KVM_HOST_SMCCC_FUNC_MIN_PKVM,
	[HVC_MAX]			= __KVM_HOST_SMCCC_FUNC_MAX,
};

struct touch {
	u64 *addr;
	enum probe_touch how;
	struct completion started;
	bool lived;
};

/* The fault kills this thread, and not the caller. */
static int touch_thread(void *data)
{
	struct touch *touch = data;

	complete(&touch->started);

	switch (touch->how) {
	case TOUCH_READ:
		READ_ONCE(*touch->addr);
		break;
	case TOUCH_WRITE:
		WRITE_ONCE(*touch->addr, 0);
		break;
	case TOUCH_EXEC:
		((void (*)(void))touch->addr)();
		break;
	}

	touch->lived = true;

	return 0;
}

static int probe_touch(u64 addr, enum probe_touch how, u64 *lived)
{
	struct touch touch = { .addr = (u64 *)addr, .how = how };
	struct task_struct *task;

	init_completion(&touch.started);
	task = kthread_create(touch_thread, &touch, "touch");
	if (IS_ERR(task))
		return PTR_ERR(task);

	get_task_struct(task);
	wake_up_process(task);
	/* A thread that is stopped before it starts, does not. */
	wait_for_completion(&touch.started);
	kthread_stop_put(task);
	*lived = touch.lived;

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

static struct page *page_of(u64 addr)
{
	return is_vmalloc_or_module_addr((void *)addr) ? vmalloc_to_page((void *)addr) :
							 virt_to_page((void *)addr);
}

/* The page frame of what a process has at @addr. */
static int probe_user(u64 addr, u64 *pfn)
{
	struct page *page;
	int ret;

	ret = get_user_pages_fast(addr, 1, 0, &page);
	if (ret != 1)
		return ret < 0 ? ret : -EFAULT;
	*pfn = page_to_pfn(page);
	put_page(page);

	return 0;
}

static int probe_vmap(u64 first, u64 second, u64 *va)
{
	struct page *pages[] = { pfn_to_page(first), pfn_to_page(second) };

	*va = (u64)vmap(pages, ARRAY_SIZE(pages), VM_MAP, PAGE_KERNEL);

	return *va ? 0 : -ENOMEM;
}

/* Once, and here: the compiler may have the same load in more than one place. */
static noinline u64 load_word(u64 addr)
{
	u64 word = load_unaligned_zeropad((void *)addr);

	barrier();

	return word;
}

static u64 probe_zeropad(u64 addr, bool masked)
{
	unsigned long flags;
	u64 word;

	if (!masked)
		return load_word(addr);

	local_irq_save(flags);
	word = load_word(addr);
	local_irq_restore(flags);

	return word;
}

static void hvc(const u64 *x, u64 *res)
{
	struct arm_smccc_1_2_regs in = {
		.a0 = x[0], .a1 = x[1], .a2 = x[2], .a3 = x[3], .a4 = x[4], .a5 = x[5], .a6 = x[6],
	}, out;

	arm_smccc_1_2_hvc(&in, &out);
	res[0] = out.a0;
	res[1] = out.a1;
	res[2] = out.a2;
	res[3] = out.a3;
}

static void probe_repeat(const u64 *args, u64 *res)
{
	u64 x[7] = { args[1], args[2], args[3], args[4], args[5], args[6] };
	u64 r[4], last = 0, i;

	for (i = 0; i < args[0]; i++) {
		hvc(x, r);
		res[0] += r[0] == SMCCC_RET_SUCCESS;
		res[1] += r[0] == SMCCC_RET_SUCCESS && !r[1];
		res[2] += r[0] == SMCCC_RET_SUCCESS && r[1] > last;
		last = r[1];
		if (!(i % 1024))
			cond_resched();
	}
}

static u64 probe_cost(const u64 *args)
{
	struct arm_smccc_res res;
	unsigned long flags;
	u64 start, end, i;

	local_irq_save(flags);
	start = read_sysreg(cntvct_el0);
	for (i = 0; i < args[0]; i++)
		arm_smccc_1_1_hvc(args[1], args[2], args[3], args[4], args[5], args[6], &res);
	end = read_sysreg(cntvct_el0);
	local_irq_restore(flags);

	return mul_u64_u32_div(end - start, NSEC_PER_SEC, read_sysreg(cntfrq_el0));
}

/* A place of its own, so that it can warn once. */
static noinline u64 probe_mod_call(int id, u64 arg)
{
	return pkvm_el2_mod_call(id, arg);
}

static int probe_el2(struct probe_request *req)
{
	const u64 *a = req->args;
	struct arm_smccc_res res;

	/* One argument more than a module can rely on. */
	res = pkvm_el2_mod_call_smccc(ids[HANDLER_CALL], req->cmd, a[0], a[1], a[2], a[3], a[4],
				      a[5]);
	req->res[0] = res.a1;
	req->res[1] = res.a2;
	req->res[2] = res.a3;

	return res.a0 == SMCCC_RET_SUCCESS ? 0 : -EIO;
}

static int probe_run(struct probe_request *req)
{
	u64 *a = req->args, *res = req->res;
	struct page *page;
	int i;

	memset(res, 0, sizeof(req->res));

	switch (req->cmd) {
	case PROBE_OP ... PROBE_WHERE:
		return probe_el2(req);
	case PROBE_EARLY:
		if (a[0] >= NR_EARLY)
			return -EINVAL;
		res[0] = early[a[0]];
		return 0;
	case PROBE_IDS:
		for (i = 0; i < NR_HANDLERS; i++)
			res[i] = ids[i];
		return 0;
	case PROBE_FUNC:
		if (a[0] >= NR_PROBE_HVCS)
			return -EINVAL;
		res[0] = KVM_HOST_SMCCC_ID(functions[a[0]]);
		return 0;
	case PROBE_ALLOC:
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, a[0]);
		if (!page)
			return -ENOMEM;
		res[0] = (u64)page_address(page);
		res[1] = page_to_pfn(page);
		return 0;
	case PROBE_LINEAR:
		page = page_of(a[0]);
		res[0] = page_to_pfn(page);
		res[1] = (u64)page_address(page);
		return 0;
	case PROBE_USER:
		return probe_user(a[0], res);
	case PROBE_READ:
		res[0] = probe_access(&res[1], (u64 *)a[0]);
		return 0;
	case PROBE_WRITE:
		res[0] = probe_access((u64 *)a[0], &a[1]);
		return 0;
	case PROBE_TOUCH:
		return probe_touch(a[0], a[1], res);
	case PROBE_HVC:
		hvc(a, res);
		return 0;
	case PROBE_CALL:
		res[0] = probe_mod_call(a[0], a[1]);
		return 0;
	case PROBE_REPEAT:
		probe_repeat(a, res);
		return 0;
	case PROBE_COST:
		res[0] = probe_cost(a);
		return 0;
	case PROBE_VAR:
		res[0] = (u64)&kvm_nvhe_sym(probe_from_el1);
		return 0;
	case PROBE_REGISTER:
		res[0] = pkvm_register_el2_mod_call((handler_t)a[0]);
		return 0;
	case PROBE_EL2_VA:
		res[0] = pkvm_el2_mod_va((void *)a[0]);
		return 0;
	case PROBE_TOPUP:
		res[0] = __pkvm_topup_hyp_alloc(a[0]);
		return 0;
	case PROBE_RECLAIM:
		res[0] = __pkvm_reclaim_hyp_alloc(a[0]);
		return 0;
	case PROBE_VMAP:
		return probe_vmap(a[0], a[1], res);
	case PROBE_ZEROPAD:
		res[0] = probe_zeropad(a[0], a[1]);
		return 0;
	case PROBE_KERN_VA:
		res[0] = pkvm_el2_mod_kern_va(a[0]);
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

static int probe_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!pfn_is_map_memory(vma->vm_pgoff))
		vma->vm_page_prot = pgprot_device(vma->vm_page_prot);

	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
}

static const struct file_operations probe_fops = {
	.owner		= THIS_MODULE,
	.mmap		= probe_mmap,
	.unlocked_ioctl	= probe_ioctl,
};

static struct miscdevice probe_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "probe",
	.fops	= &probe_fops,
};

static void not_el2_text(struct user_pt_regs *regs)
{
}

/* What EL2 itself says to registering @el2_va, past EL1's check. */
static u64 __init hvc_register(u64 el2_va)
{
	u64 x[7] = { KVM_HOST_SMCCC_FUNC(__pkvm_module_register_call), el2_va }, res[4];

	hvc(x, res);

	return res[0] == SMCCC_RET_SUCCESS ? res[1] : res[0];
}

/* EL2 takes whole pages for text. */
static u64 __init past_text(void)
{
	struct pkvm_el2_section *text = &THIS_MODULE->arch.el2.sections[PKVM_EL2_TEXT];

	return pkvm_el2_mod_va((void *)text->start) + text->size;
}

static u64 __init fill_calls(void)
{
	int ret;

	do {
		ret = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_echo);
		early[EARLY_FILL_COUNT]++;
	} while (ret > 0);

	early[EARLY_FILL_COUNT]--;

	return ret;
}

/* Everything that has to be tried before the host is deprivileged. */
static void __init try_early(unsigned long token)
{
	int mem_id;

	early[EARLY_SEEN_BY_EL2] = kvm_nvhe_sym(probe_seen_by_el2);
	early[EARLY_SEEN_BY_EL1] = kvm_nvhe_sym(probe_from_el2);
	kvm_nvhe_sym(probe_from_el1) = PROBE_AFTER;

	early[EARLY_LOAD_TWICE] = pkvm_load_el2_module(__kvm_nvhe_probe_hyp_init);
	early[EARLY_CALL14] = pkvm_el2_mod_call(ids[HANDLER_CALL14], 28);
	mem_id = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_mem, token);
	early[EARLY_MEM] = pkvm_el2_mod_call(mem_id, 7);

	early[EARLY_REGISTER_EL1] = pkvm_register_el2_mod_call(not_el2_text);
	early[EARLY_REGISTER_DATA] =
		pkvm_register_el2_mod_call((handler_t)kvm_nvhe_sym(probe_data));

	early[EARLY_HVC_NULL] = hvc_register(0);
	early[EARLY_HVC_EL1] = hvc_register((u64)not_el2_text);
	early[EARLY_HVC_RODATA] = hvc_register(pkvm_el2_mod_va(kvm_nvhe_sym(probe_rodata)));
	early[EARLY_HVC_DATA] = hvc_register(pkvm_el2_mod_va(kvm_nvhe_sym(probe_data)));
	early[EARLY_HVC_MISALIGNED] =
		hvc_register(pkvm_el2_mod_va((void *)__kvm_nvhe_probe_hyp_echo) + 2);
	early[EARLY_HVC_PAST_TEXT] = hvc_register(past_text());
	early[EARLY_HVC_HYP_TEXT] = hvc_register(kvm_nvhe_sym(probe_hyp_function));

	if (fill)
		early[EARLY_FILL] = fill_calls();
}

static int __init probe_init(void)
{
	unsigned long token;
	int i, ret;

	kvm_nvhe_sym(probe_from_el1) = PROBE_BEFORE;
	kvm_nvhe_sym(probe_init_op) = init_op;
	if (!strcmp(fail, "el2"))
		kvm_nvhe_sym(probe_init_result) = -EDOM;

	early[EARLY_REGISTER_UNLOADED] = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_echo);

	ret = pkvm_load_el2_module(__kvm_nvhe_probe_hyp_init, &token);
	if (ret)
		return ret;

	/* Both arities, and both types of handler. */
	ids[HANDLER_CALL] = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_call, token);
	ids[HANDLER_CALL14] = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_call14);
	ids[HANDLER_ECHO] = pkvm_register_el2_mod_call(__kvm_nvhe_probe_hyp_echo);
	for (i = 0; i < NR_HANDLERS; i++) {
		if (ids[i] < 0)
			return ids[i];
	}

	try_early(token);

	if (*load_first)
		request_module("%s", load_first);
	if (!strcmp(fail, "el1"))
		return -EDOM;

	return misc_register(&probe_misc);
}
module_init(probe_init);

/* Not to be reached: without it, unloading would be refused for the lack of it. */
static void __exit probe_exit(void)
{
	misc_deregister(&probe_misc);
}
module_exit(probe_exit);

MODULE_DESCRIPTION("Test probe: lets a test program work at EL2");
MODULE_LICENSE("GPL");
