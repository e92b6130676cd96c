// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 console: a character at a time to whatever a module drives. Characters of
 * one call are not torn apart by another CPU.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/modules.h>
#include <nvhe/spinlock.h>

#include "ops.h"

static void (*serial_putc)(char c);
static DEFINE_HYP_SPINLOCK(serial_lock);

int pkvm_module_register_serial(void (*hyp_putc_cb)(char c))
{
	if (!pkvm_module_is_text((unsigned long)hyp_putc_cb))
		return -EINVAL;

	return cmpxchg(&serial_putc, NULL, hyp_putc_cb) ? -EBUSY : 0;
}

void pkvm_module_remove_serial(unsigned long text_start, unsigned long text_end)
{
	unsigned long fn = (unsigned long)READ_ONCE(serial_putc);

	if (fn >= text_start && fn < text_end)
		WRITE_ONCE(serial_putc, NULL);
}

/* The CPU that panics may be the one that holds the lock: last words go without. */
static bool panicking;

void pkvm_module_console_panic(void)
{
	WRITE_ONCE(panicking, true);
}

/* Whether there is a console. It is this CPU's until put_end(). */
static bool put_begin(void)
{
	if (!READ_ONCE(serial_putc))
		return false;

	if (!READ_ONCE(panicking))
		hyp_spin_lock(&serial_lock);

	return true;
}

static void put_end(void)
{
	if (!READ_ONCE(panicking))
		hyp_spin_unlock(&serial_lock);
}

/* A terminal wants both for the end of a line. */
static void put(char c)
{
	if (c == '\n')
		serial_putc('\r');
	serial_putc(c);
}

void pkvm_module_putc(char c)
{
	if (!put_begin())
		return;

	put(c);
	put_end();
}

void pkvm_module_puts(const char *str)
{
	if (!str || !put_begin())
		return;

	while (*str)
		put(*str++);
	put('\n');
	put_end();
}

void pkvm_module_putx64(u64 num)
{
	int shift;

	if (!put_begin())
		return;

	put('0');
	put('x');
	for (shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[(num >> shift) & 0xf]);
	put('\n');
	put_end();
}
