// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entropy for protected guests (SMCCC TRNG, Arm DEN0098) from a module. The host
 * answers these calls otherwise, and a protected guest has no reason to believe it.
 *
 * Every HVC of a protected guest that goes to the host would have to be looked at for
 * that, so that the table of exit handlers is written to when a module registers: it is
 * read-only memory otherwise.
 */

#include <linux/arm-smccc.h>
#include <linux/bitmap.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>

#include <kvm/arm_hypercalls.h>

#include <nvhe/memory.h>
#include <nvhe/modules.h>
#include <nvhe/pkvm.h>

#include "ops.h"

#define TRNG_VERSION_1_0	0x10000
#define TRNG_NOT_SUPPORTED	(-1UL)
#define TRNG_INVALID_PARAMETER	(-2UL)
#define TRNG_NO_ENTROPY		(-3UL)
#define TRNG_MAX_BITS		192

/* NULL where no module has entropy. */
static int (*trng_rnd64)(u64 *entropy, int bits);
static uuid_t trng_uuid;

/* @size bits a register. */
static void trng_rnd(int (*rnd64)(u64 *entropy, int bits), struct kvm_vcpu *vcpu, int size,
		     u64 *val)
{
	u64 bits[TRNG_MAX_BITS / 64] = {};
	u64 nr_bits = smccc_get_arg1(vcpu);
	int i;

	/* The arguments of a 32-bit call are W registers. */
	if (size == 32)
		nr_bits = lower_32_bits(nr_bits);

	if (!nr_bits || nr_bits > 3 * size) {
		val[0] = TRNG_INVALID_PARAMETER;
		return;
	}

	for (i = 0; i < DIV_ROUND_UP(nr_bits, 64); i++) {
		int nr = min_t(int, nr_bits - 64 * i, 64);

		if (rnd64(&bits[i], nr)) {
			memzero_explicit(bits, sizeof(bits));
			val[0] = TRNG_NO_ENTROPY;
			return;
		}
		bits[i] &= GENMASK_ULL(nr - 1, 0);
	}

	val[0] = SMCCC_RET_SUCCESS;
	if (size == 32) {
		val[1] = lower_32_bits(bits[1]);
		val[2] = upper_32_bits(bits[0]);
		val[3] = lower_32_bits(bits[0]);
	} else {
		val[1] = bits[2];
		val[2] = bits[1];
		val[3] = bits[0];
	}
	memzero_explicit(bits, sizeof(bits));
}

static bool handle_trng(int (*rnd64)(u64 *entropy, int bits), struct kvm_vcpu *vcpu, u64 *val)
{
	const __le32 *uuid = (const __le32 *)trng_uuid.b;
	int i;

	switch (smccc_get_function(vcpu)) {
	case ARM_SMCCC_TRNG_VERSION:
		val[0] = TRNG_VERSION_1_0;
		return true;
	case ARM_SMCCC_TRNG_FEATURES:
		switch (lower_32_bits(smccc_get_arg1(vcpu))) {
		case ARM_SMCCC_TRNG_VERSION:
		case ARM_SMCCC_TRNG_FEATURES:
		case ARM_SMCCC_TRNG_GET_UUID:
		case ARM_SMCCC_TRNG_RND32:
		case ARM_SMCCC_TRNG_RND64:
			val[0] = SMCCC_RET_SUCCESS;
			return true;
		}
		val[0] = TRNG_NOT_SUPPORTED;
		return true;
	case ARM_SMCCC_TRNG_GET_UUID:
		for (i = 0; i < 4; i++)
			val[i] = le32_to_cpu(uuid[i]);
		return true;
	case ARM_SMCCC_TRNG_RND32:
		trng_rnd(rnd64, vcpu, 32, val);
		return true;
	case ARM_SMCCC_TRNG_RND64:
		trng_rnd(rnd64, vcpu, 64, val);
		return true;
	}

	return false;
}

/* Called instead of kvm_handle_pvm_hvc64(). */
static bool handle_pvm_hvc64(struct kvm_vcpu *vcpu, u64 *exit_code)
{
	/* Pairs with pkvm_module_register_trng(). */
	int (*rnd64)(u64 *entropy, int bits) = smp_load_acquire(&trng_rnd64);
	u64 val[4] = {};

	if (!rnd64 || !handle_trng(rnd64, vcpu, val))
		return kvm_handle_pvm_hvc64(vcpu, exit_code);

	smccc_set_retval(vcpu, val[0], val[1], val[2], val[3]);

	return true;
}

/* -EBUSY if this CPU's window is open. */
static int set_pvm_hvc_handler(bool (*fn)(struct kvm_vcpu *vcpu, u64 *exit_code))
{
	bool (**entry)(struct kvm_vcpu *vcpu, u64 *exit_code);

	entry = pkvm_module_fixmap_map(__hyp_pa(&pvm_exit_handlers[ESR_ELx_EC_HVC64]));
	if (!entry)
		return -EBUSY;

	WRITE_ONCE(*entry, fn);
	pkvm_module_fixmap_unmap();

	return 0;
}

/* A copy, read once: what was checked is what is called, wherever @ops are. */
int pkvm_module_register_trng(const struct pkvm_module_trng_ops *ops)
{
	int (*rnd64)(u64 *entropy, int bits);
	const uuid_t *uuid;
	int ret = -EINVAL;

	if (!ops)
		return -EINVAL;

	rnd64 = READ_ONCE(ops->trng_rnd64);
	uuid = READ_ONCE(ops->trng_uuid);

	pkvm_module_lock();
	if (uuid && pkvm_module_is_text((unsigned long)rnd64)) {
		ret = -EBUSY;
		if (!trng_rnd64) {
			uuid_copy(&trng_uuid, uuid);
			/* Pairs with handle_pvm_hvc64(). */
			smp_store_release(&trng_rnd64, rnd64);
			ret = set_pvm_hvc_handler(handle_pvm_hvc64);
			if (ret)
				WRITE_ONCE(trng_rnd64, NULL);
		}
	}
	pkvm_module_unlock();

	return ret;
}

/* As pkvm_module_remove_serror(). */
void pkvm_module_remove_trng(unsigned long text_start, unsigned long text_end)
{
	unsigned long fn = (unsigned long)trng_rnd64;

	if (fn < text_start || fn >= text_end)
		return;

	WARN_ON(set_pvm_hvc_handler(kvm_handle_pvm_hvc64));
	WRITE_ONCE(trng_rnd64, NULL);
}
