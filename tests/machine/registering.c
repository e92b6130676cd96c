// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registering handlers: from many CPUs at once, and guest SMC handlers in the form of
 * release 15, which are for one guest. Arguments:
 *
 *	registering		on all CPUs at once
 *	registering smc15	the form of release 15
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <linux/psci.h>

#include "caller.h"
#include "events.h"
#include "traps.h"

#define SLOTS		16

static int cpus;

/* --- on all CPUs at once --- */

struct registrar {
	pthread_t thread;
	int cpu;
	int from;			/* calls that were made before */
	int nr;				/* of what to register */
	struct {
		enum probe_op op;
		__u64 a, b;
		int ret;
	} calls[TRAPS_HANDLERS];
};

static void add(struct registrar *r, enum probe_op op, __u64 a, __u64 b)
{
	r->calls[r->nr].op = op;
	r->calls[r->nr].a = a;
	r->calls[r->nr++].b = b;
}

static void *register_all(void *arg)
{
	struct registrar *r = arg;

	run_on(r->cpu);
	for (int i = 0; i < r->nr; i++)
		r->calls[i].ret = events(EVENTS_AT_ONCE, r->calls[i].op, r->calls[i].a,
					 r->calls[i].b, r->from + (i + 1) * cpus).res[0];

	return NULL;
}

/* Each round has a call of each CPU. */
static void at_once(struct registrar *r)
{
	static int calls;
	int rounds = 0;

	for (int i = 0; i < cpus; i++) {
		if (r[i].nr > rounds)
			rounds = r[i].nr;
	}
	for (int i = 0; i < cpus; i++) {
		while (r[i].nr < rounds)
			add(&r[i], OP_HYP_SMP_PROCESSOR_ID, 0, 0);
		r[i].cpu = i;
		r[i].from = calls;
		pthread_create(&r[i].thread, NULL, register_all, &r[i]);
	}
	for (int i = 0; i < cpus; i++)
		pthread_join(r[i].thread, NULL);
	calls += rounds * cpus;
	run_on(0);
}

static int count_ret(const struct registrar *r, int ret)
{
	int count = 0;

	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int i = 0; i < r[cpu].nr; i++)
			count += r[cpu].calls[i].op != OP_HYP_SMP_PROCESSOR_ID &&
				 r[cpu].calls[i].ret == ret;
	}

	return count;
}

/* All CPUs register the same, which one of them can. */
static void check_one_wins(const char *name, enum probe_op op, __u64 a, __u64 b)
{
	struct registrar r[EVENTS_CPUS] = {};

	for (int cpu = 0; cpu < cpus; cpu++)
		add(&r[cpu], op, a, b);
	at_once(r);
	expect(count_ret(r, 0), 1, "%s: of %d CPUs that register it at once, one does", name, cpus);
	expect(count_ret(r, -EBUSY), cpus - 1, "%s: -EBUSY for the others", name);
}

/* Each CPU registers its share of 17, for which there are @slots. Those that went in. */
static __u64 register_seventeen(enum traps_kind kind, int slots)
{
	struct registrar r[EVENTS_CPUS] = {};
	const char *name = kinds[kind].name;
	__u64 registered = 0;

	/* The second argument is for us: the members take one. */
	for (int i = 0; i < TRAPS_HANDLERS; i++)
		add(&r[i % cpus], kinds[kind].op, handler(kind, i), i);
	at_once(r);
	expect(count_ret(r, 0), slots, "%s: of 17 from %d CPUs at once %d are registered", name,
	       cpus, slots);
	expect(count_ret(r, -EBUSY), TRAPS_HANDLERS - slots, "%s: -EBUSY for the rest", name);
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int i = 0; i < r[cpu].nr; i++)
			registered |= r[cpu].calls[i].op != kinds[kind].op || r[cpu].calls[i].ret ?
				      0 : 1ULL << r[cpu].calls[i].b;
	}

	return registered;
}

/* The handlers that were called, or ~0 if one was so twice. */
static __u64 called(enum traps_kind kind)
{
	__u64 nr = peek(kind, nr), seen = 0;

	for (__u64 i = 0; i < nr && i < TRAPS_LOG; i++) {
		__u64 bit = 1ULL << peek(kind, log[i]);

		if (seen & bit)
			return ~0ULL;
		seen |= bit;
	}

	return seen;
}

static void cause_perm_fault(void)
{
	struct pages p = alloc_pages(0);

	host_write(p.va, 1);
	op(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R, 1, 0);
	host_write(p.va, 1);
	op(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R | HYP_W | HYP_X, 1, 0);
}

static void cause_host_smc(void)
{
	poke(TRAPS_HOST_SMC, watch, SIP_CALL);
	smc(SIP_CALL);
}

static void cause_guest_smc(void)
{
	struct vm vm;

	if (start_caller(&vm, true).step == VM_RAN)
		guest_smc(&vm, SIP_CALL);
	destroy_vm(&vm);
}

static void cause_illegal_abt(void)
{
	struct pages p = alloc_pages(0);

	op(OP_HOST_DONATE_HYP, p.pfn, 1, 0);
	host_read(p.va, NULL);
}

static void cause_psci(void)
{
	traps(TRAPS_SMC, PSCI_0_2_FN64_CPU_SUSPEND, 0, 0, 0);
}

/* Somebody has to take it. */
static void cause_default_trap(void)
{
	reset(TRAPS_DEFAULT_TRAP, ~0ULL);
	call_el2("__kvm_nvhe_traps_trap_aidr");
	traps(TRAPS_READ_AIDR, 0);
	call_el2("__kvm_nvhe_traps_untrap_aidr");
}

/* The kinds that can be caused, and outlived. */
static void (*const cause[TRAPS_NR_KINDS])(void) = {
	[TRAPS_PERM_FAULT]	= cause_perm_fault,
	[TRAPS_HOST_SMC]	= cause_host_smc,
	[TRAPS_GUEST_SMC]	= cause_guest_smc,
	[TRAPS_ILLEGAL_ABT]	= cause_illegal_abt,
	[TRAPS_PSCI]		= cause_psci,
};

static void check_at_once(enum traps_kind kind, int slots)
{
	__u64 registered = register_seventeen(kind, slots);

	if (cause[kind]) {
		reset(kind, 0);
		cause[kind]();
		expect(called(kind), registered, "%s: those, once each, are called",
		       kinds[kind].name);
	} else if (kind == TRAPS_DEFAULT_TRAP) {
		cause_default_trap();
		expect(peek(kind, nr), 1, "%s: the first of them takes a trap", kinds[kind].name);
		claim(registered >> peek(kind, log[0]) & 1, "%s: ... it is one of those",
		      kinds[kind].name);
	}
}

static void check_all_at_once(void)
{
	check_one_wins("unmask_serror", OP_REGISTER_UNMASK_SERROR,
		       el2_va("__kvm_nvhe_events_unmask"), el2_va("__kvm_nvhe_events_mask"));
	check_one_wins("guest_trng_ops", OP_REGISTER_GUEST_TRNG_OPS,
		       probe(PROBE_EL2_VA, events(EVENTS_TRNG, 0).res[0]).res[0], 0);
	/* For a guest that there is not; it takes one of the slots. */
	check_one_wins("guest_smc_15", OP_REGISTER_GUEST_SMC_HANDLER_15,
		       el2_va("__kvm_nvhe_traps_guest_smc_15_0"), 0xffff);
	check_at_once(TRAPS_GUEST_SMC, SLOTS - 1);

	for (enum traps_kind kind = 0; kind < TRAPS_NR_KINDS; kind++) {
		if (kind != TRAPS_GUEST_SMC)
			check_at_once(kind, SLOTS);
	}
}

/* --- guest SMC handlers of release 15 --- */

static __u64 handler_15(int i)
{
	char name[64];

	snprintf(name, sizeof(name), "__kvm_nvhe_traps_guest_smc_15_%d", i);

	return el2_va(name);
}

static int reg_15(int i, __u64 handle)
{
	return op_int(OP_REGISTER_GUEST_SMC_HANDLER_15, handler_15(i), handle);
}

/* Bits for the ones that take it: those of release 16 and of 15. */
#define TAKES(i)	(1ULL << (i))
#define TAKES_15(i)	(1ULL << (TRAPS_15 + (i)))

/* The handlers that are asked of an SMC of @vm are @wanted, in this order; -1 ends it. */
static void check_asked(struct vm *vm, const char *name, const int *wanted)
{
	int nr = 0, right = 0;

	reset(TRAPS_GUEST_SMC, 0);
	expect((int)guest_smc(vm, SIP_CALL)[0], SMCCC_NOT_SUPPORTED, "%s: nobody takes its SMC",
	       name);
	while (wanted[nr] >= 0) {
		right += (int)peek(TRAPS_GUEST_SMC, log[nr]) == wanted[nr];
		nr++;
	}
	expect(peek(TRAPS_GUEST_SMC, nr), nr, "%s: %d handlers are asked", name, nr);
	expect(right, nr, "%s: ... the right ones, in the order of their registration", name);
}

static void check_kept(const __u64 *x, const char *name)
{
	int kept = 0;

	for (int r = 4; r < 18; r++)
		kept += x[r] == CALLER_FILL(r);
	expect(kept, 14, "%s: ... and its x4 to x17 are its own", name);
}

/* The handler @i of release 15 answers @vm. */
static void check_answer_15(struct vm *vm, const char *name, int i)
{
	const __u64 *x = guest_smc(vm, SIP_CALL, 0x11, 0x22, 0x33);

	expect(x[0], TRAPS_ANSWER(TRAPS_15 + i), "%s: handler %d answers in x0", name, i);
	expect(x[1], 0x11 + CALLER_FILL(17), "%s: ... in x1, of x1 and x17", name);
	expect(x[2], 0x22, "%s: ... in x2", name);
	expect(x[3], 0x33, "%s: ... in x3", name);
	check_kept(x, name);
}

static void check_not_answered(struct vm *vm, const char *name)
{
	const __u64 *x = guest_smc(vm, SIP_CALL, 0x11, 0x22, 0x33);

	expect((int)x[0], SMCCC_NOT_SUPPORTED, "%s: it is not served", name);
	check_kept(x, name);
}

static __u64 handle_of(struct vm *vm)
{
	reset(TRAPS_GUEST_SMC, 0);
	guest_smc(vm, SIP_CALL);

	return peek(TRAPS_GUEST_SMC, args[0][2]);
}

static void start(struct vm *vm, bool protected, const char *name)
{
	struct vm_result result = start_caller(vm, protected);

	claim(result.step == VM_RAN && !result.error, "%s is started", name);
	if (result.step != VM_RAN)
		finished();
}

static void check_bad_15(void)
{
	const __u64 hyp = probe(PROBE_SLOT, OP_MEMCPY).res[0];
	const __u64 bad[] = { 0, traps_states, hyp, symbol("_text"), handler_15(0) + 2 };
	static const char * const names[] = {
		"NULL", "data", "hypervisor text", "an EL1 address",
		"the middle of an instruction",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect(op_int(OP_REGISTER_GUEST_SMC_HANDLER_15, bad[i], 0), -EINVAL,
		       "%s gives -EINVAL", names[i]);
}

static void check_smc15(void)
{
	static const int two_asks[] = { 0, TRAPS_15 + 0, TRAPS_15 + 1, 1, 2, 3, 4, 5, 6, -1 };
	__u64 one_handle, two_handle, normal_handle;
	struct vm one, two, normal;

	start(&one, true, "a protected VM");
	start(&two, true, "another");
	start(&normal, false, "a normal VM");
	check_bad_15();

	expect(reg(TRAPS_GUEST_SMC, 0), 0, "handler 0 of release 16 is registered");
	one_handle = handle_of(&one);
	two_handle = handle_of(&two);
	normal_handle = handle_of(&normal);
	claim(one_handle && two_handle && normal_handle && one_handle != two_handle &&
	      one_handle != normal_handle && two_handle != normal_handle,
	      "the three have handles of their own: %#llx, %#llx, %#llx", one_handle, two_handle,
	      normal_handle);

	/* For one of them */
	expect(reg_15(0, one_handle), 0, "handler 0 of release 15 is registered for the one");
	check_asked(&one, "the one", (int[]){ 0, TRAPS_15 + 0, -1 });
	check_asked(&two, "the other", (int[]){ 0, -1 });
	check_asked(&normal, "the normal VM", (int[]){ 0, -1 });
	reset(TRAPS_GUEST_SMC, TAKES_15(0));
	check_answer_15(&one, "the one", 0);
	check_not_answered(&two, "the other");
	check_not_answered(&normal, "the normal VM");
	expect(peek(TRAPS_GUEST_SMC, args[1][0]), SIP_CALL, "a handler sees x0");
	expect(peek(TRAPS_GUEST_SMC, args[1][1]), CALLER_FILL(17), "it sees x17");
	expect(peek(TRAPS_GUEST_SMC, args[1][2]), one_handle, "it is told the handle");

	/* The same function for another, and for all */
	expect(reg_15(0, one_handle), -EBUSY, "for the one again, it gives -EBUSY");
	expect(reg_15(0, two_handle), 0, "for the other, it can be registered");
	reset(TRAPS_GUEST_SMC, TAKES_15(0));
	check_answer_15(&two, "the other", 0);
	check_answer_15(&one, "the one", 0);
	check_not_answered(&normal, "the normal VM");
	expect(reg_15(1, 0), 0, "handler 1 is registered for all");
	expect(reg_15(1, 0), -EBUSY, "for all again, it gives -EBUSY");
	reset(TRAPS_GUEST_SMC, TAKES_15(1));
	check_answer_15(&one, "the one", 1);
	check_answer_15(&two, "the other", 1);
	check_answer_15(&normal, "the normal VM", 1);

	/* Order, and both forms */
	expect(reg(TRAPS_GUEST_SMC, 1), 0, "handler 1 of release 16 is registered");
	check_asked(&one, "the one", (int[]){ 0, TRAPS_15 + 0, TRAPS_15 + 1, 1, -1 });
	check_asked(&two, "the other", (int[]){ 0, TRAPS_15 + 0, TRAPS_15 + 1, 1, -1 });
	check_asked(&normal, "the normal VM", (int[]){ 0, TRAPS_15 + 1, 1, -1 });
	reset(TRAPS_GUEST_SMC, TAKES_15(1) | TAKES(1));
	check_answer_15(&one, "the one, with two that take it", 1);
	reset(TRAPS_GUEST_SMC, TAKES(1));
	expect(guest_smc(&one, SIP_CALL)[0], TRAPS_ANSWER(1),
	       "the one of release 16 behind it answers");
	expect(peek(TRAPS_GUEST_SMC, nr), 4, "... after the others were asked");
	reset(TRAPS_GUEST_SMC, TAKES(0) | TAKES_15(0));
	expect(guest_smc(&one, SIP_CALL)[0], TRAPS_ANSWER(0), "the one before it answers first");
	expect(peek(TRAPS_GUEST_SMC, nr), 1, "... and it is not asked");

	/* Five are taken, whichever form they have. */
	for (int i = 2; i <= 7; i++)
		expect(reg_15(i, one_handle), 0, "release 15, handler %d is registered", i);
	for (int i = 2; i <= 6; i++)
		expect(reg(TRAPS_GUEST_SMC, i), 0, "release 16, handler %d is registered", i);
	expect(reg_15(8, 0), -EBUSY, "the 17th gives -EBUSY");
	expect(reg(TRAPS_GUEST_SMC, 7), -EBUSY, "... in the form of release 16, too");
	check_asked(&two, "the other", two_asks);

	/* The VM ends, the handlers stay. */
	destroy_vm(&one);
	check_asked(&two, "the other", two_asks);
	destroy_vm(&two);
	destroy_vm(&normal);
}

int main(int argc, char *argv[])
{
	open_probe();
	open_traps();
	open_events();
	cpus = nr_cpus();

	if (argc > 1 && !strcmp(argv[1], "smc15"))
		check_smc15();
	else
		check_all_at_once();
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
