/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs share: /dev/probe, the kernel's log, VMs. A program
 * makes its claims with the kernel's kselftest.h.
 */
#ifndef LIB_H
#define LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

#include "probe.h"

#define PAGE	4096UL

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

/* --- results --- */

/* expect(GOT, WANTED, CLAIM...): the claim is that they are the same */
#define expect(got, wanted, ...)					\
	expect_equal((long long)(got), (long long)(wanted), __VA_ARGS__)
__attribute__((format(printf, 3, 4)))
void expect_equal(long long got, long long wanted, const char *claim, ...);

/* claim(CONDITION, CLAIM...) */
__attribute__((format(printf, 2, 3)))
void claim(bool holds, const char *claim, ...);

/* A claim that can not be made here. */
void skipped(const char *claim, const char *reason);

/* Comes first; open_probe() does it. */
void print_header(void);
/* The program ends here, with a plan of what there was. */
__attribute__((noreturn)) void finished(void);

/* --- /dev/probe --- */

/* Ends the program if there is none. An open one keeps the module from unloading. */
void open_probe(void);
void close_probe(void);

/* probe(COMMAND, ARGUMENTS...): at most seven of them */
#define probe(cmd, ...)							\
	probe_request(cmd, (const __u64[7]) { __VA_ARGS__ })
struct probe_request probe_request(enum probe_cmd cmd, const __u64 *args);

/* op(MEMBER, ARGUMENTS...): what a member of the ops table returns. At most five. */
#define op(member, ...)							\
	call_op(member, (const __u64[5]) { __VA_ARGS__ })
__s64 call_op(enum probe_op member, const __u64 *args);
/* The same for one that returns an int. */
#define op_int(member, ...)	((int)op(member, __VA_ARGS__))

/* Whether EL2 runs with E2H set. */
bool is_hvhe(void);

/* enum kvm_pgtable_prot */
#define HYP_X		0x3
#define HYP_W		0x4
#define HYP_R		0x8
#define HYP_RW		(HYP_R | HYP_W)
#define HYP_DEVICE	0x10

/* What EL2 may do at its address, as "r-x", or "---" where nothing is mapped. */
const char *el2_prot(__u64 va);
__u64 el2_pte(__u64 va);
/* Where in EL2's linear range a page is, mapped there or not. */
__u64 hyp_va(__u64 pfn);

/* --- memory of the host --- */

struct pages {
	__u64 va;		/* kernel VA */
	__u64 pfn;
	__u64 hyp_va;		/* in EL2's linear range */
};

/* 2^order pages, zeroed */
struct pages alloc_pages(unsigned int order);
/* What the host gets there: 0 or -EFAULT. */
int host_read(__u64 va, __u64 *val);
int host_write(__u64 va, __u64 val);
/* Page @pfn, mapped into this process with all permissions. */
void *map_user(__u64 pfn);
void unmap_user(void *page);

/* Of the last page of memory, and of what this process has at an address. */
__u64 last_ram_pfn(void);
__u64 user_pfn(void *addr);

/* --- to whom a page belongs --- */

#define OFFSET		0x38UL		/* where in a page they look */

bool host_can(struct pages p);
bool host_can_not(struct pages p);
/* In its linear range */
bool el2_has(struct pages p, const char *prot);
/* The host's, or shared but not pinned. */
bool is_hosts(struct pages p);
bool is_donated(struct pages p);

/* --- the kernel's log, /proc and /sys --- */

/* Forget what the log has so far. */
void log_mark(void);
/* In how many records since then it has @text. */
int log_count(const char *text);

/* The first record of the whole log that has @text; "" if there is none. */
const char *log_find(const char *text);

/* The first line of a file, without its newline; "" if there is none. */
const char *first_line(const char *path);
/* All of @text, in one write(): 0 or -errno. */
int write_file(const char *path, const char *text);
/* The address of a symbol in /proc/kallsyms, 0 if it is not there. */
__u64 symbol(const char *wanted);

/* --- processes and CPUs --- */

int nr_cpus(void);
void run_on(int cpu);
/* CPU hotplug: false where it did not work. */
bool set_online(int cpu, bool online);
/* init_module() of a file: 0 or -errno. */
int insmod(const char *path, const char *params);

/* --- VMs --- */

#define GUEST_PHYS	0x40000000UL	/* where its memory is */

enum vm_step {
	VM_CREATE,		/* KVM_CREATE_VM failed */
	VM_SETUP,
	VM_RUN,			/* KVM_RUN failed */
	VM_RAN,			/* the guest powered off */
};

struct vm_result {
	enum vm_step step;
	int error;		/* -errno of the step */
};

struct vm {
	int kvm, fd, vcpu;
	void *memory;		/* at GUEST_PHYS */
	size_t size;
	struct kvm_run *run;
	size_t run_size;
};

/*
 * Its guest is @code, which comes to the start of @memory. That is of @size bytes, and
 * goes with the VM; with NULL there will be some. It has not run yet: VM_RUN.
 */
struct vm_result create_vm(struct vm *vm, bool protected, const void *code, size_t code_size,
			   void *memory, size_t size);
/* Until its guest powers off, and again from there. */
struct vm_result resume_vm(struct vm *vm);
/*
 * Both, with a guest that powers off at once. Whatever comes of it, the VM is there
 * until destroy_vm().
 */
struct vm_result start_vm(struct vm *vm, bool protected);
/* In a page of the caller's, which goes with the VM. */
struct vm_result start_vm_in(struct vm *vm, bool protected, void *memory);
void destroy_vm(struct vm *vm);
/* Both. */
struct vm_result run_vm(bool protected);

#endif
