/* local.h - names that no upstream is asked about.
 *
 * localhost, invalid, test, onion, alt, home.arpa, the reverse names of
 * private and special addresses: asking the Internet about them is useless at
 * best (RFC 6303 3, RFC 6761 6, RFC 7686, RFC 8375, RFC 9476).  So is asking
 * an upstream for resolver.arpa, which would send clients past us (RFC 9462
 * 6.4).  A zone of our own or a forward zone for the name (not ".") comes
 * first.
 *
 * example, example.com and local are ordinary: RFC 6761 6.5 asks for that, and
 * many networks have servers for local in spite of RFC 6762.
 *
 * Whether home.arpa and the reverse zones are signed is for their parents to
 * say: a question for DS at an apex goes upstream (RFC 8375 4).
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none.
 * Standards: RFC 6303 4; RFC 6761 6; RFC 7686 2; RFC 7793; RFC 8375 4;
 *            RFC 9462 6.4; RFC 9476.
 */
#ifndef RESOLVER_LOCAL_H
#define RESOLVER_LOCAL_H

#include <stddef.h>
#include <stdint.h>

enum local_kind {
	LOCAL_NOT, /* an ordinary name */
	LOCAL_EMPTY, /* an empty zone: NXDOMAIN below, SOA and NS at the apex */
	LOCAL_HOST, /* localhost and below: 127.0.0.1 and ::1, NODATA else */
	LOCAL_HOST_PTR, /* 1.0.0.127.in-addr.arpa and the like of ::1 (there
			 * an apex): PTR localhost, NODATA else */
	LOCAL_NODATA, /* a name without records: between an apex and
		       * LOCAL_HOST_PTR, or in resolver.arpa */
};

/* What a name is; *apex (may be NULL) is set, unless it is LOCAL_NOT, to the
 * apex of the local zone: the end of the name itself. */
enum local_kind local_find(const uint8_t *name, const uint8_t **apex);

#endif
