// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM as it is used where there is no module, in any of its modes: a normal VM whose
 * guest makes the calls that pass by where modules would be asked.
 */
#include <stdio.h>

#include "caller.h"

#include "kselftest.h"

#define PSCI_VERSION	0x84000000
#define NO_CALL		0x8200c0de	/* in the range of SiP services */
#define TRNG_VERSION	0x84000050

int main(void)
{
	struct vm_result result;
	struct vm vm;
	__u64 version;

	print_header();
	result = start_caller(&vm, false);
	claim(result.step == VM_RAN && !result.error, "a VM runs");
	if (result.step != VM_RAN || result.error)
		finished();

	version = guest_hvc(&vm, PSCI_VERSION)[0];
	claim((int)version > 0x10000, "its HVC PSCI_VERSION gives %#llx", version);
	expect(guest_smc(&vm, PSCI_VERSION)[0], version, "its SMC PSCI_VERSION the same");
	expect(guest_smc(&vm, NO_CALL)[0], -1, "its SMC of nobody is not supported");
	expect(guest_hvc(&vm, NO_CALL)[0], -1, "nor is its HVC");
	expect(guest_hvc(&vm, TRNG_VERSION)[0], 0x10000, "it is asked for entropy by the host");
	destroy_vm(&vm);
	finished();
}
