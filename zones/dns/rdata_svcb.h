/* rdata_svcb.h - the RDATA of SVCB and HTTPS.
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     octets.
 * Errors:    bool: false says malformed.
 * Standards: RFC 9460 2.2, 2.4.2, 7, 8.
 */
#ifndef ZONES_DNS_RDATA_SVCB_H
#define ZONES_DNS_RDATA_SVCB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all len octets are priority, target and parameters in strictly
 * ascending order of their keys, each of a known key well-formed, and in
 * service mode consistent with each other. */
bool rdata_svcb_check(const uint8_t *rdata, size_t len);

#endif
