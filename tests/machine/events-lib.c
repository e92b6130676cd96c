// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "events.h"

static int events_fd;
static __u64 hcr_function, hfgwtr_function;
__u64 events_state;

struct events_request events_request(enum events_cmd cmd, const __u64 *args)
{
	struct events_request req = { .cmd = cmd };

	memcpy(req.args, args, sizeof(req.args));
	if (ioctl(events_fd, EVENTS_IOCTL, &req)) {
		printf("Bail out! /dev/events: %m\n");
		exit(1);
	}

	return req;
}

__u64 el2_va(const char *name)
{
	__u64 va = symbol(name);

	return va ? probe(PROBE_EL2_VA, va).res[0] : 0;
}

void open_events(void)
{
	events_fd = open("/dev/events", O_RDWR | O_CLOEXEC);
	events_state = probe(PROBE_EL2_VA, events(EVENTS_STATE).res[0]).res[0];
	hcr_function = el2_va("__kvm_nvhe_events_hcr");
	hfgwtr_function = el2_va("__kvm_nvhe_events_hfgwtr");
}

__u64 read_hcr(void)
{
	return probe(PROBE_JUMP, hcr_function).res[0];
}

__u64 read_hfgwtr(void)
{
	return probe(PROBE_JUMP, hfgwtr_function).res[0];
}
