// SPDX-License-Identifier: GPL-2.0-only

#include <linux/array_size.h>
#include <linux/list.h>

#include "features.h"

struct item {
	struct list_head node;
	int value;
};

static LIST_HEAD(items);
static struct item storage[3];

/* Items 1 and 2 are left of 0, 1, 2. */
bool features_list(void)
{
	struct item *item;
	int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(storage); i++) {
		storage[i].value = i;
		list_add_tail(&storage[i].node, &items);
	}
	list_del(&storage[0].node);

	list_for_each_entry(item, &items, node)
		seen = seen * 10 + item->value;

	return seen == 12;
}
