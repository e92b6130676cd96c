// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 console: what is written goes to the driver of a module, and to the test. */
#include <string.h>

#include "internal.h"

#define CONSOLE_SIZE	(64 * 1024)

static void (*serial_putc)(char c);
static bool listening, panicking;
static bool busy;		/* the driver runs: it must not write to the console */
static char text[CONSOLE_SIZE];
static size_t len;

void sim_reset_console(void)
{
	serial_putc = NULL;
	listening = false;
	panicking = false;
	busy = false;
	len = 0;
	text[0] = '\0';
}

const char *sim_console(void)
{
	return text;
}

void sim_listen(void)
{
	listening = true;
}

bool sim_has_serial(void)
{
	return serial_putc;
}

void sim_console_panic(void)
{
	panicking = true;
}

int op_register_serial_driver(void (*hyp_putc_cb)(char c))
{
	SIM_OP();
	if (!sim_is_text(hyp_putc_cb))
		return -EINVAL;
	if (serial_putc) {
		if (serial_putc == hyp_putc_cb)
			sim_refused("this function is the driver already");
		return -EBUSY;
	}
	serial_putc = hyp_putc_cb;

	return 0;
}

static bool begin(void)
{
	if (busy && serial_putc && !panicking)
		sim_fail("deadlock: the console's driver writes to the console");
	busy = true;

	return serial_putc || listening;
}

static void put(char c)
{
	if (len < CONSOLE_SIZE - 1) {
		text[len++] = c;
		text[len] = '\0';
	}
	if (!serial_putc)
		return;
	if (c == '\n')
		serial_putc('\r');
	serial_putc(c);
}

void op_putc(char c)
{
	SIM_OP();
	if (begin())
		put(c);
	busy = false;
}

void op_puts(const char *str)
{
	SIM_OP();
	if (!str)
		return;
	if (begin()) {
		for (sim_check_access(str, 1, false); *str; sim_check_access(++str, 1, false))
			put(*str);
		put('\n');
	}
	busy = false;
}

void op_putx64(u64 num)
{
	int shift;

	SIM_OP();
	if (begin()) {
		put('0');
		put('x');
		for (shift = 60; shift >= 0; shift -= 4)
			put("0123456789abcdef"[(num >> shift) & 0xf]);
		put('\n');
	}
	busy = false;
}
