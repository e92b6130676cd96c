// SPDX-License-Identifier: GPL-2.0-only
/* Machine test: a program that runs beside the module, on the real hypervisor. */

#include <errno.h>
#include <stdio.h>

#include "kselftest.h"

#define SUM	"/sys/kernel/debug/new_module/sum"

/* 0 or the errno of the module's call */
static int add(const char *number)
{
	FILE *file = fopen(SUM, "w");
	int failed;

	if (!file)
		return errno;
	fputs(number, file);
	failed = fclose(file);

	return failed ? errno : 0;
}

static int sum(void)
{
	FILE *file = fopen(SUM, "r");
	int val = -1;

	if (file && fscanf(file, "%d", &val) != 1)
		val = -1;
	if (file)
		fclose(file);

	return val;
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(3);

	ksft_test_result(sum() == 0, "the sum is 0 at first\n");
	ksft_test_result(add("2") == 0 && add("40") == 0 && sum() == 42, "EL2 adds\n");
	ksft_test_result(add("1000") == ERANGE && sum() == 42, "EL2 has a limit\n");

	ksft_finished();
}
