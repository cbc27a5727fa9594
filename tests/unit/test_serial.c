/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "zones/dns/serial.h"

TestSuite(serial, .timeout = 5);

/* RFC 1982 3.2: newer is what lies less than half the circle ahead. */
Test(serial, order_follows_the_circle)
{
	static const struct {
		uint32_t a, b;
		int expected;
	} rows[] = {
	    {0, 0, 0},
	    {1, 0, 1},
	    {0, 1, -1},
	    {44, 0, 1},
	    {200, 100, 1},
	    {0, 0xffffffff, 1},
	    {0xffffffff, 0, -1},
	    {0x7fffffff, 0, 1},
	    {0x80000001, 0, -1},
	    {5, 0xfffffff0, 1},
	    {2026010101, 2025123199, 1},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = serial_compare(rows[i].a, rows[i].b);

		cr_expect_eq(
		    (got > 0) - (got < 0), rows[i].expected, "row %zu", i);
		cr_expect_eq(serial_is_newer(rows[i].a, rows[i].b),
		    rows[i].expected > 0, "row %zu", i);
	}
}

/* RFC 1982 3.2 leaves these undefined; no transfer may start from them. */
Test(serial, half_the_circle_apart_neither_is_newer)
{
	cr_expect(!serial_is_newer(0x80000000, 0));
	cr_expect(!serial_is_newer(0, 0x80000000));
	cr_expect_neq(serial_compare(0x80000007, 7), 0);
	cr_expect_neq(serial_compare(7, 0x80000007), 0);
}

Test(serial, next_is_newer_and_never_zero)
{
	static const uint32_t rows[] = {
	    0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t next = serial_next(rows[i]);

		cr_expect(serial_is_newer(next, rows[i]), "row %zu", i);
		cr_expect_neq(next, 0, "row %zu", i);
	}
	cr_expect_eq(serial_next(41), 42);
	cr_expect_eq(serial_next(0xffffffff), 1);
}

/* A zone file with an old serial must not take the zone back. */
Test(serial, advance_always_rises)
{
	cr_expect_eq(serial_advance(10, 20), 20);
	cr_expect_eq(serial_advance(10, 10), 11);
	cr_expect_eq(serial_advance(10, 5), 11);
	cr_expect_eq(serial_advance(0xffffffff, 0), 1);
	cr_expect_eq(serial_advance(0xfffffff0, 3), 3);
	cr_expect_eq(serial_advance(0, 0x80000000), 1);
}
