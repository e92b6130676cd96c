// SPDX-License-Identifier: GPL-2.0-only
/*
 * A target for libFuzzer: what it is given is a module. Its pages are small, so that
 * modules to begin with can be so, too.
 */
#include <stdio_ext.h>

#include "modcheck.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct export exports[] = { { (char *)"__pkvm_load_el2_module", 1, true } };
	static struct kernel kernel = {
		.path = "fuzz", .release = "7.2", .vermagic = "7.2 SMP aarch64",
		.modversions = true, .page_size = 64, .ops_version = 1, .ops_slots = 128,
		.ops_reserved = 65,
		.exports = exports, .nr_exports = ARRAY_SIZE(exports),
	};
	static FILE *out;
	struct findings findings = { 0 };
	struct uses uses = { 0 };
	struct module m = {
		.path = "fuzz", .kernel = &kernel, .findings = &findings, .uses = &uses,
	};

	if (!out) {
		out = fopen("/dev/null", "w");
		__fsetlocking(out, FSETLOCKING_BYCALLER);
	}
	if (!module_check(&m, data, size)) {
		report_text(&m, out);
		report_json(&m, out);
	}
	module_close(&m);

	return 0;
}
