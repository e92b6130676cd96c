/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For unit/fuzz.c, the part of fuzzing that a module may have of its own: without one,
 * the module is loaded as it is, and what is wrong is what the sanitizers and the
 * simulator find. docs/testing.md has an example.
 */
#ifndef SIM_FUZZ_H
#define SIM_FUZZ_H

#define SIM_WITHOUT_CMOCKA
#include "sim.h"

/* Pages of the host that steps name by their number, as in pfn(3), side by side. */
#define FUZZ_NR_PAGES	16
u64 fuzz_page(unsigned int nr);

#define FUZZ_MAX_ARGS	8

/*
 * Before the module is loaded: does what EL1, or a board, would have done. @values are
 * the fuzzer's, all 0 in the first run, with which the module has to load.
 */
void fuzz_setup(const u64 values[FUZZ_MAX_ARGS]);

/* After each thing that the host or a guest did: what must hold whatever they do. */
void fuzz_check(void);

/* fuzz_expect(CONDITION): if it does not hold, that is a finding. */
#define fuzz_expect(cond)						\
do {									\
	if (!(cond))							\
		fuzz_unexpected(#cond, __FILE__, __LINE__);		\
} while (0)
void fuzz_unexpected(const char *what, const char *file, int line) __attribute__((noreturn));

#endif
