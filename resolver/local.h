/* local.h - names that no upstream is asked about.
 *
 * localhost, invalid, test, onion, home.arpa, the reverse names of private and
 * special addresses: asking the Internet about them is useless at best (RFC
 * 6303 3, RFC 6761 6, RFC 7686, RFC 8375).  A zone of our own or a forward
 * zone for the name (not ".") comes first.
 *
 * Threads:   any.
 * Ownership: none.
 * Errors:    none.
 * Standards: RFC 6303; RFC 6761; RFC 7686; RFC 8375.
 */
#ifndef RESOLVER_LOCAL_H
#define RESOLVER_LOCAL_H

#include <stddef.h>
#include <stdint.h>

enum local_kind {
	LOCAL_NOT, /* an ordinary name */
	LOCAL_EMPTY, /* an empty zone: NXDOMAIN below, SOA and NS at the apex */
	LOCAL_HOST, /* localhost: 127.0.0.1 and ::1, NODATA else */
	LOCAL_HOST_PTR, /* 1.0.0.127.in-addr.arpa: PTR localhost */
};

/* What a name is; *apex (may be NULL) is the local zone's, in wire form. */
enum local_kind local_find(const uint8_t *name, const uint8_t **apex);

#endif
