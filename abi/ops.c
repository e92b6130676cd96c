// SPDX-License-Identifier: GPL-2.0-only
/* The table of operations as modules are compiled against it, for its debug information. */

#include <kvm_pkvm_module.h>

struct pkvm_module_ops pkvm_module_ops;
