/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzer's inputs are: programs, of steps that a host or a guest can take. As
 * text, which is how they are kept, a step is a line:
 *
 *	hvc foo_hyp_get 0x40 pfn(3)
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "../sim-fuzz.h"

#define MAX_STEPS	24

enum kind {
	STEP_SETUP,		/* not one: the values of fuzz_setup() */
	STEP_CPU,		/* on which CPU what follows is done */
	STEP_REPEAT,		/* the next one, with 1 more as its first argument each time */
	STEP_HVC,
	STEP_SMC,
	STEP_GUEST_SMC,
	STEP_FAULT,		/* ESR, and address */
	STEP_TRAP,		/* ESR, and x0.. */
	STEP_PSCI,
	STEP_TRNG,
	STEP_READ,		/* memory, as the host */
	STEP_WRITE,
	STEP_EXEC,
	STEP_TOPUP,
	NR_KINDS,
};

/* An argument: a number, or something that has another address in each run. */
enum base {
	BASE_NUMBER,
	BASE_PFN,		/* of page @index */
	BASE_PHYS,		/* where it is in memory, ... */
	BASE_HYP,		/* ... EL2's linear range, ... */
	BASE_KERN,		/* ... and that of the kernel */
	BASE_RESULT,		/* x@index, as the last call left it */
	NR_BASES,
};

/* Pages that are not the host's come after those that are. */
enum {
	PAGE_EL2 = FUZZ_NR_PAGES,
	PAGE_IMAGE,
	PAGE_GUEST,
	PAGE_GUEST_SHARED,
	NR_PAGES,
};

struct value {
	enum base base;
	unsigned int index;
	u64 offset;
};

struct step {
	enum kind kind;
	unsigned int call;	/* of hvc: its index in sim_calls */
	struct value args[FUZZ_MAX_ARGS];
};

struct program {
	unsigned int nr;
	struct step steps[MAX_STEPS];
};

unsigned int nr_args(enum kind kind);

/*
 * What is not a step is left out: gives back the number of its line, or 0 if there is
 * none.
 */
unsigned int parse_program(struct program *program, const char *text, size_t size);
/* As many steps as there is room for. Gives back the length. */
size_t print_program(const struct program *program, char *text, size_t size);
/* Without a newline. */
size_t print_step(const struct step *step, char *text, size_t size);

/* Which kinds of steps this module has anything to do with. */
extern bool has_kind[NR_KINDS];

#endif
