/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated hypervisor, from the side of a test: it is the host, and may look at
 * all there is. docs/testing.md has an example. What EL2 code does wrong ends the test
 * with the name of the operation and the line it was called from.
 */
#ifndef SIM_H
#define SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifndef SIM_WITHOUT_CMOCKA
#include <cmocka.h>
#endif

#include <asm/esr.h>
#include <asm/kvm_pkvm_module.h>
#include <linux/arm-smccc.h>
#include <nvhe/memory.h>

/* --- tests --- */

/* A test for cmocka: each begins on a new machine, with the module as it was linked. */
#define sim_test(fn)	cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
int sim_setup(void **state);
int sim_teardown(void **state);

/*
 * Load the module: runs the EL2 init function that el1.c names, as the hypervisor does.
 * 0 or its errno. Variables that EL1 sets before the load are set before.
 */
int sim_boot(void);
/* The same with a function of the test's choice. */
int sim_boot_with(int (*init)(const struct pkvm_module_ops *ops));

/* The table, for a test that calls members of it by itself. */
const struct pkvm_module_ops *sim_ops(void);

/*
 * Wrong use that the contract has an errno for (giving back twice, opening a window
 * that is open, registering twice ...) ends the test, unless that is what it is about.
 */
void sim_tolerate(bool tolerate);
/* The same, but only of what the arguments of a host can bring about. */
void sim_tolerate_refused(bool tolerate);

/* Ends the test if EL2 has pages, mappings, pins, allocations or windows left. */
void sim_check_leaks(void);

/* Which CPU the next calls are made on; CPU 0 at first. */
#define SIM_NR_CPUS	8
void sim_cpu(unsigned int cpu);

/* --- memory --- */

#define SIM_RAM_BASE	0x40000000ULL
#define SIM_RAM_SIZE	0x02000000ULL
#define SIM_RAM_END	(SIM_RAM_BASE + SIM_RAM_SIZE)
#define SIM_PA_BITS	40

/* pfn of the first of @nr zeroed pages of the host, side by side. */
u64 sim_alloc_pages(unsigned int nr);
/* Of a block of PMD_SIZE. */
u64 sim_alloc_block(void);
/* What the host calls a physical address. */
u64 sim_kern_va(phys_addr_t phys);

/*
 * Read or write as the host. -EFAULT where it may not: a fault that no handler took.
 * Memory only.
 */
int sim_host_read(phys_addr_t phys, void *buf, size_t size);
int sim_host_write(phys_addr_t phys, const void *buf, size_t size);
int sim_host_exec(phys_addr_t phys);
/* A word; 0 where it may not. */
u64 sim_host_get(phys_addr_t phys);
int sim_host_set(phys_addr_t phys, u64 val);

/* A page that the host gave to a guest: its alone, or shared with the host. */
u64 sim_guest_page(pkvm_handle_t handle, u64 ipa, bool protected);
/* A page of the hypervisor itself, and one of the module's image. */
u64 sim_el2_page(void);
u64 sim_image_page(void);

enum sim_owner {
	SIM_NOBODY,		/* no memory */
	SIM_HOST,
	SIM_SHARED,		/* the host's, and EL2 may pin it */
	SIM_MODULE,		/* taken from the host by a module */
	SIM_HEAP,
	SIM_IMAGE,
	SIM_EL2,		/* the hypervisor's own */
	SIM_GUEST,		/* a protected guest's */
	SIM_GUEST_SHARED,	/* the host's, and a guest uses it */
};

enum sim_owner sim_owner(u64 pfn);
const char *sim_owner_name(enum sim_owner owner);
/* What the host may do with a page, and what EL2 may do at an address: "rw-" */
const char *sim_host_prot(u64 pfn);
const char *sim_el2_prot(const void *va);
/* Which physical address EL2 has there; -1 if none. */
phys_addr_t sim_el2_phys(const void *va);

/* --- devices --- */

struct sim_device {
	const char *name;
	u64 phys, size;
	u64 (*read)(struct sim_device *dev, u64 offset, unsigned int size);
	void (*write)(struct sim_device *dev, u64 offset, unsigned int size, u64 val);
	void *priv;
	struct sim_device *next;	/* the simulator's */
};

/* Until the end of the test. Registers without a function read as 0. */
void sim_add_device(struct sim_device *dev);

/* --- calls and events --- */

/*
 * sim_hvc(HANDLER, ARGUMENTS...): what EL1 does with pkvm_el2_mod_call_smccc(). Six
 * arguments at most. The handler takes a struct user_pt_regs * or a struct
 * kvm_cpu_context *.
 */
#define sim_hvc(fn, ...)							\
({										\
	static_assert(__same_type(*(fn), void (struct user_pt_regs *)) ||	\
		      __same_type(*(fn), void (struct kvm_cpu_context *)),	\
		      "not a handler of calls");				\
	sim_hvc_args((sim_call_t)(fn), (const u64[6]) { __VA_ARGS__ });		\
})
typedef void (*sim_call_t)(struct user_pt_regs *regs);
struct arm_smccc_res sim_hvc_args(sim_call_t fn, const u64 *args);

/* The calls that el1.c registers, in the order of the source. */
struct sim_call {
	const char *name;
	sim_call_t fn;
};

extern const struct sim_call sim_calls[];
extern const unsigned int sim_nr_calls;
extern const char sim_module_name[];

enum sim_by {
	SIM_BY_PKVM,		/* PSCI and FF-A, and what is no SMCCC call */
	SIM_BY_MODULE,
	SIM_BY_EL3,		/* also: by the host, for an SMC of a guest */
};

struct sim_smc {
	enum sim_by by;
	struct arm_smccc_1_2_regs regs;		/* the answer */
};

/* sim_smc(ID, ARGUMENTS...): an SMC of the host with x1.. */
#define sim_smc(...)		sim_smc_args((const u64[18]) { __VA_ARGS__ })
struct sim_smc sim_smc_args(const u64 *x);
#define sim_guest_smc(handle, ...)	\
	sim_guest_smc_args(handle, (const u64[18]) { __VA_ARGS__ })
struct sim_smc sim_guest_smc_args(pkvm_handle_t handle, const u64 *x);

/* What EL3 answers, also to EL2's own SMCs: NOT_SUPPORTED without. */
typedef void (*sim_firmware_t)(struct arm_smccc_1_2_regs *regs);
void sim_set_firmware(sim_firmware_t fn);

/* A stage-2 fault of the host that need not have a cause: 0 handled, or -EFAULT. */
int sim_fault(u64 esr, u64 addr);
/* A trap of the host that pKVM does not know: whether a module took it. */
bool sim_trap(u64 esr, struct user_pt_regs *regs);
void sim_psci(enum pkvm_psci_notification notification);
void sim_panic(void);
/* SMCCC TRNG of a protected guest. The host answers where no module has entropy. */
struct sim_smc sim_trng(u64 id, u64 arg);

/* The EL2 heap: __pkvm_topup_hyp_alloc() and __pkvm_reclaim_hyp_alloc() */
int sim_topup(unsigned long nr_pages);
unsigned long sim_reclaim(unsigned long nr_pages);

/* --- to look --- */

enum sim_kind {
	SIM_PERM_FAULT,
	SIM_HOST_SMC,
	SIM_GUEST_SMC,
	SIM_DEFAULT_TRAP,
	SIM_ILLEGAL_ABT,
	SIM_PSCI,
	SIM_HYP_PANIC,
	SIM_NR_KINDS,
};

/* How many handlers there are of a kind. */
unsigned int sim_nr_handlers(enum sim_kind kind);
bool sim_has_serial(void);
bool sim_has_trng(void);
bool sim_has_serror(void);

/* What was written to the EL2 console, without carriage returns. */
const char *sim_console(void);
/* Takes the console's place where the module drives none: ops->puts() is heard. */
void sim_listen(void);

/* The lines of tracing_mod_hyp_printk(), "FMT: A B C D" in hex. Off at first. */
void sim_set_tracing(bool on);
const char *sim_trace(void);

/* Registers by the names that read_sysreg() knows. */
void sim_set_sysreg(const char *name, u64 val);
u64 sim_sysreg(const char *name);
/* Microseconds that udelay() was asked for, and that get_time() tells. */
u64 sim_time(void);

#endif
