/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_BARRIER_H
#define SIM_ASM_BARRIER_H

#include <linux/compiler.h>

#define isb()			barrier()
#define dsb(opt)		barrier()
#define dmb(opt)		barrier()
#define mb()			__sync_synchronize()
#define rmb()			__sync_synchronize()
#define wmb()			__sync_synchronize()
#define smp_mb()		__sync_synchronize()
#define smp_rmb()		__sync_synchronize()
#define smp_wmb()		__sync_synchronize()
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define cpu_relax()		barrier()

#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, new)	__sync_val_compare_and_swap(p, old, new)

#endif
