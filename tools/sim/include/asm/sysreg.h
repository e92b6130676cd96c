/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System registers by their names, as far as the simulator has them: sim_set_sysreg()
 * gives one a value. What it does not have stops the test and names itself.
 */
#ifndef SIM_ASM_SYSREG_H
#define SIM_ASM_SYSREG_H

#include <linux/bits.h>

#include <asm/barrier.h>

u64 sim_read_sysreg(const char *name);
void sim_write_sysreg(const char *name, u64 val);

#define read_sysreg(r)			sim_read_sysreg(#r)
#define write_sysreg(val, r)		sim_write_sysreg(#r, val)
#define read_sysreg_s(r)		sim_read_sysreg(#r)
#define write_sysreg_s(val, r)		sim_write_sysreg(#r, val)
#define read_sysreg_el2(r)		sim_read_sysreg(#r)
#define write_sysreg_el2(val, r)	sim_write_sysreg(#r, val)
#define read_sysreg_el1(r)		sim_read_sysreg(#r "_el1")
#define write_sysreg_el1(val, r)	sim_write_sysreg(#r "_el1", val)
#define write_sysreg_hcr(val)		sim_write_sysreg("hcr_el2", val)
#define sysreg_clear_set(r, clear, set)					\
	write_sysreg((read_sysreg(r) & ~(u64)(clear)) | (set), r)

#endif
