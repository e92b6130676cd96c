/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_KERNEL_H
#define SIM_LINUX_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <linux/bits.h>
#include <linux/kconfig.h>
#include <linux/types.h>

#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, #expr "" __VA_ARGS__)
#define BUILD_BUG_ON(cond)		_Static_assert(!(cond), "BUILD_BUG_ON: " #cond)

#undef min
#undef max
#define min(a, b)							\
({									\
	typeof(a) __min_a = (a);					\
	typeof(b) __min_b = (b);					\
									\
	__min_a < __min_b ? __min_a : __min_b;				\
})
#define max(a, b)							\
({									\
	typeof(a) __max_a = (a);					\
	typeof(b) __max_b = (b);					\
									\
	__max_a > __max_b ? __max_a : __max_b;				\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(val, lo, hi)	min(max(val, lo), hi)
#define swap(a, b)							\
do {									\
	typeof(a) __swap = (a);						\
									\
	(a) = (b);							\
	(b) = __swap;							\
} while (0)

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define round_up(x, a)		ALIGN(x, a)
#define round_down(x, a)	ALIGN_DOWN(x, a)
#define upper_32_bits(n)	((u32)((n) >> 32))
#define lower_32_bits(n)	((u32)(n))

#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))

#define U8_MAX			((u8)~0U)
#define U16_MAX			((u16)~0U)
#define U32_MAX			((u32)~0U)
#define U64_MAX			((u64)~0ULL)

/* There is no warning at EL2 that one could continue from: both are a panic. */
__noreturn void sim_bug(const char *what, const char *file, int line);

#define BUG()			sim_bug("BUG()", __FILE__, __LINE__)
#define BUG_ON(cond)							\
do {									\
	if (unlikely(cond))						\
		sim_bug("BUG_ON(" #cond ")", __FILE__, __LINE__);	\
} while (0)
#define WARN_ON(cond)							\
({									\
	if (unlikely(cond))						\
		sim_bug("WARN_ON(" #cond ")", __FILE__, __LINE__);	\
	0;								\
})
#define WARN_ON_ONCE(cond)	WARN_ON(cond)

#endif
