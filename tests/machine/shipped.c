// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules of modules/ at work. Arguments:
 *
 *	shipped uart		hyp-uart: a line of each kind, for the test to look for
 *	shipped smc ALLOWED...	smc-guard: these function ids are allowed beside the default
 *	shipped mem RO NONE SIZE
 *				mem-guard, with a page that is read-only, one that is nothing,
 *				and so much code in the kernel
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

#include "lib.h"
#include "traps.h"

#define REFUSED		"/sys/kernel/debug/smc_guard/refused"
#define FAULTS		"/sys/kernel/debug/mem_guard/faults"
#define LOCK		"/sys/kernel/debug/mem_guard/lock"
#define TRACING		"/sys/kernel/tracing/events/sched/sched_switch/enable"

/* What follows @key on its line of a file; "" if there is none. */
static const char *value_of(const char *path, const char *key)
{
	static char line[256];
	FILE *file = fopen(path, "r");
	size_t len = strlen(key);
	const char *value = "";

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, key, len) && line[len] == ' ') {
			value = line + len + 1;
			break;
		}
	}
	if (file)
		fclose(file);

	return value;
}

/* --- hyp-uart --- */

static void check_console(void)
{
	static const char text[16] = "uart: puts";
	static const char word[] = "uart: putc ";
	struct pages p = alloc_pages(0);

	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1, 0), 0, "EL2 has a page for a string");
	for (size_t i = 0; i < sizeof(text); i += 8)
		probe(PROBE_POKE, p.hyp_va + i, *(const __u64 *)(text + i));

	op(OP_PUTS, p.hyp_va);
	op(OP_PUTS, 0);
	for (const char *c = word; *c; c++)
		op(OP_PUTC, *c);
	op(OP_PUTX64, 0x0123456789abcdef);
	expect(op_int(OP_REGISTER_SERIAL_DRIVER, probe(PROBE_SLOT, OP_PUTC).res[0]), -EINVAL,
	       "a function of the hypervisor is no driver");
	expect(op_int(OP_REGISTER_SERIAL_DRIVER, handler(TRAPS_HOST_SMC, 0)), -EBUSY,
	       "a second driver has no place");
}

/* --- smc-guard --- */

static int refused(__u32 id)
{
	char key[16];

	snprintf(key, sizeof(key), "0x%08x", id);

	return atoi(value_of(REFUSED, key));
}

/* A handler after smc-guard's stands for EL3, which has no answer of its own. */
static bool passes(__u32 id)
{
	poke(TRAPS_HOST_SMC, watch, id);

	return smc(id).res[0] == TRAPS_ANSWER(0);
}

static void check_smc_guard(char *const allowed[])
{
	static const __u32 by_default[] = {
		0x80000000,	/* SMCCC_VERSION */
		0x80008000,	/* ARCH_WORKAROUND_1 */
		0x84000050,	/* TRNG_VERSION */
		0xc4000020,	/* SDEI_VERSION */
	}, by_list[] = {
		0x82000001, 0xc2000001,		/* SiP */
		0x83000001,			/* OEM */
		0x86000001,			/* hypervisor */
		0xb2000001, 0xbf00ff01,		/* trusted OS */
		0x02000001, 0x04000001,		/* yielding */
	};
	int passed = 0, others;

	expect(reg(TRAPS_HOST_SMC, 0), 0, "another module's handler comes after smc-guard's");
	reset(TRAPS_HOST_SMC, 1);

	expect(smc(0x84000000).res[0] >> 16, 1, "PSCI works");
	for (size_t i = 0; i < sizeof(by_default) / sizeof(*by_default); i++)
		claim(passes(by_default[i]), "%#x is allowed", by_default[i]);
	claim(!*first_line(REFUSED), "nothing was refused yet");

	for (size_t i = 0; i < sizeof(by_list) / sizeof(*by_list); i++) {
		__u32 id = by_list[i];
		bool listed = false;

		for (char *const *p = allowed; *p; p++)
			listed |= strtoul(*p, NULL, 0) == id;
		if (listed) {
			claim(passes(id), "%#x is allowed", id);
			expect(refused(id), 0, "it is not counted");
			continue;
		}
		poke(TRAPS_HOST_SMC, watch, id);
		expect((__s64)smc(id).res[0], SMCCC_NOT_SUPPORTED, "%#x is refused", id);
		expect(smc(id).res[1], 0x11, "x1 is as it was");
		expect(refused(id), 2, "it is counted, twice");
	}

	poke(TRAPS_HOST_SMC, watch, 0xc2000099);
	smc(0xc2000099);
	smc(0xc2010099);
	expect(refused(0xc2000099), 2, "the SVE hint makes no other function of it");

	for (int i = 0; i < 100; i++)
		passed += passes(0xc2001000 + i);
	expect(passed, 0, "100 more are refused");
	others = atoi(value_of(REFUSED, "others"));
	claim(others > 36, "those without room are counted as others: %d", others);
	expect(refused(0xc2001000), 1, "the first of them has a line of its own");
}

/* --- mem-guard --- */

static sigjmp_buf stopped;

static void on_signal(int sig)
{
	siglongjmp(stopped, sig);
}

/* The signal that writing what is there gave, or 0. */
static int try_write(volatile __u32 *p)
{
	int sig = sigsetjmp(stopped, 1);

	if (!sig)
		*p = *p;

	return sig;
}

/* How many pages it had protected by a stage, as the log has it. */
static int protected_pages(const char *stage)
{
	char text[64];

	snprintf(text, sizeof(text), "mem_guard: %s: ", stage);

	return atoi(log_find(text) + strlen(text));
}

static __u64 kernel_code(__u64 *end)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long first = 0, last = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "Kernel code"))
			sscanf(line, " %llx-%llx", &first, &last);
	}
	if (file)
		fclose(file);
	*end = last + 1;

	return first;
}

static void check_windows(__u64 ro, __u64 none)
{
	struct pages p = alloc_pages(0);
	__u64 linear = p.va - p.pfn * PAGE, val;

	expect(host_read(linear + ro, &val), 0, "the read-only page can be read");
	claim(!memcmp(&val, "070701", 6), "it has what it had");
	claim(!strcmp(value_of(FAULTS, "write"), "0"), "no fault yet");
	expect(host_write(linear + ro + 16, 1), -EFAULT, "it can not be written");
	expect(atoi(value_of(FAULTS, "write")), 1, "that is counted");
	expect(strtoull(strstr(value_of(FAULTS, "write"), "0x") ?: "0", NULL, 0), ro + 16,
	       "with its address");
	expect(probe(PROBE_TOUCH, linear + ro, TOUCH_EXEC).res[0], 0, "it can not be executed");
	expect(host_read(linear + none, &val), -EFAULT, "the other page can not be read");
	expect(atoi(value_of(FAULTS, "read")), 1, "that is counted");
	expect(host_write(linear + none, 1), -EFAULT, "it can not be written");
	expect(atoi(value_of(FAULTS, "write")), 2, "that is counted");
	expect(host_write(linear + none + PAGE, 1), 0, "the page after it can be written");
}

/* How many pages of a range can be written. */
static int nr_writable(__u64 start, __u64 end)
{
	int writable = 0;

	for (__u64 pfn = start / PAGE; pfn < end / PAGE; pfn++) {
		void *page = map_user(pfn);

		writable += !try_write(page);
		unmap_user(page);
	}

	return writable;
}

/* A normal VM that reads memory which nobody has written: that is the zero page. */
static struct vm_result run_reader(void)
{
	static const __u32 guest[] = {
		0xd2a80021,	/* mov	x1, #GUEST_PHYS + 16 * PAGE */
		0xf9400022,	/* ldr	x2, [x1] */
		0xb5000002,	/* cbnz	x2, . */
		0x52b08000,	/* mov	w0, #0x84000000 */
		0x72800100,	/* movk	w0, #8: PSCI SYSTEM_OFF */
		0xd4000002,	/* hvc	#0 */
	};
	struct vm_result result;
	struct vm vm;

	result = create_vm(&vm, false, guest, sizeof(guest), NULL, 32 * PAGE);
	if (result.step == VM_RUN)
		result = resume_vm(&vm);
	destroy_vm(&vm);

	return result;
}

static int writes(void)
{
	return atoi(value_of(FAULTS, "write"));
}

static void check_kernel(__u64 code_size)
{
	__u64 end, start = kernel_code(&end);
	__u64 constants = start + code_size;
	int before;

	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);

	for (int i = 0; i < 50 && !*log_find("mem_guard: kernel constants: "); i++)
		usleep(100000);
	claim(*log_find("mem_guard: kernel constants: "), "the end of boot is noticed");
	before = writes();
	expect(nr_writable(constants, end), 2,
	       "of the constants no page can be written but swapper_pg_dir and the zero page");
	expect(writes() - before, protected_pages("kernel constants") - protected_pages("windows"),
	       "each other is counted");
	claim(nr_writable(start, constants), "before the lock, kernel code can be written");
	before = writes();
	write_file(TRACING, "1");
	write_file(TRACING, "0");
	expect(writes(), before, "it patches itself, and nothing is stopped");
	expect(run_vm(false).step, VM_RAN, "a normal VM runs");
	log_mark();
	expect(run_reader().step, VM_RAN, "one that reads memory nobody has written does, too");
	expect(log_count("cut here"), 0, "the kernel does not warn");
	expect(run_vm(true).step, VM_RAN, "a protected VM runs");
	expect(writes(), before, "nothing is stopped meanwhile");

	expect(write_file(LOCK, "0"), -EINVAL, "there is no unlocking");
	expect(write_file(LOCK, "1"), 0, "the code is locked");
	expect(atoi(first_line(LOCK)), 1, "it says so");
	expect(write_file(LOCK, "0"), -EINVAL, "there is still no unlocking");
	expect(write_file(LOCK, "1"), 0, "once more changes nothing");

	before = writes();
	expect(nr_writable(start, constants), 0,
	       "no page of the kernel's code can be written any more");
	/* Also hypervisor text, which pKVM itself lets the host read but not write. */
	expect(writes() - before, code_size / PAGE, "each is counted");
	before = writes();
	write_file(TRACING, "1");
	claim(writes() > before, "a kernel that patches its code is stopped, and counted");
	expect(run_vm(false).step, VM_RAN, "a normal VM still runs");
	expect(run_vm(true).step, VM_RAN, "a protected VM still runs");
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		return 1;

	open_probe();
	if (!strcmp(argv[1], "smc")) {
		open_traps();
		check_smc_guard(argv + 2);
	} else if (!strcmp(argv[1], "uart")) {
		open_traps();
		check_console();
	} else if (argc == 5) {
		check_windows(strtoull(argv[2], NULL, 16), strtoull(argv[3], NULL, 16));
		check_kernel(strtoull(argv[4], NULL, 16));
	}

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
