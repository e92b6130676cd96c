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

/* A terminal wants both. */
static void put_newline(void (*put)(char c))
{
	put('\r');
	put('\n');
}

void pkvm_module_putc(char c)
{
	void (*put)(char c) = READ_ONCE(serial_putc);

	if (!put)
		return;

	hyp_spin_lock(&serial_lock);
	if (c == '\n')
		put_newline(put);
	else
		put(c);
	hyp_spin_unlock(&serial_lock);
}

void pkvm_module_puts(const char *str)
{
	void (*put)(char c) = READ_ONCE(serial_putc);

	if (!put || !str)
		return;

	hyp_spin_lock(&serial_lock);
	for (; *str; str++) {
		if (*str == '\n')
			put_newline(put);
		else
			put(*str);
	}
	put_newline(put);
	hyp_spin_unlock(&serial_lock);
}

void pkvm_module_putx64(u64 num)
{
	void (*put)(char c) = READ_ONCE(serial_putc);
	int shift;

	if (!put)
		return;

	hyp_spin_lock(&serial_lock);
	put('0');
	put('x');
	for (shift = 60; shift >= 0; shift -= 4)
		put("0123456789abcdef"[(num >> shift) & 0xf]);
	put_newline(put);
	hyp_spin_unlock(&serial_lock);
}
