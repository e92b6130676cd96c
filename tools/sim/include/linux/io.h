/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of devices: reads and writes go to what sim_mmio() has put there. */
#ifndef SIM_LINUX_IO_H
#define SIM_LINUX_IO_H

#include <linux/types.h>

u64 sim_mmio_read(const volatile void *addr, unsigned int size);
void sim_mmio_write(volatile void *addr, unsigned int size, u64 val);

#define readb(addr)		((u8)sim_mmio_read(addr, 1))
#define readw(addr)		((u16)sim_mmio_read(addr, 2))
#define readl(addr)		((u32)sim_mmio_read(addr, 4))
#define readq(addr)		sim_mmio_read(addr, 8)
#define writeb(val, addr)	sim_mmio_write(addr, 1, (u8)(val))
#define writew(val, addr)	sim_mmio_write(addr, 2, (u16)(val))
#define writel(val, addr)	sim_mmio_write(addr, 4, (u32)(val))
#define writeq(val, addr)	sim_mmio_write(addr, 8, val)

#define readb_relaxed		readb
#define readw_relaxed		readw
#define readl_relaxed		readl
#define readq_relaxed		readq
#define writeb_relaxed		writeb
#define writew_relaxed		writew
#define writel_relaxed		writel
#define writeq_relaxed		writeq

#endif
