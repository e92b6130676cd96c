// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part: takes permissions on ranges away from the host, for good, and counts
 * what it tries there all the same. The ranges are EL1's choice, made while the host
 * is trusted. After that it can only say that a stage is reached, and read the counts.
 */

#include <linux/mm.h>

#include <asm/esr.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/memory.h>
#include <nvhe/spinlock.h>

#include "../mem-guard.h"

/* The host's interrupts are masked meanwhile. */
#define PAGES_PER_CALL	256
/* More than there can be, and a sum of them does not wrap. */
#define MAX_PAGES	BIT(PHYS_MASK_SHIFT - PAGE_SHIFT)

/* Set by EL1 before the load. */
struct mem_guard_range mem_guard_ranges[MEM_GUARD_MAX_RANGES];
unsigned int mem_guard_nr_ranges;
u64 mem_guard_skip_pages[MEM_GUARD_SKIP_PAGES];

/* EL1 reads it after the load. */
u64 mem_guard_nr_protected;
static u64 mem_guard_nr_skipped;

static const struct pkvm_module_ops *pkvm_ops;

static DEFINE_HYP_SPINLOCK(lock);
static u64 done_pages[MEM_GUARD_MAX_RANGES];

static struct {
	u64 count;
	u64 last;
} faults[MEM_GUARD_NR_ACCESSES];

static unsigned int nr_ranges(void)
{
	return min(mem_guard_nr_ranges, MEM_GUARD_MAX_RANGES);
}

static bool is_guarded(u64 addr)
{
	unsigned int i;

	for (i = 0; i < nr_ranges(); i++) {
		if (addr - mem_guard_ranges[i].start < mem_guard_ranges[i].size)
			return true;
	}

	return false;
}

static enum mem_guard_access access_of(u64 esr)
{
	/* Of the page table walk, which may set a flag: the ESR is about another access then */
	if (esr & ESR_ELx_S1PTW)
		return MEM_GUARD_WRITE;
	if (ESR_ELx_EC(esr) == ESR_ELx_EC_IABT_LOW)
		return MEM_GUARD_EXEC;

	return esr & ESR_ELx_WNR ? MEM_GUARD_WRITE : MEM_GUARD_READ;
}

/* Permissions that another module took away are not counted here. */
static int mem_guard_hyp_fault(struct user_pt_regs *regs, u64 esr, u64 addr)
{
	enum mem_guard_access access = access_of(esr);

	if (is_guarded(addr)) {
		hyp_spin_lock(&lock);
		faults[access].count++;
		faults[access].last = addr;
		hyp_spin_unlock(&lock);
	}

	return -EPERM;
}

static bool is_skipped(u64 phys)
{
	unsigned int i;

	for (i = 0; i < MEM_GUARD_SKIP_PAGES; i++) {
		if (phys == mem_guard_skip_pages[i])
			return true;
	}

	return false;
}

/*
 * In the kernel, pages that are not the host's alone are left out: hypervisor text
 * lies in the middle of its text, and is EL2's to protect. In a window, there is to
 * be no page that is not protected.
 */
static int protect_page(struct mem_guard_range *range, u64 phys)
{
	int ret = -EPERM;

	if (!is_skipped(phys))
		ret = pkvm_ops->host_stage2_mod_prot(hyp_phys_to_pfn(phys), range->prot, 1, false);

	if (ret == -EPERM && range->stage != MEM_GUARD_LOADED) {
		mem_guard_nr_skipped++;
		return 0;
	}
	if (!ret)
		mem_guard_nr_protected++;

	return ret;
}

/* Goes on with range @i for at most @max pages. Gives back how many that were. */
static s64 protect_range(unsigned int i, u64 max)
{
	struct mem_guard_range *range = &mem_guard_ranges[i];
	u64 nr, end = min(range->size >> PAGE_SHIFT, done_pages[i] + max);
	int ret;

	for (nr = 0; done_pages[i] < end; nr++, done_pages[i]++) {
		ret = protect_page(range, range->start + (done_pages[i] << PAGE_SHIFT));
		if (ret)
			return ret;
	}

	return nr;
}

static bool range_is_valid(struct mem_guard_range *range)
{
	return range->size && PAGE_ALIGNED(range->start) && PAGE_ALIGNED(range->size) &&
	       range->start + range->size > range->start &&
	       range->start + range->size <= BIT(PHYS_MASK_SHIFT);
}

/* At most @max pages of all ranges of a stage. Gives back how many are left, or an errno. */
static s64 protect_stage(u64 stage, u64 max)
{
	unsigned int i;
	u64 left = 0;
	s64 ret;

	for (i = 0; i < nr_ranges(); i++) {
		if (mem_guard_ranges[i].stage != stage)
			continue;
		ret = protect_range(i, max);
		if (ret < 0)
			return ret;
		max -= ret;
		left += (mem_guard_ranges[i].size >> PAGE_SHIFT) - done_pages[i];
	}

	return left;
}

int mem_guard_hyp_init(const struct pkvm_module_ops *ops)
{
	unsigned int i;
	int ret;

	pkvm_ops = ops;

	for (i = 0; i < nr_ranges(); i++) {
		if (!range_is_valid(&mem_guard_ranges[i]))
			return -EINVAL;
	}

	ret = ops->register_host_perm_fault_handler(mem_guard_hyp_fault);

	return ret ?: protect_stage(MEM_GUARD_LOADED, MAX_PAGES);
}

/* x1: enum mem_guard_cmd, which says the rest */
void mem_guard_hyp_call(struct user_pt_regs *regs)
{
	u64 cmd = regs->regs[1];
	u64 arg = regs->regs[2];

	hyp_spin_lock(&lock);

	regs->regs[0] = SMCCC_RET_SUCCESS;
	if (cmd == MEM_GUARD_PROTECT) {
		regs->regs[1] = protect_stage(arg, PAGES_PER_CALL);
		regs->regs[2] = mem_guard_nr_protected;
		regs->regs[3] = mem_guard_nr_skipped;
	} else if (cmd == MEM_GUARD_FAULTS && arg < MEM_GUARD_NR_ACCESSES) {
		regs->regs[1] = faults[arg].count;
		regs->regs[2] = faults[arg].last;
	} else {
		regs->regs[0] = SMCCC_RET_INVALID_PARAMETER;
	}

	hyp_spin_unlock(&lock);
}
