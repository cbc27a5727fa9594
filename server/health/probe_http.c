/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/health/probe_answer.h"
#include "server/health/probe_curl.h"
#include "server/health/probe_grpc.h"
#include "server/health/probe_tls.h"

#define GRPC_PATH "/grpc.health.v1.Health/Check"

struct http {
	struct curls *curls;
	struct curl_slist *headers; /* of each request ... */
	struct curl_slist *grpc_headers; /* ... and of each call */
};

/* One request under way. */
struct transfer {
	struct attempt *attempt;
	CURL *easy;
	struct curl_slist *connect_to;
	struct answer answer;
	int error; /* errno of a socket that could not be made */
	char reason[PROBE_REASON_LEN]; /* why TLS could not be set up; "" */
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

static const struct config_check *
check_of(const struct transfer *transfer)
{
	return &transfer->attempt->order->check;
}

/* ---- what is asked for ---- */

/* Whether a name can be the host of a URL as it is. */
static bool
is_host(const char *host)
{
	if (host == NULL || *host == '\0' || strlen(host) > 253)
		return false;
	for (; *host != '\0'; host++)
		if (!isalnum((unsigned char)*host) &&
		    strchr("-._", *host) == NULL)
			return false;
	return true;
}

/* A URL's or connection's form of an address; its port. */
static unsigned
print_address(const struct endpoint *from, char *to, size_t len)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (from->sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &from->in6.sin6_addr, text, sizeof(text));
		snprintf(to, len, "[%s]", text);
		return ntohs(from->in6.sin6_port);
	}
	inet_ntop(AF_INET, &from->in.sin_addr, text, sizeof(text));
	snprintf(to, len, "%s", text);
	return ntohs(from->in.sin_port);
}

static bool
is_path(const char *path)
{
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path > '~')
			return false;
	return true;
}

static const char *
host_of(const struct probe_order *order)
{
	return order->check.host != NULL ? order->check.host : order->host;
}

bool
http_url(const struct probe_order *order, const struct endpoint *address,
    char url[HTTP_URL_LEN])
{
	const struct config_check *check = &order->check;
	const char *host = host_of(order), *path = check->path;
	char text[INET6_ADDRSTRLEN + 2];
	unsigned port = print_address(address, text, sizeof(text));
	bool tls = check->type == CHECK_HTTPS ||
		   (check->type == CHECK_GRPC && check->tls);
	int len;

	if (check->type == CHECK_GRPC)
		path = GRPC_PATH;
	else if (path == NULL)
		path = "/";
	if (!is_path(path))
		return false;
	len = snprintf(url, HTTP_URL_LEN, "http%s://%s:%u%s%s", tls ? "s" : "",
	    is_host(host) ? host : text, port, *path == '/' ? "" : "/", path);
	return len < HTTP_URL_LEN;
}

/* ---- what comes back ---- */

static size_t
on_header(char *line, size_t one, size_t len, void *arg)
{
	struct transfer *transfer = arg;

	(void)one;
	/* Anything but len ends the transfer. */
	return answer_take_header(&transfer->answer, line, len) ? len : 0;
}

static size_t
on_body(char *piece, size_t one, size_t len, void *arg)
{
	struct transfer *transfer = arg;

	(void)one;
	return answer_take_body(&transfer->answer, piece, len) ? len : 0;
}

/* ---- the way there ---- */

/* Whatever libcurl has made of the URL: the socket goes to our address. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *transfer = arg;
	const struct endpoint *address = transfer->attempt->address;
	int fd;

	(void)purpose;
	if (to->family != address->sa.sa_family ||
	    address->len > sizeof(struct sockaddr_in6))
		return CURL_SOCKET_BAD;
	memcpy(&to->addr, &address->sa, address->len);
	to->addrlen = address->len;
	fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    to->protocol);
	if (fd >= 0)
		return fd;
	transfer->error = errno;
	return CURL_SOCKET_BAD;
}

/* A reset: no TIME_WAIT for each of thousands a second. */
static int
on_close(void *arg, curl_socket_t fd)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	(void)arg;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	return close(fd);
}

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *arg)
{
	struct transfer *transfer = arg;
	const struct config_check *check = check_of(transfer);

	(void)easy;
	if (!check->verify)
		return CURLE_OK;
	return trust_apply(transfer->attempt->prober->trust, check->ca, ssl_ctx,
		   transfer->reason)
		   ? CURLE_OK
		   : CURLE_SSL_CACERT_BADFILE;
}

/* ---- the end ---- */

static struct attempt *
leave(struct transfer *transfer)
{
	struct attempt *attempt = transfer->attempt;

	if (transfer->easy != NULL) {
		curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
		curls_give_back(attempt->prober->http->curls, transfer->easy);
	}
	curl_slist_free_all(transfer->connect_to);
	answer_fini(&transfer->answer);
	free(transfer);
	attempt->way = NULL;
	return attempt;
}

/* Whether somebody had let us connect. */
static bool
was_connected(const struct transfer *transfer)
{
	curl_off_t time_us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &time_us);
	return time_us > 0;
}

static void
fail_errno_or(struct transfer *transfer, const char *otherwise)
{
	bool connected = was_connected(transfer);
	long os_error = transfer->error;

	if (os_error == 0)
		curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
	if (os_error != 0)
		attempt_fail_errno(leave(transfer), connected, (int)os_error);
	else
		attempt_fail(leave(transfer), connected, "%s", otherwise);
}

static void
fail_certificate(struct transfer *transfer)
{
	char reason[PROBE_REASON_LEN];
	long result = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	trust_reason(result, host_of(transfer->attempt->order), reason);
	attempt_fail(leave(transfer), true, "%s", reason);
}

static void
fail_handshake(struct transfer *transfer)
{
	char reason[PROBE_REASON_LEN];
	/* "... error:0A00010B:SSL routines::wrong version number" */
	const char *cause = strstr(transfer->words, "::");

	if (cause != NULL && strstr(cause, "unexpected eof") == NULL) {
		snprintf(reason, sizeof(reason), "TLS: %.80s", cause + 2);
		attempt_fail(leave(transfer), true, "%s", reason);
	} else
		fail_errno_or(transfer, "closed during the TLS handshake");
}

/* Words for what libcurl says. */
static const char *
text_of(const struct transfer *transfer, CURLcode code)
{
	bool is_grpc = check_of(transfer)->type == CHECK_GRPC;

	switch (code) {
	case CURLE_GOT_NOTHING:
		return is_grpc ? "no HTTP/2 answer"
			       : "closed without an answer";
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return "no HTTP/2 answer";
	case CURLE_PARTIAL_FILE:
		return "closed before the answer's end";
	case CURLE_WRITE_ERROR:
		return "more than 64 KiB of headers";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "not an HTTP answer";
	default:
		return curl_easy_strerror(code);
	}
}

/* A transfer that did not come to a verdict. */
static void
fail(struct transfer *transfer, CURLcode code)
{
	bool connected = was_connected(transfer);
	const char *text;

	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		attempt_fail_timeout(leave(transfer), connected);
		return;
	case CURLE_OUT_OF_MEMORY:
		attempt_fail_errno(leave(transfer), connected, ENOMEM);
		return;
	case CURLE_COULDNT_CONNECT:
		fail_errno_or(transfer, "no connection");
		return;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		fail_errno_or(transfer, "connection broken");
		return;
	case CURLE_SSL_CONNECT_ERROR:
		fail_handshake(transfer);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		fail_certificate(transfer);
		return;
	default:
		break;
	}
	if (transfer->reason[0] != '\0') {
		char reason[PROBE_REASON_LEN];

		memcpy(reason, transfer->reason, sizeof(reason));
		attempt_fail(leave(transfer), connected, "%s", reason);
		return;
	}
	text = text_of(transfer, code);
	attempt_fail(leave(transfer), connected, "%s", text);
}

static void
on_finished(CURL *easy, CURLcode code)
{
	struct transfer *transfer = NULL;
	struct outcome outcome;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	if (code != CURLE_OK && !transfer->answer.enough &&
	    !answer_is_refused(&transfer->answer)) {
		fail(transfer, code);
		return;
	}
	answer_judge(&transfer->answer, &outcome);
	attempt_end(leave(transfer), &outcome);
}

static void
transfer_cancel(struct attempt *attempt)
{
	struct transfer *transfer = attempt->way;

	curls_cancel(attempt->prober->http->curls, transfer->easy);
	leave(transfer);
}

/* ---- the beginning ---- */

/* What is the same for all, and stays when a handle is used again. */
static void
set_constants(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "muster");
	curl_easy_setopt(
	    easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* Certificates come from our own trust.  libcurl's cache would give
	 * those of the first request to all others. */
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
}

static void
set_call(struct transfer *transfer, const struct http *http)
{
	const struct config_check *check = check_of(transfer);
	uint8_t request[GRPC_REQUEST_LEN];
	size_t len;

	if (check->type != CHECK_GRPC) {
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(
		    transfer->easy, CURLOPT_HTTPHEADER, http->headers);
		curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
		    (long)CURL_HTTP_VERSION_1_1);
		return;
	}
	len = grpc_request(check->path, request);
	curl_easy_setopt(transfer->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE, (long)len);
	curl_easy_setopt(transfer->easy, CURLOPT_COPYPOSTFIELDS, request);
	curl_easy_setopt(
	    transfer->easy, CURLOPT_HTTPHEADER, http->grpc_headers);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
	    check->tls ? (long)CURL_HTTP_VERSION_2TLS
		       : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
}

static void
set_variables(struct transfer *transfer)
{
	const struct config_check *check = check_of(transfer);
	struct attempt *attempt = transfer->attempt;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->words);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->connect_to);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, check->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, check->verify ? 2L : 0L);
	curl_easy_setopt(
	    easy, CURLOPT_TIMEOUT_MS, (long)attempt_left_ms(attempt));
	curl_easy_setopt(
	    easy, CURLOPT_CONNECTTIMEOUT_MS, (long)attempt_connect_ms(attempt));
	set_call(transfer, attempt->prober->http);
}

/* Where to connect to, in place of any host and port. */
static bool
aim(struct transfer *transfer)
{
	char address[INET6_ADDRSTRLEN + 2], text[INET6_ADDRSTRLEN + 16];
	unsigned port =
	    print_address(transfer->attempt->address, address, sizeof(address));

	snprintf(text, sizeof(text), "::%s:%u", address, port);
	transfer->connect_to = curl_slist_append(NULL, text);
	return transfer->connect_to != NULL;
}

static void
transfer_start(struct attempt *attempt)
{
	struct curls *curls = attempt->prober->http->curls;
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	char url[HTTP_URL_LEN];

	if (transfer == NULL) {
		attempt_fail_errno(attempt, false, ENOMEM);
		return;
	}
	transfer->attempt = attempt;
	attempt->way = transfer;
	answer_init(&transfer->answer, &attempt->order->check);
	transfer->easy = curls_take(curls);
	if (transfer->easy == NULL || !aim(transfer)) {
		attempt_fail_errno(leave(transfer), false, ENOMEM);
		return;
	}
	if (!http_url(attempt->order, attempt->address, url)) {
		attempt_fail(
		    leave(transfer), false, "the path cannot be in a URL");
		return;
	}
	set_variables(transfer);
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK ||
	    curls_begin(curls, transfer->easy) != OK)
		attempt_fail_errno(leave(transfer), false, ENOMEM);
}

const struct probe_kind probe_http = {
    .start = transfer_start,
    .cancel = transfer_cancel,
};

struct http *
http_new(struct event_base *base)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		return NULL;
	}
	http->curls = curls_new(base, set_constants, on_finished);
	http->headers = curl_slist_append(NULL, "Connection: close");
	/* A gRPC server may refuse who does not take trailers.  (In two, for
	 * the sake of programs that look for misspelled words.) */
	http->grpc_headers = curl_slist_append(NULL, "t"
						     "e: trailers");
	if (http->grpc_headers != NULL)
		(void)!curl_slist_append(
		    http->grpc_headers, "content-type: application/grpc");
	if (http->curls == NULL || http->headers == NULL ||
	    http->grpc_headers == NULL || http->grpc_headers->next == NULL) {
		http_free(http);
		return NULL;
	}
	return http;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	curls_free(http->curls);
	curl_slist_free_all(http->headers);
	curl_slist_free_all(http->grpc_headers);
	curl_global_cleanup();
	free(http);
}
