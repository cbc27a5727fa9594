/* probe_tls.h - TLS for probes (the OpenSSL door of checks).
 *
 * A trust is what certificates are verified against: the system's, or a file
 * that a check names (`ca`), read once and again when it has changed.
 *
 * Threads:   the checker's.
 * Ownership: a tls borrows its socket; free it before closing that.
 * Units:     none.
 * Errors:    as reasons, in a buffer of PROBE_REASON_LEN.
 * Standards: RFC 6066 3 (SNI); RFC 9525 (names in certificates).
 */
#ifndef SERVER_HEALTH_PROBE_TLS_H
#define SERVER_HEALTH_PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/health/probe.h"

struct tls;
struct trust;

struct trust *trust_new(void);
void trust_free(struct trust *);

/* Has an SSL_CTX of somebody else (libcurl) trust what ca says (NULL: the
 * system's certificates); false with a reason. */
bool trust_apply(struct trust *, const char *ca, void *ssl_ctx, char *reason);

/* The words for a verification that failed: "certificate: ...". */
void trust_reason(long verify_result, const char *name, char *reason);

enum tls_step {
	TLS_DONE, /* for reading and writing: *len octets */
	TLS_WANTS_READ, /* again when the socket is readable ... */
	TLS_WANTS_WRITE, /* ... or writable */
	TLS_CLOSED, /* by the peer, cleanly or not */
	TLS_FAILED, /* with a reason */
};

/* A client's side over a connected socket; NULL with a reason. */
struct tls *tls_new(struct trust *, const char *ca, bool verify,
    const char *name, int fd, char *reason);
void tls_free(struct tls *);

enum tls_step tls_handshake(struct tls *, char *reason);
enum tls_step tls_read(struct tls *, void *, size_t *len, char *reason);
enum tls_step tls_write(struct tls *, const void *, size_t *len, char *reason);

#endif
