/* probe_curl.h - libcurl on our event loop.
 *
 * One multi handle; libcurl says which sockets and which moment it waits for,
 * libevent says when they are there.  Easy handles are kept for the next
 * probe; connections and sessions are not.
 *
 * Threads:   the checker's; curls_new and curls_free: while it does not run.
 * Ownership: an easy handle belongs to whom it was taken by until it is given
 *            back.
 * Units:     none.
 * Errors:    ERR_MEMORY, or NULL.
 */
#ifndef SERVER_HEALTH_PROBE_CURL_H
#define SERVER_HEALTH_PROBE_CURL_H

#include <curl/curl.h>

#include "zones/dns/error.h"

struct curls;
struct event_base;

/* prepare() sets in each new handle what is never changed; finished() gets each
 * transfer that has ended, already out of the loop. */
struct curls *curls_new(struct event_base *, void (*prepare)(CURL *),
    void (*finished)(CURL *, CURLcode));

/* No transfer may be under way. */
void curls_free(struct curls *);

/* An easy handle, with the options that its last user left; or NULL. */
CURL *curls_take(struct curls *);
void curls_give_back(struct curls *, CURL *);

/* Begins a transfer; ends one that finished() will not get any more. */
enum error curls_begin(struct curls *, CURL *) MUST_CHECK;
void curls_cancel(struct curls *, CURL *);

#endif
