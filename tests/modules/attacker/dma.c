// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that writes to memory when the host says where: the entropy device of
 * QEMU (-device virtio-rng-device), driven with no more than that needs. There is no
 * driver for it in the machine's kernel.
 */

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/sizes.h>
#include <linux/virtio_byteorder.h>

#include <uapi/linux/virtio_config.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_mmio.h>
#include <uapi/linux/virtio_ring.h>

#include "internal.h"

/* Where QEMU's virt board has its virtio devices. */
#define TRANSPORTS	0x0a000000
#define TRANSPORT_SIZE	SZ_512
#define NR_TRANSPORTS	32

#define MAGIC		0x74726976
#define QUEUE_SIZE	1

/* In one page, each part aligned. */
struct queue {
	struct vring_desc desc[QUEUE_SIZE] __aligned(16);
	struct {
		__virtio16 flags, idx, ring[QUEUE_SIZE];
	} avail __aligned(16);
	struct {
		__virtio16 flags, idx;
		struct vring_used_elem ring[QUEUE_SIZE];
	} used __aligned(16);
};

static void __iomem *find_device(void)
{
	void __iomem *regs = ioremap(TRANSPORTS, NR_TRANSPORTS * TRANSPORT_SIZE);
	int i;

	for (i = 0; regs && i < NR_TRANSPORTS; i++) {
		void __iomem *dev = regs + i * TRANSPORT_SIZE;

		if (readl(dev + VIRTIO_MMIO_MAGIC_VALUE) == MAGIC &&
		    readl(dev + VIRTIO_MMIO_VERSION) == 2 &&
		    readl(dev + VIRTIO_MMIO_DEVICE_ID) == VIRTIO_ID_RNG)
			return dev;
	}

	return NULL;
}

static void write_addr(void __iomem *low, void *addr)
{
	writel(lower_32_bits(__pa(addr)), low);
	writel(upper_32_bits(__pa(addr)), low + 4);
}

static void start_device(void __iomem *dev, struct queue *queue)
{
	u32 status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	writel(0, dev + VIRTIO_MMIO_STATUS);
	writel(status, dev + VIRTIO_MMIO_STATUS);
	writel(1, dev + VIRTIO_MMIO_DRIVER_FEATURES_SEL);
	writel(BIT(VIRTIO_F_VERSION_1 - 32), dev + VIRTIO_MMIO_DRIVER_FEATURES);
	status |= VIRTIO_CONFIG_S_FEATURES_OK;
	writel(status, dev + VIRTIO_MMIO_STATUS);

	writel(0, dev + VIRTIO_MMIO_QUEUE_SEL);
	writel(QUEUE_SIZE, dev + VIRTIO_MMIO_QUEUE_NUM);
	write_addr(dev + VIRTIO_MMIO_QUEUE_DESC_LOW, queue->desc);
	write_addr(dev + VIRTIO_MMIO_QUEUE_AVAIL_LOW, &queue->avail);
	write_addr(dev + VIRTIO_MMIO_QUEUE_USED_LOW, &queue->used);
	writel(1, dev + VIRTIO_MMIO_QUEUE_READY);
	writel(status | VIRTIO_CONFIG_S_DRIVER_OK, dev + VIRTIO_MMIO_STATUS);
}

int dma_write(struct attack_dma *dma)
{
	static void __iomem *dev;
	struct queue *queue;
	int ms, ret;

	if (!dev)
		dev = find_device();
	if (!dev)
		return -ENODEV;

	queue = (struct queue *)get_zeroed_page(GFP_KERNEL);
	if (!queue)
		return -ENOMEM;

	queue->desc[0].addr = __cpu_to_virtio64(true, dma->phys);
	queue->desc[0].len = __cpu_to_virtio32(true, dma->len);
	queue->desc[0].flags = __cpu_to_virtio16(true, VRING_DESC_F_WRITE);
	start_device(dev, queue);

	queue->avail.idx = __cpu_to_virtio16(true, 1);
	/* The device sees the queue when it is told of it. */
	wmb();
	writel(0, dev + VIRTIO_MMIO_QUEUE_NOTIFY);

	ret = -ETIMEDOUT;
	for (ms = 0; ret && ms < 5000; ms++) {
		if (READ_ONCE(queue->used.idx) == __cpu_to_virtio16(true, 1))
			ret = 0;
		else
			usleep_range(1000, 2000);
	}

	writel(0, dev + VIRTIO_MMIO_STATUS);
	free_page((unsigned long)queue);

	return ret;
}
