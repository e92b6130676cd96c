// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that tries everything: hypercalls at random, one CPU at a time and on all at
 * once. Arguments:
 *
 *	attack COUNT SEED [FROM [no-heap]]
 *
 * makes COUNT calls, half of them on one CPU. They are made in rounds, with all undone
 * after each. A round is replayed by its seed and the number of its first step. Most
 * calls of a round are about what is not the attacker's: to be refused they need a
 * hundredth of the time that the others need, which change page tables. "no-heap" is for
 * an emulator that has EL2 see what was mapped before.
 *
 *	attack known [INDEX]
 *
 * lists the calls that end a stock kernel too, or makes one of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "attack.h"

#include "kselftest.h"

#define MAX_CPUS	16
#define ROUND		4096	/* steps */
#define OTHERS		131072	/* ... about what is not the attacker's, after them */

static __u64 seed, from;
static bool no_heap;

struct stream {
	int cpu;
	struct attack_run run;
	int ret;
};

static void *run_stream(void *data)
{
	struct stream *s = data;

	run_on(s->cpu);
	s->ret = attacker(ATTACK_RUN, &s->run);

	return NULL;
}

/* Steps on CPUs 0 to @cpus - 1: hypercalls made, or -1 if something was won. */
static __s64 run_steps(int cpus, __u64 first, __u64 count, bool others_only)
{
	struct stream streams[MAX_CPUS] = { };
	pthread_t threads[MAX_CPUS];
	__s64 calls = 0;
	bool lost = false;

	for (int i = 0; i < cpus; i++) {
		streams[i].cpu = i;
		streams[i].run = (struct attack_run) {
			.seed = seed,
			.stream = (cpus > 1 ? i + 1 : 0) + (others_only ? 2 * MAX_CPUS : 0),
			.first = first, .count = count / cpus, .others_only = others_only,
			.no_heap = no_heap,
		};
		pthread_create(&threads[i], NULL, run_stream, &streams[i]);
	}
	for (int i = 0; i < cpus; i++) {
		pthread_join(threads[i], NULL);
		calls += streams[i].run.calls;
		if (streams[i].ret || streams[i].run.violation[0]) {
			ksft_print_msg("CPU %d: %s\n", i, streams[i].ret ?
				       strerror(-streams[i].ret) : streams[i].run.violation);
			lost = true;
		}
	}

	return lost ? -1 : calls;
}

static __s64 run_round(int cpus, __u64 first)
{
	__s64 calls = run_steps(cpus, first, ROUND, false);
	__s64 others = calls < 0 ? 0 : run_steps(cpus, first / ROUND * OTHERS,
							OTHERS, true);
	bool lost = calls < 0 || others < 0;
	struct attack_run reset = { };

	if (attacker(ATTACK_RESET, &reset) || reset.violation[0]) {
		ksft_print_msg("%s\n", reset.violation);
		lost = true;
	}

	return lost ? -1 : calls + others;
}

static void progress(int cpus, __u64 calls, __u64 count, __u64 first)
{
	printf("# %d CPU%s: %llu of %llu calls; seed %#llx, next round from %llu\n", cpus,
	       cpus == 1 ? "" : "s", calls, count, seed, first);
	fflush(stdout);
}

static void attack(int cpus, __u64 count)
{
	__u64 calls = 0, first = from, shown = 0;
	__s64 ret = 0;

	while (ret >= 0 && calls < count) {
		if (calls >= shown) {
			progress(cpus, calls, count, first);
			shown = calls + (count > 10000000 ? 1000000 : count / 4);
		}
		ret = run_round(cpus, first);
		if (ret >= 0) {
			calls += ret;
			first += ROUND;
		}
	}
	if (ret < 0)
		ksft_print_msg("in the round from %llu on %d CPUs of seed %#llx\n", first, cpus,
			       seed);
	claim(ret >= 0, "%d CPU%s: %llu hypercalls gain nothing, and what they did can be undone",
	      cpus, cpus == 1 ? "" : "s", count);
}

/* Where none is ever done, nothing behind its first check was reached. */
static const char * const want_done[] = {
	"__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp", "__pkvm_host_donate_guest",
	"__pkvm_host_share_guest", "__pkvm_host_unshare_guest", "__pkvm_host_relax_perms_guest",
	"__pkvm_host_wrprotect_guest", "__pkvm_host_test_clear_young_guest",
	"__pkvm_host_mkyoung_guest", "__pkvm_reserve_vm", "__pkvm_init_vm", "__pkvm_init_vcpu",
	"__pkvm_force_reclaim_guest_page", "__pkvm_start_teardown_vm",
	"__pkvm_reclaim_dying_guest_page", "__kvm_vcpu_run", "__pkvm_module_topup_heap",
	"__pkvm_module_reclaim_heap", "OP_HOST_DONATE_HYP", "OP_HOST_DONATE_HYP_PROT",
	"OP_HYP_DONATE_HOST", "OP_HOST_SHARE_HYP", "OP_HOST_UNSHARE_HYP", "OP_PIN_SHARED_MEM",
	"OP_MAP_MODULE_PAGES", "OP_UNMAP_MODULE_PAGES", "OP_HOST_STAGE2_MOD_PROT",
	"OP_HOST_STAGE2_ENABLE_LAZY_PTE", "OP_HOST_STAGE2_DISABLE_LAZY_PTE", "OP_GUEST_STAGE2_PA",
};

static bool is_wanted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(want_done); i++) {
		if (!strcmp(name, want_done[i]))
			return true;
	}

	return false;
}

static void check_reach(bool seeking_reach)
{
	struct attack_stat stat = { };
	size_t done = 0;

	for (; !attacker(ATTACK_STAT, &stat); stat.index++) {
		ksft_print_msg("%-36s %10llu calls, %10llu done\n", stat.name, stat.calls,
			       stat.successes);
		done += is_wanted(stat.name) && stat.successes;
	}
	/* A short run can not be asked for that. */
	if (seeking_reach)
		expect(done, ARRAY_SIZE(want_done), "what a host may do was done, each once");
}

static void leave_probe_out(void)
{
	__u64 call = (probe(PROBE_FUNC, HVC_MAX).res[0] & ~0xffffULL) |
		     probe(PROBE_IDS).res[HANDLER_CALL];

	if (attacker(ATTACK_PROBE, &call))
		ksft_exit_fail_msg("the probe does not serve\n");
}

static void do_known(const char *index)
{
	struct attack_known known = { };

	if (index) {
		known.index = strtoull(index, NULL, 0);
		known.go = 1;
		known.hyp_text = symbol("__hyp_text_start");
		ksft_print_msg("making call %llu\n", known.index);
		tcdrain(STDOUT_FILENO);
		attacker(ATTACK_KNOWN, &known);
		claim(false, "%s ends the machine", known.name);
		finished();
	}

	for (; !attacker(ATTACK_KNOWN, &known); known.index++)
		printf("# call %llu: %s: %s\n", known.index, known.name, known.why);
	finished();
}

int main(int argc, char *argv[])
{
	__u64 count = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;

	print_header();
	if (argc > 1 && !strcmp(argv[1], "known")) {
		open_attacker();
		do_known(argv[2]);
	}
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	from = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
	no_heap = argc > 4 && !strcmp(argv[4], "no-heap");

	open_probe();
	make_victims();
	leave_probe_out();

	check_victims("before");
	ksft_print_msg("seed %#llx\n", seed);
	attack(1, count / 2);
	check_victims("after one CPU");
	attack(nr_cpus(), count / 2);
	check_victims("after all CPUs");
	check_reach(count >= 100 * OTHERS);
	finished();
}
