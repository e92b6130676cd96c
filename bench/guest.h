/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GUEST_H
#define GUEST_H

#define GUEST_CODE	0x40000000
#define GUEST_REPORT	(GUEST_CODE + 0x1000)
#define GUEST_SIZE	0x2000

#define GUEST_ROUNDS	80
#define GUEST_CALLS	250	/* short of the host's tick */

#ifdef __ASSEMBLER__
#define ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID	0xc6000003
#define PSCI_0_2_FN_SYSTEM_OFF				0x84000008
/* ARM_SMCCC_VENDOR_HYP_KVM_FEATURES_FUNC_ID: EL2 answers a protected VM itself. */
#define GUEST_CALL_EL2					0x86000000
/* Of nobody: the host says so. */
#define GUEST_CALL_HOST					0x8600ff42
#else
#include <linux/types.h>

/* What the guest writes at GUEST_REPORT: ticks of a round. */
struct guest_report {
	__u64 el2;
	__u64 host;
};

extern const char guest_start[], guest_end[];
#endif

#endif
