/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/attacker: a hostile host kernel, at the service of a test program. For test
 * machines only.
 */
#ifndef __ATTACKER_H__
#define __ATTACKER_H__

#include <linux/ioctl.h>
#include <linux/types.h>

/* Whose page an argument is about. All but those of the pool are not to be had. */
enum page_class {
	POOL_PAGE,		/* the attacker's own: anything may come of them */
	HYP_PAGE,		/* the hypervisor's */
	HYP_TEXT_PAGE,		/* ... of its text, which the host may read */
	IMAGE_PAGE,		/* of a module's EL2 part */
	DONATED_PAGE,		/* given to EL2 for a module */
	HEAP_PAGE,		/* ... for the heap of modules, and in use there */
	PINNED_PAGE,		/* shared with EL2, and pinned by a module */
	MODPROT_PAGE,		/* the host's, with permissions that a module has set */
	GUEST_PAGE,		/* of a protected VM that is not the attacker's */
	NP_GUEST_PAGE,		/* of a normal one */
	NO_PAGE,		/* MMIO, holes, past the end of memory */
	NR_PAGE_CLASSES,
};

struct attack_page {
	__u64 class;
	__u64 pfn;
	__u64 hyp_va;		/* where EL2 has it, or 0 */
};

/* Steps @first to @first + @count - 1 of a stream; with @seed that is all their arguments. */
struct attack_run {
	__u64 seed;
	__u64 stream;
	__u64 first;
	__u64 count;
	__u64 others_only;	/* nothing but calls about what is not the attacker's */
	__u64 no_heap;		/* nothing is allocated at EL2 */
	/* out */
	__u64 calls;		/* hypercalls made: some steps make several */
	char violation[256];	/* what should not have been possible; "" if all is well */
};

/* One hypercall, by its name. */
struct attack_hvc {
	char name[48];
	__u64 x[18];		/* in and out; x0 is filled in */
};

/* How often a hypercall was made, and how often it did something. */
struct attack_stat {
	__u64 index;		/* in: 0 until -ENOENT */
	__u64 calls;
	__u64 successes;
	char name[48];
};

/* A call that is known to end the machine, of a stock kernel too: see known.c. */
struct attack_known {
	__u64 index;		/* in: 0 until -ENOENT */
	__u64 go;		/* in: do it, rather than tell what it is */
	__u64 hyp_text;		/* in: where the kernel has the hypervisor's text */
	char name[48];
	char why[200];
};

/* A virtio device is to write random bytes to @phys: see dma.c. */
struct attack_dma {
	__u64 phys;
	__u64 len;
};

struct attack_info {
	__u64 pool_va, pool_pfn, pool_pages;
	__u64 first_module_call;	/* function id */
};

/* A struct kvm and its vcpus, made of pages of the pool that are shared with EL2. */
struct attack_vm {
	__u64 slot;		/* in */
	__u64 handle;		/* in: what it says in it, and how many vcpus there */
	__u64 nr_vcpus;
	__u64 is_protected;
	__u64 kvm_va, protected_va;	/* out: where that is, and where it says so */
	__u64 vcpu_va;
	__u64 vm_mem, pgd_mem, vcpu_mem;	/* pages of the pool to donate for it */
};

#define ATTACK_ADD_PAGE		_IOW('A', 1, struct attack_page)
#define ATTACK_RUN		_IOWR('A', 2, struct attack_run)
/* Undo all that was done: it is a violation if a page of the pool does not come back. */
#define ATTACK_RESET		_IOWR('A', 3, struct attack_run)
#define ATTACK_HVC		_IOWR('A', 4, struct attack_hvc)
#define ATTACK_STAT		_IOWR('A', 5, struct attack_stat)
#define ATTACK_KNOWN		_IOWR('A', 6, struct attack_known)
#define ATTACK_DMA		_IOW('A', 7, struct attack_dma)
#define ATTACK_INFO		_IOR('A', 8, struct attack_info)
/* Which call of a module is the probe's, that does anything at EL2: function id */
#define ATTACK_PROBE		_IOW('A', 9, __u64)
#define ATTACK_VM		_IOWR('A', 10, struct attack_vm)

#endif /* __ATTACKER_H__ */
