// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtual machine monitor as small as can be: one VM of four pages, one vCPU.
 *
 * It lets the guest of guest.S sum a table, reads the sum that the guest reports,
 * and then, while the VM still exists, does what a host should not be able to do
 * to a protected VM: read and write the guest's private memory. With a normal VM
 * both must succeed, or the attempt on the protected one would prove nothing.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/kvm.h>

#include "guest.h"

/* Newer than the headers that distributions have. */
#ifndef KVM_VM_TYPE_ARM_PROTECTED
#define KVM_VM_TYPE_ARM_PROTECTED	0x80000000UL
#endif

#define GUEST_REG(name)							\
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |		\
	 KVM_REG_ARM_CORE_REG(name))

/* More than the guest needs under emulation on the slowest of hosts. */
#define GUEST_SECONDS	60

#define TABLE_WORDS	512
#define SCRIBBLE	0x5c81bb1e5c81bb1eull

/* Exit statuses, besides 0: all went as it should. */
enum {
	STATUS_UNEXPECTED = 1,	/* something did not, or could not be tried */
	STATUS_DENIED = 2,	/* protected VMs may not start */
	STATUS_USAGE = 64,
};

struct vm {
	int kvm, fd, vcpu;
	struct kvm_run *run;
	char *memory;		/* GUEST_SIZE bytes, at GUEST_CODE in the guest */
};

static const char *kind;	/* "protected VM" or "normal VM" */

static noreturn void ioctl_failed(const char *name)
{
	errx(STATUS_UNEXPECTED, "%s: %s: %s (%m)", kind, name, strerrorname_np(errno));
}

static int do_ioctl(int fd, unsigned long request, const char *name, unsigned long arg)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		ioctl_failed(name);
	return ret;
}

#define kvm_ioctl(fd, request, arg) \
	do_ioctl(fd, request, #request, (unsigned long)(arg))

static void *guest_to_host(const struct vm *vm, __u64 ipa)
{
	return vm->memory + (ipa - GUEST_CODE);
}

/* Other numbers in each run, so that no old result can pass for a new one. */
static void fill_table(__u64 *table)
{
	struct timespec now;
	__u64 x;

	clock_gettime(CLOCK_BOOTTIME, &now);
	x = now.tv_sec * 1000000000ull + now.tv_nsec;
	for (int i = 0; i < TABLE_WORDS; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		table[i] = x;
	}
}

static __u64 sum_table(const __u64 *table, __u64 sum)
{
	for (int i = 0; i < TABLE_WORDS; i++)
		sum = sum * 31 + table[i];
	return sum;
}

/* False if protected VMs are not allowed. */
static bool create_vm(struct vm *vm, bool protected)
{
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		err(STATUS_UNEXPECTED, "%s: /dev/kvm", kind);

	if (!protected) {
		vm->fd = kvm_ioctl(vm->kvm, KVM_CREATE_VM, 0);
		return true;
	}

	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, KVM_VM_TYPE_ARM_PROTECTED);
	if (vm->fd < 0 && errno != EPERM)
		ioctl_failed("KVM_CREATE_VM");
	return vm->fd >= 0;
}

static void create_memory(struct vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_CODE,
		.memory_size = GUEST_SIZE,
	};

	/* A protected VM takes no other kind than private and anonymous. */
	vm->memory = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		err(STATUS_UNEXPECTED, "%s: mmap", kind);

	region.userspace_addr = (unsigned long)vm->memory;
	kvm_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);

	memcpy(guest_to_host(vm, GUEST_CODE), guest_start, guest_end - guest_start);
}

static void set_reg(const struct vm *vm, __u64 id, __u64 value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (unsigned long)&value };

	kvm_ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg);
}

static void create_vcpu(struct vm *vm)
{
	struct kvm_vcpu_init init;
	int size = kvm_ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vm->vcpu = kvm_ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	kvm_ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init);
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;
	kvm_ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init);

	vm->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
	if (vm->run == MAP_FAILED)
		err(STATUS_UNEXPECTED, "%s: mmap of the vCPU", kind);
}

/* Runs the guest until it powers off. */
static void run_guest(const struct vm *vm, __u64 words, __u64 first)
{
	set_reg(vm, GUEST_REG(regs.pc), GUEST_CODE);
	set_reg(vm, GUEST_REG(regs.regs[0]), words);
	set_reg(vm, GUEST_REG(regs.regs[1]), first);

	alarm(GUEST_SECONDS);
	kvm_ioctl(vm->vcpu, KVM_RUN, 0);
	alarm(0);

	if (vm->run->exit_reason != KVM_EXIT_SYSTEM_EVENT ||
	    vm->run->system_event.type != KVM_SYSTEM_EVENT_SHUTDOWN)
		errx(STATUS_UNEXPECTED, "%s: the guest stopped with KVM exit reason %u",
		     kind, vm->run->exit_reason);
}

static sigjmp_buf refused;

static void on_refusal(int sig)
{
	siglongjmp(refused, sig);
}

/* The host's attempts on one word: 0, or the signal that the kernel answered with. */
static int try_read(__u64 *p, __u64 *value)
{
	int sig = sigsetjmp(refused, 1);

	if (!sig)
		*value = __atomic_load_n(p, __ATOMIC_RELAXED);
	return sig;
}

static int try_write(__u64 *p, __u64 value)
{
	int sig = sigsetjmp(refused, 1);

	if (!sig)
		__atomic_store_n(p, value, __ATOMIC_RELAXED);
	return sig;
}

/* The guest's own word that it computed @sum. */
static bool check_report(const struct vm *vm, __u64 sum, bool protected)
{
	struct guest_report *report = guest_to_host(vm, GUEST_REPORT);
	__u64 got, shared;
	int sig;

	sig = try_read(&report->sum, &got);
	if (!sig)
		sig = try_read(&report->shared, &shared);
	if (sig) {
		printf("%s: no report: reading the shared page gave SIG%s\n", kind,
		       sigabbrev_np(sig));
		return false;
	}
	if (protected && shared) {
		printf("%s: MEM_SHARE returned %lld to the guest\n", kind, (long long)shared);
		return false;
	}

	printf("%s: ran, its guest reports the sum of %d words: 0x%016llx, %s\n", kind,
	       TABLE_WORDS, got, got == sum ? "right" : "WRONG");
	return got == sum;
}

static bool check_read(const struct vm *vm, __u64 sum, bool protected)
{
	__u64 value;
	int sig = try_read(guest_to_host(vm, GUEST_PRIVATE), &value);

	if (sig) {
		printf("%s: host reads the guest's memory: refused, SIG%s\n", kind,
		       sigabbrev_np(sig));
		return protected;
	}

	printf("%s: host reads the guest's memory: 0x%016llx\n", kind, value);
	return !protected && value == sum;
}

static bool check_write(const struct vm *vm, bool protected)
{
	__u64 *p = guest_to_host(vm, GUEST_PRIVATE);
	__u64 value;
	int sig = try_write(p, SCRIBBLE);

	if (sig) {
		printf("%s: host writes the guest's memory: refused, SIG%s\n", kind,
		       sigabbrev_np(sig));
		return protected;
	}

	printf("%s: host writes the guest's memory: done\n", kind);
	return !protected && !try_read(p, &value) && value == SCRIBBLE;
}

static void print_help(FILE *out)
{
	fputs("usage: vmm [--protected] [--expect-denied] [--stay]\n"
	      "Starts a VM, lets it compute, then tries to read and write its memory.\n"
	      "\n"
	      "  --protected      a protected VM: the host must be refused\n"
	      "                   (a normal one otherwise: the host must succeed)\n"
	      "  --expect-denied  status 0 if no protected VM can be created: EPERM\n"
	      "  --stay           stop with SIGSTOP instead of trying, with the VM as it is\n"
	      "\n"
	      "Status: 0 as it should be, 1 not so, 2 protected VMs are denied.\n", out);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "protected",	   no_argument, NULL, 'p' },
		{ "expect-denied", no_argument, NULL, 'd' },
		{ "stay",	   no_argument, NULL, 's' },
		{ "help",	   no_argument, NULL, 'h' },
		{ }
	};
	bool protected = false, expect_denied = false, stay = false, ok;
	__u64 *table, sum;
	struct vm vm;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			protected = true;
			break;
		case 'd':
			expect_denied = true;
			protected = true;
			break;
		case 's':
			stay = true;
			break;
		case 'h':
			print_help(stdout);
			return 0;
		default:
			print_help(stderr);
			return STATUS_USAGE;
		}
	}

	if (optind < argc) {
		print_help(stderr);
		return STATUS_USAGE;
	}

	setvbuf(stdout, NULL, _IOLBF, 0);
	kind = protected ? "protected VM" : "normal VM";

	if (!create_vm(&vm, protected)) {
		printf("%s: refused: EPERM\n", kind);
		return expect_denied ? 0 : STATUS_DENIED;
	}
	if (expect_denied) {
		printf("%s: created, where EPERM was expected\n", kind);
		return STATUS_UNEXPECTED;
	}

	create_memory(&vm);
	create_vcpu(&vm);

	/* The host's last look at the table: from the first use it is the guest's. */
	table = guest_to_host(&vm, GUEST_TABLE);
	fill_table(table);
	sum = sum_table(table, getpid());
	run_guest(&vm, TABLE_WORDS, getpid());

	if (stay)
		return raise(SIGSTOP);

	signal(SIGSEGV, on_refusal);
	signal(SIGBUS, on_refusal);

	ok = check_report(&vm, sum, protected);
	ok &= check_read(&vm, sum, protected);
	ok &= check_write(&vm, protected);

	return ok ? 0 : STATUS_UNEXPECTED;
}
