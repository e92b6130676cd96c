/* SPDX-License-Identifier: GPL-2.0-only */
/* The public header itself: there is one source for the table. */
#include "../../../../kernel/include/kvm_pkvm_module.h"
