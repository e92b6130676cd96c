// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs programs: each on a new machine, with the module loaded anew. With SIM_REPLAY in
 * the environment, says what is done and what comes of it.
 */
#include <string.h>

#include "program.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

extern void (*sim_on_failure)(const char *file, int line);

#pragma weak fuzz_setup
#pragma weak fuzz_check

bool has_kind[NR_KINDS] = {
	[STEP_CPU] = true, [STEP_REPEAT] = true, [STEP_READ] = true, [STEP_WRITE] = true,
	[STEP_EXEC] = true, [STEP_TOPUP] = true,
};

#define MAX_TIMES	128

#define GUEST_IPA	0x80000000ULL

static bool replay;
static u64 pfns[NR_PAGES];
static u64 results[4];

u64 fuzz_page(unsigned int nr)
{
	return pfns[nr % FUZZ_NR_PAGES];
}

void fuzz_unexpected(const char *what, const char *file, int line)
{
	fflush(stdout);
	fprintf(stderr, "error: %s does not hold\n    at %s:%d\n", what, file, line);
	abort();
}

static bool loads;	/* with nothing that the fuzzer has to do with it */

static void fail(const char *file, int line)
{
	if (loads)
		abort();
	fprintf(stderr, "    so %s does not load in the simulator: fuzz_setup() in unit/fuzz.c can do what it needs\n",
		sim_module_name);
	exit(1);
}

static u64 evaluate(const struct value *value)
{
	u64 phys = pfns[value->index] << PAGE_SHIFT;

	switch (value->base) {
	case BASE_PFN:
		return pfns[value->index] + value->offset;
	case BASE_PHYS:
		return phys + value->offset;
	case BASE_HYP:
		return (u64)sim_hyp_va(phys) + value->offset;
	case BASE_KERN:
		return sim_kern_va(phys) + value->offset;
	case BASE_RESULT:
		return results[value->index] + value->offset;
	default:
		return value->offset;
	}
}

/* --- steps --- */

static __printf(1, 2) void say(const char *format, ...)
{
	va_list args;

	if (!replay)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fflush(stdout);
}

static void set_results(u64 x0, u64 x1, u64 x2, u64 x3)
{
	results[0] = x0;
	results[1] = x1;
	results[2] = x2;
	results[3] = x3;
	say("    x0 %#llx, x1 %#llx, x2 %#llx, x3 %#llx\n", x0, x1, x2, x3);
}

static void set_smc(struct sim_smc smc)
{
	static const char * const by[] = {
		[SIM_BY_PKVM] = "pKVM's", [SIM_BY_MODULE] = "the module's", [SIM_BY_EL3] = "EL3's",
	};

	set_results(smc.regs.a0, smc.regs.a1, smc.regs.a2, smc.regs.a3);
	say("    is %s answer\n", by[smc.by]);
}

static void hvc(sim_call_t fn, const u64 *args)
{
	struct arm_smccc_res res = sim_hvc_args(fn, args);

	set_results(res.a0, res.a1, res.a2, res.a3);
}

static void trap(const u64 *args)
{
	struct user_pt_regs regs = { };

	memcpy(regs.regs, args + 1, (FUZZ_MAX_ARGS - 1) * sizeof(u64));
	say("    %s\n", sim_trap(args[0], &regs) ? "taken" : "a panic: no module takes it");
}

static void host_access(enum kind kind, u64 phys, u64 val)
{
	int ret;

	phys = SIM_RAM_BASE + (phys - SIM_RAM_BASE) % (SIM_RAM_SIZE - sizeof(val));
	if (kind == STEP_READ)
		ret = sim_host_read(phys, &val, sizeof(val));
	else
		ret = kind == STEP_WRITE ? sim_host_set(phys, val) : sim_host_exec(phys);
	if (ret)
		say("    is stopped\n");
	else if (kind == STEP_READ)
		say("    %#llx\n", val);
}

static void take_step(const struct step *step)
{
	/* A handle, and what sim_guest_smc_args() takes: x0 to x17 */
	u64 args[1 + 18] = { };
	unsigned int i;

	for (i = 0; i < FUZZ_MAX_ARGS; i++)
		args[i] = evaluate(&step->args[i]);

	switch (step->kind) {
	case STEP_CPU:
		sim_cpu(args[0] % SIM_NR_CPUS);
		break;
	case STEP_HVC:
		hvc(sim_calls[step->call].fn, args);
		break;
	case STEP_SMC:
		set_smc(sim_smc_args(args));
		break;
	case STEP_GUEST_SMC:
		set_smc(sim_guest_smc_args(args[0], args + 1));
		break;
	case STEP_FAULT:
		say("    is %s\n", sim_fault(args[0], args[1]) ? "aborted" : "handled");
		break;
	case STEP_TRAP:
		trap(args);
		break;
	case STEP_PSCI:
		sim_psci(args[0] % (PKVM_PSCI_CPU_ENTRY + 1));
		break;
	case STEP_TRNG:
		set_smc(sim_trng(ARM_SMCCC_TRNG_VERSION + args[0] % 4, args[1]));
		break;
	case STEP_READ:
	case STEP_WRITE:
	case STEP_EXEC:
		host_access(step->kind, args[0], args[1]);
		break;
	case STEP_TOPUP:
		sim_topup(args[0] % 64);
		break;
	default:
		break;
	}
}

/* --- programs --- */

static void new_machine(void)
{
	unsigned int i;

	sim_setup(NULL);
	memset(results, 0, sizeof(results));
	pfns[0] = sim_alloc_pages(FUZZ_NR_PAGES);
	for (i = 1; i < FUZZ_NR_PAGES; i++)
		pfns[i] = pfns[0] + i;
	pfns[PAGE_EL2] = sim_el2_page();
	pfns[PAGE_IMAGE] = sim_image_page();
	pfns[PAGE_GUEST] = sim_guest_page(1, GUEST_IPA, true);
	pfns[PAGE_GUEST_SHARED] = sim_guest_page(1, GUEST_IPA + PAGE_SIZE, false);
}

/* With the values of the first step, if it is a setup. */
static int boot(const struct program *program)
{
	u64 values[FUZZ_MAX_ARGS] = { };
	unsigned int i;

	new_machine();
	/* What the host asks for wrongly is to be refused: that is what errnos are for. */
	sim_tolerate_refused(true);
	if (program->nr && program->steps[0].kind == STEP_SETUP) {
		for (i = 0; i < FUZZ_MAX_ARGS; i++)
			values[i] = evaluate(&program->steps[0].args[i]);
	}
	if (fuzz_setup)
		fuzz_setup(values);

	return sim_boot();
}

/* What a call before it gave back is said as the number that it is. */
static void say_step(const struct step *step)
{
	struct step said = *step;
	char line[512];
	unsigned int i;

	if (!replay)
		return;
	for (i = 0; i < FUZZ_MAX_ARGS; i++) {
		if (said.args[i].base == BASE_RESULT)
			said.args[i] = (struct value) { .offset = evaluate(&step->args[i]) };
	}
	print_step(&said, line, sizeof(line));
	say("%s\n", line);
}

static void take_and_check(const struct step *step)
{
	say_step(step);
	take_step(step);
	if (fuzz_check)
		fuzz_check();
}

static void run(const struct program *program)
{
	unsigned int i, times = 1;
	struct step step;
	int ret;

	ret = boot(program);
	say("load: %d\n", ret);
	if (ret)
		return;

	for (i = 0; i < program->nr; i++) {
		step = program->steps[i];
		if (step.kind == STEP_REPEAT) {
			times = 1 + evaluate(&step.args[0]) % MAX_TIMES;
			continue;
		}
		for (; times; times--, step.args[0].offset++)
			take_and_check(&step);
		times = 1;
	}
}

static __printf(1, 2) void give_up(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "error: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	exit(1);
}

static void find_kinds(void)
{
	has_kind[STEP_SETUP] = fuzz_setup;
	has_kind[STEP_HVC] = sim_nr_calls;
	has_kind[STEP_SMC] = sim_nr_handlers(SIM_HOST_SMC);
	has_kind[STEP_GUEST_SMC] = sim_nr_handlers(SIM_GUEST_SMC);
	has_kind[STEP_FAULT] = sim_nr_handlers(SIM_PERM_FAULT) || sim_nr_handlers(SIM_ILLEGAL_ABT);
	has_kind[STEP_TRAP] = sim_nr_handlers(SIM_DEFAULT_TRAP);
	has_kind[STEP_PSCI] = sim_nr_handlers(SIM_PSCI);
	has_kind[STEP_TRNG] = sim_has_trng();

	if (!has_kind[STEP_HVC] && !has_kind[STEP_SMC] && !has_kind[STEP_GUEST_SMC] &&
	    !has_kind[STEP_FAULT] && !has_kind[STEP_TRAP] && !has_kind[STEP_PSCI] &&
	    !has_kind[STEP_TRNG])
		give_up("%s registers no call and no handler: there is nothing to fuzz\n",
			sim_module_name);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct program empty = { };
	int ret;

	replay = getenv("SIM_REPLAY");
	sim_on_failure = fail;
	ret = boot(&empty);
	if (ret)
		give_up("%s does not load in the simulator: its init function gave %d: fuzz_setup() in unit/fuzz.c can do what it needs\n",
			sim_module_name, ret);
	loads = true;
	find_kinds();

	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct program program;
	unsigned int wrong = parse_program(&program, (const char *)data, size);

	if (replay && wrong)
		give_up("line %u is not a step of a program for %s\n", wrong, sim_module_name);
	run(&program);

	return 0;
}
