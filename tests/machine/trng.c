// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entropy for protected guests: what they get for the calls of the SMCCC TRNG firmware
 * interface (Arm DEN0098), from a module or else from the host. Arguments:
 *
 *	trng			registered by a module call
 *	trng init		registered by an EL2 init function
 *	trng withdrawn		the same, of a module that failed then
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "events.h"

#define TRNG_VERSION		0x84000050
#define TRNG_FEATURES		0x84000051
#define TRNG_GET_UUID		0x84000052
#define TRNG_RND32		0x84000053
#define TRNG_RND64		0xc4000053

#define NOT_SUPPORTED		(-1)
#define INVALID_PARAMETERS	(-2)
#define NO_ENTROPY		(-3)

#define PSCI_VERSION		0x84000000

static const __u8 module_uuid[16] = EVENTS_UUID;
/* 0d21e000-4384-11eb-8070-5244554e5a4c: KVM's own */
static const __u8 kvm_uuid[16] = {
	0x0d, 0x21, 0xe0, 0x00, 0x43, 0x84, 0x11, 0xeb,
	0x80, 0x70, 0x52, 0x44, 0x55, 0x4e, 0x5a, 0x4c,
};

/* --- who answers --- */

static bool has_uuid(struct vm *vm, const __u8 *uuid)
{
	const __u64 *x = guest_hvc(vm, TRNG_GET_UUID);
	bool same = true;

	/* Byte 0 is in bits 7:0 of W0. */
	for (int i = 0; i < 16; i++)
		same &= (x[i / 4] >> 8 * (i % 4) & 0xff) == uuid[i];
	for (int i = 0; i < 4; i++)
		same &= !(x[i] >> 32);

	return same;
}

static void check_host_answers(struct vm *vm, const char *name)
{
	__u64 calls = event_peek(trng_nr), first;
	const __u64 *x;

	expect(guest_hvc(vm, TRNG_VERSION)[0], 0x10000, "%s: TRNG_VERSION is 1.0", name);
	claim(has_uuid(vm, kvm_uuid), "%s: TRNG_GET_UUID is KVM's: the host answers", name);
	x = guest_hvc(vm, TRNG_RND64, 64);
	expect(x[0], 0, "%s: TRNG_RND64 works", name);
	first = x[3];
	claim(guest_hvc(vm, TRNG_RND64, 64)[3] != first, "%s: ... and gives other bits each time",
	      name);
	expect(event_peek(trng_nr), calls, "%s: the module is not asked", name);
}

/* --- what it answers --- */

static void check_features(struct vm *vm)
{
	static const struct {
		const char *name;
		__u64 id;
		int ret;
	} ids[] = {
		{ "TRNG_VERSION", TRNG_VERSION, 0 },
		{ "TRNG_FEATURES", TRNG_FEATURES, 0 },
		{ "TRNG_GET_UUID", TRNG_GET_UUID, 0 },
		{ "TRNG_RND32", TRNG_RND32, 0 },
		{ "TRNG_RND64", TRNG_RND64, 0 },
		{ "the next number", 0x84000054, NOT_SUPPORTED },
		{ "TRNG_VERSION as a 64-bit call", 0xc4000050, NOT_SUPPORTED },
		{ "0", 0, NOT_SUPPORTED },
		{ "W1 of TRNG_RND32, with more in X1", 1ULL << 40 | TRNG_RND32, 0 },
		{ "W1 of no call, with more in X1", 1ULL << 40, NOT_SUPPORTED },
	};
	const __u64 *x;

	x = guest_hvc(vm, TRNG_VERSION, 1, 2, 3);
	expect(x[0], 0x10000, "TRNG_VERSION is 1.0");
	expect(x[1] | x[2] | x[3], 0, "... the other registers are zero");

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		x = guest_hvc(vm, TRNG_FEATURES, ids[i].id);
		expect((int)x[0], ids[i].ret, "TRNG_FEATURES of %s", ids[i].name);
		expect(x[1] | x[2] | x[3], 0, "... the other registers are zero");
	}
}

static __u64 mask_of(int bits)
{
	return bits <= 0 ? 0 : bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
}

static bool same_regs(const __u64 *x, const __u64 *wanted)
{
	bool same = !memcmp(x, wanted, 4 * sizeof(*x));

	for (int i = 4; i < 18; i++)
		same &= x[i] == CALLER_FILL(i);
	if (!same)
		printf("# got %#llx %#llx %#llx %#llx, wanted %#llx %#llx %#llx %#llx\n",
		       x[0], x[1], x[2], x[3], wanted[0], wanted[1], wanted[2], wanted[3]);

	return same;
}

/* @n bits, in the call whose registers are of @size bits. @more is in the rest of X1. */
static void check_bits(struct vm *vm, int size, int n, __u64 more)
{
	__u64 first = event_peek(trng_nr), words[3], wanted[4] = {};
	int calls = (n + 63) / 64, asked = 0;
	const __u64 *x;

	for (int i = 0; i < 3; i++)
		words[i] = events_entropy(first + i) & mask_of(n - 64 * i);
	if (size == 64) {
		for (int i = 0; i < 3; i++)
			wanted[3 - i] = words[i];
	} else {
		wanted[3] = (__u32)words[0];
		wanted[2] = words[0] >> 32;
		wanted[1] = (__u32)words[1];
	}

	x = guest_hvc(vm, size == 64 ? TRNG_RND64 : TRNG_RND32, more | n);
	claim(same_regs(x, wanted), "TRNG_RND%d of %d bits%s: each is in its place, others are 0",
	      size, n, more ? " in W1, with more in X1" : "");
	expect(event_peek(trng_nr), first + calls, "... the module is asked %d times", calls);
	for (int i = 0; i < calls; i++)
		asked += event_peek(trng_bits[(first + i) % EVENTS_LOG]);
	expect(asked, n, "... for so many bits");
}

static void check_rnd(struct vm *vm)
{
	static const int bits_64[] = { 1, 32, 63, 64, 65, 96, 127, 128, 129, 191, 192 };
	static const int bits_32[] = { 1, 31, 32, 33, 63, 64, 65, 95, 96 };

	event_poke(trng_nr, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bits_64); i++)
		check_bits(vm, 64, bits_64[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(bits_32); i++)
		check_bits(vm, 32, bits_32[i], 0);
	check_bits(vm, 32, 96, 0xffffffffULL << 32);
}

static void check_bad(struct vm *vm)
{
	static const struct {
		int size;
		__u64 bits;
	} bad[] = {
		{ 64, 0 }, { 64, 193 }, { 64, 1ULL << 32 | 64 }, { 64, 1ULL << 63 }, { 64, ~0ULL },
		{ 32, 0 }, { 32, 97 }, { 32, 192 }, { 32, 0xffffffff }, { 32, 1ULL << 32 },
	};
	__u64 calls = event_peek(trng_nr);
	const __u64 *x;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		x = guest_hvc(vm, bad[i].size == 64 ? TRNG_RND64 : TRNG_RND32, bad[i].bits);
		expect((int)x[0], INVALID_PARAMETERS, "TRNG_RND%d of %#llx bits is refused",
		       bad[i].size, bad[i].bits);
		expect(x[1] | x[2] | x[3], 0, "... the other registers are zero");
	}
	expect(event_peek(trng_nr), calls, "the module is not asked then");
}

static void check_failure(struct vm *vm)
{
	const __u64 *x;

	for (int fails = 1; fails <= 3; fails++) {
		event_poke(trng_nr, 0);
		event_poke(trng_fail, fails);
		x = guest_hvc(vm, TRNG_RND64, 192);
		expect((int)x[0], NO_ENTROPY, "the module fails at part %d: NO_ENTROPY", fails);
		expect(x[1] | x[2] | x[3], 0, "... and nothing of the parts before");
		expect(event_peek(trng_nr), fails, "... and it is not asked on");
	}
	event_poke(trng_nr, 0);
	event_poke(trng_fail, 1);
	x = guest_hvc(vm, TRNG_RND32, 32);
	expect((int)x[0], NO_ENTROPY, "TRNG_RND32: the same");
	expect(x[1] | x[2] | x[3], 0, "... the other registers are zero");
	event_poke(trng_fail, 0);
	check_bits(vm, 64, 192, 0);
}

static void check_module_answers(struct vm *vm)
{
	claim(has_uuid(vm, module_uuid), "TRNG_GET_UUID is the module's");
	check_features(vm);
	check_rnd(vm);
	check_bad(vm);
	check_failure(vm);
	expect(guest_hvc(vm, PSCI_VERSION)[0] >> 16, 1, "other calls are the host's");
}

/* --- registering --- */

/* EL2 addresses in the module: good, good, and to be filled in. */
static __u64 trng_ops(int i)
{
	return probe(PROBE_EL2_VA, events(EVENTS_TRNG, 0).res[i]).res[0];
}

static int register_trng(__u64 ops)
{
	return op_int(OP_REGISTER_GUEST_TRNG_OPS, ops);
}

/* struct pkvm_module_trng_ops is two pointers. */
static void fill_trng(__u64 ops, __u64 uuid, __u64 rnd64)
{
	probe(PROBE_POKE, ops, uuid);
	probe(PROBE_POKE, ops + 8, rnd64);
}

static void check_refused(void)
{
	__u64 good = trng_ops(0), bad = trng_ops(2);
	__u64 uuid = probe(PROBE_PEEK, good).res[0], rnd64 = probe(PROBE_PEEK, good + 8).res[0];
	const struct {
		const char *name;
		__u64 uuid, rnd64;
	} cases[] = {
		{ "no UUID", 0, rnd64 },
		{ "no function", uuid, 0 },
		{ "data for a function", uuid, events_state },
		{ "hypervisor text for a function", uuid, probe(PROBE_SLOT, OP_MEMCPY).res[0] },
		{ "an EL1 address for a function", uuid, symbol("_text") },
		{ "the middle of an instruction", uuid, rnd64 + 2 },
	};

	expect(register_trng(0), -EINVAL, "NULL gives -EINVAL");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fill_trng(bad, cases[i].uuid, cases[i].rnd64);
		expect(register_trng(bad), -EINVAL, "%s gives -EINVAL", cases[i].name);
	}
}

static void check_busy(void)
{
	expect(register_trng(trng_ops(0)), -EBUSY,
	       "registering it again gives -EBUSY");
	expect(register_trng(trng_ops(1)), -EBUSY,
	       "registering another gives -EBUSY");
}

/* The slot is free again: another module can have it. */
static void check_withdrawn(void)
{
	struct pages p = alloc_pages(0);

	op(OP_HOST_DONATE_HYP, p.pfn, 1, 0);
	fill_trng(p.hyp_va, p.hyp_va, el2_va("__kvm_nvhe_probe_hyp_echo"));
	expect(register_trng(p.hyp_va), 0, "another module can register then");
	expect(register_trng(p.hyp_va), -EBUSY, "... once");
	expect(run_vm(true).error, -EPERM, "a protected VM can not be created");
	claim(run_vm(false).step == VM_RAN, "a normal VM runs");
}

/* --- all of it --- */

static void start(struct vm *vm, bool protected, const char *name)
{
	struct vm_result result = start_caller(vm, protected);

	claim(result.step == VM_RAN && !result.error, "%s is started", name);
	if (result.step != VM_RAN)
		finished();
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";
	struct vm pvm, nvm, later;

	open_probe();
	if (!strcmp(what, "withdrawn")) {
		check_withdrawn();
		finished();
	}

	open_events();
	start(&pvm, true, "a protected VM");
	start(&nvm, false, "a normal VM");
	if (!strcmp(what, "init")) {
		claim(has_uuid(&pvm, module_uuid), "protected VM: TRNG_GET_UUID is the module's");
		check_bits(&pvm, 64, 192, 0);
		check_host_answers(&nvm, "normal VM");
		check_busy();
		finished();
	}

	check_host_answers(&pvm, "protected VM, none registered");
	check_host_answers(&nvm, "normal VM, none registered");
	check_refused();
	check_host_answers(&pvm, "protected VM, all refused");

	expect(register_trng(trng_ops(0)), 0, "entropy is registered");
	check_busy();
	/* A host that shares the memory may do so. */
	fill_trng(trng_ops(0), 0, 0);
	claim(has_uuid(&pvm, module_uuid), "the UUID is that of before when the struct is changed");
	check_bits(&pvm, 64, 192, 0);
	check_module_answers(&pvm);
	check_host_answers(&nvm, "normal VM");
	start(&later, true, "another protected VM");
	claim(has_uuid(&later, module_uuid), "... it asks the module, too");
	check_bits(&later, 64, 192, 0);
	check_bits(&pvm, 64, 192, 0);

	destroy_vm(&later);
	destroy_vm(&nvm);
	destroy_vm(&pvm);
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
