// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/kvm.h>

#include "lib.h"

/* In one file only: its counters are static. */
#include "kselftest.h"

/* Newer than the headers that distributions have. */
#ifndef KVM_VM_TYPE_ARM_PROTECTED
#define KVM_VM_TYPE_ARM_PROTECTED	0x80000000UL
#endif

/* --- results --- */

static void report(bool holds, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	ksft_test_result(holds, "%s\n", text);
}

void expect_equal(long long got, long long wanted, const char *claim, ...)
{
	va_list args;

	if (got != wanted)
		ksft_print_msg("got %lld (%#llx), wanted %lld (%#llx)\n", got, got, wanted, wanted);
	va_start(args, claim);
	report(got == wanted, claim, args);
	va_end(args);
}

void claim(bool holds, const char *claim, ...)
{
	va_list args;

	va_start(args, claim);
	report(holds, claim, args);
	va_end(args);
}

void skipped(const char *claim, const char *reason)
{
	ksft_cnt.ksft_xskip++;
	printf("ok %u %s # SKIP %s\n", ksft_test_num(), claim, reason);
}

void print_header(void)
{
	static bool printed;

	if (!printed)
		ksft_print_header();
	printed = true;
}

void finished(void)
{
	ksft_set_plan(ksft_test_num());
	ksft_finished();
}

/* --- /dev/probe --- */

static int probe_fd = -1;

void open_probe(void)
{
	print_header();
	probe_fd = open("/dev/probe", O_RDWR | O_CLOEXEC);
	if (probe_fd < 0)
		ksft_exit_fail_perror("/dev/probe");
}

void close_probe(void)
{
	close(probe_fd);
	probe_fd = -1;
}

struct probe_request probe_request(enum probe_cmd cmd, const __u64 *args)
{
	struct probe_request req = { .cmd = cmd };

	memcpy(req.args, args, sizeof(req.args));
	if (ioctl(probe_fd, PROBE_IOCTL, &req))
		ksft_exit_fail_msg("probe command %d with %#llx: %m\n", cmd, args[0]);

	return req;
}

__s64 call_op(enum probe_op member, const __u64 *args)
{
	return probe(PROBE_OP, member, args[0], args[1], args[2], args[3], args[4]).res[0];
}

bool is_hvhe(void)
{
	return probe(PROBE_WHERE).res[2];
}

__u64 el2_pte(__u64 va)
{
	return probe(PROBE_PTE, va).res[0];
}

const char *el2_prot(__u64 va)
{
	static char prot[4][4];
	static int next;
	char *p = prot[next++ % 4];
	unsigned int is = probe_pte_prot(el2_pte(va), is_hvhe());

	snprintf(p, sizeof(prot[0]), "%c%c%c", is & PROT_MAPPED_R ? 'r' : '-',
		 is & PROT_MAPPED_W ? 'w' : '-', is & PROT_MAPPED_X ? 'x' : '-');

	return p;
}

__u64 hyp_va(__u64 pfn)
{
	return op(OP_HYP_VA, pfn * PAGE);
}

/* --- memory of the host --- */

struct pages alloc_pages(unsigned int order)
{
	struct probe_request req = probe(PROBE_ALLOC, order);

	return (struct pages){
		.va = req.res[0], .pfn = req.res[1], .hyp_va = hyp_va(req.res[1]),
	};
}

int host_read(__u64 va, __u64 *val)
{
	struct probe_request req = probe(PROBE_READ, va);

	if (val)
		*val = req.res[1];

	return req.res[0];
}

int host_write(__u64 va, __u64 val)
{
	return probe(PROBE_WRITE, va, val).res[0];
}

void *map_user(__u64 pfn)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, probe_fd,
			  pfn * PAGE);

	if (page == MAP_FAILED)
		ksft_exit_fail_perror("mmap of /dev/probe");

	return page;
}

void unmap_user(void *page)
{
	munmap(page, PAGE);
}

__u64 last_ram_pfn(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long start, end, last = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (line[0] != ' ' && strstr(line, "System RAM") &&
		    sscanf(line, "%llx-%llx", &start, &end) == 2)
			last = end;
	}
	if (file)
		fclose(file);

	return last / PAGE;
}

__u64 user_pfn(void *addr)
{
	return probe(PROBE_USER, (unsigned long)addr).res[0];
}

/* --- to whom a page belongs --- */

bool host_can(struct pages p)
{
	__u64 val;

	return !host_read(p.va + OFFSET, &val) && !host_write(p.va + OFFSET, val);
}

bool host_can_not(struct pages p)
{
	return host_read(p.va + OFFSET, NULL) == -EFAULT && host_write(p.va + OFFSET, 0) == -EFAULT;
}

bool el2_has(struct pages p, const char *prot)
{
	return !strcmp(el2_prot(p.hyp_va), prot);
}

bool is_hosts(struct pages p)
{
	return host_can(p) && el2_has(p, "---");
}

bool is_donated(struct pages p)
{
	return host_can_not(p) && el2_has(p, "rw-");
}

/* --- the kernel's log, /proc and /sys --- */

static int log_fd = -1;
static char log_text[1 << 20];
static size_t log_len;

void log_mark(void)
{
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0)
		ksft_exit_fail_perror("/dev/kmsg");
	log_len = 0;
}

/* A record at a time: -EPIPE is for records that were overwritten meanwhile. */
static void read_log(void)
{
	ssize_t len;

	while (log_len < sizeof(log_text) - 1) {
		len = read(log_fd, log_text + log_len, sizeof(log_text) - 1 - log_len);
		if (len > 0)
			log_len += len;
		else if (!len || errno != EPIPE)
			break;
	}
	log_text[log_len] = '\0';
}

int log_count(const char *text)
{
	const char *p = log_text;
	int count = 0;

	read_log();
	while ((p = strstr(p, text))) {
		count++;
		p += strlen(text);
	}

	return count;
}

const char *log_find(const char *text)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	static char record[8192];
	const char *found = NULL;
	ssize_t len;

	while (!found && (len = read(fd, record, sizeof(record) - 1)) > 0) {
		record[len] = '\0';
		if (strstr(record, text))
			found = strchr(record, ';') + 1;
	}
	if (fd >= 0)
		close(fd);

	return found ?: "";
}

const char *first_line(const char *path)
{
	static char line[512];
	FILE *file = fopen(path, "r");

	line[0] = '\0';
	if (file) {
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';

	return line;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len, wanted = strlen(text);
	int error = 0;

	if (fd < 0)
		return -errno;
	len = write(fd, text, wanted);
	if (len != wanted)
		error = len < 0 ? -errno : -EIO;
	close(fd);

	return error;
}

__u64 symbol(const char *wanted)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], name[256];
	unsigned long long addr;
	__u64 found = 0;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %*c %255s", &addr, name) == 2 && !strcmp(name, wanted))
			found = addr;
	}
	if (file)
		fclose(file);

	return found;
}

/* --- processes and CPUs --- */

int nr_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		ksft_exit_fail_perror("sched_setaffinity");
}

bool set_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);

	return !write_file(path, online ? "1" : "0");
}

int insmod(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0 || syscall(SYS_finit_module, fd, params, 0))
		ret = -errno;
	if (fd >= 0)
		close(fd);

	return ret;
}

/* --- VMs --- */

#define CORE_REG(name)	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
			 KVM_REG_ARM_CORE_REG(name))

/* PSCI SYSTEM_OFF */
static const __u32 guest[] = {
	0x52800100,		/* mov	w0, #0x8 */
	0x72b08000,		/* movk	w0, #0x8400, lsl #16 */
	0xd4000002,		/* hvc	#0 */
	0x14000000,		/* b	. */
};

static bool set_up_vm(struct vm *vm, const void *code, size_t code_size, void *memory)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_PHYS,
		.memory_size = vm->size,
	};
	struct kvm_vcpu_init init = {};
	__u64 pc = GUEST_PHYS;
	struct kvm_one_reg reg = { .id = CORE_REG(regs.pc), .addr = (unsigned long)&pc };

	vm->memory = memory ?: mmap(NULL, vm->size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->memory == MAP_FAILED)
		return false;
	memcpy(vm->memory, code, code_size);
	region.userspace_addr = (unsigned long)vm->memory;

	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region) ||
	    ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		return false;
	init.features[0] = 1 << KVM_ARM_VCPU_PSCI_0_2;

	vm->vcpu = ioctl(vm->fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu < 0 || ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init) ||
	    ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg))
		return false;

	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);

	return vm->run != MAP_FAILED;
}

void destroy_vm(struct vm *vm)
{
	if (vm->run != MAP_FAILED)
		munmap(vm->run, vm->run_size);
	if (vm->vcpu >= 0)
		close(vm->vcpu);
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->memory != MAP_FAILED)
		munmap(vm->memory, vm->size);
	close(vm->kvm);
}

struct vm_result create_vm(struct vm *vm, bool protected, const void *code, size_t code_size,
			   void *memory, size_t size)
{
	struct vm_result result = { .step = VM_CREATE };

	*vm = (struct vm){ .fd = -1, .vcpu = -1, .memory = MAP_FAILED, .run = MAP_FAILED,
			   .size = size };
	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		ksft_exit_fail_perror("/dev/kvm");
	vm->run_size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, protected ? KVM_VM_TYPE_ARM_PROTECTED : 0);
	if (vm->fd >= 0)
		result.step = set_up_vm(vm, code, code_size, memory) ? VM_RUN : VM_SETUP;
	result.error = result.step == VM_RUN ? 0 : -errno;

	return result;
}

struct vm_result resume_vm(struct vm *vm)
{
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct vm_result result = { .step = VM_RUN };

	if (ioctl(vm->vcpu, KVM_SET_MP_STATE, &runnable) || ioctl(vm->vcpu, KVM_RUN, 0)) {
		result.error = -errno;
		return result;
	}

	/* It may have stopped for another reason. */
	result.step = VM_RAN;
	if (vm->run->exit_reason != KVM_EXIT_SYSTEM_EVENT ||
	    vm->run->system_event.type != KVM_SYSTEM_EVENT_SHUTDOWN)
		result.error = -EPROTO;

	return result;
}

struct vm_result start_vm(struct vm *vm, bool protected)
{
	return start_vm_in(vm, protected, NULL);
}

struct vm_result start_vm_in(struct vm *vm, bool protected, void *memory)
{
	struct vm_result result = create_vm(vm, protected, guest, sizeof(guest), memory, PAGE);

	return result.step == VM_RUN ? resume_vm(vm) : result;
}

struct vm_result run_vm(bool protected)
{
	struct vm vm;
	struct vm_result result = start_vm(&vm, protected);

	destroy_vm(&vm);

	return result;
}
