/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handlers of every kind that a test registers and looks into through /dev/probe,
 * and /dev/traps for what sets them off.
 */
#ifndef __TRAPS_H__
#define __TRAPS_H__

#include <linux/ioctl.h>
#include <linux/types.h>

/* Of each kind there is one handler more than can be registered. */
#define TRAPS_HANDLERS	17
/* Guest SMC handlers in the form of release 15 note themselves as this and more. */
#define TRAPS_15	32
#define TRAPS_LOG	32

enum traps_kind {
	TRAPS_PERM_FAULT,
	TRAPS_HOST_SMC,
	TRAPS_GUEST_SMC,
	TRAPS_DEFAULT_TRAP,
	TRAPS_ILLEGAL_ABT,
	TRAPS_PSCI,
	TRAPS_HYP_PANIC,
	TRAPS_NR_KINDS,
};

struct traps_state {
	__u64 take;			/* bit i: handler i takes what it is asked about */
	__u64 watch;			/* host SMC: the function id to look at */
	__u64 nr;			/* how often one was called */
	__u64 log[TRAPS_LOG];		/* which one, the first time and so on */
	__u64 args[TRAPS_LOG][3];	/* what it was told */
};

/* What handler i leaves in x0 of an SMC that it takes, and in the register read. */
#define TRAPS_ANSWER(i)		(0x600d0000 + (i))

enum traps_cmd {
	TRAPS_STATE,		/* res[0]: kernel VA of the states, by kind */
	TRAPS_SMC,		/* SMC with x0.. = args[0..6]: res are x0-x3 */
	TRAPS_READ_AIDR,	/* res[0] is AIDR_EL1 */
};

struct traps_request {
	__u64 cmd;
	__u64 args[7];
	__u64 res[4];
};

#define TRAPS_IOCTL	_IOWR('t', 1, struct traps_request)

#endif /* __TRAPS_H__ */
