/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration of the simulated kernel. tools/sim/kbuild has the same for make. */
#ifndef SIM_LINUX_KCONFIG_H
#define SIM_LINUX_KCONFIG_H

#define CONFIG_ARM64		1
#define CONFIG_ARM64_4K_PAGES	1
#define CONFIG_KVM		1
#define CONFIG_PKVM_MODULES	1

/* 1 for what is defined to 1, 0 for what is not defined */
#define __SIM_ARG_1		0,
#define __SIM_SECOND(ignored, val, ...)	val
#define __SIM_IS_SET_(arg)	__SIM_SECOND(arg 1, 0)
#define __SIM_IS_SET(val)	__SIM_IS_SET_(__SIM_ARG_##val)
#define __SIM_ENABLED(val)	__SIM_IS_SET(val)

#define IS_ENABLED(option)	__SIM_ENABLED(option)
#define IS_BUILTIN(option)	__SIM_ENABLED(option)
#define IS_REACHABLE(option)	__SIM_ENABLED(option)

#endif
