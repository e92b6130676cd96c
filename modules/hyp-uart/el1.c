// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: finds the PL011. All else is done at EL2. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sizes.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_hyp_uart_hyp_init(const struct pkvm_module_ops *ops);

extern u64 kvm_nvhe_sym(hyp_uart_phys);

static unsigned long long phys;
module_param(phys, ullong, 0444);
MODULE_PARM_DESC(phys, "Address of the PL011; by default the first one in the device tree");

static int __init find_uart(void)
{
	struct device_node *node;
	struct resource res;

	for_each_compatible_node(node, NULL, "arm,pl011") {
		if (of_device_is_available(node) && !of_address_to_resource(node, 0, &res)) {
			phys = res.start;
			of_node_put(node);
			return 0;
		}
	}

	pr_err("the device tree has no PL011; say phys=\n");

	return -ENODEV;
}

static int __init hyp_uart_init(void)
{
	int ret;

	if (!phys) {
		ret = find_uart();
		if (ret)
			return ret;
	}
	if (!IS_ALIGNED(phys, SZ_4K)) {
		pr_err("%#llx is not the address of a PL011\n", phys);
		return -EINVAL;
	}

	kvm_nvhe_sym(hyp_uart_phys) = phys;
	ret = pkvm_load_el2_module(__kvm_nvhe_hyp_uart_hyp_init);
	if (!ret)
		pr_info("the EL2 console is the PL011 at %#llx\n", phys);

	return ret;
}
module_init(hyp_uart_init);

MODULE_DESCRIPTION("pKVM vendor module: a PL011 as the hypervisor's console");
MODULE_LICENSE("GPL");
