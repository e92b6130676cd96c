// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"

#define NR_REGS		18

static __u64 *caller_word(struct vm *vm, size_t offset)
{
	return vm->memory + CALLER_PAGE - GUEST_PHYS + offset;
}

/* A guest that does not come back ends the program. */
static struct vm_result run_caller(struct vm *vm)
{
	struct vm_result result;

	alarm(30);
	result = resume_vm(vm);
	alarm(0);

	return result;
}

struct vm_result start_caller(struct vm *vm, bool protected)
{
	struct vm_result result = create_vm(vm, protected, caller_start,
					    caller_end - caller_start, NULL, 2 * PAGE);

	return result.step == VM_RUN ? run_caller(vm) : result;
}

const __u64 *guest_call(struct vm *vm, bool smc, const __u64 *x)
{
	__u64 *regs = caller_word(vm, CALLER_X);
	struct vm_result result;

	for (int i = 0; i < NR_REGS; i++)
		regs[i] = i < 4 ? x[i] : CALLER_FILL(i);
	*caller_word(vm, CALLER_SMC) = smc;

	result = run_caller(vm);
	if (result.step != VM_RAN || result.error) {
		printf("Bail out! the guest's call %#llx: KVM_RUN gave %d\n", x[0], result.error);
		exit(1);
	}

	return regs;
}
