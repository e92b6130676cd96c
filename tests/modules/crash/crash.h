/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the module dies, and of what. */
#ifndef __CRASH_H__
#define __CRASH_H__

enum crash_where {
	CRASH_NOWHERE,
	CRASH_IN_INIT,
	CRASH_IN_CALL,
	CRASH_IN_SMC,
	CRASH_IN_FAULT,
	CRASH_IN_PUTC,		/* of the console, which a panic notifier then uses */
};

enum crash_how {
	CRASH_NULL,		/* a store to address 0 */
	CRASH_BUG,
	CRASH_WARN,
};

/* An SMC of nobody's: in the range of SiP services. */
#define CRASH_SMC	0x8200c4a5

#endif
