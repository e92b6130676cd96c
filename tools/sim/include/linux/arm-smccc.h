/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_ARM_SMCCC_H
#define SIM_LINUX_ARM_SMCCC_H

#include <linux/kernel.h>
#include <linux/uuid.h>

#define ARM_SMCCC_STD_CALL		0U
#define ARM_SMCCC_FAST_CALL		1U
#define ARM_SMCCC_TYPE_SHIFT		31
#define ARM_SMCCC_SMC_32		0
#define ARM_SMCCC_SMC_64		1
#define ARM_SMCCC_CALL_CONV_SHIFT	30
#define ARM_SMCCC_OWNER_MASK		0x3F
#define ARM_SMCCC_OWNER_SHIFT		24
#define ARM_SMCCC_FUNC_MASK		0xFFFF

#define ARM_SMCCC_IS_FAST_CALL(id)	((id) & (ARM_SMCCC_FAST_CALL << ARM_SMCCC_TYPE_SHIFT))
#define ARM_SMCCC_IS_64(id)		((id) & (ARM_SMCCC_SMC_64 << ARM_SMCCC_CALL_CONV_SHIFT))
#define ARM_SMCCC_FUNC_NUM(id)		((id) & ARM_SMCCC_FUNC_MASK)
#define ARM_SMCCC_OWNER_NUM(id)		(((id) >> ARM_SMCCC_OWNER_SHIFT) & ARM_SMCCC_OWNER_MASK)
#define ARM_SMCCC_CALL_VAL(type, conv, owner, func)			\
	(((type) << ARM_SMCCC_TYPE_SHIFT) | ((conv) << ARM_SMCCC_CALL_CONV_SHIFT) |	\
	 (((owner) & ARM_SMCCC_OWNER_MASK) << ARM_SMCCC_OWNER_SHIFT) |	\
	 ((func) & ARM_SMCCC_FUNC_MASK))

#define ARM_SMCCC_OWNER_ARCH		0
#define ARM_SMCCC_OWNER_CPU		1
#define ARM_SMCCC_OWNER_SIP		2
#define ARM_SMCCC_OWNER_OEM		3
#define ARM_SMCCC_OWNER_STANDARD	4
#define ARM_SMCCC_OWNER_STANDARD_HYP	5
#define ARM_SMCCC_OWNER_VENDOR_HYP	6
#define ARM_SMCCC_OWNER_TRUSTED_APP	48
#define ARM_SMCCC_OWNER_TRUSTED_APP_END	49
#define ARM_SMCCC_OWNER_TRUSTED_OS	50
#define ARM_SMCCC_OWNER_TRUSTED_OS_END	63

#define ARM_SMCCC_1_3_SVE_HINT		0x10000
#define ARM_SMCCC_CALL_HINTS		ARM_SMCCC_1_3_SVE_HINT

#define ARM_SMCCC_VERSION_1_0		0x10000
#define ARM_SMCCC_VERSION_1_1		0x10001
#define ARM_SMCCC_VERSION_1_2		0x10002
#define ARM_SMCCC_VERSION_1_3		0x10003

#define __SIM_SMCCC(conv, owner, func)	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, conv, owner, func)
#define ARM_SMCCC_VERSION_FUNC_ID	__SIM_SMCCC(ARM_SMCCC_SMC_32, 0, 0)
#define ARM_SMCCC_ARCH_FEATURES_FUNC_ID	__SIM_SMCCC(ARM_SMCCC_SMC_32, 0, 1)
#define ARM_SMCCC_TRNG_VERSION		__SIM_SMCCC(ARM_SMCCC_SMC_32, ARM_SMCCC_OWNER_STANDARD, 0x50)
#define ARM_SMCCC_TRNG_FEATURES		__SIM_SMCCC(ARM_SMCCC_SMC_32, ARM_SMCCC_OWNER_STANDARD, 0x51)
#define ARM_SMCCC_TRNG_GET_UUID		__SIM_SMCCC(ARM_SMCCC_SMC_32, ARM_SMCCC_OWNER_STANDARD, 0x52)
#define ARM_SMCCC_TRNG_RND32		__SIM_SMCCC(ARM_SMCCC_SMC_32, ARM_SMCCC_OWNER_STANDARD, 0x53)
#define ARM_SMCCC_TRNG_RND64		__SIM_SMCCC(ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_STANDARD, 0x53)

#define SMCCC_RET_SUCCESS		0
#define SMCCC_RET_NOT_SUPPORTED		-1
#define SMCCC_RET_NOT_REQUIRED		-2
#define SMCCC_RET_INVALID_PARAMETER	-3

struct arm_smccc_res {
	unsigned long a0;
	unsigned long a1;
	unsigned long a2;
	unsigned long a3;
};

struct arm_smccc_1_2_regs {
	unsigned long a0;
	unsigned long a1;
	unsigned long a2;
	unsigned long a3;
	unsigned long a4;
	unsigned long a5;
	unsigned long a6;
	unsigned long a7;
	unsigned long a8;
	unsigned long a9;
	unsigned long a10;
	unsigned long a11;
	unsigned long a12;
	unsigned long a13;
	unsigned long a14;
	unsigned long a15;
	unsigned long a16;
	unsigned long a17;
};

/* An SMC of EL2 goes to the firmware: sim_set_firmware(). */
void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res);
void sim_el2_smc(unsigned int nr, const unsigned long *args);

/* The last of the arguments is a struct arm_smccc_res *, or NULL. */
#define arm_smccc_1_1_smc(...)						\
do {									\
	const unsigned long __args[] = { __SIM_MAP(__VA_ARGS__) };	\
									\
	sim_el2_smc(ARRAY_SIZE(__args), __args);			\
} while (0)

#define __SIM_UL(x)		(unsigned long)(x)
#define __SIM_MAP_1(a)		__SIM_UL(a)
#define __SIM_MAP_2(a, ...)	__SIM_UL(a), __SIM_MAP_1(__VA_ARGS__)
#define __SIM_MAP_3(a, ...)	__SIM_UL(a), __SIM_MAP_2(__VA_ARGS__)
#define __SIM_MAP_4(a, ...)	__SIM_UL(a), __SIM_MAP_3(__VA_ARGS__)
#define __SIM_MAP_5(a, ...)	__SIM_UL(a), __SIM_MAP_4(__VA_ARGS__)
#define __SIM_MAP_6(a, ...)	__SIM_UL(a), __SIM_MAP_5(__VA_ARGS__)
#define __SIM_MAP_7(a, ...)	__SIM_UL(a), __SIM_MAP_6(__VA_ARGS__)
#define __SIM_MAP_8(a, ...)	__SIM_UL(a), __SIM_MAP_7(__VA_ARGS__)
#define __SIM_MAP_9(a, ...)	__SIM_UL(a), __SIM_MAP_8(__VA_ARGS__)
#define __SIM_NTH(_1, _2, _3, _4, _5, _6, _7, _8, _9, n, ...)	__SIM_MAP_##n
#define __SIM_PICK(...)		__SIM_NTH(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define __SIM_MAP(...)		__SIM_PICK(__VA_ARGS__)(__VA_ARGS__)

#endif
