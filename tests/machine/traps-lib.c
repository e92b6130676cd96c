// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "traps.h"

__u64 symbol_address(const char *symbol)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], name[256];
	unsigned long long addr;
	__u64 found = 0;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %*c %255s", &addr, name) == 2 && !strcmp(name, symbol))
			found = addr;
	}
	if (file)
		fclose(file);

	return found;
}

const struct traps_kind_name kinds[TRAPS_NR_KINDS] = {
	[TRAPS_PERM_FAULT]	= { "perm_fault", OP_REGISTER_HOST_PERM_FAULT_HANDLER },
	[TRAPS_HOST_SMC]	= { "host_smc", OP_REGISTER_HOST_SMC_HANDLER },
	[TRAPS_GUEST_SMC]	= { "guest_smc", OP_REGISTER_GUEST_SMC_HANDLER },
	[TRAPS_DEFAULT_TRAP]	= { "default_trap", OP_REGISTER_DEFAULT_TRAP_HANDLER },
	[TRAPS_ILLEGAL_ABT]	= { "illegal_abt", OP_REGISTER_ILLEGAL_ABT_NOTIFIER },
	[TRAPS_PSCI]		= { "psci", OP_REGISTER_PSCI_NOTIFIER },
	[TRAPS_HYP_PANIC]	= { "hyp_panic", OP_REGISTER_HYP_PANIC_NOTIFIER },
};

static int traps_fd;
__u64 traps_states;

struct traps_request traps_request(enum traps_cmd cmd, const __u64 *args)
{
	struct traps_request req = { .cmd = cmd };

	memcpy(req.args, args, sizeof(req.args));
	if (ioctl(traps_fd, TRAPS_IOCTL, &req)) {
		printf("Bail out! /dev/traps: %m\n");
		exit(1);
	}

	return req;
}

void open_traps(void)
{
	traps_fd = open("/dev/traps", O_RDWR | O_CLOEXEC);
	traps_states = probe(PROBE_EL2_VA, traps(TRAPS_STATE, 0).res[0]).res[0];
}

/* EL2 address of handler @i; only these have names of this form. */
__u64 handler(enum traps_kind kind, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "__kvm_nvhe_traps_%s_%d", kinds[kind].name, i);

	return probe(PROBE_EL2_VA, symbol_address(name)).res[0];
}

int reg(enum traps_kind kind, int i)
{
	return op_int(kinds[kind].op, handler(kind, i));
}

void reset(enum traps_kind kind, __u64 take)
{
	poke(kind, take, take);
	poke(kind, nr, 0);
}

void call_el2(const char *function)
{
	probe(PROBE_JUMP, probe(PROBE_EL2_VA, symbol_address(function)).res[0]);
}

struct traps_request smc(__u64 id)
{
	return traps(TRAPS_SMC, id, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66);
}
