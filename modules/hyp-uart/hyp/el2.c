// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part: drives the transmitter of a PL011 that the host, or the firmware,
 * has set up. The host can turn it off or keep its FIFO full, so nothing waits for
 * it for long.
 */

#include <linux/amba/serial.h>
#include <linux/io.h>
#include <linux/sizes.h>

#include <asm/kvm_pkvm_module.h>

/* A FIFO of 32 characters empties in 33 ms at 9600 baud. */
#define WAIT_USECS	10
#define MAX_WAITS	5000

/* Set by EL1 before the load. */
u64 hyp_uart_phys;

static const struct pkvm_module_ops *pkvm_ops;
static void __iomem *uart;
static bool stuck;

static bool is_full(void)
{
	return readl_relaxed(uart + UART01x_FR) & UART01x_FR_TXFF;
}

/* One that took too long once is not waited for again until it has gone on. */
static bool wait_for_room(void)
{
	unsigned int waits = stuck ? MAX_WAITS : 0;

	while (is_full()) {
		if (waits++ >= MAX_WAITS) {
			stuck = true;
			return false;
		}
		pkvm_ops->udelay(WAIT_USECS);
	}
	stuck = false;

	return true;
}

/* Called with the EL2 console's lock held. */
static void hyp_uart_hyp_putc(char c)
{
	if (wait_for_room())
		writel_relaxed((u8)c, uart + UART01x_DR);
}

int hyp_uart_hyp_init(const struct pkvm_module_ops *ops)
{
	unsigned long va;
	int ret;

	pkvm_ops = ops;

	ret = ops->create_private_mapping(hyp_uart_phys, SZ_4K, PAGE_HYP_DEVICE, &va);
	if (ret)
		return ret;
	uart = (void __iomem *)va;

	ret = ops->register_serial_driver(hyp_uart_hyp_putc);
	if (ret)
		return ret;

	ops->puts("hyp-uart: this line comes from EL2");

	return 0;
}
