// SPDX-License-Identifier: GPL-2.0-only
/*
 * What EL2 counts of modules: that it is right, and that the host can but read it.
 * Arguments:
 *
 *	counters STATS CPUS	kernel VAs of __kvm_nvhe_pkvm_module_stats, and of the
 *				kernel's pointers to what each CPU has counted
 *	counters cost		how many instructions a call takes, where each is a nanosecond
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <linux/psci.h>

#include "caller.h"
#include "traps.h"

#define COUNTERS	"/sys/kernel/debug/pkvm/modules/"
#define NR_CALLS	5000

/* --- the files --- */

/* Field @field, from 0, of the first line of a module's file that begins with @start. */
static long long field_of(const char *module, const char *start, int field)
{
	char path[128], line[256], *word, *rest;
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), COUNTERS "%s", module);
	file = fopen(path, "r");
	while (file && value < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, start, strlen(start)))
			continue;
		word = strtok_r(line, "\n ", &rest);
		while (word && field--)
			word = strtok_r(NULL, "\n ", &rest);
		value = word ? strtoll(word, NULL, 0) : -2;
	}
	if (file)
		fclose(file);

	return value;
}

/* How often call @id of a module was made. */
static long long calls(const char *module, int id)
{
	char start[32];

	snprintf(start, sizeof(start), "call %d ", id);

	return field_of(module, start, 3);
}

/* Field 0 on of what a module's file says of handler @i of a kind. */
static long long handler_field(const char *what, enum traps_kind kind, int i, int field)
{
	char start[128], *c;

	/* The kind has a dash where a function's name has an underscore. */
	snprintf(start, sizeof(start), "%s %s", what, kinds[kind].name);
	for (c = start; (c = strchr(c, '_')); )
		*c = '-';
	snprintf(start + strlen(start), sizeof(start) - strlen(start), " __kvm_nvhe_traps_%s_%d ",
		 kinds[kind].name, i);

	return field_of("traps", start, field);
}

static void expect_handled(enum traps_kind kind, int i, int taken, int passed)
{
	const char *name = kinds[kind].name;

	expect(handler_field("handler", kind, i, 3), taken, "%s: handler %d took %d", name, i,
	       taken);
	expect(handler_field("handler", kind, i, 4), passed, "%s: it passed %d on", name, passed);
}

static void expect_told(enum traps_kind kind, int i, int nr)
{
	expect(handler_field("notifier", kind, i, 3), nr, "%s: notifier %d was told %d times",
	       kinds[kind].name, i, nr);
}

/* --- calls --- */

static __u64 id_zero;			/* hypercall number 0, as x0 has it */
static int id_max;			/* the first that modules can have */
static int echo_id;

static void *call_echo(void *cpu)
{
	run_on((long)cpu);
	probe(PROBE_REPEAT, NR_CALLS, id_zero + echo_id);

	return NULL;
}

/* From that many CPUs at once */
static void check_calls(int cpus)
{
	long long before = calls("probe", echo_id);
	pthread_t threads[cpus];
	long cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		pthread_create(&threads[cpu], NULL, call_echo, (void *)cpu);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	expect(calls("probe", echo_id) - before, cpus * NR_CALLS,
	       "calls: %d from %d CPUs each are counted", NR_CALLS, cpus);
}

static void check_other_calls(void)
{
	int call14_id = probe(PROBE_IDS).res[HANDLER_CALL14];
	long long call14 = calls("probe", call14_id), echo = calls("probe", echo_id);

	probe(PROBE_HVC, id_zero + call14_id, 1);
	expect(calls("probe", call14_id) - call14, 1, "calls: one of another function is its own");
	probe(PROBE_HVC, id_zero + id_max + 511, 1);
	probe(PROBE_HVC, id_zero + id_max + 512, 1);
	expect(calls("probe", echo_id) - echo, 0, "calls: what nobody has is nobody's");
	expect(calls("probe", call14_id) - call14, 1, "calls: ... really");
}

/* --- handlers --- */

static void check_host_smc(void)
{
	for (int i = 0; i < 3; i++)
		reg(TRAPS_HOST_SMC, i);
	expect_handled(TRAPS_HOST_SMC, 1, 0, 0);

	poke(TRAPS_HOST_SMC, watch, SIP_CALL);
	reset(TRAPS_HOST_SMC, 0);
	for (int i = 0; i < 3; i++)
		smc(SIP_CALL);
	reset(TRAPS_HOST_SMC, 1 << 1);
	for (int i = 0; i < 2; i++)
		smc(SIP_CALL);
	reset(TRAPS_HOST_SMC, 0);
	expect_handled(TRAPS_HOST_SMC, 0, 0, 5);
	expect_handled(TRAPS_HOST_SMC, 1, 2, 3);
	expect_handled(TRAPS_HOST_SMC, 2, 0, 3);
}

static void check_guest_smc(void)
{
	struct vm vm;

	reg(TRAPS_GUEST_SMC, 0);
	reg(TRAPS_GUEST_SMC, 1);
	reset(TRAPS_GUEST_SMC, 0);
	start_caller(&vm, true);
	guest_smc(&vm, SIP_CALL);
	reset(TRAPS_GUEST_SMC, 1 << 0);
	guest_smc(&vm, SIP_CALL);
	destroy_vm(&vm);
	reset(TRAPS_GUEST_SMC, 0);
	expect_handled(TRAPS_GUEST_SMC, 0, 1, 1);
	expect_handled(TRAPS_GUEST_SMC, 1, 0, 1);
}

static void check_default_trap(void)
{
	run_on(0);
	reg(TRAPS_DEFAULT_TRAP, 0);
	reset(TRAPS_DEFAULT_TRAP, 1);
	call_el2("__kvm_nvhe_traps_trap_aidr");
	for (int i = 0; i < 3; i++)
		traps(TRAPS_READ_AIDR, 0);
	call_el2("__kvm_nvhe_traps_untrap_aidr");
	expect_handled(TRAPS_DEFAULT_TRAP, 0, 3, 0);
}

/* A write to a page that is read-only, refused and then let through. */
static void check_faults(void)
{
	struct pages p = alloc_pages(0);

	reg(TRAPS_PERM_FAULT, 0);
	reg(TRAPS_ILLEGAL_ABT, 0);
	op(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R, 1, 0);
	reset(TRAPS_PERM_FAULT, 0);
	host_write(p.va, 1);
	reset(TRAPS_PERM_FAULT, 1);
	host_write(p.va, 1);
	reset(TRAPS_PERM_FAULT, 0);
	expect_handled(TRAPS_PERM_FAULT, 0, 1, 1);
	expect_told(TRAPS_ILLEGAL_ABT, 0, 1);
}

static void check_psci(void)
{
	reg(TRAPS_PSCI, 0);
	for (int i = 0; i < 3; i++)
		traps(TRAPS_SMC, PSCI_0_2_FN64_CPU_SUSPEND, 0, 0, 0);
	expect_told(TRAPS_PSCI, 0, 3);
}

/* --- the heap --- */

static long long heap_of(const char *module)
{
	return field_of(module, "heap ", 1);
}

static void check_heap(void)
{
	__u64 a, b;

	expect(heap_of("probe"), 0, "heap: nothing is in use");
	probe(PROBE_TOPUP, 4);
	expect(heap_of("probe"), 0, "heap: pages that wait are not in use");
	a = op(OP_HYP_ALLOC, 100);
	expect(heap_of("probe"), 112, "heap: 100 bytes are 112, for they are aligned");
	b = op(OP_HYP_ALLOC, 5000);
	expect(heap_of("probe"), 112 + 5008, "heap: they add up");
	expect(heap_of("traps"), 0, "heap: another module has none of it");
	op(OP_HYP_FREE, a);
	op(OP_HYP_FREE, a);
	op(OP_HYP_FREE, b + 16);
	expect(heap_of("probe"), 5008, "heap: freed is freed, once");
	op(OP_HYP_FREE, b);
	expect(heap_of("probe"), 0, "heap: nothing is in use in the end");
	expect(op(OP_HYP_ALLOC, 1 << 20), 0, "heap: there is not as much");
	expect(heap_of("probe"), 0, "heap: what could not be had is not in use");
}

/* --- what the host can do with the pages --- */

static __s64 hvc(enum probe_hvc what, __u64 arg)
{
	return probe(PROBE_HVC, probe(PROBE_FUNC, what).res[0], arg).res[1];
}

/* A process that writes through its own mapping of the page: how it ends. */
static int write_as_user(__u64 pfn)
{
	int status;
	pid_t child = fork();

	if (!child) {
		*(volatile __u64 *)map_user(pfn) = 1;
		_exit(0);
	}
	waitpid(child, &status, 0);

	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* @mod_prot: what host_stage2_mod_prot() gives */
static void check_page(const char *name, __u64 va, int mod_prot)
{
	struct probe_request req = probe(PROBE_LINEAR, va);
	__u64 pfn = req.res[0], linear = req.res[1], alias, before, after;

	expect(host_read(va, &before), 0, "%s: the host can read it", name);
	expect(host_write(va, ~0ULL), -EFAULT, "%s: it can not write it", name);
	expect(host_write(linear, ~0ULL), -EFAULT, "%s: nor through the linear range", name);
	alias = probe(PROBE_VMAP, pfn, pfn).res[0];
	expect(host_write(alias, ~0ULL), -EFAULT, "%s: nor through a mapping of its own", name);
	expect(write_as_user(pfn), SIGSEGV, "%s: nor can a process", name);
	expect(probe(PROBE_TOUCH, linear, TOUCH_WRITE).res[0], 0,
	       "%s: a thread of the kernel that tries dies", name);
	expect(hvc(HVC_HOST_SHARE_HYP, pfn), -EPERM, "%s: it can not be shared", name);
	expect(hvc(HVC_HOST_UNSHARE_HYP, pfn), -EPERM, "%s: it can not be unshared", name);
	expect(op_int(OP_HOST_DONATE_HYP, pfn, 1, 0), -EPERM, "%s: no module can take it", name);
	expect(op_int(OP_HYP_DONATE_HOST, pfn, 1), -EPERM, "%s: ... or give it away", name);
	expect(op_int(OP_HOST_STAGE2_MOD_PROT, pfn, HYP_R | HYP_W | HYP_X, 1, 0), mod_prot,
	       "%s: ... or change what the host may", name);
	host_read(va, &after);
	expect(after, before, "%s: it is as it was", name);
	expect(host_write(va, ~0ULL), -EFAULT, "%s: it can not be written after all that", name);
}

/* What two loops differ by is calls alone. */
static void print_cost(void)
{
	const int nr = 16384;
	__u64 one = probe(PROBE_COST, nr, id_zero + echo_id).res[0];
	__u64 two = probe(PROBE_COST, 2 * nr, id_zero + echo_id).res[0];

	printf("# a call takes %llu instructions\n", (two - one + nr / 2) / nr);
}

int main(int argc, char *argv[])
{
	__u64 stats = argc > 2 ? strtoull(argv[1], NULL, 16) : 0;
	__u64 cpus = argc > 2 ? strtoull(argv[2], NULL, 16) : 0;
	__u64 counted;
	char name[32];

	open_probe();
	echo_id = probe(PROBE_IDS).res[HANDLER_ECHO];
	id_max = probe(PROBE_FUNC, HVC_MAX).res[0] & 0xffff;
	id_zero = probe(PROBE_FUNC, HVC_MAX).res[0] - id_max;
	if (argc == 2) {
		print_cost();
		return 0;
	}

	open_traps();

	/* Before anybody has registered a handler for faults. */
	check_page("no handler: all CPUs'", stats, -ENOENT);
	check_calls(1);
	check_calls(nr_cpus());
	check_other_calls();
	check_host_smc();
	check_guest_smc();
	check_default_trap();
	check_faults();
	check_psci();
	check_heap();
	check_page("all CPUs'", stats, -EPERM);
	for (int cpu = 0; cpu < nr_cpus(); cpu++) {
		snprintf(name, sizeof(name), "CPU %d's", cpu);
		host_read(cpus + cpu * sizeof(__u64), &counted);
		check_page(name, counted + (echo_id - id_max) * sizeof(__u64), -EPERM);
	}
	check_calls(nr_cpus());
	finished();
}
