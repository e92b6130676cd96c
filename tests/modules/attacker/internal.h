/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ATTACKER_INTERNAL_H__
#define __ATTACKER_INTERNAL_H__

#include <linux/arm-smccc.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>

#include "attacker.h"

#define NR_ARGS		6

/* --- main.c: the attacker's memory, and what it knows of others' --- */

#define POOL_ORDER	MAX_PAGE_ORDER
#define POOL_PAGES	BIT(POOL_ORDER)

extern u64 pool_pfn;
extern void *pool;
extern u64 first_handle;	/* of those that are not somebody else's */
extern u64 probe_call;		/* function id, or 0 */
extern u64 pool_hyp_va;		/* in EL2's linear range; with the probe only */

struct known_page {
	enum page_class class;
	u64 pfn;
	u64 hyp_va;
};

#define MAX_KNOWN_PAGES	512
extern struct known_page known_pages[MAX_KNOWN_PAGES];
extern unsigned int nr_known_pages;

static inline void *pool_va(u64 page)
{
	return pool + (page << PAGE_SHIFT);
}

/* One hypercall, with x0-x7 as given; what came back is in @out. Keeps the books. */
void attack_hvc(const u64 *x, struct arm_smccc_1_2_regs *out);
/* The same with up to three arguments: gives back x1, or x0 if that is no success. */
s64 hypercall(u64 func_id, u64 a, u64 b, u64 c);
#define hvc3(name, a, b, c)	hypercall(KVM_HOST_SMCCC_FUNC(name), a, b, c)
/* A member of the ops table by way of the probe. */
s64 op(u64 member, u64 a, u64 b, u64 c);

/* Pages of the pool may be gone at any time. Zeroes if @from is NULL. */
int write_nofault(void *to, const void *from, size_t size);
void poke(void *addr, u64 val);
u64 peek(void *addr);

/* --- table.c: the calls --- */

enum arg {
	NONE,
	PFN,		/* page frame number */
	PHYS,		/* physical address */
	NR,		/* number of pages from the PFN before it on */
	GFN,
	LOW_GFN,	/* one that there is in each VM */
	NR_GFNS,
	IPA,
	PROT,		/* enum kvm_pgtable_prot */
	GUEST_PROT,	/* ... where EL0 and EL1 may execute, or neither: see known.c */
	HANDLE,		/* of a VM */
	OWN_HANDLE,	/* the same, but not of somebody else's VM */
	VCPU_NR,
	KVM_VA,		/* kernel VA of a struct kvm */
	VCPU_VA,	/* ... of a struct kvm_vcpu */
	PAGES_VA,	/* ... of pages to be donated */
	GOOD_MMU_VA,	/* ... of a struct kvm_s2_mmu that EL2 has mapped */
	GOOD_VCPU_VA,
	GOOD_CPU_IF_VA,
	HYP_VA,		/* EL2 VA of a page */
	HYP_VA_END,	/* of up to two pages from the HYP_VA before it on */
	SLOT_VA,	/* EL2 VA from alloc_module_va() */
	SCRATCH_VA,	/* ... of eight bytes that are there to be written, or 0 */
	SMALL,		/* a small number, or not */
	FEW,		/* a small number: the call takes the longer */
	BOOL,
	ZERO,
	ANY,
};

enum result {
	RES_VOID,
	RES_ERRNO,	/* 0 or an errno */
	RES_BOOL,	/* 0, 1 or an errno */
	RES_HANDLE,	/* a handle or an errno */
	RES_POOL_PFN,	/* a page of the pool or an errno */
	RES_ANY,
};

struct step;

struct call {
	const char *name;
	u64 id;			/* function id; 0 for a member of the ops table */
	u64 member;
	enum result result;
	enum arg args[NR_ARGS];
	unsigned int weight;
	u64 not_for;		/* BIT(class): what it is there for */
	u64 may_have;		/* BIT(class): others' pages that it need not refuse */
	/* Rather than one call; its hypercalls are judged by themselves. */
	void (*steps)(struct step *step);
};

extern const struct call calls[];
extern const unsigned int nr_calls;
/* Whether each hypercall that there is has an entry. */
bool table_is_complete(void);

/* --- random.c: the random run --- */

struct step {
	u64 state;		/* of its random numbers */
	u64 classes;		/* BIT(class) of pages that it is about */
	u64 pfn;		/* the last page of the pool that was chosen, or 0 */
	u64 hyp_va;
	bool others_only;	/* no page of the pool */
};

u64 rnd(struct step *step);
/* Below @n */
u64 rnd_to(struct step *step, u64 n);

int random_run(struct attack_run *run);
int random_stat(struct attack_stat *stat);
void random_init(void);

/* GFNs that are used, so that all can be reclaimed. */
extern const u64 gfns[];
#define NR_LOW_GFNS	14
extern const unsigned int nr_gfns;

/* --- vms.c: VMs that are made up --- */

#define NR_FAKE_VMS	4
#define FAKE_VCPUS	2
#define NR_HANDLES	12	/* that the attacker tries from @first_handle on */

struct kvm *fake_kvm(unsigned int slot);
struct kvm_vcpu *fake_vcpu(unsigned int slot, unsigned int nr);
/* Like them, but never taken away, and pinned by EL2. */
extern struct kvm *good_kvm;
extern struct kvm_vcpu *good_vcpu;

int vms_init(void);
int make_vm(struct attack_vm *vm);
void step_fake_kvm(struct step *step);
void step_fake_vcpu(struct step *step);
void step_whole_vm(struct step *step);
void step_end_vm(struct step *step);
void end_vm(u64 handle);
/* Everything of the pool is the host's again? What is wrong, or NULL. */
const char *reset_all(char *text, size_t size);

#define NR_SLOTS	8
extern u64 slot_va;		/* of NR_SLOTS pages of module VA, or 0 */
extern u64 scratch_va;		/* of a page that EL2 has for good, or 0 */
#define NR_ALLOCS	16
extern u64 allocs[NR_ALLOCS];	/* from hyp_alloc() */
void step_alloc(struct step *step);

/* --- dma.c, known.c --- */

int dma_write(struct attack_dma *dma);
int known_call(struct attack_known *known);

#endif /* __ATTACKER_INTERNAL_H__ */
