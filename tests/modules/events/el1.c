// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: /dev/events, see events.h. For test machines only. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>

#include "events.h"

int __kvm_nvhe_events_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_events_hyp_look(struct user_pt_regs *regs);
void __kvm_nvhe_events_hyp_op(struct user_pt_regs *regs);

extern struct events_state kvm_nvhe_sym(events_state);
extern u64 kvm_nvhe_sym(events_init), kvm_nvhe_sym(events_pfn);
extern struct pkvm_module_trng_ops kvm_nvhe_sym(events_trng), kvm_nvhe_sym(events_trng_2);
extern struct pkvm_module_trng_ops kvm_nvhe_sym(events_trng_bad);

static char *fail = "";
module_param(fail, charp, 0444);
MODULE_PARM_DESC(fail, "Fail after all else: \"el1\", or \"window\" with that of this CPU open");

static ulong init;
module_param(init, ulong, 0444);
MODULE_PARM_DESC(init, "What EL2's init function does: EVENTS_INIT_... of events.h");

static int look, call_op;

/* With interrupts masked, the only entries to EL2 are the two. */
static void events_look(u64 *res)
{
	struct arm_smccc_res first, second;
	unsigned long flags;

	local_irq_save(flags);
	first = pkvm_el2_mod_call_smccc(look);
	second = pkvm_el2_mod_call_smccc(look);
	local_irq_restore(flags);

	res[0] = (second.a1 & U32_MAX) - (first.a1 & U32_MAX);
	res[1] = (second.a1 >> 32) - (first.a1 >> 32);
	res[2] = second.a2;
	res[3] = second.a3;
}

/* The way from userspace would be too long for CPUs to meet at EL2. */
static u64 events_at_once(const u64 *args)
{
	static atomic_t arrived;

	atomic_inc(&arrived);
	while (atomic_read(&arrived) < args[3])
		cpu_relax();

	return pkvm_el2_mod_call(call_op, args[0], args[1], args[2]);
}

static int events_run(struct events_request *req)
{
	u64 *res = req->res;

	switch (req->cmd) {
	case EVENTS_STATE:
		res[0] = (u64)&kvm_nvhe_sym(events_state);
		return 0;
	case EVENTS_TRNG:
		res[0] = (u64)&kvm_nvhe_sym(events_trng);
		res[1] = (u64)&kvm_nvhe_sym(events_trng_2);
		res[2] = (u64)&kvm_nvhe_sym(events_trng_bad);
		return 0;
	case EVENTS_LOOK:
		events_look(res);
		return 0;
	case EVENTS_AT_ONCE:
		res[0] = events_at_once(req->args);
		return 0;
	case EVENTS_READ_ACTLR:
		res[0] = read_sysreg(actlr_el1);
		return 0;
	case EVENTS_WRITE_CONTEXTIDR:
		write_sysreg(req->args[0], contextidr_el1);
		return 0;
	case EVENTS_READ_CONTEXTIDR:
		res[0] = read_sysreg(contextidr_el1);
		return 0;
	case EVENTS_HAS_FGT:
		res[0] = SYS_FIELD_GET(ID_AA64MMFR0_EL1, FGT, read_sysreg_s(SYS_ID_AA64MMFR0_EL1));
		return 0;
	default:
		return -ENOTTY;
	}
}

static long events_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct events_request req;
	int ret;

	if (cmd != EVENTS_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&req, (void __user *)arg, sizeof(req)))
		return -EFAULT;

	ret = events_run(&req);

	return ret ?: copy_to_user((void __user *)arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static const struct file_operations events_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= events_ioctl,
};

static struct miscdevice events_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "events",
	.fops	= &events_fops,
};

static int __init events_el1_init(void)
{
	/* Never freed: it stays what EL2 makes it. */
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	int ret;

	if (!page)
		return -ENOMEM;
	kvm_nvhe_sym(events_pfn) = page_to_pfn(page);
	pr_info("a page at pfn %#lx\n", page_to_pfn(page));

	kvm_nvhe_sym(events_init) = init;
	ret = pkvm_load_el2_module(__kvm_nvhe_events_hyp_init);
	if (ret)
		return ret;

	look = pkvm_register_el2_mod_call(__kvm_nvhe_events_hyp_look);
	call_op = pkvm_register_el2_mod_call(__kvm_nvhe_events_hyp_op);
	if (look < 0 || call_op < 0)
		return min(look, call_op);

	if (!strcmp(fail, "window"))
		pkvm_el2_mod_call(call_op,
				  offsetof(struct pkvm_module_ops, fixmap_map) / sizeof(u64),
				  page_to_phys(page));
	if (*fail)
		return -EDOM;

	return misc_register(&events_misc);
}
module_init(events_el1_init);

MODULE_DESCRIPTION("Test module: registers trapped for the host, SErrors, entropy");
MODULE_LICENSE("GPL");
