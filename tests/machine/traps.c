// SPDX-License-Identifier: GPL-2.0-only
/*
 * What modules are asked and told of traps and events. Arguments:
 *
 *	traps			all that the machine outlives
 *	traps unhandled		a trap that nobody handles
 *	traps panic		the same with panic notifiers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/kvm.h>
#include <linux/psci.h>

#include "lib.h"
#include "traps.h"

#ifndef KVM_VM_TYPE_ARM_PROTECTED
#define KVM_VM_TYPE_ARM_PROTECTED	0x80000000UL
#endif

/* --- host SMCs --- */

static void check_smc_unhandled(void)
{
	expect((__s64)smc(SIP_CALL).res[0], SMCCC_NOT_SUPPORTED,
	       "an SMC that nobody takes is answered by EL3");
	expect(smc(PSCI_0_2_FN_PSCI_VERSION).res[0] >> 16, 1, "PSCI answers");
}

static void check_smc(void)
{
	struct traps_request req;

	for (int i = 0; i < 3; i++)
		expect(reg(TRAPS_HOST_SMC, i), 0,
		       "SMC handler %d is registered in a module call", i);
	poke(TRAPS_HOST_SMC, watch, SIP_CALL);

	reset(TRAPS_HOST_SMC, 0);
	expect((__s64)smc(SIP_CALL).res[0], SMCCC_NOT_SUPPORTED, "EL3 answers when none takes it");
	expect(peek(TRAPS_HOST_SMC, nr), 3, "each handler was asked once");
	for (int i = 0; i < 3; i++)
		expect(peek(TRAPS_HOST_SMC, log[i]), i, "number %d is the one registered so", i);
	expect(peek(TRAPS_HOST_SMC, args[0][0]), SIP_CALL, "it sees x0");
	expect(peek(TRAPS_HOST_SMC, args[0][1]), 0x11, "it sees x1");
	expect(peek(TRAPS_HOST_SMC, args[0][2]), 0x66, "it sees x6");

	reset(TRAPS_HOST_SMC, 6);
	req = smc(SIP_CALL);
	expect(req.res[0], TRAPS_ANSWER(1), "the first that takes it answers in x0");
	expect(req.res[3], 0x33, "it answers in x3, too");
	expect(peek(TRAPS_HOST_SMC, nr), 2, "those after it are not asked");

	reset(TRAPS_HOST_SMC, 7);
	poke(TRAPS_HOST_SMC, watch, PSCI_0_2_FN_PSCI_VERSION);
	expect(smc(PSCI_0_2_FN_PSCI_VERSION).res[0] >> 16, 1, "PSCI is pKVM's even so");
	poke(TRAPS_HOST_SMC, watch, 0x84000063);
	smc(0x84000063);	/* FFA_VERSION */
	expect(peek(TRAPS_HOST_SMC, nr), 0, "no handler sees PSCI or FF-A calls");

	poke(TRAPS_HOST_SMC, watch, SIP_CALL);
	reset(TRAPS_HOST_SMC, 1);
	expect((__s64)smc(SIP_CALL | 1ULL << 32).res[0], SMCCC_NOT_SUPPORTED,
	       "a function id of more than 32 bits is refused");
	expect(peek(TRAPS_HOST_SMC, nr), 0, "no handler sees it");
	reset(TRAPS_HOST_SMC, 0);
}

/* --- the slots, of every kind --- */

static void check_slots(enum traps_kind kind, int first)
{
	const char *name = kinds[kind].name;
	__u64 data = traps_states;
	int ok = 0;

	for (int i = first; i < 16; i++)
		ok += !reg(kind, i);
	expect(ok, 16 - first, "%s: there is room for 16", name);
	expect(reg(kind, 16), -EBUSY, "%s: the 17th gives -EBUSY", name);
	expect(reg(kind, 3), -EBUSY, "%s: one that is registered gives -EBUSY", name);

	expect(op_int(kinds[kind].op, 0), -EINVAL, "%s: NULL gives -EINVAL", name);
	expect(op_int(kinds[kind].op, data), -EINVAL, "%s: data gives -EINVAL", name);
	expect(op_int(kinds[kind].op, handler(kind, 16) + 2), -EINVAL,
	       "%s: the middle of an instruction gives -EINVAL", name);
	expect(op_int(kinds[kind].op, symbol_address("_text")), -EINVAL,
	       "%s: an EL1 address gives -EINVAL", name);
	expect(op_int(kinds[kind].op, probe(PROBE_SLOT, OP_MEMCPY).res[0]), -EINVAL,
	       "%s: hypervisor text gives -EINVAL", name);
	expect(op_int(kinds[kind].op, ~0ULL & ~3ULL), -EINVAL,
	       "%s: the highest address gives -EINVAL", name);
}

/* --- two CPUs registering at once --- */

struct registrar {
	pthread_t thread;
	pthread_barrier_t *barrier;
	int cpu, registered;
	__u64 fns[8];
};

static void *register_eight(void *arg)
{
	struct registrar *r = arg;

	run_on(r->cpu);
	pthread_barrier_wait(r->barrier);
	for (int i = 0; i < 8; i++)
		r->registered += !op_int(kinds[TRAPS_ILLEGAL_ABT].op, r->fns[i]);

	return NULL;
}

static void check_register_at_once(void)
{
	struct registrar r[2] = {};
	pthread_barrier_t barrier;
	struct pages p = alloc_pages(0);
	__u64 seen = 0;

	pthread_barrier_init(&barrier, NULL, 2);
	for (int i = 0; i < 2; i++) {
		r[i].cpu = i % nr_cpus();
		r[i].barrier = &barrier;
		for (int j = 0; j < 8; j++)
			r[i].fns[j] = handler(TRAPS_ILLEGAL_ABT, 2 * j + i);
		pthread_create(&r[i].thread, NULL, register_eight, &r[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(r[i].thread, NULL);
	expect(r[0].registered + r[1].registered, 16, "two register 16 handlers at once");

	run_on(0);
	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), 0, "a page is EL2's");
	expect(host_read(p.va, NULL), -EFAULT, "the host can not read it");
	expect(peek(TRAPS_ILLEGAL_ABT, nr), 16, "16 notifiers are told of that");
	for (int i = 0; i < 16; i++)
		seen |= 1ULL << peek(TRAPS_ILLEGAL_ABT, log[i]);
	expect(seen, 0xffff, "each of them once");
	expect(peek(TRAPS_ILLEGAL_ABT, args[0][1]), p.va, "FAR_EL2 is the address");

	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(host_write(p.va, 1), -EFAULT, "the host can not write it");
	expect(peek(TRAPS_ILLEGAL_ABT, nr), 16, "they are told of that, too");
	expect(op_int(OP_HYP_DONATE_HOST, p.pfn, 1), 0, "the page is the host's again");
	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(host_read(p.va, NULL), 0, "the host can read it");
	expect(peek(TRAPS_ILLEGAL_ABT, nr), 0, "nobody is told of a legal access");
}

/* --- PSCI --- */

static void check_hotplug(void)
{
	reset(TRAPS_PSCI, 0);
	claim(set_online(1, false), "CPU 1 goes off");
	expect(peek(TRAPS_PSCI, nr), 0, "that is no event");
	claim(set_online(1, true), "CPU 1 goes on");
	expect(peek(TRAPS_PSCI, nr), 2, "each notifier is told once");
	expect(peek(TRAPS_PSCI, log[0]), 0, "in order");
	expect(peek(TRAPS_PSCI, log[1]), 1, "in order");
	expect(peek(TRAPS_PSCI, args[0][0]), 2, "it is CPU_ENTRY");
	expect(peek(TRAPS_PSCI, args[0][1]), 1, "it is on CPU 1");
}

static void check_psci(void)
{
	expect(reg(TRAPS_PSCI, 0), 0, "a PSCI notifier is registered");
	expect(reg(TRAPS_PSCI, 1), 0, "another is");
	run_on(0);

	if (nr_cpus() > 1)
		check_hotplug();
	else
		skipped("CPU 1 goes off and on", "there is one CPU");

	/* As cpuidle would have it: QEMU waits for an interrupt. */
	reset(TRAPS_PSCI, 0);
	expect(traps(TRAPS_SMC, PSCI_0_2_FN64_CPU_SUSPEND, 0, 0, 0).res[0], 0,
	       "CPU_SUSPEND returns");
	expect(peek(TRAPS_PSCI, nr), 2, "each notifier is told once");
	expect(peek(TRAPS_PSCI, args[0][0]), 0, "it is CPU_SUSPEND");
	expect(peek(TRAPS_PSCI, args[0][1]), 0, "it is on CPU 0");

	reset(TRAPS_PSCI, 0);
	expect((int)traps(TRAPS_SMC, PSCI_1_0_FN64_SYSTEM_SUSPEND, 0, 0).res[0],
	       SMCCC_NOT_SUPPORTED,
	       "QEMU has no SYSTEM_SUSPEND");
	expect(peek(TRAPS_PSCI, nr), 2, "each notifier is told that it was tried");
	expect(peek(TRAPS_PSCI, args[0][0]), 1, "it is SYSTEM_SUSPEND");
}

/* --- any other trap --- */

static void check_default_trap(void)
{
	__u64 aidr = traps(TRAPS_READ_AIDR, 0).res[0];

	expect(reg(TRAPS_DEFAULT_TRAP, 0), 0, "a default trap handler is registered");
	expect(reg(TRAPS_DEFAULT_TRAP, 1), 0, "another is");
	run_on(0);
	reset(TRAPS_DEFAULT_TRAP, 2);

	call_el2("__kvm_nvhe_traps_trap_aidr");
	expect(traps(TRAPS_READ_AIDR, 0).res[0], TRAPS_ANSWER(1),
	       "a host trap that pKVM does not know is handled by the second");
	call_el2("__kvm_nvhe_traps_untrap_aidr");
	expect(peek(TRAPS_DEFAULT_TRAP, nr), 2, "both were asked");
	expect(peek(TRAPS_DEFAULT_TRAP, log[0]), 0, "in order");
	expect(peek(TRAPS_DEFAULT_TRAP, args[0][0]) >> 26 & 0x3f, 0x18,
	       "it is a system register's");
	expect(traps(TRAPS_READ_AIDR, 0).res[0], aidr, "without the trap all is as before");
}

/* --- what the host may do with its pages --- */

#define PROT_HOST	(HYP_R | HYP_W | HYP_X)

static int mod_prot(__u64 pfn, __u64 prot, __u64 nr)
{
	return op_int(OP_HOST_STAGE2_MOD_PROT, pfn, prot, nr, 0);
}

static int hvc_share(__u64 pfn)
{
	return probe(PROBE_HVC, probe(PROBE_FUNC, HVC_HOST_SHARE_HYP).res[0], pfn).res[1];
}

static void check_no_handler(void)
{
	struct pages p = alloc_pages(0);

	expect(mod_prot(p.pfn, HYP_R, 1), -ENOENT,
	       "host_stage2_mod_prot: without a fault handler it gives -ENOENT");
	expect(host_write(p.va, 1), 0, "the page is as it was");
}

static void check_prot(void)
{
	struct pages p = alloc_pages(0);
	__u64 val;

	expect(reg(TRAPS_PERM_FAULT, 0), 0, "a permission-fault handler is registered");
	expect(reg(TRAPS_PERM_FAULT, 1), 0, "another is");
	expect(host_write(p.va, 0xda7a), 0, "a page of the host can be written");

	reset(TRAPS_PERM_FAULT, 0);
	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(mod_prot(p.pfn, HYP_R, 1), 0, "r--: done");
	expect(host_read(p.va, &val), 0, "r--: the host can read it");
	expect(val, 0xda7a, "r--: it reads what was there");
	expect(peek(TRAPS_PERM_FAULT, nr), 0, "r--: nothing faults");
	expect(host_write(p.va + 8, 1), -EFAULT, "r--: the host can not write it");
	expect(peek(TRAPS_PERM_FAULT, nr), 2, "r--: each handler was asked once");
	expect(peek(TRAPS_PERM_FAULT, args[0][1]), p.pfn * PAGE + 8,
	       "r--: it was told the address");
	expect(peek(TRAPS_PERM_FAULT, args[0][0]) >> 6 & 1, 1,
	       "r--: ESR_EL2 says that it is a write");
	claim(peek(TRAPS_ILLEGAL_ABT, nr), "r--: abort notifiers are told");
	expect(probe(PROBE_TOUCH, p.va, TOUCH_EXEC).res[0], 0, "r--: the host can not execute it");
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), -EPERM, "r--: a module can not take it");
	expect(op_int(OP_HOST_SHARE_HYP, p.pfn), -EPERM, "r--: a module can not share it");
	expect(hvc_share(p.pfn), -EPERM, "r--: the host can not share it");

	reset(TRAPS_PERM_FAULT, 0);
	expect(mod_prot(p.pfn, 0, 1), 0, "---: done");
	expect(host_read(p.va, &val), -EFAULT, "---: the host can not read it");
	expect(peek(TRAPS_PERM_FAULT, nr), 2, "---: each handler was asked once");
	expect(peek(TRAPS_PERM_FAULT, args[0][0]) >> 6 & 1, 0,
	       "---: ESR_EL2 says that it is a read");
	expect(host_write(p.va, 1), -EFAULT, "---: the host can not write it");
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), -EPERM, "---: a module can not take it");

	reset(TRAPS_PERM_FAULT, 0);
	expect(mod_prot(p.pfn, HYP_RW, 1), 0, "rw-: done");
	expect(host_read(p.va, &val), 0, "rw-: the host can read it");
	expect(val, 0xda7a, "rw-: the data is unchanged");
	expect(host_write(p.va, 0xda7b), 0, "rw-: the host can write it");
	expect(peek(TRAPS_PERM_FAULT, nr), 0, "rw-: nothing faults");
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), -EPERM, "rw-: a module can not take it");

	expect(mod_prot(p.pfn, PROT_HOST, 1), 0, "rwx: done");
	expect(host_write(p.va, 0xda7c), 0, "rwx: the host can write it");
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), 0, "rwx: a module can take it");
	expect(mod_prot(p.pfn, HYP_R, 1), -EPERM, "a page of EL2's gives -EPERM");
	expect(op_int(OP_HYP_DONATE_HOST, p.pfn, 1), 0, "the page goes back");
	expect(op_int(OP_HOST_SHARE_HYP, p.pfn), 0, "it can be shared");
	expect(mod_prot(p.pfn, HYP_R, 1), -EPERM, "a shared page gives -EPERM");
	expect(op_int(OP_HOST_UNSHARE_HYP, p.pfn), 0, "it can be unshared");
}

/* --- what the host learns of an abort --- */

static sigjmp_buf stopped;
static volatile __u64 stopped_at;

static void on_segv(int sig, siginfo_t *info, void *context)
{
	stopped_at = (unsigned long)info->si_addr;
	siglongjmp(stopped, sig);
}

static void check_prot_address(void)
{
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO }, old;
	struct pages p = alloc_pages(0), other = alloc_pages(0);
	volatile __u64 *word = map_user(p.pfn);
	volatile __u64 *far = map_user(other.pfn);

	sigaction(SIGSEGV, &action, &old);
	expect(op_int(OP_HOST_DONATE_HYP, other.pfn, 1, 0), 0, "address: another page is EL2's");
	word[1] = 1;
	expect(mod_prot(p.pfn, HYP_R, 1), 0, "address: a page is r--");

	/* What FAR_EL1 has of it is not to be taken for the next one's. */
	if (!sigsetjmp(stopped, 1))
		*far;
	expect(stopped_at, (unsigned long)far, "address: the host is told that of EL2's page");
	if (!sigsetjmp(stopped, 1))
		word[1] = 2;
	expect(stopped_at, (unsigned long)&word[1], "address: ... and that of the write");
	expect(mod_prot(p.pfn, 0, 1), 0, "address: the page is ---");
	stopped_at = 0;
	if (!sigsetjmp(stopped, 1))
		word[2];
	expect(stopped_at, (unsigned long)&word[2], "address: ... and that of the read");

	sigaction(SIGSEGV, &old, NULL);
	expect(mod_prot(p.pfn, PROT_HOST, 1), 0, "address: the page is rwx");
	expect(word[1], 1, "address: it has what was written before");
	expect(op_int(OP_HYP_DONATE_HOST, other.pfn, 1), 0, "address: the other is the host's");
	unmap_user((void *)word);
	unmap_user((void *)far);
}

/* A handler that gives the page back: the access goes on. */
static void check_prot_handled(void)
{
	struct pages p = alloc_pages(0);
	__u64 val;

	expect(mod_prot(p.pfn, HYP_R, 1), 0, "handled: a page is r--");
	reset(TRAPS_PERM_FAULT, 1);
	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(host_write(p.va, 0x600d), 0,
	       "handled: a write that the first handler lets through works");
	expect(peek(TRAPS_PERM_FAULT, nr), 1, "handled: the second is not asked");
	expect(peek(TRAPS_ILLEGAL_ABT, nr), 0, "handled: that is no illegal abort");
	expect(host_read(p.va, &val), 0, "handled: the page can be read");
	expect(val, 0x600d, "handled: what was written is there");
	reset(TRAPS_PERM_FAULT, 0);
}

/* All pages of a block, one of them, and the others. */
static void check_prot_block(void)
{
	struct pages p = alloc_pages(9);
	int faults = 0;

	for (int i = 0; i < 512; i++)
		host_write(p.va + i * PAGE, i);

	expect(mod_prot(p.pfn + 7, HYP_R, 1), 0, "block: one page of it is r--");
	for (int i = 0; i < 512; i++)
		faults += !!host_write(p.va + i * PAGE, i);
	expect(faults, 1, "block: the others can be written");
	expect(mod_prot(p.pfn, HYP_R, 512), 0, "block: all of it is r--");
	faults = 0;
	for (int i = 0; i < 512; i++)
		faults += !!host_write(p.va + i * PAGE, 0);
	expect(faults, 512, "block: none can be written");
	expect(mod_prot(p.pfn, PROT_HOST, 512), 0, "block: all of it is rwx");
	faults = 0;
	for (int i = 0; i < 512; i++) {
		__u64 val = 0;

		faults += host_read(p.va + i * PAGE, &val) || val != (__u64)i ||
			  host_write(p.va + i * PAGE, 0);
	}
	expect(faults, 0, "block: each can be written and has its data");
}

static void check_prot_bad(void)
{
	struct pages p = alloc_pages(1);
	const __u64 ram_end = (0x40000000 + 0x40000000UL) / PAGE;	/* -m 1G */

	expect(op_int(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R, 1, 1), -EOPNOTSUPP,
	       "bad: update_iommu gives -EOPNOTSUPP");
	expect(mod_prot(p.pfn, HYP_R, 0), -EINVAL, "bad: no pages give -EINVAL");
	expect(mod_prot(p.pfn, HYP_R, ~0ULL), -EINVAL, "bad: too many pages give -EINVAL");
	expect(mod_prot(p.pfn, HYP_R, 1ULL << 52), -EINVAL, "bad: a size that wraps gives -EINVAL");
	expect(mod_prot(~0ULL, HYP_R, 1), -EINVAL, "bad: the highest pfn gives -EINVAL");
	expect(mod_prot(1ULL << 40, HYP_R, 1), -EINVAL, "bad: one past the PA range gives -EINVAL");
	expect(mod_prot(p.pfn, HYP_W, 1), -EINVAL, "bad: -w- gives -EINVAL");
	expect(mod_prot(p.pfn, HYP_X, 1), -EINVAL, "bad: --x gives -EINVAL");
	expect(mod_prot(p.pfn, HYP_R | HYP_DEVICE, 1), -EINVAL, "bad: device gives -EINVAL");
	expect(mod_prot(p.pfn, 1ULL << 40 | HYP_R, 1), -EINVAL,
	       "bad: an unknown bit gives -EINVAL");
	expect(mod_prot(0x9000000 / PAGE, HYP_R, 1), -EPERM, "bad: MMIO gives -EPERM");
	expect(mod_prot(ram_end - 1, HYP_R, 2), -EINVAL, "bad: the end of memory gives -EINVAL");

	expect(op_int(OP_HOST_DONATE_HYP, p.pfn + 1, 1, 0), 0,
	       "all or nothing: the second page is EL2's");
	expect(mod_prot(p.pfn, HYP_R, 2), -EPERM, "all or nothing: both give -EPERM");
	expect(host_write(p.va, 1), 0, "all or nothing: the first can be written");
	expect(op_int(OP_HYP_DONATE_HOST, p.pfn + 1, 1), 0, "all or nothing: it goes back");
}

/* --- guests --- */

#define CORE_REG(name)	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(name))

/* The SMC that the host chose: SYSTEM_OFF if x0 and x1 are as it said, or else SYSTEM_RESET */
static __u32 guest[] = {
	0xd4000003,		/* smc	#0 */
	0xeb13001f,		/* cmp	x0, x19 */
	0x540000a1,		/* b.ne	1f */
	0xeb14003f,		/* cmp	x1, x20 */
	0x54000061,		/* b.ne	1f */
	0x52800100,		/* mov	w0, #0x8 */
	0x14000002,		/* b	2f */
	0x52800120,		/* 1: mov w0, #0x9 */
	0x72b08000,		/* 2: movk w0, #0x8400, lsl #16 */
	0xd4000002,		/* hvc	#0 */
	0x14000000,		/* b	. */
};

static void set_reg(int vcpu, __u64 id, __u64 val)
{
	struct kvm_one_reg one = { .id = id, .addr = (unsigned long)&val };

	ioctl(vcpu, KVM_SET_ONE_REG, &one);
}

/* pfn of a page of this process */
static __u64 pfn_of(void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	__u64 entry = 0;

	if (pread(fd, &entry, sizeof(entry), (unsigned long)page / PAGE * sizeof(entry)) < 0)
		entry = 0;
	close(fd);

	return entry & ((1ULL << 55) - 1);
}

/* KVM_SYSTEM_EVENT_SHUTDOWN where the guest saw @x0 and @x1; -errno of KVM_RUN. */
static int guest_smc(bool protected, __u64 id, __u64 x0, __u64 x1, __u64 page_prot)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_PHYS, .memory_size = PAGE,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, protected ? KVM_VM_TYPE_ARM_PROTECTED : 0);
	size_t size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_vcpu_init init = {};
	struct kvm_run *run;
	int vcpu, ret;
	__u64 pfn;

	memcpy(memory, guest, sizeof(guest));
	pfn = pfn_of(memory);
	if (page_prot != PROT_HOST)
		mod_prot(pfn, page_prot, 1);
	region.userspace_addr = (unsigned long)memory;
	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
	ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	ioctl(vcpu, KVM_ARM_VCPU_INIT, &init);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	set_reg(vcpu, CORE_REG(regs.pc), GUEST_PHYS);
	set_reg(vcpu, CORE_REG(regs.regs[0]), id);
	set_reg(vcpu, CORE_REG(regs.regs[1]), 0x1000);
	set_reg(vcpu, CORE_REG(regs.regs[17]), 0x17);
	set_reg(vcpu, CORE_REG(regs.regs[19]), x0);
	set_reg(vcpu, CORE_REG(regs.regs[20]), x1);

	alarm(30);
	ret = ioctl(vcpu, KVM_RUN, 0) ? -errno : (int)run->system_event.type;
	alarm(0);
	if (ret >= 0 && run->exit_reason != KVM_EXIT_SYSTEM_EVENT)
		ret = -EPROTO;

	munmap(run, size);
	close(vcpu);
	close(vm);
	if (page_prot != PROT_HOST)
		mod_prot(pfn, PROT_HOST, 1);
	munmap(memory, PAGE);
	close(kvm);

	return ret;
}

static void check_guest(bool protected, bool handlers)
{
	const char *vm = protected ? "protected VM" : "normal VM";
	__u64 handle;

	reset(TRAPS_GUEST_SMC, 0);
	expect(guest_smc(protected, SIP_CALL, SMCCC_NOT_SUPPORTED, 0, PROT_HOST),
	       KVM_SYSTEM_EVENT_SHUTDOWN, "%s: an SMC that nobody takes gives NOT_SUPPORTED", vm);
	expect(guest_smc(protected, SIP_CALL, 1, 2, PROT_HOST), KVM_SYSTEM_EVENT_RESET,
	       "%s: the guest would see another answer", vm);
	if (!handlers)
		return;

	expect(peek(TRAPS_GUEST_SMC, nr), 4, "%s: two handlers were asked twice", vm);
	reset(TRAPS_GUEST_SMC, 2);
	expect(guest_smc(protected, SIP_CALL, TRAPS_ANSWER(1), 0x1017, PROT_HOST),
	       KVM_SYSTEM_EVENT_SHUTDOWN, "%s: the guest has the second one's answer", vm);
	expect(peek(TRAPS_GUEST_SMC, nr), 2, "%s: each was asked once", vm);
	expect(peek(TRAPS_GUEST_SMC, log[0]), 0, "%s: in order", vm);
	expect(peek(TRAPS_GUEST_SMC, args[0][0]), SIP_CALL, "%s: a handler sees x0", vm);
	expect(peek(TRAPS_GUEST_SMC, args[0][1]), 0x17, "%s: it sees x17", vm);
	handle = peek(TRAPS_GUEST_SMC, args[0][2]);
	claim(handle >= 0x1000 && handle < 0x2000, "%s: it has the VM's handle, %#llx", vm, handle);
	reset(TRAPS_GUEST_SMC, 0);
}

/* A page that a module has a hand on is not for guests. */
static void check_prot_guest(bool protected)
{
	const char *vm = protected ? "protected VM" : "normal VM";

	expect(guest_smc(protected, SIP_CALL, SMCCC_NOT_SUPPORTED, 0, HYP_RW), -EPERM,
	       "%s: a page that is rw- can not be given to it", vm);
	expect(guest_smc(protected, SIP_CALL, SMCCC_NOT_SUPPORTED, 0, PROT_HOST),
	       KVM_SYSTEM_EVENT_SHUTDOWN, "%s: one that is rwx can", vm);
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	open_probe();
	open_traps();

	if (!strcmp(what, "panic")) {
		expect(reg(TRAPS_HYP_PANIC, 0), 0, "a panic notifier is registered");
		expect(reg(TRAPS_HYP_PANIC, 1), 0, "another is");
	}
	if (*what) {
		run_on(0);
		call_el2("__kvm_nvhe_traps_trap_aidr");
		traps(TRAPS_READ_AIDR, 0);
		claim(false, "the hypervisor panics");
		finished();
	}

	check_smc_unhandled();
	check_no_handler();
	check_guest(false, false);
	check_guest(true, false);

	check_smc();
	check_register_at_once();
	check_psci();
	check_default_trap();
	check_prot();
	check_prot_handled();
	check_prot_address();
	check_prot_block();
	check_prot_bad();
	for (int i = 0; i < 2; i++)
		expect(reg(TRAPS_GUEST_SMC, i), 0, "guest SMC handler %d is registered", i);
	check_guest(false, true);
	check_guest(true, true);
	check_prot_guest(false);
	check_prot_guest(true);

	check_slots(TRAPS_PERM_FAULT, 2);
	check_slots(TRAPS_HOST_SMC, 3);
	check_slots(TRAPS_GUEST_SMC, 2);
	check_slots(TRAPS_DEFAULT_TRAP, 2);
	check_slots(TRAPS_ILLEGAL_ABT, 16);
	check_slots(TRAPS_PSCI, 2);
	check_slots(TRAPS_HYP_PANIC, 0);

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
