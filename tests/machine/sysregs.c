// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a module has trapped for the host: update_hcr_el2() and update_hfgwtr_el2().
 * They are about one CPU, and last. Arguments:
 *
 *	sysregs			set by module calls
 *	sysregs init		set by an EL2 init function
 *	sysregs withdrawn	the same, of a module that failed then
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/psci.h>

#include "caller.h"
#include "events.h"
#include "traps.h"

#define AIDR_EL1	0x1900e0	/* as the kernel's sys_reg() has it */
#define ACTLR_EL1	0x181020
#define CONTEXTIDR_EL1	0x18d020

static int cpus;

/* --- is it trapped? --- */

struct trap {
	const char *name;
	__u64 reg;
	__u64 bit;		/* of HCR_EL2, or HFGWTR_EL2 */
	void (*access)(void);
};

static void read_aidr(void)
{
	traps(TRAPS_READ_AIDR, 0);
}

static void read_actlr(void)
{
	events(EVENTS_READ_ACTLR, 0);
}

static void write_contextidr(void)
{
	events(EVENTS_WRITE_CONTEXTIDR, 0x5c);
}

static const struct trap tid1 = { "HCR_EL2.TID1", AIDR_EL1, EVENTS_HCR_TID1, read_aidr };
static const struct trap tacr = { "HCR_EL2.TACR", ACTLR_EL1, EVENTS_HCR_TACR, read_actlr };
static const struct trap contextidr = {
	"HFGWTR_EL2.CONTEXTIDR_EL1", CONTEXTIDR_EL1, EVENTS_HFGWTR_CONTEXTIDR, write_contextidr
};

static void update(const struct trap *trap, __u64 set, __u64 clear)
{
	op(trap == &contextidr ? OP_UPDATE_HFGWTR_EL2 : OP_UPDATE_HCR_EL2, set, clear);
}

static __u64 read_trap(const struct trap *trap)
{
	return trap == &contextidr ? read_hfgwtr() : read_hcr();
}

/* How often the handler on @cpu is asked of one access there. */
static __u64 trapped(const struct trap *trap, int cpu)
{
	__u64 before;

	run_on(cpu);
	before = event_peek(cpus[cpu].traps);
	event_poke(cpus[cpu].reg, 0);
	trap->access();

	return event_peek(cpus[cpu].traps) - before;
}

/* Just on @cpu, or nowhere with -1. */
static void check_only(const struct trap *trap, int cpu, const char *when)
{
	int right = 0;

	for (int i = 0; i < cpus; i++)
		right += trapped(trap, i) == (i == cpu);
	if (cpu >= 0)
		expect(right, cpus, "%s traps on CPU %d, and on no other: %s", trap->name, cpu,
		       when);
	else
		expect(right, cpus, "%s traps on no CPU: %s", trap->name, when);
	if (cpu >= 0) {
		run_on(cpu);
		trapped(trap, cpu);
		expect(event_peek(cpus[cpu].reg), trap->reg, "... the handler sees what it was");
	}
}

/* --- without a handler --- */

static void check_without_handler(bool fgt)
{
	__u64 hcr, hfgwtr;

	run_on(0);
	hcr = read_hcr();
	hfgwtr = read_hfgwtr();
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1, 0);
	expect(read_hcr(), hcr, "without a default trap handler update_hcr_el2() does nothing");
	op(OP_UPDATE_HFGWTR_EL2, EVENTS_HFGWTR_CONTEXTIDR, 0);
	expect(read_hfgwtr(), hfgwtr, "nor does update_hfgwtr_el2()");
	check_only(&tid1, -1, "nothing was changed");
	if (fgt)
		check_only(&contextidr, -1, "nothing was changed");
	if (cpus > 1) {
		set_online(1, false);
		set_online(1, true);
		check_only(&tid1, -1, "after CPU 1 was off and on");
	}
}

/* --- it lasts --- */

static void check_guests(const struct trap *trap, int cpu, int where)
{
	__u64 before;

	run_on(cpu);
	before = read_trap(trap);
	for (int protected = 0; protected < 2; protected++) {
		const char *vm = protected ? "a protected VM" : "a normal VM";
		struct vm_result result;

		run_on(cpu);
		result = run_vm(protected);
		claim(result.step == VM_RAN && !result.error, "CPU %d: %s runs", cpu, vm);
		expect(read_trap(trap), before, "CPU %d: %s is what it was", cpu, trap->name);
		check_only(trap, where, vm);
	}
}

static void check_suspend(const struct trap *trap, int cpu, int where)
{
	__u64 before;

	run_on(cpu);
	before = read_trap(trap);
	event_poke(nr_psci, 0);
	expect(traps(TRAPS_SMC, PSCI_0_2_FN64_CPU_SUSPEND, 0, 0, 0).res[0], 0,
	       "CPU %d: CPU_SUSPEND returns", cpu);
	expect(event_peek(psci[0].notification), 0, "CPU %d: the notifier was told", cpu);
	expect(event_peek(psci[0].cpu), cpu, "CPU %d: ... there", cpu);
	expect(read_trap(trap), before, "CPU %d: %s is what it was", cpu, trap->name);
	check_only(trap, where, "after CPU_SUSPEND");
}

static void check_hotplug(const struct trap *trap, int cpu, int where)
{
	__u64 before, traps_before;

	run_on(cpu);
	before = read_trap(trap);
	run_on(cpu ? 0 : 1);
	event_poke(nr_psci, 0);
	event_poke(psci[0].notification, ~0ULL);
	traps_before = event_peek(cpus[cpu].traps);

	claim(set_online(cpu, false) && nr_cpus() == cpus - 1, "CPU %d goes off", cpu);
	expect(event_peek(nr_psci), 0, "CPU %d: nobody is told of that", cpu);
	claim(set_online(cpu, true) && nr_cpus() == cpus, "CPU %d goes on", cpu);

	expect(event_peek(nr_psci), 1, "CPU %d: the notifier was told once", cpu);
	expect(event_peek(psci[0].notification), 2, "CPU %d: ... of CPU_ENTRY", cpu);
	expect(event_peek(psci[0].cpu), cpu, "CPU %d: ... there", cpu);
	expect(trap == &contextidr ? event_peek(psci[0].hfgwtr) : event_peek(psci[0].hcr), before,
	       "CPU %d: ... %s was back by then", cpu, trap->name);
	/* The kernel reads AIDR_EL1 and REVIDR_EL1 when it starts a CPU. */
	if (trap == &tid1 && cpu == where)
		claim(event_peek(cpus[cpu].traps) > traps_before,
		      "CPU %d: what the host read on its way up was trapped", cpu);
	else if (trap == &tid1)
		expect(event_peek(cpus[cpu].traps), traps_before,
		       "CPU %d: nothing that the host read on its way up was trapped", cpu);

	run_on(cpu);
	expect(read_trap(trap), before, "CPU %d: %s is what it was", cpu, trap->name);
	check_only(trap, where, "after CPU hotplug");
}

/* Set on @where, or cleared everywhere with -1: so it stays on @cpu. */
static void check_lasts(const struct trap *trap, int cpu, int where)
{
	check_guests(trap, cpu, where);
	check_suspend(trap, cpu, where);
	if (cpus > 1)
		check_hotplug(trap, cpu, where);
}

static void check_trap(const struct trap *trap, int cpu)
{
	__u64 before;

	run_on(cpu);
	before = read_trap(trap);
	expect(before & trap->bit, 0, "%s is clear on CPU %d", trap->name, cpu);
	check_only(trap, -1, "it was not asked for");

	run_on(cpu);
	update(trap, trap->bit, 0);
	expect(read_trap(trap), before | trap->bit, "%s, and nothing else, is set on CPU %d",
	       trap->name, cpu);
	check_only(trap, cpu, "it was asked for there");
	check_lasts(trap, cpu, cpu);

	run_on(cpu);
	update(trap, 0, trap->bit);
	expect(read_trap(trap), before, "%s is clear again", trap->name);
	check_only(trap, -1, "it was undone");
	check_lasts(trap, cpu, -1);
}

/* --- what is changed --- */

static void check_masks(void)
{
	__u64 hcr;

	run_on(0);
	hcr = read_hcr();
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1 | EVENTS_HCR_TACR, 0);
	expect(read_hcr(), hcr | EVENTS_HCR_TID1 | EVENTS_HCR_TACR, "two bits at once are set");
	check_only(&tacr, 0, "with another");
	run_on(0);
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1);
	expect(read_hcr(), hcr | EVENTS_HCR_TACR, "clearing one leaves the other");
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1, EVENTS_HCR_TACR);
	expect(read_hcr(), hcr | EVENTS_HCR_TID1, "one is set and one is cleared");
	run_vm(true);
	expect(read_hcr(), hcr | EVENTS_HCR_TID1, "... and so it is after a VM");
	op(OP_UPDATE_HCR_EL2, 0, 0);
	expect(read_hcr(), hcr | EVENTS_HCR_TID1, "no bits change nothing");
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1);
	expect(read_hcr(), hcr, "all is as before");
}

/* By these, the host is kept in its place, and EL2 runs. */
static void check_kept(void)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} kept[] = {
		{ "VM", 0 }, { "FMO", 3 }, { "IMO", 4 }, { "AMO", 5 }, { "DC", 12 },
		{ "TSC", 19 }, { "TGE", 27 }, { "HCD", 29 }, { "RW", 31 }, { "CD", 32 },
		{ "ID", 33 }, { "E2H", 34 }, { "TEA", 37 }, { "NV", 42 },
		{ "NV1", 43 }, { "NV2", 45 }, { "FWB", 46 },
	};
	__u64 hcr;

	run_on(0);
	hcr = read_hcr();
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		__u64 bit = 1ULL << kept[i].bit;

		op(OP_UPDATE_HCR_EL2, hcr & bit ? 0 : bit, hcr & bit);
		expect(read_hcr(), hcr, "HCR_EL2.%s is not for modules to change", kept[i].name);
		op(OP_UPDATE_HCR_EL2, hcr & bit ? EVENTS_HCR_TID1 : EVENTS_HCR_TID1 | bit,
		   hcr & bit);
		expect(read_hcr(), hcr, "... nor is what they want to change with it");
	}

	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1 | (hcr & 1), 0);
	expect(read_hcr(), hcr | EVENTS_HCR_TID1, "one that stays as it is does not matter");
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1);
	expect(read_hcr(), hcr, "all is as before");
	expect(run_vm(true).step, VM_RAN, "a protected VM runs");
}

/* The handler's answer is what the host reads. */
static void check_answer(void)
{
	__u64 aidr;

	run_on(0);
	aidr = traps(TRAPS_READ_AIDR, 0).res[0];
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1, 0);
	event_poke(answer, 0x600d);
	expect(traps(TRAPS_READ_AIDR, 0).res[0], 0x600d, "the host reads what the handler says");
	event_poke(answer, 0);
	expect(traps(TRAPS_READ_AIDR, 0).res[0], aidr, "... or what is there");
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1);
}

static void check_contextidr(void)
{
	run_on(0);
	op(OP_UPDATE_HFGWTR_EL2, EVENTS_HFGWTR_CONTEXTIDR, 0);
	events(EVENTS_WRITE_CONTEXTIDR, 0x1234);
	expect(event_peek(cpus[0].written), 0x1234, "the handler sees what the host writes");
	expect(events(EVENTS_READ_CONTEXTIDR, 0).res[0], 0x1234, "... and does it");
	op(OP_UPDATE_HFGWTR_EL2, 0, EVENTS_HFGWTR_CONTEXTIDR);
}

/* All CPUs go off and on, all with something else set. */
static void check_all_cpus(void)
{
	int right = 0;
	__u64 hcr[EVENTS_CPUS];

	for (int i = 0; i < cpus; i++) {
		run_on(i);
		op(OP_UPDATE_HCR_EL2, i & 1 ? EVENTS_HCR_TID1 : EVENTS_HCR_TACR, 0);
		hcr[i] = read_hcr();
	}
	run_on(0);
	for (int i = 1; i < cpus; i++)
		set_online(i, false);
	expect(nr_cpus(), 1, "all CPUs but one go off");
	for (int i = 1; i < cpus; i++)
		set_online(i, true);
	expect(nr_cpus(), cpus, "they go on");
	for (int i = 0; i < cpus; i++) {
		run_on(i);
		right += read_hcr() == hcr[i] && trapped(&tid1, i) == (i & 1) &&
			 trapped(&tacr, i) == !(i & 1);
		op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1 | EVENTS_HCR_TACR);
	}
	expect(right, cpus, "each has what was set on it");
}

/* --- from a guest's SMC --- */

/* HCR_EL2.TWI and TWE of a guest come and go with the load of its CPU. */
#define GUEST_HCR	(~(3ULL << 13))

/* It is for the host, whoever's registers are loaded. */
static void check_from_guest(bool protected, bool fgt)
{
	const char *name = protected ? "protected VM" : "normal VM";
	__u64 hcr, guest_hcr, guest_hfgwtr;
	struct vm_result result;
	struct vm vm;

	run_on(0);
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TACR, EVENTS_HCR_TID1);
	hcr = read_hcr();
	event_poke(guest_set, 0);
	event_poke(guest_clear, 0);
	event_poke(guest_fgt, 0);
	event_poke(nr_guest, 0);

	result = start_caller(&vm, protected);
	claim(result.step == VM_RAN && !result.error, "%s: the guest runs", name);
	guest_smc(&vm, SIP_CALL);
	expect(event_peek(nr_guest), 1, "%s: the guest SMC handler is asked", name);
	guest_hcr = event_peek(guest_hcr[0]) & GUEST_HCR;
	guest_hfgwtr = event_peek(guest_hfgwtr[0]);
	claim((guest_hcr & EVENTS_HCR_TACR) && guest_hcr != (hcr & GUEST_HCR),
	      "%s: it has an HCR_EL2 of its own", name);

	event_poke(guest_set, EVENTS_HCR_TID1);
	event_poke(guest_clear, EVENTS_HCR_TACR);
	event_poke(guest_fgt, fgt ? EVENTS_HFGWTR_CONTEXTIDR : 0);
	guest_smc(&vm, SIP_CALL);
	expect(event_peek(nr_guest), 2, "%s: it is asked again", name);
	expect(event_peek(guest_hcr[1]) & GUEST_HCR, guest_hcr,
	       "%s: what is changed for the host then leaves the guest's HCR_EL2 alone", name);
	expect(read_hcr(), (hcr & ~EVENTS_HCR_TACR) | EVENTS_HCR_TID1,
	       "%s: the host has the change", name);
	check_only(&tid1, 0, "changed while a guest ran");
	if (fgt) {
		expect(event_peek(guest_hfgwtr[1]), guest_hfgwtr,
		       "%s: the guest's HFGWTR_EL2 is left alone", name);
		check_only(&contextidr, 0, "changed while a guest ran");
		run_on(0);
		op(OP_UPDATE_HFGWTR_EL2, 0, EVENTS_HFGWTR_CONTEXTIDR);
	}
	destroy_vm(&vm);
	run_on(0);
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1 | EVENTS_HCR_TACR);
}

/* --- a system's suspend --- */

#define PSCI_FEATURES	0x8400000a

static void check_system_suspend(void)
{
	bool has = (int)traps(TRAPS_SMC, PSCI_FEATURES, PSCI_1_0_FN64_SYSTEM_SUSPEND).res[0] >= 0;
	__u64 hcr;

	if (!has || access("/sys/power/state", F_OK)) {
		skipped("traps last over a suspend of the system",
			has ? "this kernel has no CONFIG_SUSPEND" :
			      "this firmware has no SYSTEM_SUSPEND");
	} else {
		skipped("traps last over a suspend of the system", "nothing would end it here");
	}
	if (has)
		return;

	run_on(0);
	op(OP_UPDATE_HCR_EL2, EVENTS_HCR_TID1, 0);
	hcr = read_hcr();
	event_poke(nr_psci, 0);
	claim((int)traps(TRAPS_SMC, PSCI_1_0_FN64_SYSTEM_SUSPEND, 0, 0).res[0] < 0,
	      "a SYSTEM_SUSPEND is refused");
	expect(event_peek(nr_psci), 1, "the notifier was told that it was tried");
	expect(event_peek(psci[0].notification), 1, "it is SYSTEM_SUSPEND");
	expect(read_hcr(), hcr, "HCR_EL2 is what it was");
	check_only(&tid1, 0, "after it");
	run_on(0);
	op(OP_UPDATE_HCR_EL2, 0, EVENTS_HCR_TID1);
}

/* --- from an EL2 init function --- */

static void check_init(void)
{
	int cpu = event_peek(init_cpu);

	expect(op_int(OP_REGISTER_PSCI_NOTIFIER, el2_va("__kvm_nvhe_events_psci")), 0,
	       "a PSCI notifier is registered");
	check_only(&tid1, cpu, "set by an EL2 init function");
	check_lasts(&tid1, cpu, cpu);
	run_on(cpu);
	update(&tid1, 0, tid1.bit);
	check_only(&tid1, -1, "undone by a module call");
}

/* The handler went with its module: what it had trapped may not be left. */
static sigjmp_buf stopped;

static void on_signal(int sig)
{
	siglongjmp(stopped, sig);
}

/* What the module made of a page stays. The host is told, and does not try for ever. */
static void check_page_left(void)
{
	unsigned long long pfn = 0;
	volatile __u64 *word;
	int sig;

	claim(sscanf(log_find("events: a page at pfn "), "events: a page at pfn %llx", &pfn) == 1,
	      "the log says which page is r--, %#llx", pfn);
	word = map_user(pfn);
	signal(SIGSEGV, on_signal);
	signal(SIGALRM, on_signal);
	alarm(10);
	sig = sigsetjmp(stopped, 1);
	if (!sig)
		*word = 1;
	alarm(0);
	expect(sig, SIGSEGV, "writing there gives SIGSEGV");
	expect(*word, 0, "it can be read");
	signal(SIGSEGV, SIG_DFL);
	unmap_user((void *)word);
}

static void check_withdrawn(void)
{
	log_mark();
	for (int i = 0; i < cpus; i++) {
		run_on(i);
		traps(TRAPS_READ_AIDR, 0);
	}
	claim(true, "the host reads AIDR_EL1 on all CPUs");
	if (cpus > 1) {
		for (int i = 0; i < cpus; i++) {
			run_on(i ? 0 : 1);
			claim(set_online(i, false) && set_online(i, true),
			      "CPU %d goes off and on", i);
		}
	}
	check_page_left();
	claim(run_vm(false).step == VM_RAN, "a normal VM runs");
	expect(run_vm(true).error, -EPERM, "a protected VM can not be created");
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	bool fgt;

	open_probe();
	open_traps();
	cpus = nr_cpus();

	if (!strcmp(what, "withdrawn")) {
		check_withdrawn();
		finished();
	}

	open_events();
	if (!strcmp(what, "init")) {
		check_init();
		finished();
	}

	fgt = events(EVENTS_HAS_FGT, 0).res[0];
	check_without_handler(fgt);
	expect(op_int(OP_REGISTER_DEFAULT_TRAP_HANDLER, el2_va("__kvm_nvhe_events_trap")), 0,
	       "a default trap handler is registered");
	expect(op_int(OP_REGISTER_PSCI_NOTIFIER, el2_va("__kvm_nvhe_events_psci")), 0,
	       "a PSCI notifier is registered");

	check_masks();
	check_kept();
	check_answer();
	check_trap(&tid1, 0);
	if (cpus > 1) {
		check_trap(&tid1, 1);
		check_all_cpus();
	}
	if (fgt) {
		check_contextidr();
		check_trap(&contextidr, cpus - 1);
	} else {
		skipped("HFGWTR_EL2: what is set traps, lasts and can be undone",
			"this CPU has no FEAT_FGT");
		op(OP_UPDATE_HFGWTR_EL2, EVENTS_HFGWTR_CONTEXTIDR, 0);
		expect(probe(PROBE_WHERE).res[0], 2,
		       "without FEAT_FGT EL2 outlives update_hfgwtr_el2()");
	}

	expect(op_int(OP_REGISTER_GUEST_SMC_HANDLER, el2_va("__kvm_nvhe_events_guest_smc")), 0,
	       "a guest SMC handler is registered");
	check_from_guest(false, fgt);
	check_from_guest(true, fgt);
	check_system_suspend();
	finished();
}
