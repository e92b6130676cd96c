// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part of the probe: does at EL2 what a test asks for. It checks nothing
 * on purpose, and is for test machines only.
 */

#include <asm/kvm_pkvm_module.h>
#include <asm/kvm_hyp.h>
#include <asm/pgtable-hwdef.h>
#include <asm/sysreg.h>

#include <nvhe/spinlock.h>

#include "../probe.h"

typedef u64 (*probe_op_t)(u64 a, u64 b, u64 c, u64 d, u64 e);

static const struct pkvm_module_ops *pkvm_ops;
static DEFINE_HYP_SPINLOCK(count_lock);
static u64 count;

/* Set by EL1 before the load, and after it until deprivilege. */
u64 probe_from_el1 = 1;
/* Set by EL2's init, read back by EL1. */
u64 probe_from_el2;

/* In each of the sections, something with a known value. */
const u64 probe_rodata = 0x0dada7a;
u64 probe_data = 0xda7a;
u64 probe_bss;

int probe_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;
	probe_from_el2 = probe_from_el1 + 1;

	return 0;
}

static u64 walk(u64 va, u64 *level_out)
{
	u64 table = read_sysreg_el2(SYS_TTBR0) & GENMASK(47, 1);
	u64 va_bits = 64 - (read_sysreg_el2(SYS_TCR) & 0x3f);
	int level = 4 - DIV_ROUND_UP(va_bits - PAGE_SHIFT, PAGE_SHIFT - 3);
	u64 pte, *map;

	for (; ; level++) {
		int shift = (PAGE_SHIFT - 3) * (4 - level) + 3;
		u64 index = (va >> shift) & (PTRS_PER_PTE - 1);

		map = pkvm_ops->fixmap_map(table + index * sizeof(u64));
		pte = *map;
		pkvm_ops->fixmap_unmap();
		*level_out = level;
		if (level == 3 || (pte & 3) != 3)
			return pte;
		table = pte & GENMASK(47, PAGE_SHIFT);
	}
}

void probe_hyp_call(struct user_pt_regs *regs)
{
	u64 *x = (u64 *)regs->regs;
	u64 cmd = x[1], a = x[2];

	x[0] = SMCCC_RET_SUCCESS;
	x[1] = 0;

	switch (cmd) {
	case PROBE_OP:
		x[1] = ((probe_op_t *)pkvm_ops)[a](x[3], x[4], x[5], x[6], x[7]);
		break;
	case PROBE_PEEK:
		x[1] = *(volatile u64 *)a;
		break;
	case PROBE_POKE:
		*(volatile u64 *)a = x[3];
		break;
	case PROBE_PTE:
		x[1] = walk(a, (u64 *)&x[2]);
		break;
	case PROBE_COUNT:
		hyp_spin_lock(&count_lock);
		x[1] = ++count;
		hyp_spin_unlock(&count_lock);
		break;
	case PROBE_WHERE:
		x[1] = read_sysreg(CurrentEL) >> 2;
		x[2] = pkvm_ops->hyp_smp_processor_id();
		x[3] = probe_from_el1;
		break;
	default:
		x[0] = SMCCC_RET_INVALID_PARAMETER;
	}
}

/* The form of Android 14: never sets x0, and takes the context. */
void probe_hyp_call14(struct kvm_cpu_context *ctxt)
{
	DECLARE_REG(u64, number, ctxt, 1);

	cpu_reg(ctxt, 1) = number + 14;
}

/* What the compiler may turn into calls to memcpy, memset, memmove and memcmp. */
struct probe_big {
	u64 words[64];
};

void probe_hyp_mem(struct user_pt_regs *regs)
{
	struct probe_big *volatile p;
	struct probe_big a = {}, b;
	volatile int one = 1;

	p = &a;
	a.words[63] = regs->regs[1];
	b = *p;
	__builtin_memmove(&b.words[0], &b.words[one], 63 * sizeof(u64));
	regs->regs[1] = b.words[62];
	regs->regs[2] = __builtin_memcmp(&a, &b, one * sizeof(a)) != 0;
}
