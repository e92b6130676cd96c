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

#define SECTION_WORDS	(PAGE_SIZE / sizeof(u64) + 1)

typedef u64 (*probe_op_t)(u64 a, u64 b, u64 c, u64 d, u64 e);

static const struct pkvm_module_ops *pkvm_ops;
static DEFINE_HYP_SPINLOCK(count_lock);
static u64 count;

/* Set by EL1 before the load, and after it until deprivilege. */
u64 probe_from_el1 = 1;
/* What EL2's init saw there, and what it stored: read back by EL1. */
u64 probe_seen_by_el2;
u64 probe_from_el2;
/* What EL2's init is to return, and the member of the table that it is to call. */
s64 probe_init_result;
s64 probe_init_op = -1;
/* A function of the hypervisor itself. */
u64 probe_hyp_function;

/* Each section has more than a page, so that "every page of it" says something. */
const u64 probe_rodata[SECTION_WORDS] = { [0] = 1, [SECTION_WORDS - 1] = 2 };
u64 probe_data[SECTION_WORDS] = { [0] = 3, [SECTION_WORDS - 1] = 4 };
u64 probe_bss[SECTION_WORDS];
asm(".pushsection .text\n\t.space 4096\n\t.popsection");

int probe_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;
	probe_seen_by_el2 = probe_from_el1;
	probe_from_el2 = PROBE_FROM_EL2;
	probe_hyp_function = (u64)ops->hyp_smp_processor_id;

	if (probe_init_op >= 0)
		((probe_op_t *)pkvm_ops)[probe_init_op](0, 0, 0, 0, 0);

	return probe_init_result;
}

static bool is_hvhe(void)
{
	return read_sysreg(hcr_el2) & HCR_E2H;
}

static u64 table(void)
{
	return read_sysreg_el2(SYS_TTBR0) & GENMASK(47, 1);
}

static int first_level(void)
{
	u64 va_bits = 64 - (read_sysreg_el2(SYS_TCR) & 0x3f);

	return 4 - DIV_ROUND_UP(va_bits - PAGE_SHIFT, PAGE_SHIFT - 3);
}

static int level_shift(int level)
{
	return (PAGE_SHIFT - 3) * (4 - level) + 3;
}

static bool is_table(u64 pte, int level)
{
	return level < 3 && (pte & 3) == 3;
}

static u64 pte_phys(u64 pte)
{
	return pte & GENMASK(47, PAGE_SHIFT);
}

/* EL2 has all of its tables in its linear range. */
static u64 walk(u64 va, u64 *level_out)
{
	u64 *map = pkvm_ops->hyp_va(table());
	int level;
	u64 pte;

	for (level = first_level(); ; level++) {
		pte = READ_ONCE(map[(va >> level_shift(level)) & (PTRS_PER_PTE - 1)]);
		if (!is_table(pte, level))
			break;
		map = pkvm_ops->hyp_va(pte_phys(pte));
	}

	*level_out = level;

	return pte;
}

struct find {
	u64 phys;
	u64 nr, va;
	u64 nr_wx;
};

static void find_in(u64 phys, u64 va, int level, struct find *find)
{
	const unsigned int wx = PROT_MAPPED_W | PROT_MAPPED_X;
	u64 *map = pkvm_ops->hyp_va(phys);
	u64 size = BIT(level_shift(level));
	int i;

	for (i = 0; i < PTRS_PER_PTE; i++, va += size) {
		u64 pte = READ_ONCE(map[i]);

		if (is_table(pte, level)) {
			find_in(pte_phys(pte), va, level + 1, find);
			continue;
		}
		if (!(pte & EL2_PTE_VALID))
			continue;
		if (find->phys - pte_phys(pte) < size) {
			find->nr++;
			find->va = va + find->phys - pte_phys(pte);
		}
		if ((probe_pte_prot(pte, is_hvhe()) & wx) == wx)
			find->nr_wx++;
	}
}

/* One of the windows: what is seen through it goes to x1.. */
static void window(void *(*map)(phys_addr_t phys), void (*unmap)(void), u64 phys, u64 val, u64 *x)
{
	volatile u64 *p = map(phys);
	u64 level;

	x[1] = (u64)p;
	if (!p)
		return;
	x[2] = *p;
	if (val)
		*p = val;
	x[3] = walk((u64)p, &level);
	unmap();
}

static void fixblock_size(u64 phys, bool no_place, u64 *x)
{
	size_t size = 0;

	x[1] = (u64)pkvm_ops->fixblock_map_17(phys, no_place ? NULL : &size);
	x[2] = size;
	if (x[1])
		pkvm_ops->fixblock_unmap();
}

static u64 fixblock_twice(u64 phys)
{
	void *second;

	if (!pkvm_ops->fixblock_map(phys))
		return -1;
	second = pkvm_ops->fixblock_map(phys);
	pkvm_ops->fixblock_unmap();
	/* Once more than it was mapped. */
	pkvm_ops->fixblock_unmap();

	return (u64)second;
}

/* Not atomic: only the window keeps others out. */
static u64 fixblock_count(u64 phys, u64 usecs)
{
	volatile u64 *p = pkvm_ops->fixblock_map(phys);
	u64 inside;

	if (!p)
		return -1;
	inside = p[0] - p[1];
	p[0]++;
	pkvm_ops->udelay(usecs);
	p[1]++;
	pkvm_ops->fixblock_unmap();

	return inside;
}

void probe_hyp_call(struct user_pt_regs *regs)
{
	u64 *x = (u64 *)regs->regs;
	u64 cmd = x[1], a = x[2];
	struct find find = { .phys = a };

	x[0] = SMCCC_RET_SUCCESS;
	x[1] = 0;

	switch (cmd) {
	case PROBE_OP:
		x[1] = ((probe_op_t *)pkvm_ops)[a](x[3], x[4], x[5], x[6], x[7]);
		break;
	case PROBE_SLOT:
		x[1] = ((u64 *)pkvm_ops)[a];
		break;
	case PROBE_PEEK:
		x[1] = *(volatile u64 *)a;
		break;
	case PROBE_POKE:
		*(volatile u64 *)a = x[3];
		break;
	case PROBE_PEEK32:
		x[1] = *(volatile u32 *)a;
		break;
	case PROBE_JUMP:
		/* The code was written under another address. */
		asm volatile("dsb ish; ic iallu; dsb nsh; isb" : : : "memory");
		x[1] = ((u64 (*)(void))a)();
		break;
	case PROBE_FIXMAP:
		window(pkvm_ops->fixmap_map, pkvm_ops->fixmap_unmap, a, x[3], x);
		break;
	case PROBE_FIXMAP_TWICE:
		pkvm_ops->fixmap_map(a);
		x[1] = (u64)pkvm_ops->fixmap_map(a);
		pkvm_ops->fixmap_unmap();
		/* Once more than it was mapped. */
		pkvm_ops->fixmap_unmap();
		break;
	case PROBE_FIXBLOCK:
		window(pkvm_ops->fixblock_map, pkvm_ops->fixblock_unmap, a, x[3], x);
		break;
	case PROBE_FIXBLOCK_SIZE:
		fixblock_size(a, x[3], x);
		break;
	case PROBE_FIXBLOCK_TWICE:
		x[1] = fixblock_twice(a);
		break;
	case PROBE_FIXBLOCK_COUNT:
		x[1] = fixblock_count(a, x[3]);
		break;
	case PROBE_PTE:
		x[1] = walk(a, &x[2]);
		break;
	case PROBE_TABLE:
		x[1] = table();
		break;
	case PROBE_FIND:
		find_in(table(), 0, first_level(), &find);
		x[1] = find.nr;
		x[2] = find.va;
		x[3] = find.nr_wx;
		break;
	case PROBE_COUNT:
		hyp_spin_lock(&count_lock);
		x[1] = ++count;
		hyp_spin_unlock(&count_lock);
		break;
	case PROBE_WHERE:
		x[1] = read_sysreg(CurrentEL) >> 2;
		x[2] = pkvm_ops->hyp_smp_processor_id();
		x[3] = is_hvhe();
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

/* x1-x3 are to be small. */
void probe_hyp_echo(struct user_pt_regs *regs)
{
	u64 *x = (u64 *)regs->regs;
	u64 low = x[1] | x[2] << 16 | x[3] << 32;

	x[0] = x[4];
	x[1] = x[5];
	x[2] = x[6];
	x[3] = low;
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
