/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs share that attack EL2: /dev/attacker, and pages that it must not get.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "attacker.h"
#include "lib.h"

/* Loads /attacker.ko and opens /dev/attacker. */
void open_attacker(void);
/* ioctl() of it: 0 or -errno. */
int attacker(unsigned long cmd, void *arg);

/* Page @pfn in this process, as one that KVM takes for a guest; NULL if there is no such page. */
void *map_attacker(__u64 pfn);
/* hypercall(NAME, ARGUMENTS...): x1, or -EOPNOTSUPP where there is none. At most seven. */
#define hypercall(name, ...)	hypercall_args(name, (const __u64[7]) { __VA_ARGS__ })
__s64 hypercall_args(const char *name, const __u64 *args);

/* What EL2 says to a VM that no KVM knows of. In: @slot, @nr_vcpus, @is_protected. */
__s64 init_attack_vm(struct attack_vm *vm);

struct victim {
	enum page_class class;
	__u64 pfn;
	__u64 va;		/* where the kernel has it in its linear map */
	__u64 hyp_va;		/* where EL2 has it, or 0 */
	const char *name;	/* of what it is a page */
};

#define MAX_VICTIMS	256
extern struct victim victims[MAX_VICTIMS];
extern int nr_victims;

#define for_each_victim(v)							\
	for (struct victim *(v) = victims; (v) < victims + nr_victims; (v)++)

/* One that only EL2 may touch. */
bool is_secret(const struct victim *v);
/* The one after @v, or the first. NULL where there is none. */
struct victim *next_secret(struct victim *v);

#define for_each_secret(v)							\
	for (struct victim *(v) = next_secret(NULL); (v); (v) = next_secret(v))

extern const char * const class_names[NR_PAGE_CLASSES];

/*
 * Pages of each class, the VMs they are of included: all that modules have loaded,
 * and what a module has at run time. Needs the probe.
 */
void make_victims(void);
/* Of one VM: @protected or not. */
struct vm *victim_vm(bool protected);
/* Claims that nothing was gained: they are as they were, and the host does not get at them. */
void check_victims(const char *when);

#endif
