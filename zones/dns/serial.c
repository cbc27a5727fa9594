/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/dns/serial.h"

/* RFC 1982 3.1: the most that may be added to a serial is one less. */
#define HALF_CIRCLE UINT32_C(0x80000000)

bool
serial_is_newer(uint32_t a, uint32_t b)
{
	/* RFC 1982 3.2, in unsigned arithmetic modulo 2^32. */
	return a != b && a - b < HALF_CIRCLE;
}

int
serial_compare(uint32_t a, uint32_t b)
{
	if (a == b)
		return 0;
	return serial_is_newer(a, b) ? 1 : -1;
}

uint32_t
serial_next(uint32_t serial)
{
	return serial == UINT32_MAX ? 1 : serial + 1;
}

uint32_t
serial_advance(uint32_t current, uint32_t wanted)
{
	/* 0 can be newer, but is avoided as in serial_next(). */
	if (wanted != 0 && serial_is_newer(wanted, current))
		return wanted;
	return serial_next(current);
}
