// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether protected VMs may start, at EL1 and at EL2. Arguments:
 *
 *	gate allowed		they may
 *	gate denied		they may not
 *	gate denied-many	nor may many of them
 *
 * Either way normal VMs run, and so do the checks of a host that lies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

#define GATE	"/sys/kernel/pkvm/protected_vms"
#define VMS	260		/* more than KVM_MAX_PVMS: handles that leak run out */

static void expect_vm(struct vm_result got, enum vm_step step, int error, const char *text)
{
	static const char * const names[] = {
		[VM_CREATE] = "KVM_CREATE_VM", [VM_SETUP] = "setup", [VM_RUN] = "KVM_RUN",
		[VM_RAN] = "the guest",
	};

	if (got.step != step || got.error != error)
		printf("# it ended at %s with %s\n", names[got.step], strerror(-got.error));
	claim(got.step == step && got.error == error, "%s", text);
}

static void expect_runs(bool protected, const char *text)
{
	expect_vm(run_vm(protected), VM_RAN, 0, text);
}

/* One that is refused leaves nothing behind, at EL1 or at EL2. */
static void check_many(enum vm_step step, const char *who)
{
	int refused = 0;

	log_mark();
	for (int i = 0; i < VMS; i++) {
		struct vm_result result = run_vm(true);

		refused += result.step == step && result.error == -EPERM;
	}
	expect(refused, VMS, "%s refuses %d protected VMs one after the other", who, VMS);
	expect(log_count("cut here"), 0, "the kernel warns of none of them");
	expect_runs(false, "a normal VM runs after that");
}

/* A compromised host: the kernel's own check says yes to all. */
static int disable_check(void)
{
	char params[128];

	snprintf(params, sizeof(params), "target=%#llx patch_text=%#llx",
		 symbol("pkvm_modules_allow_protected_vm"),
		 symbol("aarch64_insn_patch_text_nosync"));

	return insmod("/hostile.ko", params);
}

/* What the loader says to EL2 at the end, once more and with another answer. */
static void try_to_reopen(void)
{
	__u64 id;

	if (access("/dev/probe", F_OK))
		return;
	open_probe();
	id = probe(PROBE_FUNC, HVC_MODULE_CLOSE).res[0];
	expect(probe(PROBE_HVC, id, 1).res[0], PROBE_NOT_SUPPORTED,
	       "EL2 does not hear that all is well after all");
}

static void check_allowed(void)
{
	claim(!strcmp(first_line(GATE), "allowed"), "sysfs says that protected VMs are allowed");
	expect_runs(true, "a protected VM runs");
	expect_runs(false, "a normal VM runs");
	expect(disable_check(), 0, "the kernel's check can be taken out");
	expect_runs(true, "without it a protected VM runs as before");
}

static void check_denied(bool many)
{
	claim(!strncmp(first_line(GATE), "denied: ", 8),
	      "sysfs says that protected VMs are denied");
	expect_vm(run_vm(true), VM_CREATE, -EPERM, "KVM_CREATE_VM of a protected VM gives EPERM");
	expect_runs(false, "a normal VM runs");
	if (many)
		check_many(VM_CREATE, "EL1");

	expect(disable_check(), 0, "the kernel's check can be taken out");
	expect_vm(run_vm(true), VM_RUN, -EPERM,
		  "without it KVM_CREATE_VM works, but EL2 refuses: KVM_RUN gives EPERM");
	try_to_reopen();
	expect_vm(run_vm(true), VM_RUN, -EPERM, "a protected VM still does not run");
	expect_runs(false, "a normal VM still does");
	if (many)
		check_many(VM_RUN, "EL2");
}

/* After boot it is too late for EL2 modules, and they make no difference. */
static void check_late(const char *ko)
{
	bool allowed = !strcmp(first_line(GATE), "allowed");

	log_mark();
	expect(insmod(ko, ""), -EOPNOTSUPP, "insmod of an EL2 module after boot gives -EOPNOTSUPP");
	expect(log_count("too late, the host is deprivileged: use kvm-arm.protected_modules="), 1,
	       "the log says why in one line");
	claim(!strncmp(first_line(GATE), allowed ? "allowed" : "denied", 6),
	      "the gate stays as it was");
}

int main(int argc, char *argv[])
{
	const char *gate = argc > 1 ? argv[1] : "";

	print_header();
	printf("# %s\n", first_line(GATE));
	check_late("/late.ko");

	if (!strcmp(gate, "allowed"))
		check_allowed();
	else
		check_denied(!strcmp(gate, "denied-many"));

	finished();
}
