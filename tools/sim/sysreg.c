// SPDX-License-Identifier: GPL-2.0-only
/* System registers by name, the traps that modules set, time and the CPU's number. */
#include <string.h>

#include <asm/kvm_arm.h>

#include "internal.h"

#define MAX_SYSREGS	64
#define NSECS_PER_TICK	16	/* of a counter of 62.5 MHz, as QEMU's */

/* Those that EL2 code has at all times. SYS_ESR and SYS_FAR are of the last trap. */
static const struct sysreg {
	const char *name;
	u64 val;
} initial[] = {
	{ "CurrentEL", 2 << 2 },
	{ "hcr_el2", BIT(31) | BIT(34) },
	{ "SYS_HFGWTR_EL2", 0 },
	{ "cntfrq_el0", 1000000000 / NSECS_PER_TICK },
	{ "mpidr_el1", BIT(31) },
	{ "midr_el1", 0x000f0510 },
	{ "SYS_ESR", 0 },
	{ "SYS_FAR", 0 },
	{ "SYS_ELR", 0 },
	{ "SYS_SPSR", 0 },
};

static struct sysreg sysregs[MAX_SYSREGS];
static unsigned int nr_sysregs;
static u64 usecs;
static bool used_missing;

void sim_reset_sysreg(void)
{
	memcpy(sysregs, initial, sizeof(initial));
	nr_sysregs = ARRAY_SIZE(initial);
	usecs = 1000;
	used_missing = false;
}

static struct sysreg *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_sysregs; i++) {
		if (!strcmp(sysregs[i].name, name))
			return &sysregs[i];
	}

	return NULL;
}

static u64 counter(void)
{
	/* It goes on, however little is done. */
	return ++usecs * 1000 / NSECS_PER_TICK;
}

u64 sim_read_sysreg(const char *name)
{
	struct sysreg *reg = find(name);

	if (!strcmp(name, "cntpct_el0") || !strcmp(name, "cntvct_el0"))
		return counter();
	if (!reg)
		sim_fail("the simulator does not have the register %s; a test gives it a value with sim_set_sysreg()",
			 name);

	return reg->val;
}

void sim_write_sysreg(const char *name, u64 val)
{
	struct sysreg *reg = find(name);

	if (!reg)
		sim_fail("the simulator does not have the register %s; a test gives it a value with sim_set_sysreg()",
			 name);
	reg->val = val;
}

void sim_set_sysreg(const char *name, u64 val)
{
	struct sysreg *reg = find(name);

	if (!reg && nr_sysregs == MAX_SYSREGS)
		sim_test_error("sim_set_sysreg(): no more than %d registers", MAX_SYSREGS);
	if (!reg) {
		reg = &sysregs[nr_sysregs++];
		reg->name = name;
	}
	reg->val = val;
}

u64 sim_sysreg(const char *name)
{
	struct sysreg *reg = find(name);

	if (!reg)
		sim_test_error("sim_sysreg(%s): the simulator does not have it", name);

	return reg->val;
}

u64 sim_time(void)
{
	return usecs;
}

/* With nobody to handle what is then trapped, the first such trap would be a panic. */
static bool trap_is_handled(void)
{
	if (sim_nr_handlers(SIM_DEFAULT_TRAP))
		return true;
	sim_missing_op();

	return false;
}

void sim_missing_op(void)
{
	used_missing = true;
}

bool sim_used_missing_op(void)
{
	bool used = used_missing;

	used_missing = false;

	return used;
}

/* Not for modules to change. */
#define HCR_KEPT	(HCR_VM | HCR_FWB | HCR_DC | HCR_CD | HCR_ID | HCR_TSC | HCR_HCD | \
			 HCR_IMO | HCR_FMO | HCR_AMO | HCR_TEA | HCR_TGE | HCR_E2H | \
			 HCR_RW | HCR_NV | HCR_NV1 | HCR_NV2)

static void update(const char *name, u64 set, u64 clear)
{
	if (trap_is_handled())
		sim_set_sysreg(name, (sim_sysreg(name) & ~clear) | set);
}

void op_update_hcr_el2(unsigned long set_mask, unsigned long clear_mask)
{
	u64 hcr = sim_sysreg("hcr_el2");
	u64 kept = (hcr ^ ((hcr & ~clear_mask) | set_mask)) & HCR_KEPT;

	SIM_OP();
	if (kept) {
		sim_refused("bits %#llx of HCR_EL2 are what pKVM itself runs by", kept);
		sim_missing_op();
		return;
	}
	update("hcr_el2", set_mask, clear_mask);
}

void op_update_hfgwtr_el2(unsigned long set_mask, unsigned long clear_mask)
{
	SIM_OP();
	update("SYS_HFGWTR_EL2", set_mask, clear_mask);
}

int op_hyp_smp_processor_id(void)
{
	SIM_OP();

	return sim_this_cpu();
}

void op_udelay(unsigned long nr)
{
	SIM_OP();
	usecs += nr;
}

u64 op_get_time(void)
{
	SIM_OP();

	return ++usecs;
}
