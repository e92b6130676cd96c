// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that does two things at once: it takes back what it has just shared, and
 * changes what EL2 is about to read. Arguments:
 *
 *	attack-race [ROUNDS]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"

#include "kselftest.h"

static long rounds = 3000;
static atomic_bool stop;
static atomic_int running;

struct racer {
	int cpu;
	void (*fn)(int cpu);
};

static void *racing(void *data)
{
	struct racer *racer = data;

	run_on(racer->cpu);
	atomic_fetch_add(&running, 1);
	while (!atomic_load(&stop))
		racer->fn(racer->cpu);

	return NULL;
}

/*
 * Each CPU but the first does @fn over and over, until that one is through with @first: it
 * says whether it got somewhere, which it need not while the others have no CPU to run on.
 */
static void race(void (*fn)(int cpu), bool (*first)(void))
{
	struct racer racers[16];
	pthread_t threads[16];
	int nr = nr_cpus();

	atomic_store(&stop, false);
	atomic_store(&running, 0);
	run_on(0);
	for (int cpu = 1; cpu < nr; cpu++) {
		racers[cpu] = (struct racer) { .cpu = cpu, .fn = fn };
		pthread_create(&threads[cpu], NULL, racing, &racers[cpu]);
	}
	while (atomic_load(&running) < nr - 1)
		sched_yield();
	for (long i = 0, tries = 0; i < rounds && tries < 1000 * rounds; tries++)
		i += first();
	atomic_store(&stop, true);
	for (int cpu = 1; cpu < nr; cpu++)
		pthread_join(threads[cpu], NULL);
}

/* --- a share against a pin --- */

static struct {
	struct pages p;
	long pinned, unshared_while_pinned, not_mapped, shared, taken;
} sharing;

/* What EL2 has pinned, it can rely on. */
static bool pin_once(void)
{
	struct pages *p = &sharing.p;

	if (op_int(OP_PIN_SHARED_MEM, p->hyp_va, p->hyp_va + PAGE))
		return false;
	sharing.pinned++;
	sharing.not_mapped += !el2_has(*p, "rw-");
	sharing.unshared_while_pinned += op_int(OP_HOST_UNSHARE_HYP, p->pfn) != -EBUSY;
	op(OP_UNPIN_SHARED_MEM, p->hyp_va, p->hyp_va + PAGE);

	return true;
}

static void share_once(int cpu)
{
	struct pages *p = &sharing.p;

	if (cpu == 3) {
		/* One that wants it for EL2 alone */
		if (!op_int(OP_HOST_DONATE_HYP, p->pfn, 1, 0)) {
			sharing.taken++;
			op(OP_HYP_DONATE_HOST, p->pfn, 1);
		}
		return;
	}
	if (cpu == 2)
		hypercall("__pkvm_host_unshare_hyp", p->pfn);
	else if (!hypercall("__pkvm_host_share_hyp", p->pfn))
		sharing.shared++;
}

static void test_share_against_pin(void)
{
	sharing.p = alloc_pages(0);
	race(share_once, pin_once);
	ksft_print_msg("%ld pins, %ld shares, %ld donations\n", sharing.pinned, sharing.shared,
		       sharing.taken);

	claim(sharing.pinned && sharing.shared, "both sides got somewhere");
	expect(sharing.not_mapped, 0, "what is pinned is mapped at EL2");
	expect(sharing.unshared_while_pinned, 0, "what is pinned is not unshared");

	op(OP_HOST_UNSHARE_HYP, sharing.p.pfn);
	claim(is_hosts(sharing.p), "in the end the page is the host's");
	expect(op_int(OP_HOST_SHARE_HYP, sharing.p.pfn), 0, "and can be shared");
	expect(op_int(OP_PIN_SHARED_MEM, sharing.p.hyp_va, sharing.p.hyp_va + PAGE), 0,
	       "and pinned, once");
	expect(op_int(OP_HOST_UNSHARE_HYP, sharing.p.pfn), -EBUSY,
	       "so that unsharing gives -EBUSY");
	op(OP_UNPIN_SHARED_MEM, sharing.p.hyp_va, sharing.p.hyp_va + PAGE);
	expect(op_int(OP_HOST_UNSHARE_HYP, sharing.p.pfn), 0, "until it is unpinned");
}

/* --- a list that changes while EL2 reads it --- */

static struct {
	struct pages list, own, modules, hyp;
	volatile __u8 *entries;
	long refused, taken, lost;
} sglist;

/* struct pkvm_sglist_page: 40 bits of pfn, and the order */
static void set_entry(int i, __u64 pfn)
{
	volatile __u8 *entry = sglist.entries + 6 * i;

	for (int byte = 0; byte < 5; byte++)
		entry[byte] = pfn >> 8 * byte;
	entry[5] = 0;
}

/* The first entry is undone when the second one is refused: it is read again then. */
static bool donate_list_once(void)
{
	int ret = op_int(OP_HOST_DONATE_SGLIST_HYP, sglist.list.hyp_va, 2);

	sglist.refused += ret < 0;
	sglist.taken += !ret;
	if (!host_can(sglist.own)) {
		/* The host changed the list: that is what it has of it. */
		sglist.lost++;
		op(OP_HYP_DONATE_HOST, sglist.own.pfn, 1);
	}

	return true;
}

static void flip_list(int cpu)
{
	set_entry(0, cpu % 2 ? sglist.own.pfn : sglist.modules.pfn);
}

static void test_sglist(void)
{
	sglist.list = alloc_pages(0);
	sglist.own = alloc_pages(0);
	sglist.modules = alloc_pages(0);
	op(OP_HOST_DONATE_HYP, sglist.modules.pfn, 1, 0);
	op(OP_HOST_SHARE_HYP, sglist.list.pfn);
	op(OP_PIN_SHARED_MEM, sglist.list.hyp_va, sglist.list.hyp_va + PAGE);
	sglist.entries = map_user(sglist.list.pfn);
	set_entry(1, probe(PROBE_TABLE).res[0] / PAGE);

	race(flip_list, donate_list_once);
	ksft_print_msg("%ld lists refused, %ld pages lost by the host\n", sglist.refused,
		       sglist.lost);
	expect(sglist.taken, 0, "host_donate_sglist_hyp() of a list that changes: never all of it");
	claim(is_donated(sglist.modules),
	      "... and no page of a module comes back instead of one of its own");
	unmap_user((void *)sglist.entries);
	op(OP_UNPIN_SHARED_MEM, sglist.list.hyp_va, sglist.list.hyp_va + PAGE);
}

/* --- a VM that ends while a module looks into its stage 2 --- */

static struct {
	struct pages place;
	atomic_ullong handle;
	atomic_long found;
	long not_made, not_ended;
} ending;

/* It has no page there, which is another answer than that there is no VM. */
static void look_once(int cpu)
{
	if (op_int(OP_GUEST_STAGE2_PA, ending.handle, 0, ending.place.hyp_va + 8 * cpu) == -EINVAL)
		ending.found++;
}

/* KVM asks once, and takes it for done. */
static bool end_once(void)
{
	struct attack_vm vm = { .nr_vcpus = 1 };
	struct attack_run reset = { };

	if (init_attack_vm(&vm)) {
		ending.not_made++;
	} else {
		ending.handle = vm.handle;
		if (hypercall("__pkvm_start_teardown_vm", vm.handle) ||
		    hypercall("__pkvm_finalize_teardown_vm", vm.handle)) {
			ending.not_ended++;
			attacker(ATTACK_RESET, &reset);
		}
	}

	return true;
}

static void test_end_of_vm(void)
{
	ending.place = alloc_pages(0);
	op(OP_HOST_DONATE_HYP, ending.place.pfn, 1, 0);
	race(look_once, end_once);
	ksft_print_msg("found %ld times\n", (long)ending.found);
	claim(ending.found, "guest_stage2_pa() finds VMs that are about to end");
	expect(ending.not_made, 0, "each of them was made");
	expect(ending.not_ended, 0, "and each ends when the host asks for it");
}

int main(int argc, char *argv[])
{
	if (argc > 1)
		rounds = strtol(argv[1], NULL, 0);

	open_probe();
	open_attacker();
	test_share_against_pin();
	test_sglist();
	test_end_of_vm();
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
