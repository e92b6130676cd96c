/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's physical address space, as vmm.c lays it out and guest.S finds it:
 *
 *	GUEST_CODE	guest.S
 *	GUEST_TABLE	numbers that the host chose
 *	GUEST_PRIVATE	where the guest keeps its result for itself
 *	GUEST_REPORT	where it tells the host, after sharing the page with it
 *
 * Each has a page of its own, for a page is what a guest can share. They are
 * 64 KB apart, the largest page that arm64 has.
 */
#ifndef GUEST_H
#define GUEST_H

#define GUEST_PAGE	0x10000
#define GUEST_CODE	0x40000000
#define GUEST_TABLE	(GUEST_CODE + 1 * GUEST_PAGE)
#define GUEST_PRIVATE	(GUEST_CODE + 2 * GUEST_PAGE)
#define GUEST_REPORT	(GUEST_CODE + 3 * GUEST_PAGE)
#define GUEST_SIZE	(4 * GUEST_PAGE)

#ifndef __ASSEMBLER__
#include <linux/types.h>

/* What the guest writes at GUEST_REPORT. */
struct guest_report {
	__u64 sum;
	__u64 shared;		/* what MEM_SHARE returned: 0 for success */
};

extern const char guest_start[], guest_end[];
#endif

#endif
