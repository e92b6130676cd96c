// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that wants one thing at a time, by every way there is: the loader's
 * hypercalls again, pages of EL2 through every alias, other owners for them, and the
 * end of modules.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "attack.h"

#include "kselftest.h"

static struct attack_info info;

static int nr_secrets(void)
{
	int nr = 0;

	for_each_secret(v)
		nr++;

	return nr;
}

/* --- the loader's hypercalls --- */

static void check_loader(void)
{
	struct pages p = alloc_pages(0);
	__u64 image = 0, text = 0, el2_va;

	for_each_victim(v) {
		if (v->class == IMAGE_PAGE && strchr(el2_prot(v->hyp_va), 'x'))
			text = v->hyp_va;
		if (v->class == IMAGE_PAGE && (!image || v->hyp_va < image))
			image = v->hyp_va;
	}
	el2_va = image + 64 * PAGE;

	const struct {
		enum probe_hvc hvc;
		const char *name;
		__u64 args[4];
	} calls[] = {
		{ HVC_MODULE_RESERVE, "reserve", { 1 } },
		{ HVC_MODULE_MAP_PAGE, "map_page", { image, p.pfn, el2_va, HYP_RW } },
		{ HVC_MODULE_INIT, "init", { image, text } },
		{ HVC_MODULE_REGISTER_CALL, "register_call", { text } },
		{ HVC_MODULE_UNREGISTER, "unregister", { image } },
		{ HVC_MODULE_UNDO_TRAPS, "undo_traps", { } },
		{ HVC_MODULE_RELEASE, "release", { image } },
		{ HVC_MODULE_CLOSE, "close", { 1 } },
	};

	_Static_assert(ARRAY_SIZE(calls) == NR_LOADER_HVCS, "each of the loader's hypercalls");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct probe_request req = probe(PROBE_HVC, probe(PROBE_FUNC, calls[i].hvc).res[0],
						 calls[i].args[0], calls[i].args[1],
						 calls[i].args[2], calls[i].args[3]);

		claim(req.res[0] == PROBE_NOT_SUPPORTED && req.res[1] == calls[i].args[0],
		      "__pkvm_module_%s with arguments that were good before is refused",
		      calls[i].name);
	}
	claim(is_hosts(p), "no page was taken by them");

	/* Those that put another hypervisor in place, or none. */
	for (__u64 stub = 0; stub < 8; stub++)
		expect(probe(PROBE_HVC, stub, p.va, p.va).res[0], PROBE_NOT_SUPPORTED,
		       "hypercall %llu of the boot stub is refused", stub);
}

/* --- aliases --- */

static void expect_all(int got, const char *what)
{
	expect(got, nr_secrets(), "%s, for each page of modules and of EL2", what);
}

static bool no_access(__u64 va)
{
	return host_read(va, NULL) == -EFAULT && host_write(va, 0) == -EFAULT;
}

static void check_kernel_aliases(void)
{
	struct pages own = alloc_pages(0);
	int linear = 0, vmapped = 0, module = 0, images = 0;

	for_each_secret(v) {
		__u64 alias = probe(PROBE_VMAP, v->pfn, own.pfn).res[0];

		linear += no_access(v->va);
		vmapped += alias && no_access(alias) && !no_access(alias + PAGE);
		if (v->class != IMAGE_PAGE)
			continue;
		images++;
		module += no_access(probe(PROBE_KERN_VA, v->hyp_va).res[0]);
	}
	expect_all(linear, "the kernel's linear map, which kmap() is too, gives -EFAULT");
	expect_all(vmapped, "a new vmap() gives -EFAULT");
	expect(module, images, "where the module loader put it, -EFAULT");
}

static sigjmp_buf refused;
static int refused_code;

static void on_signal(int sig, siginfo_t *siginfo, void *context)
{
	(void)context;
	refused_code = siginfo->si_code;
	siglongjmp(refused, sig);
}

static bool segv(void *page, enum probe_touch how)
{
	int sig = sigsetjmp(refused, 1);

	if (sig)
		return sig == SIGSEGV && refused_code == SEGV_ACCERR;
	switch (how) {
	case TOUCH_READ:
		(void)*(volatile __u64 *)page;
		break;
	case TOUCH_WRITE:
		*(volatile __u64 *)page = 0;
		break;
	case TOUCH_EXEC:
		((void (*)(void))page)();
		break;
	}

	return false;
}

static void check_user_aliases(void)
{
	int how[3] = { }, syscalls = 0, pipefd[2];

	if (pipe2(pipefd, O_NONBLOCK))
		ksft_exit_fail_perror("pipe");
	for_each_secret(v) {
		void *page = map_user(v->pfn);

		for (enum probe_touch t = TOUCH_READ; t <= TOUCH_EXEC; t++)
			how[t] += segv(page, t);
		syscalls += write(pipefd[1], page, 8) < 0 && errno == EFAULT;
		unmap_user(page);
	}
	close(pipefd[0]);
	close(pipefd[1]);
	expect_all(how[TOUCH_READ], "a process that has it mapped rwx and reads gets SIGSEGV");
	expect_all(how[TOUCH_WRITE], "... and one that writes");
	expect_all(how[TOUCH_EXEC], "... and one that executes");
	expect_all(syscalls, "a system call that is to read it there gives EFAULT");
}

static void check_dev_mem(void)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	int reads = 0, writes = 0, maps = 0;

	if (fd < 0) {
		skipped("/dev/mem", "there is none");
		return;
	}
	for_each_secret(v) {
		__u64 val = 0;

		reads += pread(fd, &val, sizeof(val), v->pfn * PAGE) < 0;
		writes += pwrite(fd, &val, sizeof(val), v->pfn * PAGE) < 0;
		maps += mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, v->pfn * PAGE) == MAP_FAILED &&
			errno == EPERM;
	}
	close(fd);
	expect_all(reads, "read() of /dev/mem fails");
	expect_all(writes, "write() to /dev/mem fails");
	expect_all(maps, "mmap() of /dev/mem gives EPERM");
}

/* Reads the page after its first one, then powers off. */
static const __u32 reader[] = {
	0xd2a80001,		/* movz	x1, #0x4000, lsl #16 */
	0x91400421,		/* add	x1, x1, #1, lsl #12 */
	0xf9400020,		/* ldr	x0, [x1] */
	0x52800100,		/* mov	w0, #0x8 */
	0x72b08000,		/* movk	w0, #0x8400, lsl #16 */
	0xd4000002,		/* hvc	#0 */
	0x14000000,		/* b	. */
};

/* What KVM_RUN gives for a VM that has page @pfn in a memslot and reads it. */
static int run_reader(bool protected, __u64 pfn)
{
	void *page = map_attacker(pfn);
	struct vm vm;
	struct vm_result result = create_vm(&vm, protected, reader, sizeof(reader), NULL, PAGE);
	struct kvm_userspace_memory_region region = {
		.slot = 1, .guest_phys_addr = GUEST_PHYS + PAGE, .memory_size = PAGE,
		.userspace_addr = (unsigned long)page,
	};

	if (result.step == VM_RUN && ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region))
		result.error = -errno;
	if (result.step == VM_RUN && !result.error)
		result = resume_vm(&vm);
	destroy_vm(&vm);
	if (page)
		unmap_user(page);

	return result.error;
}

static void check_memslots(void)
{
	int normal = 0, protected = 0;

	expect(run_reader(false, alloc_pages(0).pfn), 0, "a VM can read a page of the host's so");
	for_each_secret(v) {
		int np = run_reader(false, v->pfn), p = run_reader(true, v->pfn);

		/* EFAULT: there is not even a mapping in the VMM, for a part of a larger block. */
		normal += np == -EPERM || np == -EFAULT;
		protected += p == -EIO || p == -EFAULT;
	}
	expect_all(normal, "a VM that has it in a memslot can not read it: EPERM or EFAULT");
	expect_all(protected, "a protected VM neither: EIO or EFAULT");
}

/* --- a device --- */

static void check_dma(void)
{
	struct pages own = alloc_pages(0);
	struct attack_dma dma = { .phys = own.pfn * PAGE, .len = 64 };
	struct victim *target = NULL;
	__u64 before[8], val;
	int changed = 0;

	if (attacker(ATTACK_DMA, &dma)) {
		skipped("DMA of a virtio device", "there is none");
		return;
	}
	host_read(own.va, &val);
	claim(val, "a virtio device writes where the host tells it to");

	for_each_victim(v) {
		if (v->class == DONATED_PAGE)
			target = v;
	}
	for (int i = 0; i < 8; i++)
		before[i] = probe(PROBE_PEEK, target->hyp_va + i * 8).res[0];
	dma.phys = target->pfn * PAGE;
	attacker(ATTACK_DMA, &dma);
	for (int i = 0; i < 8; i++) {
		changed += probe(PROBE_PEEK, target->hyp_va + i * 8).res[0] != before[i];
		probe(PROBE_POKE, target->hyp_va + i * 8, before[i]);
	}
	/* There is no IOMMU that EL2 has: not a promise, but what a reader should know. */
	ksft_print_msg("without an IOMMU under EL2, a device %s a module's page\n",
		       changed ? "reached" : "did not reach");
	claim(no_access(target->va), "the host itself does not get at what a device wrote to");
}

/* --- other owners --- */

static int refusals(const char *func, bool phys)
{
	int nr = 0;

	for_each_secret(v) {
		__s64 ret = hypercall(func, phys ? v->pfn * PAGE : v->pfn);

		if (ret >= 0)
			ksft_print_msg("%s: %lld\n", v->name, ret);
		nr += ret == -EPERM || ret == -ENOENT || ret == -EINVAL;
	}

	return nr;
}

static void check_owners(void)
{
	expect_all(refusals("__pkvm_host_share_hyp", false), "sharing with EL2 is refused");
	expect_all(refusals("__pkvm_host_unshare_hyp", false), "unsharing is refused");
	expect_all(refusals("__pkvm_force_reclaim_guest_page", true), "reclaiming is refused");
	expect_all(refusals("__pkvm_module_topup_heap", false),
		   "giving it to the heap of modules is refused");
}

/* A VM of the attacker's own: there EL1 has no say. */
static struct attack_vm start_fake(bool protected)
{
	struct attack_vm vm = { .nr_vcpus = 1, .is_protected = protected };

	vm.handle = hypercall("__pkvm_reserve_vm");
	attacker(ATTACK_VM, &vm);
	if (hypercall("__pkvm_init_vm", vm.kvm_va, vm.vm_mem, vm.pgd_mem) ||
	    hypercall("__pkvm_init_vcpu", vm.handle, vm.vcpu_va, vm.vcpu_mem))
		ksft_exit_fail_msg("no VM without KVM\n");
	hypercall("__pkvm_vcpu_load", vm.handle, 0, 0);

	return vm;
}

static void check_guests(bool protected)
{
	const char *func = protected ? "__pkvm_host_donate_guest" : "__pkvm_host_share_guest";
	const char *what = protected ? "donating it to a protected VM" : "sharing it with a VM";
	struct attack_vm vm = start_fake(protected);
	struct attack_run reset = { };
	int refused_pages = 0;

	/* The last page of the pool, which nothing else uses. */
	expect(hypercall(func, info.pool_pfn + info.pool_pages - 1, 0, 1, HYP_RW), 0,
	       "%s works for a page of the host's", what);
	for_each_secret(v)
		refused_pages += hypercall(func, v->pfn, 1, 1, HYP_RW) == -EPERM;
	expect_all(refused_pages, protected ? "donating it to a protected VM gives -EPERM" :
					      "sharing it with a VM gives -EPERM");

	hypercall("__pkvm_vcpu_put");
	attacker(ATTACK_RESET, &reset);
	claim(!reset.violation[0], "all that it took comes back (%s)", reset.violation);
	(void)vm;
}

/* What EL2 asks the host for, the host says to be EL2's own pages. */
static void check_vm_memory(void)
{
	struct attack_vm vm = { .nr_vcpus = 1 };
	int vm_mem = 0, pgd_mem = 0, kvm = 0, vcpu_mem = 0, vcpu = 0;
	struct attack_run reset = { };

	vm.handle = hypercall("__pkvm_reserve_vm");
	attacker(ATTACK_VM, &vm);
	for_each_secret(v) {
		vm_mem += hypercall("__pkvm_init_vm", vm.kvm_va, v->va, vm.pgd_mem) == -ENOMEM;
		pgd_mem += hypercall("__pkvm_init_vm", vm.kvm_va, vm.vm_mem, v->va) == -ENOMEM;
		kvm += hypercall("__pkvm_init_vm", v->va, vm.vm_mem, vm.pgd_mem) == -EPERM;
	}
	expect_all(vm_mem, "it is not taken for a VM's state: -ENOMEM");
	expect_all(pgd_mem, "nor for its page tables: -ENOMEM");
	expect_all(kvm, "nor read as a struct kvm: -EPERM");

	if (hypercall("__pkvm_init_vm", vm.kvm_va, vm.vm_mem, vm.pgd_mem))
		ksft_exit_fail_msg("no VM without KVM\n");
	for_each_secret(v) {
		vcpu_mem += hypercall("__pkvm_init_vcpu", vm.handle, vm.vcpu_va, v->va) == -ENOMEM;
		vcpu += hypercall("__pkvm_init_vcpu", vm.handle, v->va, vm.vcpu_mem) == -EBUSY;
	}
	expect_all(vcpu_mem, "nor taken for a vcpu's state: -ENOMEM");
	expect_all(vcpu, "nor read as a struct kvm_vcpu: -EBUSY");
	attacker(ATTACK_RESET, &reset);
	claim(!reset.violation[0], "all that it took comes back (%s)", reset.violation);
}

/* --- the end of modules --- */

static void check_unload(void)
{
	static const char * const flags[] = { "rmmod", "rmmod -f" };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int ret = syscall(SYS_delete_module, "hello", O_NONBLOCK | (i ? O_TRUNC : 0));

		claim(ret && (errno == EAGAIN || errno == EBUSY),
		      "%s of a module with an EL2 part is refused", flags[i]);
	}
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	open_probe();
	run_on(0);
	make_victims();
	attacker(ATTACK_INFO, &info);
	ksft_print_msg("%d pages to be had\n", nr_secrets());

	check_loader();

	check_kernel_aliases();
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	check_user_aliases();
	check_dev_mem();
	check_memslots();
	check_dma();

	check_owners();
	check_guests(true);
	check_guests(false);
	check_vm_memory();

	check_unload();

	check_victims("after all that");
	finished();
}
