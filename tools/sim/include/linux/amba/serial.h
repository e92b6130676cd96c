/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_AMBA_SERIAL_H
#define SIM_LINUX_AMBA_SERIAL_H

#include <linux/bits.h>

#define UART01x_DR		0x00
#define UART01x_FR		0x18
#define UART011_IBRD		0x24
#define UART011_FBRD		0x28
#define UART011_LCRH		0x2c
#define UART011_CR		0x30
#define UART011_IMSC		0x38
#define UART011_ICR		0x44

#define UART011_FR_TXFE		BIT(7)
#define UART011_FR_RXFF		BIT(6)
#define UART01x_FR_TXFF		BIT(5)
#define UART01x_FR_RXFE		BIT(4)
#define UART01x_FR_BUSY		BIT(3)

#endif
