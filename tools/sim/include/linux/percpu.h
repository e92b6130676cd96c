/* SPDX-License-Identifier: GPL-2.0-only */
#error "per-CPU data is not available to EL2 modules; use an array indexed by ops->hyp_smp_processor_id()"
