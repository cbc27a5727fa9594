/* error.h - how our own program fails.
 *
 * One of three channels that are never mixed (HACKING.md): enum error says
 * that *we* could not do something; what the DNS answers is a verdict and an
 * RCODE; a broken invariant of ours is an assert.
 *
 * Threads:   any.
 * Ownership: none.
 */
#ifndef ZONES_DNS_ERROR_H
#define ZONES_DNS_ERROR_H

enum error {
	OK = 0,
	ERR_MEMORY, /* an allocation failed */
	ERR_LIMIT, /* a named limit of ours was reached */
	ERR_SYNTAX, /* input is malformed */
	ERR_RANGE, /* a number does not fit its field */
	ERR_NOT_FOUND, /* what was named is not there */
	ERR_EXISTS, /* what was to be made is there already */
	ERR_CONFLICT, /* two facts contradict each other */
	ERR_IO, /* the system refused; errno tells more */
	ERR_FULL, /* no space left on the device, or the map is full */
	ERR_VERSION, /* written by a version we do not know */
	ERR_DAMAGED, /* a stored checksum does not match */
	ERR_CRYPTO, /* the crypto library refused */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* A constant English phrase without a final period; never NULL. */
const char *error_text(enum error);

#endif
