/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_COMPILER_H
#define SIM_LINUX_COMPILER_H

#define __force
#define __iomem
#define __user
#define __percpu
#define __must_check		__attribute__((warn_unused_result))
#define __maybe_unused		__attribute__((unused))
#define __always_unused		__attribute__((unused))
#define __used			__attribute__((used))
#undef __packed
#define __packed		__attribute__((packed))
#define __no_randomize_layout
#undef __aligned
#define __aligned(x)		__attribute__((aligned(x)))
#define __section(name)		__attribute__((section(name)))
#undef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#define noinline		__attribute__((noinline))
#define __noreturn		__attribute__((noreturn))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define asmlinkage
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define unreachable()		__builtin_unreachable()

#define __same_type(a, b)	__builtin_types_compatible_p(typeof(a), typeof(b))

#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val)						\
do {									\
	*(volatile typeof(x) *)&(x) = (val);				\
} while (0)

#endif
