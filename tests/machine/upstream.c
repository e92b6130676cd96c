// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs upstream's KVM selftests, which the initramfs has below /kvm, one after another.
 * What it prints is what upstream's kselftest/runner.sh would; that one wants a
 * timeout(1) which busybox does not have. Arguments:
 *
 *	upstream SECONDS LIST	those that the file LIST names, each in a line with its
 *				arguments, and each for so long at most
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "kselftest.h"

#define DIRECTORY	"/kvm/"
#define TIMED_OUT	(-1)

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In a process group of its own: nothing of it is left when the next one begins. */
static pid_t start(char *argv[], int output)
{
	char path[256];
	pid_t child = fork();

	if (child)
		return child;

	snprintf(path, sizeof(path), DIRECTORY "%s", argv[0]);
	/* They load themselves into their guests, by this name */
	argv[0] = path;
	setpgid(0, 0);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv(path, argv);
	dprintf(STDOUT_FILENO, "cannot run %s: %s\n", path, strerror(errno));
	_exit(127);
}

/* Prints what there is to read now: false at the end of it. */
static bool pass_on(int from)
{
	static bool in_line;
	char text[4096];
	ssize_t size = read(from, text, sizeof(text));

	for (ssize_t i = 0; i < size; i++) {
		if (!in_line)
			fputs("# ", stdout);
		in_line = text[i] != '\n';
		putchar(text[i]);
	}
	if (size <= 0 && in_line) {
		putchar('\n');
		in_line = false;
	}

	return size > 0;
}

/* Prints what @child does, until it ends: false if it has not by then. */
static bool watch(pid_t child, int output, long seconds)
{
	long left, deadline = now_ms() + seconds * 1000;
	struct pollfd fds[] = {
		{ .fd = output, .events = POLLIN },
		{ .fd = pidfd_open(child, 0), .events = POLLIN },
	};

	if (fds[1].fd < 0)
		ksft_exit_fail_perror("pidfd_open");
	while ((left = deadline - now_ms()) > 0 && poll(fds, 2, left) > 0) {
		if (fds[0].revents) {
			if (!pass_on(output))
				fds[0].fd = -1;
		} else if (fds[1].revents) {
			break;
		}
	}
	close(fds[1].fd);

	return fds[1].revents;
}

/* The words of @line, in place, and NULL: false for a line with none. */
static bool split(char *line, char *argv[], size_t size)
{
	size_t n = 0;

	for (char *word = strtok(line, " \t\n"); word; word = strtok(NULL, " \t\n")) {
		if (n + 1 == size)
			ksft_exit_fail_msg("%s: more than %zu arguments\n", argv[0], size - 2);
		argv[n++] = word;
	}
	argv[n] = NULL;

	return n > 0;
}

/* Returns its exit status, as a shell would have it, or TIMED_OUT. */
static int run(char *argv[], long seconds)
{
	int ends[2], status;
	bool ended;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		ksft_exit_fail_perror("pipe");
	child = start(argv, ends[1]);
	if (child < 0)
		ksft_exit_fail_perror("fork");
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);

	ended = watch(child, ends[0], seconds);
	/* Those that it has started, too, and then all that there was to say is said */
	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
	while (pass_on(ends[0]))
		;
	close(ends[0]);

	if (!ended)
		return TIMED_OUT;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void report(const char *name, int result, long seconds)
{
	char test[256];

	snprintf(test, sizeof(test), "selftests: kvm: %s", name);
	if (result == TIMED_OUT)
		ksft_test_result_code(KSFT_FAIL, test, "TIMEOUT %ld seconds", seconds);
	else if (result == KSFT_PASS || result == KSFT_SKIP)
		ksft_test_result_code(result, test, NULL);
	else
		ksft_test_result_code(KSFT_FAIL, test, "exit=%d", result);
}

int main(int argc, char *argv[])
{
	long seconds = argc == 3 ? atol(argv[1]) : 0;
	char *line = NULL, *words[16];
	size_t size = 0;
	FILE *list;

	setlinebuf(stdout);
	ksft_print_header();
	if (seconds <= 0)
		ksft_exit_fail_msg("usage: upstream SECONDS LIST\n");
	list = fopen(argv[2], "r");
	if (!list)
		ksft_exit_fail_perror(argv[2]);

	while (getline(&line, &size, list) > 0) {
		if (!split(line, words, ARRAY_SIZE(words)))
			continue;
		printf("# selftests: kvm: %s\n", words[0]);
		report(words[0], run(words, seconds), seconds);
	}
	ksft_set_plan(ksft_test_num());
	ksft_finished();
}
