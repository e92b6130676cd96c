/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock that is checked: taking it twice, dropping it when nobody has it, and
 * returning to the host with it are failures with the line where it was taken.
 */
#ifndef SIM_NVHE_SPINLOCK_H
#define SIM_NVHE_SPINLOCK_H

#include <linux/types.h>

typedef struct hyp_spinlock {
	const char *file;	/* where it was taken; NULL when nobody has it */
	int line;
	int cpu;
} hyp_spinlock_t;

#define __HYP_SPIN_LOCK_INITIALIZER	{ }
#define __HYP_SPIN_LOCK_UNLOCKED	((hyp_spinlock_t)__HYP_SPIN_LOCK_INITIALIZER)
#define DEFINE_HYP_SPINLOCK(x)		hyp_spinlock_t x = __HYP_SPIN_LOCK_INITIALIZER

void sim_spin_lock(hyp_spinlock_t *lock, const char *name, const char *file, int line);
void sim_spin_unlock(hyp_spinlock_t *lock, const char *name, const char *file, int line);
void sim_assert_locked(hyp_spinlock_t *lock, const char *name, const char *file, int line);

#define hyp_spin_lock_init(l)							\
do {										\
	*(l) = __HYP_SPIN_LOCK_UNLOCKED;					\
} while (0)
#define hyp_spin_lock(l)		sim_spin_lock(l, #l, __FILE__, __LINE__)
#define hyp_spin_unlock(l)		sim_spin_unlock(l, #l, __FILE__, __LINE__)
#define hyp_spin_is_locked(l)		((l)->file)
#define hyp_assert_lock_held(l)		sim_assert_locked(l, #l, __FILE__, __LINE__)

#endif
