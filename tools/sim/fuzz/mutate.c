// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libFuzzer makes of a program: another one, that is as well formed. Numbers are
 * left to libFuzzer's own mutations now and then, which know what the module compared
 * its arguments with.
 */
#include <string.h>

#include <asm/kvm_arm.h>

#include "program.h"

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2, size_t size2,
				 u8 *out, size_t max_size, unsigned int seed);

static u64 state;

static void seed_random(unsigned int seed)
{
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

/* xorshift64*: a run is to be the same again with the same seed */
static u64 random_u64(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;

	return state * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(unsigned int limit)
{
	return (random_u64() >> 32) % limit;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

/* --- arguments --- */

static u64 random_number(void)
{
	static const u64 edges[] = {
		0, 1, -1ULL, INT_MAX, INT_MIN, UINT_MAX, 1ULL << 32, LLONG_MAX, LLONG_MIN,
		PAGE_SIZE, PAGE_SIZE - 1, PMD_SIZE, SIM_RAM_BASE, SIM_RAM_END,
		SIM_RAM_BASE >> PAGE_SHIFT, SIM_RAM_END >> PAGE_SHIFT, 1ULL << SIM_PA_BITS,
		1ULL << (SIM_PA_BITS - PAGE_SHIFT), 1ULL << (64 - PAGE_SHIFT), 0x09000000, 0x9000,
	};

	switch (below(6)) {
	case 0:
	case 1:
		return below(16);
	case 2:
		return below(1024);
	case 3:
		return edges[below(ARRAY_SIZE(edges))] + below(3) - 1;
	case 4:
		return BIT(below(64)) - one_in(2);
	default:
		return random_u64();
	}
}

static struct value random_value(void)
{
	struct value value = { .base = BASE_NUMBER };

	if (one_in(3)) {
		value.base = below(NR_BASES);
		value.index = one_in(8) ? below(NR_PAGES) : below(FUZZ_NR_PAGES);
	}
	if (value.base == BASE_NUMBER)
		value.offset = random_number();
	else if (one_in(3))
		value.offset = one_in(2) ? below(PAGE_SIZE) : random_number();
	if (value.base == BASE_RESULT)
		value.index %= 4;

	return value;
}

static struct value number(u64 val)
{
	return (struct value) { .offset = val };
}

static struct value page_of_memory(void)
{
	return (struct value) {
		.base = BASE_PHYS, .index = below(one_in(8) ? NR_PAGES : FUZZ_NR_PAGES),
		.offset = below(PAGE_SIZE) & ~7ULL,
	};
}

static u64 random_smc(void)
{
	return (one_in(8) ? 0 : BIT(31)) | (u64)one_in(2) << 30 |
	       (u64)below(one_in(4) ? 64 : 8) << 24 | below(one_in(4) ? 0x10000 : 32);
}

static u64 random_esr(bool fault)
{
	static const u8 fault_ecs[] = { ESR_ELx_EC_IABT_LOW, ESR_ELx_EC_DABT_LOW };
	u64 ec = fault ? fault_ecs[below(2)] : below(ESR_ELx_EC_MAX + 1);
	u64 iss = fault ? (one_in(4) ? ESR_ELx_FSC_FAULT : ESR_ELx_FSC_PERM) | below(4) |
			  (one_in(2) ? ESR_ELx_WNR : 0) : random_u64() & ESR_ELx_ISS_MASK;

	return ec << ESR_ELx_EC_SHIFT | ESR_ELx_IL | iss;
}

/* What an argument usually is, where that is known. */
static struct value usual_value(enum kind kind, unsigned int arg)
{
	if (kind == STEP_SMC && !arg)
		return number(random_smc());
	if (kind == STEP_GUEST_SMC && arg < 2)
		return number(arg ? random_smc() : 1 + below(3));
	if ((kind == STEP_FAULT || kind == STEP_TRAP) && !arg)
		return number(random_esr(kind == STEP_FAULT));
	if ((kind == STEP_FAULT && arg == 1) ||
	    ((kind == STEP_READ || kind == STEP_WRITE || kind == STEP_EXEC) && !arg))
		return page_of_memory();

	return random_value();
}

static void mutate_number(u64 *number)
{
	u8 bytes[8];

	switch (below(4)) {
	case 0:
		*number += below(17) - 8;
		break;
	case 1:
		*number ^= BIT(below(64));
		break;
	default:
		memcpy(bytes, number, sizeof(bytes));
		LLVMFuzzerMutate(bytes, sizeof(bytes), sizeof(bytes));
		memcpy(number, bytes, sizeof(bytes));
		break;
	}
}

/* --- steps --- */

/* Calls and their like are what it is about. */
static bool is_minor(enum kind kind)
{
	return kind == STEP_CPU || kind == STEP_REPEAT || kind == STEP_TOPUP;
}

static struct step random_step(void)
{
	struct step step = { };
	unsigned int i, nr;

	do {
		step.kind = STEP_CPU + below(NR_KINDS - STEP_CPU);
	} while (!has_kind[step.kind] || (is_minor(step.kind) && !one_in(4)));
	if (step.kind == STEP_HVC)
		step.call = below(sim_nr_calls);
	nr = one_in(2) ? nr_args(step.kind) : 1 + below(nr_args(step.kind));
	for (i = 0; i < nr; i++)
		step.args[i] = usual_value(step.kind, i);

	return step;
}

static void mutate_step(struct program *program, struct step *step)
{
	struct step *other = &program->steps[below(program->nr)];
	unsigned int arg = below(nr_args(step->kind));

	switch (below(4)) {
	case 0:
		step->args[arg] = usual_value(step->kind, arg);
		break;
	case 1:
		step->args[arg] = other->args[below(nr_args(other->kind))];
		break;
	default:
		mutate_number(&step->args[arg].offset);
		break;
	}
}

static void insert(struct program *program, unsigned int at, struct step step)
{
	if (program->nr == MAX_STEPS)
		program->nr--;
	at = min(at, program->nr);
	memmove(&program->steps[at + 1], &program->steps[at],
		(program->nr - at) * sizeof(step));
	program->steps[at] = step;
	program->nr++;
}

static void drop(struct program *program, unsigned int at)
{
	program->nr--;
	memmove(&program->steps[at], &program->steps[at + 1],
		(program->nr - at) * sizeof(program->steps[0]));
}

/* Its values are those of the whole program, and come first. */
static void mutate_setup(struct program *program)
{
	struct step setup = { .kind = STEP_SETUP };

	if (!program->nr || program->steps[0].kind != STEP_SETUP)
		insert(program, 0, setup);
	program->steps[0].args[below(FUZZ_MAX_ARGS)] = random_value();
}

static void mutate(struct program *program)
{
	unsigned int at = program->nr ? below(program->nr) : 0;

	if (has_kind[STEP_SETUP] && one_in(8))
		mutate_setup(program);
	else if (!program->nr || one_in(4))
		insert(program, below(program->nr + 1), random_step());
	else if (one_in(8))
		insert(program, below(program->nr + 1), program->steps[at]);
	else if (one_in(8))
		drop(program, at);
	else
		mutate_step(program, &program->steps[at]);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct program program;
	unsigned int times;

	seed_random(seed);
	parse_program(&program, (const char *)data, size);
	for (times = 1 + below(4); times; times--)
		mutate(&program);

	return print_program(&program, (char *)data, max_size);
}

/* The beginning of the one, and the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2, size_t size2,
				 u8 *out, size_t max_size, unsigned int seed)
{
	static struct program program, other;
	unsigned int from;

	seed_random(seed);
	parse_program(&program, (const char *)data1, size1);
	parse_program(&other, (const char *)data2, size2);
	program.nr = below(program.nr + 1);
	for (from = below(other.nr + 1); from < other.nr && program.nr < MAX_STEPS; from++)
		program.steps[program.nr++] = other.steps[from];

	return print_program(&program, (char *)out, max_size);
}
