/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_NVHE_MEMORY_H
#define SIM_NVHE_MEMORY_H

#include <asm/page.h>

void *sim_hyp_va(phys_addr_t phys);
phys_addr_t sim_hyp_pa(const void *va);

#define hyp_phys_to_pfn(phys)	((u64)(phys) >> PAGE_SHIFT)
#define hyp_pfn_to_phys(pfn)	((phys_addr_t)(pfn) << PAGE_SHIFT)
#define __hyp_va(phys)		sim_hyp_va(phys)
#define __hyp_pa(va)		sim_hyp_pa((const void *)(va))
#define hyp_phys_to_virt(phys)	sim_hyp_va(phys)
#define hyp_virt_to_phys(va)	sim_hyp_pa(va)
#define hyp_virt_to_pfn(va)	hyp_phys_to_pfn(sim_hyp_pa(va))

#endif
