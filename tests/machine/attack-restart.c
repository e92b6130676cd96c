// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that wants another kernel in its place, or itself again: by kexec, by
 * hibernation, and by a crash. The kernel that a crash starts knows nothing of EL2, and
 * has all memory of the first one in /dev/mem, since for it that is none. What EL2 has,
 * it must not get.
 *
 *	attack-restart				the first kernel
 *	attack-restart after OWN PFN,PFN...	the second one
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kexec.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "attack.h"

#include "kselftest.h"

#define OWN		0x0077006e00770070ULL
#define CMDLINE		"console=ttyAMA0 panic=-1 loglevel=8 console_msg_format=syslog "	\
			"oops=panic nr_cpus=1 -- /bin/attack-restart after "

/*
 * An access that faults is done again and again, until then. The machine as a whole may
 * stand still for as long: more than one time.
 */
#define PATIENCE_US	5000
#define TRIES		4

static bool must_stay(struct victim *v)
{
	return v->class == GUEST_PAGE || is_secret(v);
}

/* --- the first kernel --- */

/* 0 or -errno */
static int load_second(const char *cmdline, unsigned long flags)
{
	int image = open("/Image", O_RDONLY | O_CLOEXEC);
	int initrd = open("/second", O_RDONLY | O_CLOEXEC);
	long ret = syscall(SYS_kexec_file_load, image, initrd, strlen(cmdline) + 1, cmdline, flags);
	int error = ret ? -errno : 0;

	close(initrd);
	close(image);

	return error;
}

/* The command line of the second kernel: what it is to look at is the end of it. */
static void write_cmdline(char *cmdline, size_t size)
{
	struct pages own = alloc_pages(0);
	size_t len, nr = 0;

	host_write(own.va, OWN);
	len = snprintf(cmdline, size, CMDLINE "%llx ", own.pfn);
	for_each_victim(v) {
		if (!must_stay(v))
			continue;
		len += snprintf(cmdline + len, size - len, "%s%llx", nr++ ? "," : "", v->pfn);
		if (len >= size)
			ksft_exit_fail_msg("too many pages for a command line\n");
	}
	ksft_print_msg("%zu pages to be had\n", nr);
}

static void first(void)
{
	const char *hibernation = "hibernation gives EBUSY";
	char cmdline[2048];

	open_probe();
	run_on(0);
	make_victims();
	write_cmdline(cmdline, sizeof(cmdline));

	/* arm64 itself says no, for any kernel in protected mode. */
	expect(load_second(cmdline, 0), -EBUSY, "kexec gives EBUSY");
	if (strstr(first_line("/sys/power/state"), "disk"))
		expect(write_file("/sys/power/state", "disk"), -EBUSY, "%s", hibernation);
	else
		skipped(hibernation, "no CONFIG_HIBERNATION: CONFIG_FRAGMENTS=hibernation");
	check_victims("after that");

	expect(load_second(cmdline, KEXEC_FILE_ON_CRASH), 0,
	       "a kernel for after a crash can be loaded");
	fflush(stdout);
	write_file("/proc/sysrq-trigger", "c");
	ksft_exit_fail_msg("there is no crash\n");
}

/* --- the second one --- */

static sigjmp_buf refused;

static void on_signal(int sig)
{
	siglongjmp(refused, sig);
}

static bool try_at(__u64 pfn, bool write, __u64 *val)
{
	struct itimerval patience = { .it_value.tv_usec = PATIENCE_US }, none = { };
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	__u64 *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, pfn * PAGE);
	int sig;

	if (page == MAP_FAILED)
		ksft_exit_fail_perror("/dev/mem");
	close(fd);
	sig = sigsetjmp(refused, 1);
	if (!sig) {
		setitimer(ITIMER_REAL, &patience, NULL);
		if (write)
			*(volatile __u64 *)page = *val;
		else
			*val = *(volatile __u64 *)page;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	munmap(page, PAGE);

	return !sig;
}

/* Reads @val from page @pfn, or writes it. False where it does not come to that. */
static bool gets_at(__u64 pfn, bool write, __u64 *val)
{
	for (int i = 0; i < TRIES; i++) {
		if (try_at(pfn, write, val))
			return true;
	}

	return false;
}

static void second(const char *own_pfn, char *list)
{
	__u64 own = strtoull(own_pfn, NULL, 16), val = 0, zero = 0;
	int nr = 0, reads = 0, writes = 0, shares = 0, donations = 0;
	struct attack_info info;

	print_header();
	signal(SIGALRM, on_signal);
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	open_attacker();
	attacker(ATTACK_INFO, &info);

	claim(*log_find("started at EL1"), "the second kernel runs at EL1");
	claim(gets_at(own, false, &val) && val == OWN,
	      "it reads the first one's memory in /dev/mem");
	claim(gets_at(own, true, &zero) && gets_at(own, false, &val) && !val, "... and writes it");

	for (char *pfn = strtok(list, ","); pfn; pfn = strtok(NULL, ",")) {
		__u64 secret = strtoull(pfn, NULL, 16);

		reads += gets_at(secret, false, &val);
		writes += gets_at(secret, true, &zero);
		shares += hypercall("__pkvm_host_share_hyp", secret) == -EPERM;
		donations += hypercall("__pkvm_module_topup_heap", secret) == -EPERM;
		nr++;
	}
	claim(nr, "there are pages that EL2 and a protected guest had");
	expect(reads, 0, "none of them can it read");
	expect(writes, 0, "nor write");

	expect(hypercall("__pkvm_host_share_hyp", info.pool_pfn), 0,
	       "EL2 is still there: it takes a share");
	expect(hypercall("__pkvm_host_unshare_hyp", info.pool_pfn), 0, "... and its end");
	expect(shares, nr, "it refuses to share what it has: -EPERM");
	expect(donations, nr, "it refuses it for the heap of modules: -EPERM");
	finished();
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "after"))
		second(argv[2], argv[3]);
	first();

	return 1;
}
