// SPDX-License-Identifier: GPL-2.0-only
/* What ties the simulator to cmocka. */
#include "sim.h"

extern void (*sim_on_failure)(const char *file, int line);
extern bool sim_module_ran;
const char *__asan_default_options(void);
void __sanitizer_cov_trace_pc(void);

/* The compiler has each basic block of the module call it. */
void __sanitizer_cov_trace_pc(void)
{
	sim_module_ran = true;
}

/* What a test leaves allocated is the simulator's, and of no interest. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:allow_addr2line=1";
}

static void fail_test(const char *file, int line)
{
	_fail(file, line);
}

__attribute__((constructor)) static void init(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	sim_on_failure = fail_test;
}
