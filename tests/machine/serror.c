// SPDX-License-Identifier: GPL-2.0-only
/*
 * register_unmask_serror(): what a module is asked and told, and that SErrors are
 * unmasked in between. That one is taken can not be seen here: emulation raises none.
 * Arguments:
 *
 *	serror			registered by a module call
 *	serror init		registered by an EL2 init function
 *	serror withdrawn	the same, of a module that failed then
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <linux/psci.h>

#include "events.h"
#include "traps.h"

#define DAIF_A		(1UL << 8)

static int cpus;
static __u64 unmask, mask;	/* the two functions */

static int register_both(__u64 unmask_fn, __u64 mask_fn)
{
	return op_int(OP_REGISTER_UNMASK_SERROR, unmask_fn, mask_fn);
}

/* --- the way in from the host --- */

#define HYP_SYMBOL(name)	symbol("__kvm_nvhe_" name)

/* The instruction there, a BL; EL2 has its text in its linear range, too. */
static __u32 trap_insn(void)
{
	__u64 va = HYP_SYMBOL("__pkvm_module_trap_site");
	__u64 page = hyp_va(probe(PROBE_LINEAR, va).res[0]);

	return probe(PROBE_PEEK32, page + va % PAGE).res[0];
}

/* Where it leads to, as the kernel has it. */
static __u64 trap_target(void)
{
	__u32 insn = trap_insn();
	__s64 offset = (__s64)((__u64)insn << 38) >> 36;

	return insn >> 26 == 0x25 ? HYP_SYMBOL("__pkvm_module_trap_site") + offset : 0;
}

/* --- one entry from the host --- */

static void set_unmask(int cpu, bool val)
{
	event_poke(cpus[cpu].unmask, val);
}

/* As it is without the two, but that @unmask is asked: 1 or 0. */
static void check_masked(int cpu, int asked, __u64 hcr, const char *when)
{
	struct events_request look;

	run_on(cpu);
	look = events(EVENTS_LOOK, 0);
	expect(look.res[0], asked, "CPU %d, %s: unmask() is asked %s at an entry", cpu, when,
	       asked ? "once" : "nothing");
	expect(look.res[1], 0, "CPU %d, %s: mask() is told nothing", cpu, when);
	expect(look.res[2] & DAIF_A, DAIF_A, "CPU %d, %s: PSTATE.A is set in a handler", cpu, when);
	expect(look.res[3], hcr, "CPU %d, %s: HCR_EL2 is what it was", cpu, when);
}

static void check_unmasked(int cpu, __u64 hcr, const char *when)
{
	struct events_request look;

	run_on(cpu);
	look = events(EVENTS_LOOK, 0);
	expect(look.res[0], 1, "CPU %d, %s: unmask() is asked once at an entry", cpu, when);
	expect(look.res[1], 1, "CPU %d, %s: mask() is told once", cpu, when);
	expect(look.res[2] & DAIF_A, 0, "CPU %d, %s: PSTATE.A is clear in a handler", cpu, when);
	expect(look.res[3], hcr | EVENTS_HCR_AMO, "CPU %d, %s: HCR_EL2.AMO is set in it", cpu,
	       when);
	expect(event_peek(cpus[cpu].mask_daif) & DAIF_A, DAIF_A,
	       "CPU %d, %s: PSTATE.A is set when mask() is told", cpu, when);
	expect(event_peek(cpus[cpu].mask_hcr), hcr, "CPU %d, %s: HCR_EL2 is as before by then",
	       cpu, when);
}

static void check_cpu(int cpu)
{
	__u64 hcr;

	run_on(cpu);
	set_unmask(cpu, false);
	hcr = read_hcr();
	expect(hcr & EVENTS_HCR_AMO, 0, "CPU %d: HCR_EL2.AMO is clear", cpu);
	check_masked(cpu, 1, hcr, "unmask() says no");
	set_unmask(cpu, true);
	check_unmasked(cpu, hcr, "it says yes");
	set_unmask(cpu, false);
	check_masked(cpu, 1, hcr, "it says no again");
}

/* Each CPU has its own answer. */
static void check_cpus(void)
{
	__u64 hcr;

	run_on(0);
	hcr = read_hcr();
	set_unmask(0, true);
	for (int cpu = 1; cpu < cpus; cpu++)
		check_masked(cpu, 1, hcr, "CPU 0 says yes");
	check_unmasked(0, hcr, "the others say no");
	set_unmask(0, false);
}

/* --- what it must not do --- */

static void check_refused(void)
{
	const __u64 data = events_state, hyp = probe(PROBE_SLOT, OP_MEMCPY).res[0];
	const __u64 el1 = symbol("_text");
	const __u64 bad[] = { 0, data, hyp, el1, unmask + 2, ~0ULL & ~3ULL };
	static const char * const names[] = {
		"NULL", "data", "hypervisor text", "an EL1 address",
		"the middle of an instruction", "the highest address",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		expect(register_both(bad[i], mask), -EINVAL, "%s for unmask gives -EINVAL",
		       names[i]);
		expect(register_both(unmask, bad[i]), -EINVAL, "%s for mask gives -EINVAL",
		       names[i]);
	}
}

static void check_window_open(void)
{
	__u32 before = trap_insn();
	struct pages p = alloc_pages(0);

	run_on(0);
	op(OP_FIXMAP_MAP, p.pfn * PAGE);
	expect(register_both(unmask, mask), -EBUSY, "with this CPU's window open it gives -EBUSY");
	op(OP_FIXMAP_UNMAP, 0);
	expect(trap_insn(), before, "... and the way in from the host is as it was");
}

/* --- what goes on meanwhile --- */

/* How often unmask() said yes and mask() was not told, from another CPU if there is one. */
static __u64 untold(int cpu)
{
	run_on(cpu || cpus == 1 ? 0 : 1);
	set_unmask(cpu, false);

	return event_peek(cpus[cpu].yes) - event_peek(cpus[cpu].told);
}

static void check_meanwhile(int cpu)
{
	struct vm_result result;
	__u64 hcr, yes;

	run_on(cpu);
	hcr = read_hcr();
	for (int protected = 0; protected < 2; protected++) {
		run_on(cpu);
		set_unmask(cpu, true);
		yes = event_peek(cpus[cpu].yes);
		result = run_vm(protected);
		claim(result.step == VM_RAN && !result.error, "CPU %d: a %s VM runs meanwhile",
		      cpu, protected ? "protected" : "normal");
		/* To create, load, run and destroy it */
		claim(event_peek(cpus[cpu].yes) > yes + 4, "CPU %d: ... with SErrors unmasked",
		      cpu);
		check_unmasked(cpu, hcr, "after a VM");
		expect(untold(cpu), 0, "CPU %d: mask() was told of each time", cpu);
	}

	run_on(cpu);
	set_unmask(cpu, true);
	expect(traps(TRAPS_SMC, PSCI_0_2_FN64_CPU_SUSPEND, 0, 0, 0).res[0], 0,
	       "CPU %d: CPU_SUSPEND returns", cpu);
	check_unmasked(cpu, hcr, "after CPU_SUSPEND");
	expect(untold(cpu), 0, "CPU %d: mask() was told of each time", cpu);
	if (cpus == 1)
		return;

	set_unmask(cpu, true);
	claim(set_online(cpu, false) && set_online(cpu, true), "CPU %d goes off and on", cpu);
	expect(untold(cpu), 1, "CPU %d: CPU_OFF ends it without a word, and nothing else does",
	       cpu);
	check_cpu(cpu);
	run_on(cpu);
	expect(read_hcr(), hcr, "CPU %d: HCR_EL2 is what it was", cpu);
}

/* --- a module that failed --- */

static void check_withdrawn(void)
{
	__u64 handle_trap = HYP_SYMBOL("handle_trap");
	/* Of another module, which do as functions. */
	__u64 fn = handler(TRAPS_HYP_PANIC, 0);

	expect(trap_target(), handle_trap, "the way in from the host is the hypervisor's own");
	claim(run_vm(false).step == VM_RAN, "a normal VM runs");
	expect(run_vm(true).error, -EPERM, "a protected VM can not be created");
	reset(TRAPS_DEFAULT_TRAP, 0);
	expect(register_both(handler(TRAPS_DEFAULT_TRAP, 0), fn), 0,
	       "another module can register then");
	claim(trap_target() && trap_target() != handle_trap, "... and the way in is another");
	claim(peek(TRAPS_DEFAULT_TRAP, nr) > 0, "... and it is asked");
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	__u64 handle_trap, hcr;
	__u32 insn;

	open_probe();
	open_traps();
	cpus = nr_cpus();
	handle_trap = HYP_SYMBOL("handle_trap");

	if (!strcmp(what, "withdrawn")) {
		check_withdrawn();
		finished();
	}

	open_events();
	unmask = el2_va("__kvm_nvhe_events_unmask");
	mask = el2_va("__kvm_nvhe_events_mask");

	if (strcmp(what, "init")) {
		run_on(0);
		hcr = read_hcr();
		insn = trap_insn();
		expect(trap_target(), handle_trap,
		       "the way in from the host is the hypervisor's own");
		check_refused();
		check_window_open();
		expect(trap_insn(), insn, "what is refused leaves it as it is");
		for (int cpu = 0; cpu < cpus; cpu++)
			check_masked(cpu, 0, hcr, "not registered");

		run_on(cpus - 1);
		expect(register_both(unmask, mask), 0, "two functions are registered on CPU %d",
		       cpus - 1);
	}

	expect(trap_target(), HYP_SYMBOL("handle_trap_unmasked"),
	       "the way in from the host is another");
	expect(register_both(unmask, mask), -EBUSY, "registering them again gives -EBUSY");
	expect(register_both(el2_va("__kvm_nvhe_events_unmask_2"),
			     el2_va("__kvm_nvhe_events_mask_2")), -EBUSY,
	       "registering two others gives -EBUSY");

	for (int cpu = 0; cpu < cpus; cpu++)
		check_cpu(cpu);
	check_cpus();
	for (int cpu = 0; cpu < cpus && cpu < 2; cpu++)
		check_meanwhile(cpu);
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
