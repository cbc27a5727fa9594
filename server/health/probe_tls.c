/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/health/attempt.h"
#include "server/now.h"

/* Directories of the system are looked at anew that often. */
#define SYSTEM_KEPT_MS (60 * 60 * 1000)

/* Certificates of one file, or (without a path) of the system. */
struct anchors {
	struct anchors *next;
	char *path;
	struct stat seen; /* when it was read */
	int64_t read_ms;
	X509_STORE *store;
};

struct trust {
	SSL_CTX *ctx; /* of our own connections */
	struct anchors *anchors;
};

struct tls {
	SSL *ssl;
	char name[NAME_TEXT_LEN];
};

/* ---- what is trusted ---- */

struct trust *
trust_new(void)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return NULL;
	trust->ctx = SSL_CTX_new(TLS_client_method());
	if (trust->ctx == NULL) {
		free(trust);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(trust->ctx, TLS1_2_VERSION);
	/* Each check makes its own way. */
	SSL_CTX_set_session_cache_mode(trust->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(trust->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
	return trust;
}

void
trust_free(struct trust *trust)
{
	struct anchors *next;

	if (trust == NULL)
		return;
	for (struct anchors *a = trust->anchors; a != NULL; a = next) {
		next = a->next;
		X509_STORE_free(a->store);
		free(a->path);
		free(a);
	}
	SSL_CTX_free(trust->ctx);
	free(trust);
}

/* The entry of a path, made if there is none; NULL without memory. */
static struct anchors *
find_anchors(struct trust *trust, const char *path)
{
	struct anchors *a;

	for (a = trust->anchors; a != NULL; a = a->next)
		if (a->path == NULL || path == NULL
			? a->path == path
			: strcmp(a->path, path) == 0)
			return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL || (path != NULL && (a->path = strdup(path)) == NULL)) {
		free(a);
		return NULL;
	}
	a->next = trust->anchors;
	trust->anchors = a;
	return a;
}

/* Whether what was read is still so; *now is what is to be read. */
static bool
is_fresh(const struct anchors *a, const struct stat *now)
{
	if (a->store == NULL)
		return false;
	if (a->path == NULL)
		return now_monotonic_ms() - a->read_ms < SYSTEM_KEPT_MS;
	return a->seen.st_ino == now->st_ino && a->seen.st_dev == now->st_dev &&
	       a->seen.st_size == now->st_size &&
	       a->seen.st_mtim.tv_sec == now->st_mtim.tv_sec &&
	       a->seen.st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

static X509_STORE *
read_store(const char *path)
{
	X509_STORE *store = X509_STORE_new();
	int ok;

	if (store == NULL)
		return NULL;
	ok = path == NULL ? X509_STORE_set_default_paths(store)
			  : X509_STORE_load_file(store, path);
	ERR_clear_error();
	if (ok == 1)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* Borrowed; NULL with a reason. */
static X509_STORE *
get_store(struct trust *trust, const char *path, char *reason)
{
	struct anchors *a = find_anchors(trust, path);
	struct stat now = {.st_size = 0};
	X509_STORE *store;

	if (a == NULL) {
		snprintf(reason, PROBE_REASON_LEN, "no memory");
		return NULL;
	}
	if (path != NULL && stat(path, &now) != 0) {
		snprintf(reason, PROBE_REASON_LEN, "ca: %s", strerror(errno));
		return NULL;
	}
	if (is_fresh(a, &now))
		return a->store;
	store = read_store(path);
	if (store == NULL) {
		snprintf(reason, PROBE_REASON_LEN,
		    "ca: no certificates can be read from it");
		return NULL;
	}
	X509_STORE_free(a->store);
	a->store = store;
	a->seen = now;
	a->read_ms = now_monotonic_ms();
	return store;
}

bool
trust_apply(struct trust *trust, const char *ca, void *ssl_ctx, char *reason)
{
	X509_STORE *store = get_store(trust, ca, reason);

	if (store == NULL)
		return false;
	SSL_CTX_set1_cert_store(ssl_ctx, store);
	return true;
}

void
trust_reason(long verify_result, const char *name, char *reason)
{
	/* libcurl compares names itself, and leaves `unspecified` then. */
	if (verify_result == X509_V_OK ||
	    verify_result == X509_V_ERR_UNSPECIFIED ||
	    verify_result == X509_V_ERR_HOSTNAME_MISMATCH ||
	    verify_result == X509_V_ERR_IP_ADDRESS_MISMATCH)
		snprintf(
		    reason, PROBE_REASON_LEN, "certificate: not for %s", name);
	else
		snprintf(reason, PROBE_REASON_LEN, "certificate: %s",
		    X509_verify_cert_error_string(verify_result));
}

/* ---- a connection ---- */

static bool
is_address(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 ||
	       inet_pton(AF_INET6, name, &address) == 1;
}

/* RFC 9525: the name that was asked for, or the address, must be in it. */
static bool
demand(struct tls *tls, struct trust *trust, const char *ca, char *reason)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	X509_STORE *store = get_store(trust, ca, reason);
	int ok;

	if (store == NULL)
		return false;
	ok = is_address(tls->name)
		 ? X509_VERIFY_PARAM_set1_ip_asc(param, tls->name)
		 : SSL_set1_host(tls->ssl, tls->name);
	if (ok != 1 || SSL_set1_verify_cert_store(tls->ssl, store) != 1) {
		snprintf(reason, PROBE_REASON_LEN, "no memory");
		return false;
	}
	SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, NULL);
	return true;
}

struct tls *
tls_new(struct trust *trust, const char *ca, bool verify, const char *name,
    int fd, char *reason)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL || (tls->ssl = SSL_new(trust->ctx)) == NULL ||
	    SSL_set_fd(tls->ssl, fd) != 1)
		goto no_memory;
	snprintf(tls->name, sizeof(tls->name), "%s", name);
	/* RFC 6066 3: literal addresses are no names. */
	if (!is_address(tls->name) &&
	    SSL_set_tlsext_host_name(tls->ssl, tls->name) != 1)
		goto no_memory;
	if (verify && !demand(tls, trust, ca, reason)) {
		tls_free(tls);
		return NULL;
	}
	SSL_set_connect_state(tls->ssl);
	return tls;
no_memory:
	snprintf(reason, PROBE_REASON_LEN, "no memory");
	tls_free(tls);
	return NULL;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	ERR_clear_error();
	free(tls);
}

/* What a call that did not do it wants. */
static enum tls_step
explain(struct tls *tls, int result, int error, char *reason)
{
	char text[PROBE_REASON_LEN];
	unsigned long code;

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		if (error == 0)
			return TLS_CLOSED;
		snprintf(reason, PROBE_REASON_LEN, "%s",
		    attempt_errno_text(error, text));
		return TLS_FAILED;
	default:
		break;
	}
	code = ERR_peek_error();
	if (SSL_get_verify_result(tls->ssl) != X509_V_OK)
		trust_reason(
		    SSL_get_verify_result(tls->ssl), tls->name, reason);
	else if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return TLS_CLOSED;
	else
		snprintf(reason, PROBE_REASON_LEN, "TLS: %s",
		    ERR_reason_error_string(code) != NULL
			? ERR_reason_error_string(code)
			: "failed");
	return TLS_FAILED;
}

enum tls_step
tls_handshake(struct tls *tls, char *reason)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(tls->ssl);
	return result == 1 ? TLS_DONE : explain(tls, result, errno, reason);
}

enum tls_step
tls_read(struct tls *tls, void *to, size_t *len, char *reason)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(tls->ssl, to, *len, len);
	return result == 1 ? TLS_DONE : explain(tls, result, errno, reason);
}

enum tls_step
tls_write(struct tls *tls, const void *from, size_t *len, char *reason)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(tls->ssl, from, *len, len);
	return result == 1 ? TLS_DONE : explain(tls, result, errno, reason);
}
