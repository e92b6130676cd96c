// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init program of a machine that is measured: prints "bench: NAME VALUE" for all
 * that can be measured in it. Values are instructions, in a machine where one takes a
 * nanosecond (QEMU's -icount shift=0), unless the name says otherwise.
 *
 * usage: bench [PATHS.ko]
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/kvm.h>

#include "guest.h"
#include "lib.h"

#define MODULES		"/sys/kernel/pkvm/modules/"
#define PATHS		"/sys/module/paths/parameters/"

__attribute__((format(printf, 2, 3)))
static void result(const char *name, const char *format, ...)
{
	va_list args;

	printf("bench: %s ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static void missing(const char *name, const char *why)
{
	printf("bench: error %s: %s\n", name, why);
	exit(1);
}

static __u64 ticks(void)
{
	__u64 ticks;

	asm volatile("isb\n	mrs	%0, cntvct_el0" : "=r" (ticks) : : "memory");
	return ticks;
}

static double instructions(__u64 ticks)
{
	__u64 freq;

	asm("mrs	%0, cntfrq_el0" : "=r" (freq));
	return ticks * 1e9 / freq;
}

/* --- the host's ways into the hypervisor: the module paths --- */

static void measure_path(const char *parameter, const char *name)
{
	char path[128];
	long long thousandths;

	snprintf(path, sizeof(path), PATHS "%s", parameter);
	thousandths = atoll(first_line(path));
	if (thousandths <= 0)
		missing(name, first_line(path));
	result(name, "%.2f", thousandths / 1000.0);
}

/* The first and the last call that was registered. */
static void measure_calls(void)
{
	char first[32] = "", last[32] = "", number[32], function[128];
	FILE *file = fopen(MODULES "el2_00/calls", "r");

	while (file && fscanf(file, "%31s %127s", number, function) == 2) {
		if (!first[0])
			strcpy(first, number);
		strcpy(last, number);
	}
	if (file)
		fclose(file);
	if (!first[0])
		return;

	for (int i = 0; i < 2; i++) {
		file = fopen(PATHS "number", "w");
		if (!file || fputs(i ? last : first, file) < 0 || fclose(file))
			missing("hvc_module", "cannot choose a number");
		measure_path("hvc", i ? "hvc_module_last" : "hvc_module_first");
	}
}

static void measure_paths(const char *ko)
{
	int ret = insmod(ko, "");

	if (ret)
		missing(ko, strerror(-ret));
	measure_path("hvc_builtin", "hvc_builtin");
	measure_path("hvc_unknown", "hvc_unknown");
	measure_path("smc_psci_version", "smc_psci_version");
	measure_path("smc_unknown", "smc_unknown");
	measure_path("host_fault", "host_fault");
	measure_calls();
}

/* --- a protected VM --- */

#define RUNS		20
#define ROUNDS		40

/*
 * KVM_RUN as its caller sees it, until the guest asks to be powered off. As in the
 * guest, some rounds have interrupts in them, and the shortest has none.
 */
static void measure_run(struct vm *vm)
{
	__u64 round, shortest = ~0ULL;

	for (int i = 0; i < ROUNDS; i++) {
		round = ticks();
		for (int j = 0; j < RUNS; j++)
			if (resume_vm(vm).error)
				missing("vm_run", "the guest did not stop as it should");
		round = ticks() - round;
		if (round < shortest)
			shortest = round;
	}
	result("vm_run", "%.1f", instructions(shortest) / RUNS);
}

static void measure_vm(void)
{
	const volatile struct guest_report *report;
	struct vm vm;
	struct vm_result ret = create_vm(&vm, true, guest_start, guest_end - guest_start, NULL,
					 GUEST_SIZE);

	if (ret.step == VM_RUN)
		ret = resume_vm(&vm);
	if (ret.step != VM_RAN || ret.error)
		missing("vm_exit", strerror(-ret.error));

	report = vm.memory + GUEST_REPORT - GUEST_CODE;
	result("vm_exit_el2", "%.1f", instructions(report->el2) / GUEST_CALLS);
	result("vm_exit_host", "%.1f", instructions(report->host) / GUEST_CALLS);
	measure_run(&vm);
	destroy_vm(&vm);
}

/* --- what loading cost --- */

/* When the kernel's log was first told so, in microseconds; 0 if it was not. */
static unsigned long long when(const char *text)
{
	static char record[8192];
	unsigned long long at = 0;
	FILE *log = popen("/bin/dmesg -r", "r");
	double seconds;

	while (log && !at && fgets(record, sizeof(record), log))
		if (strstr(record, text) && sscanf(record, "<%*d>[%lf]", &seconds) == 1)
			at = seconds * 1000000 + 0.5;
	if (log)
		pclose(log);

	return at;
}

/* From before modprobe is run to the end of the module's init function. */
static void measure_loading(void)
{
	unsigned long long start, end;
	char text[64], name[64];

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "pkvm_module: el2_%02d: loading", i);
		start = when(text);
		snprintf(text, sizeof(text), "el2_%02d: initialised", i);
		end = when(text);
		if (!start || !end)
			break;
		snprintf(name, sizeof(name), "load_el2_%02d", i);
		result(name, "%llu", (end - start) * 1000);
	}
}

static void measure_memory(void)
{
	char line[128];
	long kb;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %ld kB", &kb) == 1)
			result("free_pages", "%ld", kb / 4);
	if (file)
		fclose(file);
}

int main(int argc, char *argv[])
{
	__u64 boot = ticks();

	setvbuf(stdout, NULL, _IOLBF, 0);
	result("boot", "%.0f", instructions(boot));
	measure_memory();
	measure_loading();
	if (argc > 1) {
		measure_paths(argv[1]);
		measure_vm();
	}

	return 0;
}
