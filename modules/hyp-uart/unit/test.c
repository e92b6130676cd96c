// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part of hyp-uart, on the build machine: make unit M=modules/hyp-uart */

#include <string.h>

#include <linux/amba/serial.h>

#include <sim.h>

#define UART_PHYS	0x09000000ULL

/* Set by EL1 before the load. */
extern u64 hyp_uart_phys;

/* A PL011: what was sent, and how long its FIFO stays full. */
static struct {
	char sent[256];
	unsigned int nr;
	u64 full_until;
} pl011;

static u64 pl011_read(struct sim_device *dev, u64 offset, unsigned int size)
{
	assert_int_equal(offset, UART01x_FR);

	return sim_time() < pl011.full_until ? UART01x_FR_TXFF : 0;
}

static void pl011_write(struct sim_device *dev, u64 offset, unsigned int size, u64 val)
{
	assert_int_equal(offset, UART01x_DR);
	pl011.sent[pl011.nr++ % sizeof(pl011.sent)] = val;
}

static int set_up(void **state)
{
	static struct sim_device dev = {
		.name = "pl011", .phys = UART_PHYS, .size = SZ_4K, .read = pl011_read,
		.write = pl011_write,
	};

	sim_setup(state);
	memset(&pl011, 0, sizeof(pl011));
	sim_add_device(&dev);
	hyp_uart_phys = UART_PHYS;

	return 0;
}

static void writes_a_line_when_loaded(void **state)
{
	assert_int_equal(sim_boot(), 0);

	assert_true(sim_has_serial());
	assert_string_equal(pl011.sent, "hyp-uart: this line comes from EL2\r\n");
	assert_string_equal(sim_console(), "hyp-uart: this line comes from EL2\n");
}

static void writes_what_others_say(void **state)
{
	sim_boot();
	memset(&pl011, 0, sizeof(pl011));

	sim_ops()->putc('x');
	sim_ops()->putx64(0x123);
	assert_string_equal(pl011.sent, "x0x0000000000000123\r\n");
}

static void waits_for_the_fifo(void **state)
{
	u64 start;

	sim_boot();
	memset(&pl011, 0, sizeof(pl011));
	start = sim_time();
	pl011.full_until = start + 1000;

	sim_ops()->putc('a');
	assert_string_equal(pl011.sent, "a");
	assert_in_range(sim_time() - start, 1000, 1100);
}

/* The host may have turned it off: that is waited for once. */
static void does_not_wait_for_ever(void **state)
{
	u64 start;

	sim_boot();
	memset(&pl011, 0, sizeof(pl011));
	start = sim_time();
	pl011.full_until = ~0ULL;

	sim_ops()->puts("nobody hears this");
	assert_in_range(sim_time() - start, 50000, 51000);
	assert_string_equal(pl011.sent, "");

	pl011.full_until = 0;
	sim_ops()->puts("this");
	assert_string_equal(pl011.sent, "this\r\n");
}

static void does_not_load_beside_another(void **state)
{
	assert_int_equal(sim_boot(), 0);
	sim_tolerate(true);
	assert_int_equal(sim_boot(), -EBUSY);
}

static void does_not_load_at_a_bad_address(void **state)
{
	hyp_uart_phys = -SZ_4K;

	assert_int_equal(sim_boot(), -EINVAL);
	assert_false(sim_has_serial());
}

#define test(fn)	cmocka_unit_test_setup_teardown(fn, set_up, sim_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(writes_a_line_when_loaded),
		test(writes_what_others_say),
		test(waits_for_the_fifo),
		test(does_not_wait_for_ever),
		test(does_not_load_beside_another),
		test(does_not_load_at_a_bad_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
