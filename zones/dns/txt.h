/* txt.h - attributes in TXT records.
 *
 * A TXT record of a service instance is a list of strings `key=value`, or
 * `key` alone (RFC 6763 6.4): keys are compared case-blind, the first of a key
 * counts, a string that starts with `=` is skipped.
 *
 * Threads:   any.
 * Ownership: values point into the RDATA.
 * Units:     octets.
 * Errors:    NULL or false: not there.
 * Standards: RFC 1035 3.3.14; RFC 6763 6.3, 6.4.
 */
#ifndef ZONES_DNS_TXT_H
#define ZONES_DNS_TXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a key, *len octets; "" for a key alone; NULL without it. */
const uint8_t *txt_find(
    const uint8_t *rdata, size_t rdlen, const char *key, size_t *len);

/* Whether a label names the record: `key=value` as it stands there (values are
 * compared case-blind), or a tag: a `key` alone, or one of the comma-separated
 * words of `tags=`. */
bool txt_has_label(
    const uint8_t *rdata, size_t rdlen, const uint8_t *label, size_t label_len);

#endif
