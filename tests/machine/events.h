/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/events, and what tests/modules/events keeps at EL2. */
#ifndef MACHINE_EVENTS_H
#define MACHINE_EVENTS_H

#include <stddef.h>

#include "lib.h"
#include "../modules/events/events.h"

/* After open_probe() */
void open_events(void);

/* events(COMMAND, ARGUMENTS...): at most four */
#define events(cmd, ...)						\
	events_request(cmd, (const __u64[4]) { __VA_ARGS__ })
struct events_request events_request(enum events_cmd cmd, const __u64 *args);

/* Members of struct events_state */
extern __u64 events_state;
#define event_peek(member)						\
	(probe(PROBE_PEEK, events_state + offsetof(struct events_state, member)).res[0])
#define event_poke(member, val)						\
	probe(PROBE_POKE, events_state + offsetof(struct events_state, member), val)

/* EL2 address of something in a module, by its symbol; 0 if there is none. */
__u64 el2_va(const char *name);

/* Of this CPU, as the host has them while EL2 works for it. */
__u64 read_hcr(void);
__u64 read_hfgwtr(void);

#endif
