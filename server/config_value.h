/* config_value.h - what the words of a configuration mean.
 *
 * Each reader takes one whole text: no blanks around it, nothing left over,
 * decimal digits only (012 is twelve, 1e3 and 0x10 are errors).
 *
 * Threads:   any.
 * Ownership: value_base64() allocates; free with value_wipe().
 * Units:     see each function.
 * Errors:    ERR_SYNTAX, the text has another form; ERR_RANGE, the number is
 *            too large for its unit.  Nothing is written then.
 * Standards: RFC 4632 3.1; RFC 4291 2.2, 2.3; RFC 5952 6; RFC 4648 4.
 */
#ifndef SERVER_CONFIG_VALUE_H
#define SERVER_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "zones/dns/error.h"

#define VALUE_NETWORK_LEN 64 /* room for a printed network */

enum error value_number(const char *text, uint64_t *) MUST_CHECK;

/* An integer and ms, s, m, h, d or w; bare: seconds. */
enum error value_duration(const char *text, uint64_t *ms) MUST_CHECK;

/* An integer and KiB, MiB, GiB; bare: octets. */
enum error value_size(const char *text, uint64_t *octets) MUST_CHECK;

/* true, false, yes, no, on, off; case-blind. */
enum error value_bool(const char *text, bool *) MUST_CHECK;

/* 192.0.2.1, 192.0.2.1:53, 2001:db8::1, [2001:db8::1], [2001:db8::1]:53; a
 * link-local address may name its interface (fe80::1%eth0).  ERR_RANGE if the
 * port is not 1 to 65535. */
enum error value_endpoint(
    const char *text, uint16_t default_port, struct endpoint *) MUST_CHECK;

bool value_same_endpoint(const struct endpoint *, const struct endpoint *);

/* An address, or address/bits.  ERR_RANGE if there are more bits than the
 * family has.  ERR_CONFLICT if bits behind the prefix are set: the network is
 * written all the same, with them cleared. */
enum error value_network(const char *text, struct config_network *) MUST_CHECK;

/* Prints into VALUE_NETWORK_LEN octets; returns text. */
char *value_network_text(const struct config_network *, char *text);

/* RFC 4648 4: with padding, without line breaks.  At least one octet. */
enum error value_base64(
    const char *text, uint8_t **octets, size_t *len) MUST_CHECK;

/* Overwrites and frees; NULL is harmless. */
void value_wipe(void *, size_t len);

#endif
