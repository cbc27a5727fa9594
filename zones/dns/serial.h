/* serial.h - zone serial numbers, which run in a circle.
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     serials as in SOA (RFC 1035 3.3.13), in host order.
 * Errors:    none.
 * Standards: RFC 1982 3.
 */
#ifndef ZONES_DNS_SERIAL_H
#define ZONES_DNS_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* <0 if a is older than b, 0 if they are the same, >0 if a is newer.  Two
 * serials exactly half the circle apart are of no order (RFC 1982 3.2): each
 * is then told to be older than the other, so that neither seems newer. */
int serial_compare(uint32_t a, uint32_t b);

/* Whether a is newer than b. */
bool serial_is_newer(uint32_t a, uint32_t b);

/* The serial after this one; never 0, which some take for "no serial". */
uint32_t serial_next(uint32_t serial);

/* The serial a zone gets that stands at current and whose file or UPDATE says
 * wanted: wanted if that is newer, else the next. */
uint32_t serial_advance(uint32_t current, uint32_t wanted);

#endif
