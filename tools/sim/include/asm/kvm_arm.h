/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_KVM_ARM_H
#define SIM_ASM_KVM_ARM_H

#include <linux/bits.h>

#include <asm/esr.h>

#define HCR_VM			BIT(0)
#define HCR_FMO			BIT(3)
#define HCR_IMO			BIT(4)
#define HCR_AMO			BIT(5)
#define HCR_DC			BIT(12)
#define HCR_TWI			BIT(13)
#define HCR_TWE			BIT(14)
#define HCR_TID0		BIT(15)
#define HCR_TID1		BIT(16)
#define HCR_TID2		BIT(17)
#define HCR_TID3		BIT(18)
#define HCR_TSC			BIT(19)
#define HCR_TIDCP		BIT(20)
#define HCR_TACR		BIT(21)
#define HCR_TSW			BIT(22)
#define HCR_TVM			BIT(26)
#define HCR_TGE			BIT(27)
#define HCR_HCD			BIT(29)
#define HCR_RW			BIT(31)
#define HCR_CD			BIT(32)
#define HCR_ID			BIT(33)
#define HCR_E2H			BIT(34)
#define HCR_TEA			BIT(37)
#define HCR_NV			BIT(42)
#define HCR_NV1			BIT(43)
#define HCR_NV2			BIT(45)
#define HCR_FWB			BIT(46)

#endif
