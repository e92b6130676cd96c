/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test has a module do about trapped registers, power transitions, SErrors
 * and entropy, and what came of it: EL2 keeps that for /dev/probe to look into.
 * /dev/events does what has to be done at EL1 of one CPU.
 */
#ifndef __EVENTS_H__
#define __EVENTS_H__

#include <linux/ioctl.h>
#include <linux/types.h>

#define EVENTS_CPUS	8
#define EVENTS_LOG	16

/* HCR_EL2 and HFGWTR_EL2, as the Arm ARM has them */
#define EVENTS_HCR_AMO		(1ULL << 5)
#define EVENTS_HCR_TID1		(1ULL << 16)	/* reads of AIDR_EL1 and REVIDR_EL1 */
#define EVENTS_HCR_TACR		(1ULL << 21)	/* ACTLR_EL1 */
#define EVENTS_HFGWTR_CONTEXTIDR	(1ULL << 11)	/* writes of CONTEXTIDR_EL1 */

/* Module parameter "init": what the EL2 init function does, in this order. */
#define EVENTS_INIT_TRAP	1	/* register the default trap handler */
#define EVENTS_INIT_HCR		2	/* set HCR_EL2.TID1 */
#define EVENTS_INIT_SERROR	4	/* register for SErrors */
#define EVENTS_INIT_TRNG	8	/* register entropy */
#define EVENTS_INIT_PROT	16	/* make a page r-- for the host; the log says which */

struct events_cpu {
	__u64 traps;		/* how often the default trap handler was asked */
	__u64 reg;		/* the last register: SYS_..., as the kernel encodes it */
	__u64 written;		/* what was to be written there */
	__u64 unmask;		/* what unmask() says */
	__u64 asked;		/* how often it was asked */
	__u64 yes;		/* how often it said so */
	__u64 told;		/* how often mask() was told */
	__u64 mask_daif;	/* DAIF and HCR_EL2 in it */
	__u64 mask_hcr;
};

struct events_psci {
	__u64 notification;
	__u64 cpu;
	__u64 hcr;
	__u64 hfgwtr;		/* 0 without FEAT_FGT */
};

struct events_state {
	struct events_cpu cpus[EVENTS_CPUS];
	__u64 answer;		/* what a register read gives; 0: what is there */
	__u64 init_cpu;		/* the CPU of the init function */

	__u64 nr_psci;
	struct events_psci psci[EVENTS_LOG];

	/* The guest SMC handler: the bits of HCR_EL2 and HFGWTR_EL2 to change for the host */
	__u64 guest_set, guest_clear;
	__u64 guest_fgt;
	__u64 nr_guest;
	__u64 guest_hcr[EVENTS_LOG];
	__u64 guest_hfgwtr[EVENTS_LOG];

	__u64 trng_fail;	/* the call that fails, from 1; 0: none */
	__u64 trng_nr;		/* calls */
	__u64 trng_bits[EVENTS_LOG];
};

/* The entropy of call @i, from 0. It does not heed how much it was asked for. */
static inline __u64 events_entropy(__u64 i)
{
	return 0xfedcba9876543211ULL - i * 0x1111111111111111ULL;
}

#define EVENTS_UUID							\
	{ 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,		\
	  0x8f, 0x9e, 0xad, 0xbc, 0xcb, 0xda, 0xe9, 0xf8 }

enum events_cmd {
	EVENTS_STATE,		/* res[0]: kernel VA of the state */
	EVENTS_TRNG,		/* res are kernel VAs: what registers entropy, another of that, and
				 * one that a test fills in
				 */
	EVENTS_LOOK,		/* two module calls, nothing between them: res are how often
				 * unmask() was asked and mask() told from the one to the other,
				 * and DAIF and HCR_EL2 in the second
				 */
	EVENTS_AT_ONCE,		/* member args[0] of the ops table with args[1] and args[2], as
				 * soon as CPUs have come here args[3] times in all
				 */
	EVENTS_READ_ACTLR,	/* res[0] is ACTLR_EL1 */
	EVENTS_WRITE_CONTEXTIDR,	/* CONTEXTIDR_EL1 becomes args[0] */
	EVENTS_READ_CONTEXTIDR,
	EVENTS_HAS_FGT,		/* res[0]: ID_AA64MMFR0_EL1.FGT */
};

struct events_request {
	__u64 cmd;
	__u64 args[4];
	__u64 res[4];
};

#define EVENTS_IOCTL	_IOWR('e', 1, struct events_request)

#endif /* __EVENTS_H__ */
