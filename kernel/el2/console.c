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
	int ret = -EINVAL;

	pkvm_module_lock();
	if (pkvm_module_is_text((unsigned long)hyp_putc_cb))
		ret = cmpxchg(&serial_putc, NULL, hyp_putc_cb) ? -EBUSY : 0;
	pkvm_module_unlock();

	return ret;
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

typedef void (*putc_t)(char c);

/*
 * The console, which is this CPU's until put_end(); NULL if there is none. A panic of
 * another CPU may come between the two: who has taken the lock gives it back, or those
 * that wait for it would wait for ever.
 */
static putc_t put_begin(bool *locked)
{
	/* Once: the module may be withdrawn on another CPU, which then waits for this one. */
	putc_t console = READ_ONCE(serial_putc);

	*locked = console && !READ_ONCE(panicking);
	if (*locked)
		hyp_spin_lock(&serial_lock);

	return console;
}

static void put_end(bool locked)
{
	if (locked)
		hyp_spin_unlock(&serial_lock);
}

/* A terminal wants both for the end of a line. */
static void put(putc_t console, char c)
{
	if (c == '\n')
		console('\r');
	console(c);
}

void pkvm_module_putc(char c)
{
	bool locked;
	putc_t console = put_begin(&locked);

	if (!console)
		return;

	put(console, c);
	put_end(locked);
}

void pkvm_module_puts(const char *str)
{
	bool locked;
	putc_t console = str ? put_begin(&locked) : NULL;

	if (!console)
		return;

	while (*str)
		put(console, *str++);
	put(console, '\n');
	put_end(locked);
}

void pkvm_module_putx64(u64 num)
{
	bool locked;
	putc_t console = put_begin(&locked);
	int shift;

	if (!console)
		return;

	put(console, '0');
	put(console, 'x');
	for (shift = 60; shift >= 0; shift -= 4)
		put(console, "0123456789abcdef"[(num >> shift) & 0xf]);
	put(console, '\n');
	put_end(locked);
}
