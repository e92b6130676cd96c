// SPDX-License-Identifier: GPL-2.0-only
/* A64 instructions: the top-level table of the Arm ARM, and below it what is used here. */
#include "insn.h"
#include "modcheck.h"

static __u32 bits(__u32 word, unsigned int high, unsigned int low)
{
	return word >> low & (__u32)(BIT(high - low + 1) - 1);
}

static __s64 sign_extend(__u64 value, unsigned int nr_bits)
{
	return (__s64)(value << (64 - nr_bits)) >> (64 - nr_bits);
}

/* Register 31, where it is not the stack pointer. */
static unsigned char reg(__u32 field)
{
	return field == 31 ? REG_ZR : field;
}

/* --- data processing --- */

static struct insn decode_adr(__u32 word)
{
	__s64 imm = sign_extend(bits(word, 23, 5) << 2 | bits(word, 30, 29), 21);
	bool page = bits(word, 31, 31);

	return (struct insn) {
		.op = page ? INSN_ADRP : INSN_ADR,
		.rd = reg(bits(word, 4, 0)), .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR,
		.imm = page ? imm * 4096 : imm,
		.is_64bit = true,
	};
}

static struct insn decode_add_imm(__u32 word)
{
	bool sets_flags = bits(word, 29, 29);
	__u32 rd = bits(word, 4, 0);
	__s64 imm = bits(word, 21, 10) << (bits(word, 22, 22) ? 12 : 0);

	return (struct insn) {
		.op = sets_flags && rd == 31 ? INSN_NONE : INSN_ADD_IMM,
		.rd = sets_flags ? reg(rd) : rd,
		.rn = bits(word, 9, 5), .rm = REG_ZR, .ra = REG_ZR,
		.imm = bits(word, 30, 30) ? -imm : imm,
		.is_64bit = bits(word, 31, 31),
	};
}

static struct insn decode_mov_wide(__u32 word)
{
	unsigned int shift = 16 * bits(word, 22, 21);
	__u64 imm = (__u64)bits(word, 20, 5) << shift;
	struct insn insn = {
		.op = INSN_MOV_IMM,
		.rd = reg(bits(word, 4, 0)), .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR,
		.is_64bit = bits(word, 31, 31),
		.shift = shift,
		.imm = imm,
	};

	switch (bits(word, 30, 29)) {
	case 0:
		insn.imm = ~imm;
		break;
	case 1:
		insn.op = INSN_UNDEFINED;
		break;
	case 3:
		insn.op = INSN_MOVK;
		insn.imm = bits(word, 20, 5);
		break;
	}
	if (insn.op == INSN_MOV_IMM && !insn.is_64bit)
		insn.imm &= 0xffffffff;

	return insn;
}

/* Anything that computes rd of rn, and of nothing else. */
static struct insn decode_other_imm(__u32 word)
{
	bool logical = bits(word, 25, 23) == 4;
	bool sets_flags = logical && bits(word, 30, 29) == 3;
	__u32 rd = bits(word, 4, 0);

	return (struct insn) {
		.op = sets_flags && rd == 31 ? INSN_NONE : INSN_OTHER,
		.rd = logical && !sets_flags ? rd : reg(rd),
		.rn = reg(bits(word, 9, 5)), .ra = REG_ZR,
		.rm = bits(word, 25, 23) == 7 ? reg(bits(word, 20, 16)) : REG_ZR,
		.is_64bit = bits(word, 31, 31),
	};
}

static struct insn decode_dp_imm(__u32 word)
{
	switch (bits(word, 25, 23)) {
	case 0 ... 1:
		return decode_adr(word);
	case 2:
		return decode_add_imm(word);
	case 5:
		return decode_mov_wide(word);
	default:
		return decode_other_imm(word);
	}
}

static struct insn decode_add_reg(__u32 word)
{
	bool extended = bits(word, 21, 21);
	bool sets_flags = bits(word, 29, 29);
	bool subtracts = bits(word, 30, 30);
	__u32 rd = bits(word, 4, 0);
	struct insn insn = {
		.op = INSN_OTHER,
		.rd = extended && !sets_flags ? rd : reg(rd),
		.rn = extended ? bits(word, 9, 5) : reg(bits(word, 9, 5)),
		.rm = reg(bits(word, 20, 16)), .ra = REG_ZR,
		.is_64bit = bits(word, 31, 31),
	};

	if (sets_flags && rd == 31) {
		insn.op = INSN_NONE;
	} else if (!subtracts && extended) {
		insn.op = INSN_ADD_REG;
		insn.shift = bits(word, 12, 10);
	} else if (!subtracts && !bits(word, 23, 22)) {
		insn.op = INSN_ADD_REG;
		insn.shift = bits(word, 15, 10);
	}

	return insn;
}

static struct insn decode_dp_reg(__u32 word)
{
	struct insn insn = {
		.op = INSN_OTHER,
		.rd = reg(bits(word, 4, 0)), .rn = reg(bits(word, 9, 5)),
		.rm = reg(bits(word, 20, 16)), .ra = REG_ZR,
		.is_64bit = bits(word, 31, 31),
	};

	if (bits(word, 28, 24) == 0x0a) {		/* logical */
		if (bits(word, 30, 29) == 3 && insn.rd == REG_ZR)
			insn.op = INSN_NONE;
		else if (bits(word, 30, 29) == 1 && insn.rn == REG_ZR &&
			 !bits(word, 21, 21) && !bits(word, 15, 10))
			insn.op = INSN_MOV_REG;
	} else if (bits(word, 28, 24) == 0x0b) {
		insn = decode_add_reg(word);
	} else if (bits(word, 28, 21) == 0xd2) {	/* conditional compare */
		insn.op = INSN_NONE;
		insn.rd = REG_ZR;
		if (bits(word, 11, 11))
			insn.rm = REG_ZR;
	} else if (bits(word, 28, 21) == 0xd4) {	/* conditional select */
		if (!bits(word, 30, 30) && !bits(word, 11, 10))
			insn.op = INSN_CSEL;
	} else if (bits(word, 28, 24) == 0x1b) {	/* three sources */
		insn.ra = reg(bits(word, 14, 10));
	} else if (bits(word, 30, 30) && bits(word, 28, 21) == 0xd6) {	/* one source */
		insn.rm = REG_ZR;
	}

	return insn;
}

/* --- branches, exceptions, system --- */

static struct insn decode_branch_reg(__u32 word)
{
	struct insn insn = {
		.rd = REG_ZR, .rn = reg(bits(word, 9, 5)), .rm = REG_ZR, .ra = REG_ZR,
	};

	switch (bits(word, 24, 21)) {
	case 0:
	case 8:			/* with a pointer to be authenticated */
		insn.op = INSN_BR;
		break;
	case 1:
	case 9:
		insn.op = INSN_BLR;
		break;
	case 2:
	case 4:
		insn.op = INSN_RET;
		break;
	default:
		insn.op = INSN_UNDEFINED;
	}

	return insn;
}

static struct insn decode_exception(__u32 word)
{
	struct insn insn = { .rd = REG_ZR, .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR };

	switch (bits(word, 23, 21)) {
	case 0:
		insn.op = INSN_CALL_OUT;
		break;
	case 1:
		insn.op = INSN_BRK;
		break;
	default:
		insn.op = INSN_UNDEFINED;
	}

	return insn;
}

static struct insn decode_system(__u32 word)
{
	struct insn insn = { .rd = REG_ZR, .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR };

	/* FPCR and FPSR, either way */
	if ((word & 0xffdfffc0) == 0xd51b4400)
		insn.op = INSN_FP_SIMD;
	/* MRS, SYSL */
	else if (bits(word, 21, 21))
		insn.rd = reg(bits(word, 4, 0));
	else
		insn.op = INSN_NONE;

	return insn;
}

static struct insn decode_branch(__u32 word)
{
	struct insn insn = {
		.op = INSN_UNDEFINED,
		.rd = REG_ZR, .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR,
	};

	if (bits(word, 30, 26) == 0x05) {
		insn.op = bits(word, 31, 31) ? INSN_BL : INSN_B;
		insn.imm = sign_extend(bits(word, 25, 0), 26) * 4;
	} else if (bits(word, 30, 25) == 0x1a) {	/* CBZ, CBNZ */
		insn.op = INSN_B_COND;
		insn.imm = sign_extend(bits(word, 23, 5), 19) * 4;
	} else if (bits(word, 30, 25) == 0x1b) {	/* TBZ, TBNZ */
		insn.op = INSN_B_COND;
		insn.imm = sign_extend(bits(word, 18, 5), 14) * 4;
	} else if (bits(word, 30, 25) == 0x3a) {	/* CB<cc> */
		insn.op = INSN_B_COND;
		insn.imm = sign_extend(bits(word, 13, 5), 9) * 4;
	} else if (bits(word, 31, 25) == 0x2a) {	/* B.<cond> */
		insn.op = INSN_B_COND;
		insn.imm = sign_extend(bits(word, 23, 5), 19) * 4;
	} else if (bits(word, 31, 24) == 0xd4) {
		insn = decode_exception(word);
	} else if (bits(word, 31, 24) == 0xd5) {
		insn = decode_system(word);
	} else if (bits(word, 31, 25) == 0x6b) {
		insn = decode_branch_reg(word);
	}

	return insn;
}

/* --- loads and stores of general registers --- */

static struct insn decode_pair(__u32 word)
{
	static const enum insn_index index[] = {
		INDEX_OFFSET, INDEX_POST, INDEX_OFFSET, INDEX_PRE,
	};
	unsigned int size = bits(word, 31, 30) == 2 ? 8 : 4;

	return (struct insn) {
		.op = bits(word, 22, 22) ? INSN_LDP : INSN_STP,
		.rd = reg(bits(word, 4, 0)), .rn = bits(word, 9, 5), .rm = REG_ZR,
		.ra = reg(bits(word, 14, 10)),
		.size = size,
		.index = index[bits(word, 24, 23)],
		.imm = sign_extend(bits(word, 21, 15), 7) * size,
	};
}

static struct insn decode_literal(__u32 word)
{
	return (struct insn) {
		.op = bits(word, 31, 30) == 3 ? INSN_NONE : INSN_LDR_LIT,
		.rd = reg(bits(word, 4, 0)), .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR,
		.size = bits(word, 31, 30) == 1 ? 8 : 4,
		.imm = sign_extend(bits(word, 23, 5), 19) * 4,
	};
}

/* Acquire, release, exclusive, compare and swap. */
static struct insn decode_exclusive(__u32 word)
{
	bool load = bits(word, 22, 22);
	struct insn insn = {
		.op = INSN_ATOMIC,
		.rd = reg(bits(word, 4, 0)), .rn = bits(word, 9, 5),
		.rm = reg(bits(word, 4, 0)), .ra = REG_ZR,
		.size = 1 << bits(word, 31, 30),
	};

	if (bits(word, 23, 23) && !bits(word, 21, 21)) {	/* LDAR, STLR and their like */
		insn.op = load ? INSN_LDR : INSN_STR;
		insn.rm = REG_ZR;
	} else if (bits(word, 23, 23)) {			/* CAS: Rs is loaded */
		insn.rd = reg(bits(word, 20, 16));
	} else if (!bits(word, 21, 21) && load) {		/* LDXR */
		insn.op = INSN_LDR;
		insn.rm = REG_ZR;
	} else if (!bits(word, 21, 21)) {			/* STXR: Rs is the status */
		insn.rd = reg(bits(word, 20, 16));
	} else {						/* of two registers */
		insn.ra = reg(bits(word, 14, 10));
	}

	return insn;
}

/* Of one register: size and opc as all of them have it. */
static struct insn decode_register(__u32 word)
{
	__u32 size = bits(word, 31, 30), opc = bits(word, 23, 22);
	struct insn insn = {
		.op = opc ? INSN_LDR : INSN_STR,
		.rd = reg(bits(word, 4, 0)), .rn = bits(word, 9, 5), .rm = REG_ZR, .ra = REG_ZR,
		.size = 1 << size,
	};

	/* PRFM */
	if (size == 3 && opc == 2) {
		insn.op = INSN_NONE;
		insn.rd = REG_ZR;
	}

	return insn;
}

static struct insn decode_imm9(__u32 word)
{
	static const enum insn_index index[] = {
		INDEX_OFFSET, INDEX_POST, INDEX_OFFSET, INDEX_PRE,
	};
	struct insn insn = decode_register(word);

	insn.imm = sign_extend(bits(word, 20, 12), 9);
	insn.index = index[bits(word, 11, 10)];

	return insn;
}

static struct insn decode_reg_offset(__u32 word)
{
	struct insn insn = decode_register(word);

	insn.rm = reg(bits(word, 20, 16));
	insn.shift = bits(word, 12, 12) ? bits(word, 31, 30) : 0;
	if (insn.op == INSN_LDR)
		insn.op = INSN_LDR_REG;
	else if (insn.op == INSN_STR)
		insn.op = INSN_STR_REG;

	return insn;
}

static struct insn decode_atomic(__u32 word)
{
	struct insn insn = {
		.op = INSN_ATOMIC,
		.rd = reg(bits(word, 4, 0)), .rn = bits(word, 9, 5),
		.rm = reg(bits(word, 20, 16)), .ra = REG_ZR,
		.size = 1 << bits(word, 31, 30),
	};

	/* LDAPR */
	if ((word & 0x3ffffc00) == 0x38bfc000) {
		insn.op = INSN_LDR;
		insn.rm = REG_ZR;
	}

	return insn;
}

static struct insn decode_copy(__u32 word)
{
	return (struct insn) {
		.op = INSN_COPY,
		.rd = reg(bits(word, 4, 0)), .rn = reg(bits(word, 9, 5)),
		.rm = reg(bits(word, 20, 16)), .ra = REG_ZR,
	};
}

static struct insn decode_load_store(__u32 word)
{
	struct insn insn = {
		.op = INSN_OTHER,
		.rd = reg(bits(word, 4, 0)), .rn = bits(word, 9, 5),
		.rm = reg(bits(word, 20, 16)), .ra = REG_ZR,
	};

	if (bits(word, 29, 27) == 5)
		return decode_pair(word);
	if (bits(word, 29, 24) == 0x18)
		return decode_literal(word);
	if (bits(word, 29, 24) == 0x08)
		return decode_exclusive(word);
	if (bits(word, 29, 24) == 0x39) {
		insn = decode_register(word);
		insn.imm = (__s64)bits(word, 21, 10) << bits(word, 31, 30);
		return insn;
	}
	if (bits(word, 29, 24) == 0x38 && !bits(word, 21, 21))
		return decode_imm9(word);
	if (bits(word, 29, 24) == 0x38 && bits(word, 11, 10) == 2)
		return decode_reg_offset(word);
	if (bits(word, 29, 24) == 0x38 && bits(word, 11, 10) == 0)
		return decode_atomic(word);
	/* LDAPUR, STLUR */
	if (bits(word, 29, 24) == 0x19 && !bits(word, 21, 21) && !bits(word, 11, 10)) {
		insn = decode_register(word);
		insn.imm = sign_extend(bits(word, 20, 12), 9);
		return insn;
	}

	/* Memory tags, loads by authenticated pointers */
	return insn;
}

/* --- the top-level table --- */

struct insn decode(__u32 word)
{
	struct insn insn = {
		.op = INSN_UNDEFINED,
		.rd = REG_ZR, .rn = REG_ZR, .rm = REG_ZR, .ra = REG_ZR,
	};
	__u32 op0 = bits(word, 28, 25);

	switch (op0) {
	case 0x0:
		if (bits(word, 31, 31))
			insn.op = INSN_SME;
		break;
	case 0x2:
		insn.op = INSN_SVE;
		break;
	case 0x8 ... 0x9:
		return decode_dp_imm(word);
	case 0xa ... 0xb:
		return decode_branch(word);
	case 0x5:
	case 0xd:
		return decode_dp_reg(word);
	case 0x4:
	case 0x6:
	case 0xc:
	case 0xe:
		/* CPY* and SET*: bit 26 is another thing than in all others */
		if ((word & 0x3b200c00) == 0x19000400)
			return decode_copy(word);
		/* V: a register of SIMD&FP */
		if (!bits(word, 26, 26))
			return decode_load_store(word);
		insn.op = INSN_FP_SIMD;
		break;
	case 0x7:
	case 0xf:
		insn.op = INSN_FP_SIMD;
		break;
	}

	return insn;
}

/* What to call it, if it uses registers of SIMD&FP, SVE or SME; else NULL. */
const char *fp_class(const struct insn *insn, __u32 word)
{
	switch (insn->op) {
	case INSN_FP_SIMD:
		if ((word & 0x0a000000) == 0x08000000)
			return "load or store of an FP/SIMD register";
		if (bits(word, 31, 24) == 0xd5)
			return "access to FPCR or FPSR";
		return "FP/SIMD instruction";
	case INSN_SVE:
		return "SVE instruction";
	case INSN_SME:
		return "SME instruction";
	default:
		return NULL;
	}
}
