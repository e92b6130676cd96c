/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What members of struct pkvm_module_ops give, as data: which operation, on what kind
 * of page, with which result, and what the page is then. cases.c runs the list on the
 * simulator (tests/modules/traps/unit/cases.c) and on the hypervisor itself
 * (tests/machine/cases.c).
 */
#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <linux/types.h>

#include "../modules/probe/probe.h"
#include "../modules/traps/traps.h"

#define CASES_PAGE	4096ULL

/* enum kvm_pgtable_prot, which programs of the machine do not have */
#define CASES_X		0x3ULL
#define CASES_W		0x4ULL
#define CASES_R		0x8ULL
#define CASES_RW	(CASES_R | CASES_W)
#define CASES_RX	(CASES_R | CASES_X)
#define CASES_RWX	(CASES_RW | CASES_X)
#define CASES_DEVICE	0x10ULL

/* What a page can be, from its making to what is left of an operation on it. */
enum kind {
	HOST = 1,
	DONATED,
	DONATED_RO,		/* r-- in EL2's linear range */
	DONATED_RX,
	SHARED,
	PINNED,
	PINNED_TWICE,
	TAKEN,			/* by mapping it, unmapped since: nowhere at EL2 */
	MAPPED,			/* the same, still mapped in module VA, rw- */
	MAPPED_RX,
	DONATED_MAPPED,		/* in the linear range as well */
	PROT_RO,		/* the host's, which may only read it */
	PROT_RW,
	PROT_NONE,
	/* Those that no operation changes: what they are is up to the machine. */
	GUEST,			/* a protected guest's */
	GUEST_SHARED,		/* of a guest that is not protected */
	EL2,			/* of the hypervisor itself */
	IMAGE,			/* of a module */
	MMIO,
	MMIO_TAKEN,
	NO_MEMORY,		/* the first page past it */
	PAST_PA,
	LAST,			/* number -1 */
	NR_KINDS,
	SAME = NR_KINDS,	/* as it was */
};

/* What can be seen of a page of memory. */
struct view {
	const char *host;	/* "rw", "r-", "--" */
	const char *linear;	/* EL2, in its linear range: "rw-" */
	const char *mapped;	/* EL2, in module VA */
};

/* Arguments that depend on the page; all others are themselves. */
enum arg {
	A_PFN = 0x5a000000,
	A_PHYS,
	A_PHYS_8,		/* eight bytes further, as all of these */
	A_LINEAR,		/* address in EL2's linear range */
	A_LINEAR_8,
	A_LINEAR_END,		/* of the page after it */
	A_VA,			/* module VA, where the page is if it is mapped */
	A_VA_8,
	A_VA_2,			/* more of it */
	A_SCRATCH,		/* memory of EL2's; a list of this page */
	A_SCRATCH_8,
	A_HANDLER,
	A_HYP_FUNCTION,
	A_EL1_FUNCTION,
	A_DATA,
	A_END,
};

enum result {
	R_ERRNO,
	R_POINTER,		/* 0 for any but NULL, or -1 */
	R_NONE,
	R_WINDOW,		/* as R_POINTER, of a window, which is closed again */
};

struct op {
	const char *name;
	enum probe_op member;
	__u64 args[5];
	enum result result;
};

/* What an operation gives and makes of pages of a kind. The first entry is for all others. */
struct outcome {
	enum kind kind;
	int ret;
	enum kind then;
};

#define ALL		NR_KINDS
#define SKIP		1	/* a case that is left out */
#define MAX_OUTCOMES	16

struct page_cases {
	struct op op;
	struct outcome outcomes[MAX_OUTCOMES];
};

/* A step by itself: an operation on one page of the host. */
struct step {
	struct op op;
	int ret;
};

struct heap_step {
	enum { TOPUP, ALLOC, FREE, RECLAIM } what;
	unsigned long size;	/* or pages, or which allocation */
	int error;		/* of ALLOC */
	unsigned int missing;
	unsigned long reclaimed;
};

/* --- what runs the list --- */

struct cases_page {
	enum kind kind;
	__u64 pfn, phys, linear;
	__u64 priv;
};

/* A machine that cases can be run on. */
struct machine {
	__s64 (*op)(enum probe_op member, const __u64 *args);
	void (*alloc)(struct cases_page *page);
	/* The page of one of the kinds that no operation changes. */
	__u64 (*foreign)(enum kind kind);
	__u64 (*linear)(__u64 phys);
	int (*host_read)(const struct cases_page *page);
	int (*host_write)(const struct cases_page *page);
	const char *(*el2_prot)(__u64 va);
	/* Eight bytes at an EL2 address. */
	void (*poke)(__u64 va, __u64 val);
	__u64 (*address)(enum arg what, enum traps_kind kind, int i);
	int (*topup)(unsigned long nr);
	unsigned long (*reclaim)(unsigned long nr);
	void (*result)(bool ok, const char *name);
	void (*say)(const char *what);
};

void run_page_cases(const struct machine *m);
void run_range_cases(const struct machine *m);
void run_prot_cases(const struct machine *m);
void run_handler_cases(const struct machine *m);
void run_other_cases(const struct machine *m);
void run_heap_cases(const struct machine *m);

#endif
