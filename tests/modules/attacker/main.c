// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile host kernel: /dev/attacker, see attacker.h. It comes after the host was
 * deprivileged, has no EL2 part, and knows what any code at EL1 can find out.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>
#include <linux/uaccess.h>

#include "probe.h"
#include "internal.h"

u64 pool_pfn;
void *pool;
u64 probe_call;
u64 pool_hyp_va;

struct known_page known_pages[MAX_KNOWN_PAGES];
unsigned int nr_known_pages;

/* The call that a CPU makes, for the case that it does not come back. */
struct last_call {
	u64 seed, stream, step;
	u64 x[NR_ARGS + 2];
	u64 calls;
};

static DEFINE_PER_CPU(struct last_call, last_calls);

void attack_hvc(const u64 *x, struct arm_smccc_1_2_regs *out)
{
	struct last_call *last = this_cpu_ptr(&last_calls);
	struct arm_smccc_1_2_regs in = {
		.a0 = x[0], .a1 = x[1], .a2 = x[2], .a3 = x[3],
		.a4 = x[4], .a5 = x[5], .a6 = x[6], .a7 = x[7],
		.a8 = 8, .a9 = 9, .a10 = 10, .a11 = 11, .a12 = 12,
		.a13 = 13, .a14 = 14, .a15 = 15, .a16 = 16, .a17 = 17,
	};

	memcpy(last->x, x, sizeof(last->x));
	last->calls++;
	arm_smccc_1_2_hvc(&in, out);
}

s64 hypercall(u64 func_id, u64 a, u64 b, u64 c)
{
	u64 x[NR_ARGS + 2] = { func_id, a, b, c };
	struct arm_smccc_1_2_regs out;

	attack_hvc(x, &out);

	return out.a0 == SMCCC_RET_SUCCESS ? out.a1 : -EOPNOTSUPP;
}

s64 op(u64 member, u64 a, u64 b, u64 c)
{
	u64 x[NR_ARGS + 2] = { probe_call, PROBE_OP, member, a, b, c };
	struct arm_smccc_1_2_regs out;

	attack_hvc(x, &out);

	return out.a1;
}

/* The kernel's own is not exported. */
int write_nofault(void *to, const void *from, size_t size)
{
	const u64 zero = 0;
	size_t n;

	pagefault_disable();
	for (; size; size -= n, to += n, from = from ? from + n : NULL) {
		const void *src = from ?: &zero;

		n = size >= 8 && IS_ALIGNED((u64)to, 8) ? 8 : 1;
		if (n == 8)
			__put_kernel_nofault(to, src, u64, fault);
		else
			__put_kernel_nofault(to, src, u8, fault);
	}
	pagefault_enable();

	return 0;

fault:
	pagefault_enable();

	return -EFAULT;
}

void poke(void *addr, u64 val)
{
	write_nofault(addr, &val, sizeof(val));
}

u64 peek(void *addr)
{
	u64 val = 0;

	copy_from_kernel_nofault(&val, addr, sizeof(val));

	return val;
}

/* A machine that panics says at what it did. */
static int show_last_calls(struct notifier_block *nb, unsigned long event, void *text)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct last_call *last = per_cpu_ptr(&last_calls, cpu);

		if (!last->calls)
			continue;
		pr_emerg("CPU %d: seed %#llx, stream %llu, step %llu: last hypercall %#llx with %#llx %#llx %#llx %#llx %#llx %#llx %#llx\n",
			 cpu, last->seed, last->stream, last->step, last->x[0], last->x[1],
			 last->x[2], last->x[3], last->x[4], last->x[5], last->x[6], last->x[7]);
	}

	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call	= show_last_calls,
};

static int add_page(struct attack_page *page)
{
	if (nr_known_pages == MAX_KNOWN_PAGES || page->class >= NR_PAGE_CLASSES)
		return -ENOSPC;

	known_pages[nr_known_pages] = (struct known_page) {
		.class = page->class, .pfn = page->pfn, .hyp_va = page->hyp_va,
	};
	nr_known_pages++;

	return 0;
}

static int run(struct attack_run *run)
{
	struct last_call *last = this_cpu_ptr(&last_calls);
	u64 end = run->first + run->count, calls = last->calls;
	int ret = 0;

	last->seed = run->seed;
	last->stream = run->stream;
	run->violation[0] = '\0';
	for (; run->first < end && !ret && !run->violation[0]; run->first++) {
		last->step = run->first;
		ret = random_run(run);
		if (!(run->first % 1024))
			cond_resched();
	}
	/* Whatever was loaded on this CPU must not get in KVM's way. */
	hvc3(__pkvm_vcpu_put, 0, 0, 0);
	run->calls = last->calls - calls;

	return ret;
}

static int use_probe(u64 func_id)
{
	void *scratch = (void *)__get_free_page(GFP_KERNEL);

	if (!scratch)
		return -ENOMEM;

	probe_call = func_id;
	pool_hyp_va = op(OP_HYP_VA, pool_pfn << PAGE_SHIFT, 0, 0);
	slot_va = op(OP_ALLOC_MODULE_VA, NR_SLOTS, 0, 0);
	if (!slot_va || (int)op(OP_HOST_DONATE_HYP, PHYS_PFN(__pa(scratch)), 1, 0))
		return -ENOMEM;
	scratch_va = op(OP_HYP_VA, __pa(scratch), 0, 0);

	return 0;
}

static int one_hvc(struct attack_hvc *hvc)
{
	struct arm_smccc_1_2_regs out;
	unsigned int i;

	hvc->name[sizeof(hvc->name) - 1] = '\0';
	for (i = 0; i < nr_calls; i++) {
		if (calls[i].id && !strcmp(calls[i].name, hvc->name))
			break;
	}
	if (i == nr_calls)
		return -ENOENT;

	hvc->x[0] = calls[i].id;
	attack_hvc(hvc->x, &out);
	memcpy(hvc->x, &out, sizeof(hvc->x));

	return 0;
}

static int info(struct attack_info *info)
{
	*info = (struct attack_info) {
		.pool_va = (u64)pool, .pool_pfn = pool_pfn, .pool_pages = POOL_PAGES,
		.first_module_call = KVM_HOST_SMCCC_ID(__KVM_HOST_SMCCC_FUNC_MAX),
	};

	return 0;
}

static int reset(struct attack_run *run)
{
	run->violation[0] = '\0';
	reset_all(run->violation, sizeof(run->violation));

	return 0;
}

union request {
	struct attack_page page;
	struct attack_run run;
	struct attack_hvc hvc;
	struct attack_stat stat;
	struct attack_known known;
	struct attack_dma dma;
	struct attack_info info;
	struct attack_vm vm;
	u64 number;
};

static int dispatch(unsigned int cmd, union request *req)
{
	switch (cmd) {
	case ATTACK_ADD_PAGE:
		return add_page(&req->page);
	case ATTACK_RUN:
		return run(&req->run);
	case ATTACK_RESET:
		return reset(&req->run);
	case ATTACK_HVC:
		return one_hvc(&req->hvc);
	case ATTACK_STAT:
		return random_stat(&req->stat);
	case ATTACK_KNOWN:
		return known_call(&req->known);
	case ATTACK_DMA:
		return dma_write(&req->dma);
	case ATTACK_INFO:
		return info(&req->info);
	case ATTACK_PROBE:
		return use_probe(req->number);
	case ATTACK_VM:
		return make_vm(&req->vm);
	default:
		return -ENOTTY;
	}
}

static long attacker_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union request req;
	long ret;

	if (_IOC_SIZE(cmd) > sizeof(req) ||
	    copy_from_user(&req, (void __user *)arg, _IOC_SIZE(cmd)))
		return -EFAULT;

	ret = dispatch(cmd, &req);
	if (!ret && copy_to_user((void __user *)arg, &req, _IOC_SIZE(cmd)))
		ret = -EFAULT;

	return ret;
}

/* A page as a driver would give it to user space: KVM takes that for a guest. */
static int attacker_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!pfn_valid(vma->vm_pgoff))
		return -EINVAL;

	return vm_insert_page(vma, vma->vm_start, pfn_to_page(vma->vm_pgoff));
}

static const struct file_operations attacker_fops = {
	.owner		= THIS_MODULE,
	.mmap		= attacker_mmap,
	.unlocked_ioctl	= attacker_ioctl,
};

static struct miscdevice attacker_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "attacker",
	.fops	= &attacker_fops,
};

static int __init attacker_init(void)
{
	struct page *page;
	int ret;

	if (!table_is_complete())
		return -EINVAL;

	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, POOL_ORDER);
	if (!page)
		return -ENOMEM;
	pool = page_address(page);
	pool_pfn = page_to_pfn(page);

	ret = vms_init();
	if (ret)
		return ret;
	random_init();

	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);

	return misc_register(&attacker_misc);
}
module_init(attacker_init);

MODULE_DESCRIPTION("Test module: a hostile host kernel");
MODULE_LICENSE("GPL");
