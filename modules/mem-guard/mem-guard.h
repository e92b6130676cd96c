/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MEM_GUARD_H__
#define __MEM_GUARD_H__

#include <linux/types.h>

#include <asm/kvm_pgtable.h>

#define MEM_GUARD_MAX_RANGES	16U
#define MEM_GUARD_SKIP_PAGES	2U

/* From when on a range is protected. */
enum mem_guard_stage {
	MEM_GUARD_LOADED,	/* windows: at once */
	MEM_GUARD_BOOTED,	/* the kernel's constants: when its init is over */
	MEM_GUARD_LOCKED,	/* the kernel's code: when userspace says so */
};

struct mem_guard_range {
	u64 start;		/* physical, whole pages */
	u64 size;
	enum kvm_pgtable_prot prot;	/* what the host may do there */
	enum mem_guard_stage stage;
};

enum mem_guard_access {
	MEM_GUARD_READ,
	MEM_GUARD_WRITE,
	MEM_GUARD_EXEC,
	MEM_GUARD_NR_ACCESSES,
};

/* What x1 of the module call says. */
enum mem_guard_cmd {
	MEM_GUARD_PROTECT,	/* go on with the ranges of mem_guard_stage x2: x1 is how many
				 * pages are left, or an errno; x2 and x3 are how many pages
				 * were protected and skipped in all
				 */
	MEM_GUARD_FAULTS,	/* x2 is a mem_guard_access: x1 is a count, x2 the last address */
};

#endif /* __MEM_GUARD_H__ */
