/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/traps, and the handlers of tests/modules/traps at EL2. */
#ifndef MACHINE_TRAPS_H
#define MACHINE_TRAPS_H

#include <stddef.h>

#include "lib.h"
#include "../modules/traps/traps.h"

#define SIP_CALL		0xc2000042	/* that no firmware has */
#define SMCCC_NOT_SUPPORTED	(-1)

/* Where in the ops table they are registered. */
struct traps_kind_name {
	const char *name;
	enum probe_op op;
};

extern const struct traps_kind_name kinds[TRAPS_NR_KINDS];

/* After open_probe() */
void open_traps(void);

#define traps(cmd, ...)							\
	traps_request(cmd, (const __u64[7]) { __VA_ARGS__ })

struct traps_request traps_request(enum traps_cmd cmd, const __u64 *args);

/* A host SMC with x1.. of 0x11, 0x22 and so on. */
struct traps_request smc(__u64 id);

/* EL2 address of the handlers' states. */
extern __u64 traps_states;
#define traps_field(kind, member)					\
	(traps_states + (kind) * sizeof(struct traps_state) +		\
	 offsetof(struct traps_state, member))
#define peek(kind, member)	(probe(PROBE_PEEK, traps_field(kind, member)).res[0])
#define poke(kind, member, val)	probe(PROBE_POKE, traps_field(kind, member), val)

/* EL2 address of handler @i, and what registering it gives. */
__u64 handler(enum traps_kind kind, int i);
int reg(enum traps_kind kind, int i);

/* Forgets what was noted; @take is which handlers take what they are asked about. */
void reset(enum traps_kind kind, __u64 take);
/* Calls a function of the module at EL2, on this CPU. */
void call_el2(const char *function);

/* The address of a kernel symbol, 0 if it is not to be seen. */
__u64 symbol_address(const char *symbol);

#endif
