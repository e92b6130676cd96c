/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_ESR_H
#define SIM_ASM_ESR_H

#include <linux/bits.h>

#define ESR_ELx_EC_UNKNOWN	0x00UL
#define ESR_ELx_EC_WFx		0x01UL
#define ESR_ELx_EC_HVC64	0x16UL
#define ESR_ELx_EC_SMC64	0x17UL
#define ESR_ELx_EC_SYS64	0x18UL
#define ESR_ELx_EC_IABT_LOW	0x20UL
#define ESR_ELx_EC_DABT_LOW	0x24UL
#define ESR_ELx_EC_SERROR	0x2FUL
#define ESR_ELx_EC_MAX		0x3FUL
#define ESR_ELx_EC_SHIFT	26
#define ESR_ELx_EC_MASK		(0x3FUL << ESR_ELx_EC_SHIFT)
#define ESR_ELx_EC(esr)		(((esr) & ESR_ELx_EC_MASK) >> ESR_ELx_EC_SHIFT)
#define ESR_ELx_IL		BIT(25)
#define ESR_ELx_ISS_MASK	GENMASK(24, 0)
#define ESR_ELx_ISS(esr)	((esr) & ESR_ELx_ISS_MASK)
#define ESR_ELx_xVC_IMM_MASK	0xFFFFUL

#define ESR_ELx_FSC		0x3F
#define ESR_ELx_FSC_TYPE	0x3C
#define ESR_ELx_FSC_LEVEL	0x03
#define ESR_ELx_FSC_FAULT	0x04
#define ESR_ELx_FSC_ACCESS	0x08
#define ESR_ELx_FSC_PERM	0x0C
#define ESR_ELx_WNR		BIT(6)
#define ESR_ELx_S1PTW		BIT(7)
#define ESR_ELx_EA		BIT(9)
#define ESR_ELx_FnV		BIT(10)
#define ESR_ELx_ISV		BIT(24)
#define ESR_ELx_SRT_SHIFT	16
#define ESR_ELx_SRT_MASK	(0x1FUL << ESR_ELx_SRT_SHIFT)

#define ESR_ELx_SYS64_ISS_DIR_READ	0x1UL
#define ESR_ELx_SYS64_ISS_RT_SHIFT	5
#define ESR_ELx_SYS64_ISS_RT(esr)	(((esr) >> ESR_ELx_SYS64_ISS_RT_SHIFT) & 0x1f)

static inline bool esr_fsc_is_permission_fault(unsigned long esr)
{
	return (esr & ESR_ELx_FSC_TYPE) == ESR_ELx_FSC_PERM;
}

static inline bool esr_fsc_is_translation_fault(unsigned long esr)
{
	return (esr & ESR_ELx_FSC_TYPE) == ESR_ELx_FSC_FAULT;
}

#endif
