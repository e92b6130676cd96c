/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A64 instructions, after the encoding index of the Arm ARM (DDI 0487, C4.1).
 */
#ifndef MODCHECK_INSN_H
#define MODCHECK_INSN_H

#include <linux/types.h>
#include <stdbool.h>

#define INSN_SIZE	4
#define REG_SP		31
#define REG_ZR		32
#define NR_REGS		33		/* x0-x30, SP, XZR */

enum insn_op {
	INSN_OTHER,		/* writes rd, reads rn, rm and ra, and no more is known */
	INSN_NONE,		/* touches no general register: hints, barriers, compares */
	INSN_UNDEFINED,		/* UDF, or allocated to nothing */
	INSN_FP_SIMD,
	INSN_SVE,
	INSN_SME,
	INSN_ADR, INSN_ADRP,	/* rd = PC + imm */
	INSN_ADD_IMM,		/* rd = rn + imm */
	INSN_ADD_REG,		/* rd = rn + (rm << shift) */
	INSN_MOV_IMM,		/* rd = imm */
	INSN_MOVK,		/* 16 bits of rd at shift = imm */
	INSN_MOV_REG,		/* rd = rm */
	INSN_CSEL,		/* rd = rn or rm */
	INSN_LDR, INSN_STR,	/* rd, at [rn + imm] */
	INSN_LDR_REG, INSN_STR_REG,	/* rd, at [rn + (rm << shift)] */
	INSN_LDR_LIT,		/* rd, at PC + imm */
	INSN_LDP, INSN_STP,	/* rd and ra, at [rn + imm] */
	INSN_COPY,		/* memory copy and set: moves rd, rn and rm on */
	INSN_ATOMIC,		/* rm goes to [rn], rd comes from there */
	INSN_B, INSN_BL,	/* to PC + imm */
	INSN_B_COND,		/* the same, or go on */
	INSN_BR, INSN_BLR,	/* to rn */
	INSN_RET,		/* also ERET */
	INSN_BRK,
	INSN_CALL_OUT,		/* SVC, HVC, SMC */
};

enum insn_index {
	INDEX_OFFSET,		/* [rn, imm] */
	INDEX_PRE,		/* [rn, imm]! */
	INDEX_POST,		/* [rn], imm */
};

struct insn {
	enum insn_op op;
	unsigned char rd, rn, rm, ra;	/* REG_ZR where there is none */
	unsigned char size;		/* bytes of a load or store of one register */
	unsigned char shift;
	enum insn_index index;
	bool is_64bit;
	__s64 imm;
};

struct insn decode(__u32 word);
const char *fp_class(const struct insn *insn, __u32 word);

#endif
