// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many instructions the host's ways into the hypervisor and back take. For a
 * machine in which a nanosecond is an instruction (QEMU's -icount shift=0): there the
 * counter counts them. For kernels with and without support for EL2 modules.
 *
 * To read a parameter is to measure: 1000 times the mean of 20,000 round trips with
 * interrupts off, or a negative errno.
 */

#include <linux/arm-smccc.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kvm_host.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sort.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <asm/arch_timer.h>
#include <asm/kvm_asm.h>

#define CALLS		20000

#define SIP_UNKNOWN	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,	\
					   ARM_SMCCC_OWNER_SIP, 0x4242)
#define PSCI_VERSION	0x84000000

static ulong number;
module_param(number, ulong, 0644);
MODULE_PARM_DESC(number, "what the parameter \"hvc\" calls: a number of a module's call");

/* In thousandths, for one of @nr. */
static u64 instructions(u64 ticks, unsigned int nr)
{
	u64 freq = arch_timer_get_cntfrq();

	return div64_u64(mul_u64_u64_div_u64(ticks, 1000ULL * NSEC_PER_SEC, freq), nr);
}

/*
 * One round trip is @insn with what it takes to make a loop of it: four instructions
 * for x0, x1, the count and the branch.
 */
#define round_trip(insn, fn, nr)						\
	asm volatile("1:	mov	x0, %[id]\n"				\
		     "		mov	x1, xzr\n"				\
		     "		" insn "\n"					\
		     "		subs	%w[n], %w[n], #1\n"			\
		     "		b.ne	1b\n"					\
		     : [n] "+&r" (nr)						\
		     : [id] "r" ((unsigned long)(fn))				\
		     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",	\
		       "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",	\
		       "x17", "cc", "memory")

#define define_path(name, insn, fn)						\
static s64 measure_##name(void)							\
{										\
	unsigned int nr = CALLS;						\
	unsigned long flags;							\
	u64 start;								\
										\
	local_irq_save(flags);							\
	start = __arch_counter_get_cntvct();					\
	round_trip(insn, fn, nr);						\
	start = __arch_counter_get_cntvct() - start;				\
	local_irq_restore(flags);						\
										\
	return instructions(start, CALLS);					\
}										\
define_parameter(name)

#define define_parameter(name)							\
static int get_##name(char *buffer, const struct kernel_param *kp)		\
{										\
	return sysfs_emit(buffer, "%lld\n", measure_##name());			\
}										\
static const struct kernel_param_ops name##_ops = { .get = get_##name };	\
module_param_cb(name, &name##_ops, NULL, 0444)

define_path(hvc_builtin, "hvc #0", KVM_HOST_SMCCC_FUNC(__kvm_timer_set_cntvoff));
define_path(hvc_unknown, "hvc #0", KVM_HOST_SMCCC_ID(0xfff));
define_path(hvc, "hvc #0", KVM_HOST_SMCCC_ID(number));
define_path(smc_psci_version, "smc #0", PSCI_VERSION);
define_path(smc_unknown, "smc #0", SIP_UNKNOWN);

/*
 * A fault of the host that the hypervisor handles by mapping the page: the first access
 * to memory after a block was split. EL2 maps the host's memory by 2 MiB blocks; one of
 * which it takes a page is unmapped, and comes back page by page. It takes the memory of
 * a vCPU, and gives it back when it finds that there is no such VM.
 */
#define BLOCK_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define BLOCK_PAGES	(PMD_SIZE / PAGE_SIZE)
#define NR_TAKEN	16	/* more than a vCPU takes */
#define NR_BLOCKS	41
#define NO_VM		0

static int split(void *block)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_FUNC(__pkvm_init_vcpu), NO_VM, NULL, block, &res);
	if (res.a0 != SMCCC_RET_SUCCESS)
		return -EOPNOTSUPP;

	return (int)res.a1 == -ENOENT ? 0 : (int)res.a1 ?: -EPROTO;
}

/* For each page a load, and three instructions to get to the next one. */
static u64 touch_pages(void *block)
{
	void *page = block + NR_TAKEN * PAGE_SIZE, *end = block + BLOCK_PAGES * PAGE_SIZE;
	unsigned long flags;
	u64 start, word;

	local_irq_save(flags);
	start = __arch_counter_get_cntvct();
	asm volatile("1:	ldr	%[word], [%[page]]\n"
		     "		add	%[page], %[page], %[size]\n"
		     "		cmp	%[page], %[end]\n"
		     "		b.lo	1b\n"
		     : [page] "+&r" (page), [word] "=&r" (word)
		     : [end] "r" (end), [size] "i" (PAGE_SIZE)
		     : "cc", "memory");
	start = __arch_counter_get_cntvct() - start;
	local_irq_restore(flags);

	return start;
}

static int compare(const void *a, const void *b)
{
	return cmp_int(*(const u64 *)a, *(const u64 *)b);
}

/* The median of all blocks: one of them may have been split before. */
static s64 measure_host_fault(void)
{
	static struct page *blocks[NR_BLOCKS];
	static u64 ticks[NR_BLOCKS];
	unsigned int i, nr;
	int ret = 0;

	for (nr = 0; nr < NR_BLOCKS; nr++) {
		blocks[nr] = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!blocks[nr])
			break;
	}
	if (nr < NR_BLOCKS)
		ret = -ENOMEM;

	for (i = 0; !ret && i < nr; i++) {
		ret = split(page_address(blocks[i]));
		ticks[i] = ret ? 0 : touch_pages(page_address(blocks[i]));
	}

	for (i = 0; i < nr; i++)
		__free_pages(blocks[i], BLOCK_ORDER);
	if (ret)
		return ret;

	sort(ticks, NR_BLOCKS, sizeof(ticks[0]), compare, NULL);

	return instructions(ticks[NR_BLOCKS / 2], BLOCK_PAGES - NR_TAKEN);
}

define_parameter(host_fault);

MODULE_DESCRIPTION("Instructions on the host's ways into the hypervisor");
MODULE_LICENSE("GPL");
