// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls from EL1 into the EL2 part of a module, and those that are refused. The
 * argument says what the machine was booted for:
 *
 *	calls		nothing in particular
 *	filled		the probe registered until nothing was left
 *	withdrawn	another module had registered before the probe, and failed
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define CALLS		"/sys/kernel/pkvm/modules/probe/calls"
#define MAX_CALLS	512	/* PKVM_MODULE_MAX_CALLS */
#define EACH		100000
#define ECHO		"__kvm_nvhe_probe_hyp_echo"
#define LATE		ECHO " [probe] can not be registered as a call: the host is deprivileged"

static __u64 ids[NR_HANDLERS];
static __u64 id_zero;		/* hypercall number 0 */
static __u64 id_max;		/* the first that modules can have */
static bool registered[MAX_CALLS];

static __u64 function(enum probe_hvc hvc)
{
	return probe(PROBE_FUNC, hvc).res[0];
}

/* A number as modules have it, as x0 has it. */
static __u64 smccc_id(__u64 id)
{
	return id_zero + id;
}

static void find_ids(void)
{
	struct probe_request req = probe(PROBE_IDS);
	__u64 first = function(HVC_MAX);

	/* The lower half is the number. */
	id_max = first & 0xffff;
	id_zero = first - id_max;
	memcpy(ids, req.res, sizeof(ids));
}

static void read_registered(void)
{
	FILE *file = fopen(CALLS, "r");
	unsigned long long id;

	while (file && fscanf(file, "%llu %*s", &id) == 1) {
		if (id >= id_max && id - id_max < MAX_CALLS)
			registered[id - id_max] = true;
	}
	if (file)
		fclose(file);
}

static bool is_registered(__u64 id)
{
	return id >= id_max && id - id_max < MAX_CALLS && registered[id - id_max];
}

/* --- what a call carries, and where it runs --- */

static void check_ids(void)
{
	for (int i = 0; i < NR_HANDLERS; i++)
		claim(is_registered(ids[i]),
		      "call %d has an id above the built-in hypercalls, as sysfs says", i + 1);
	claim(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "all have their own");
}

static void check_registers(void)
{
	const __u64 big[] = { 0x8000000000000004, 0xfedcba9876543210, ~0ULL };
	struct probe_request req = probe(PROBE_HVC, smccc_id(ids[HANDLER_ECHO]), 1, 2, 3,
					 big[0], big[1], big[2]);

	expect(req.res[3], 0x300020001, "x1-x3 reach the handler, and its x3 comes back");
	expect(req.res[0], big[0], "x4 reaches it, and its x0 comes back");
	expect(req.res[1], big[1], "x5 reaches it, and its x1 comes back");
	expect(req.res[2], big[2], "x6 reaches it, and its x2 comes back");

	req = probe(PROBE_HVC, smccc_id(ids[HANDLER_CALL14]), 100);
	expect(req.res[1], 114, "a handler in the form of Android 14 works");
	expect(req.res[0], 0, "x0 is success when it does not set it");
	expect(probe(PROBE_CALL, ids[HANDLER_CALL14], 200).res[0], 214,
	       "pkvm_el2_mod_call() gives back x1");
	expect(probe(PROBE_EARLY, EARLY_CALL14).res[0], 28 + 14,
	       "a call works in the module's init");
	expect(probe(PROBE_EARLY, EARLY_MEM).res[0], 7,
	       "the compiler's memcpy(), memset(), memmove() and memcmp() work at EL2");
}

static void check_where(void)
{
	for (int cpu = 0; cpu < nr_cpus(); cpu++) {
		struct probe_request req;

		run_on(cpu);
		req = probe(PROBE_WHERE);
		expect(req.res[0], 2, "a call from CPU %d runs at EL2", cpu);
		expect(req.res[1], cpu, "it runs on CPU %d", cpu);
	}
}

/* EL2 is set up anew on a CPU that is turned on. */
static void check_hotplug(void)
{
	struct probe_request req;

	run_on(0);
	claim(set_online(1, false) && set_online(1, true), "CPU 1 can be turned off and on again");
	run_on(1);
	req = probe(PROBE_WHERE);
	expect(req.res[0], 2, "a call from it runs at EL2 then");
	expect(req.res[1], 1, "it runs on CPU 1");
	expect(host_read(symbol(ECHO), NULL), -EFAULT, "the EL2 part can not be read from it");
}

/* --- many at once --- */

struct caller {
	pthread_t thread;
	pthread_barrier_t *start;
	int cpu;
	struct probe_request result;
};

static void *call_often(void *arg)
{
	struct caller *caller = arg;

	run_on(caller->cpu);
	pthread_barrier_wait(caller->start);
	caller->result = probe(PROBE_REPEAT, EACH, smccc_id(ids[HANDLER_CALL]), PROBE_COUNT);

	return NULL;
}

static void check_at_once(int nr)
{
	struct caller callers[16] = {};
	pthread_barrier_t start;
	__u64 before = probe(PROBE_COUNT).res[0];
	bool success = true, increasing = true;

	pthread_barrier_init(&start, NULL, nr);
	for (int i = 0; i < nr; i++) {
		callers[i].cpu = i;
		callers[i].start = &start;
		pthread_create(&callers[i].thread, NULL, call_often, &callers[i]);
	}
	for (int i = 0; i < nr; i++) {
		pthread_join(callers[i].thread, NULL);
		success &= callers[i].result.res[0] == EACH;
		increasing &= callers[i].result.res[2] == EACH;
	}

	claim(success, "%d CPUs calling at once, %d times each: every call succeeds", nr, EACH);
	claim(increasing, "every one of them sees the counter go up");
	expect(probe(PROBE_COUNT).res[0] - before, (__u64)nr * EACH + 1,
	       "the counter of %d CPUs says that none was lost", nr);
}

/* --- numbers that nobody registered --- */

static bool refused(__u64 x0)
{
	return probe(PROBE_HVC, x0, 1, 2, 3).res[0] == PROBE_NOT_SUPPORTED;
}

/* expect() for all numbers from @first up to @end that are not registered. */
static void check_range(__u64 first, __u64 end, const char *what)
{
	int nr = 0, nr_refused = 0;

	for (__u64 id = first; id < end; id++) {
		if (is_registered(id))
			continue;
		nr++;
		nr_refused += refused(smccc_id(id));
	}

	claim(nr, "there are numbers %s", what);
	expect(nr_refused, nr, "calling a number %s is refused", what);
}

static void check_unregistered(void)
{
	__u64 min = function(HVC_MIN_PKVM) - id_zero;
	__u64 top = id_max + MAX_CALLS;
	int odd = 0, unsupported = 0;

	log_mark();
	check_range(0, min, "for initialisation only");
	check_range(id_max, top, "that nobody registered");
	check_range(top, top + 64, "past the last that could be registered");
	for (__u64 id = 0x1000; id < 0x10000; id += 0xabc)
		odd += !refused(smccc_id(id));
	expect(odd, 0, "calling any higher one is refused");
	claim(refused(smccc_id(0) - 1), "calling the number before the first hypercall is refused");
	claim(refused(smccc_id(ids[HANDLER_ECHO]) | 1ULL << 32), "x0 counts in its full width");

	expect(probe(PROBE_REPEAT, 10000, smccc_id(top - 1)).res[0], 0, "so are 10000 in a row");
	expect(log_count("cut here"), 0, "none of these calls warns");

	for (int i = 0; i < 3; i++)
		unsupported += (__s64)probe(PROBE_CALL, top + i).res[0] == -EOPNOTSUPP;
	expect(unsupported, 3, "pkvm_el2_mod_call() of one gives -EOPNOTSUPP");
	expect(log_count("cut here"), 1, "it warns, but once for three of them");
}

/* --- registering what is not to be --- */

static void check_register_early(void)
{
	static const struct {
		enum probe_early early;
		const char *what;
	} refused_by_el1[] = {
		{ EARLY_REGISTER_UNLOADED, "a function of an EL2 part before it is loaded" },
		{ EARLY_REGISTER_EL1, "an EL1 function" },
		{ EARLY_REGISTER_DATA, "something in .hyp.data" },
	}, refused_by_el2[] = {
		{ EARLY_HVC_NULL, "address 0" },
		{ EARLY_HVC_EL1, "an EL1 address" },
		{ EARLY_HVC_RODATA, "something in .hyp.rodata" },
		{ EARLY_HVC_DATA, "something in .hyp.data" },
		{ EARLY_HVC_MISALIGNED, "the middle of an instruction" },
		{ EARLY_HVC_PAST_TEXT, "the end of .hyp.text" },
		{ EARLY_HVC_HYP_TEXT, "a function of the hypervisor itself" },
	};

	for (int i = 0; i < 3; i++)
		expect((__s64)probe(PROBE_EARLY, refused_by_el1[i].early).res[0], -EINVAL,
		       "registering %s gives -EINVAL", refused_by_el1[i].what);
	for (int i = 0; i < 7; i++)
		expect((__s64)probe(PROBE_EARLY, refused_by_el2[i].early).res[0], -EINVAL,
		       "EL2 itself refuses to register %s", refused_by_el2[i].what);
}

static void check_register_late(void)
{
	__u64 echo = symbol(ECHO);

	claim(probe(PROBE_EL2_VA, echo).res[0], "the handler is where kallsyms says");
	log_mark();
	expect((__s64)probe(PROBE_REGISTER, echo).res[0], -EOPNOTSUPP,
	       "registering after loading is closed gives -EOPNOTSUPP");
	expect(log_count(LATE), 1, "the log says why in one line");
	expect((__s64)probe(PROBE_REGISTER, symbol("probe_ioctl")).res[0], -EOPNOTSUPP,
	       "an EL1 function is refused so too");
}

/* --- the loader's hypercalls --- */

static void check_loader(void)
{
	static const char * const names[NR_LOADER_HVCS] = {
		[HVC_MODULE_RESERVE] = "reserve", [HVC_MODULE_MAP_PAGE] = "map_page",
		[HVC_MODULE_INIT] = "init", [HVC_MODULE_REGISTER_CALL] = "register_call",
		[HVC_MODULE_UNREGISTER] = "unregister", [HVC_MODULE_UNDO_TRAPS] = "undo_traps",
		[HVC_MODULE_RELEASE] = "release",
		[HVC_MODULE_CLOSE] = "close",
	};
	__u64 image = strtoull(first_line("/sys/kernel/pkvm/modules/probe/el2_address"), NULL, 0);
	__u64 echo = probe(PROBE_EL2_VA, symbol(ECHO)).res[0];
	struct pages p = alloc_pages(0);
	__u64 args[NR_LOADER_HVCS][4] = {
		[HVC_MODULE_RESERVE] = { 1 },
		[HVC_MODULE_MAP_PAGE] = { image, p.pfn, image + 0x100000, 12 /* rw- */ },
		[HVC_MODULE_INIT] = { image, echo },
		[HVC_MODULE_REGISTER_CALL] = { echo },
		[HVC_MODULE_UNREGISTER] = { image },
		[HVC_MODULE_RELEASE] = { image },
		[HVC_MODULE_CLOSE] = { 1 },
	};

	for (int i = 0; i < NR_LOADER_HVCS; i++) {
		__u64 *a = args[i], id = function(i);

		expect(probe(PROBE_HVC, id, a[0], a[1], a[2], a[3]).res[0], PROBE_NOT_SUPPORTED,
		       "EL2 refuses the loader's hypercall %s", names[i]);
	}

	expect(host_write(p.va, 1), 0, "the page that was to be mapped is still the host's");
	expect(probe(PROBE_CALL, ids[HANDLER_CALL14], 1).res[0], 15, "the module is still there");
}

/* --- the other machines --- */

static void check_filled(void)
{
	__u64 last = id_max + MAX_CALLS - 1;

	expect((__s64)probe(PROBE_EARLY, EARLY_FILL).res[0], -EBUSY,
	       "registering gives -EBUSY when all ids are taken");
	/* The probe's own handlers, and one of its init. */
	expect(probe(PROBE_EARLY, EARLY_FILL_COUNT).res[0], MAX_CALLS - NR_HANDLERS - 1,
	       "that is after %d calls", MAX_CALLS);
	expect(probe(PROBE_HVC, smccc_id(last), 1, 2, 3).res[3], 0x300020001,
	       "the last of them works");
	claim(refused(smccc_id(last + 1)), "the number after it is refused");
}

static void check_withdrawn(void)
{
	claim(ids[0] > id_max, "the module that failed had registered calls");
	check_range(id_max, ids[0], "of a module that was withdrawn");
	expect(probe(PROBE_CALL, ids[HANDLER_CALL14], 1).res[0], 15,
	       "a module that was loaded after it can be called");
}

int main(int argc, char *argv[])
{
	const char *machine = argc > 1 ? argv[1] : "calls";

	open_probe();
	find_ids();
	read_registered();

	if (!strcmp(machine, "filled")) {
		check_filled();
	} else if (!strcmp(machine, "withdrawn")) {
		check_withdrawn();
	} else {
		check_ids();
		check_registers();
		check_where();
		check_hotplug();
		check_at_once(2);
		check_at_once(nr_cpus());
		check_register_early();
		check_unregistered();
		check_register_late();
		check_loader();
	}

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
