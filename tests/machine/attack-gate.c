// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module did not load, and the host wants a protected VM all the same: it asks EL2
 * itself, for a VM that no KVM knows of, and changes its mind while EL2 looks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "attack.h"

#include "kselftest.h"

#define ROUNDS	300

static void undo(const char *after)
{
	struct attack_run reset = { };

	attacker(ATTACK_RESET, &reset);
	claim(!reset.violation[0], "%s: all that it took comes back (%s)", after, reset.violation);
}

static void test_refused(void)
{
	struct attack_vm vm = { .nr_vcpus = 1, .is_protected = 1 };

	expect(init_attack_vm(&vm), -EPERM, "__pkvm_init_vm() of a protected VM gives -EPERM");
	expect(hypercall("__pkvm_init_vcpu", vm.handle, vm.vcpu_va, vm.vcpu_mem), -ENOENT,
	       "so that it has no vcpu: -ENOENT");
	undo("a protected VM");

	/* Any value but 0 is "protected" */
	vm.is_protected = 0x80;
	expect(init_attack_vm(&vm), -EPERM, "with another value for \"protected\", -EPERM too");
	undo("another value");

	vm.is_protected = 0;
	expect(init_attack_vm(&vm), 0, "of a normal one, 0");
	undo("a normal VM");
}

static struct attack_vm racing_vm;
static atomic_bool stop;

static void *flip(void *protected)
{
	run_on(1);
	for (__u64 val = 0; !atomic_load(&stop); val ^= 1)
		host_write((unsigned long)protected, val);

	return NULL;
}

/* A protected VM refuses what a normal one does not: to be looked at. */
static bool is_protected(__u64 handle)
{
	return hypercall("__pkvm_host_wrprotect_guest", handle, 0, 1) == -EINVAL;
}

static void test_race(void)
{
	int refused = 0, normal = 0, protected = 0, back = 0;
	struct attack_run reset = { };
	pthread_t thread;

	run_on(0);
	racing_vm = (struct attack_vm) { .nr_vcpus = 1 };
	attacker(ATTACK_VM, &racing_vm);
	pthread_create(&thread, NULL, flip, (void *)(unsigned long)racing_vm.protected_va);
	for (int i = 0; i < ROUNDS; i++) {
		__s64 ret = init_attack_vm(&racing_vm);

		refused += ret == -EPERM;
		if (!ret) {
			protected += is_protected(racing_vm.handle);
			normal++;
		}
		attacker(ATTACK_RESET, &reset);
		back += !reset.violation[0];
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);

	ksft_print_msg("%d refused, %d normal ones\n", refused, normal);
	expect(refused + normal, ROUNDS, "a VM that changes its mind is refused, or a normal one");
	expect(protected, 0, "it never comes to be a protected one");
	expect(back, ROUNDS, "and leaves nothing behind");
}

int main(void)
{
	open_probe();
	open_attacker();
	claim(!strncmp(first_line("/sys/kernel/pkvm/protected_vms"), "denied: ", 8),
	      "protected VMs are denied");
	test_refused();
	test_race();
	finished();
}
