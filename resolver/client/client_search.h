/* client_search.h - the search list of the system: resolv.conf(5).
 *
 * The last of its search and domain lines counts, LOCALDOMAIN and RES_OPTIONS
 * of the environment come after it; without any the domain of the host.
 * (c-ares reads them too, but newer versions do not tell.)
 *
 * Threads:   any.
 * Ownership: none.
 * Units:     none.
 * Errors:    none: what cannot be read is as if it were not there.
 */
#ifndef RESOLVER_CLIENT_CLIENT_SEARCH_H
#define RESOLVER_CLIENT_CLIENT_SEARCH_H

#include "resolver/client/lookup.h"

#define CLIENT_SEARCH_NDOTS 1 /* as resolv.conf(5) */
#define CLIENT_SEARCH_NDOTS_MAX 15 /* likewise */

/* The list of this machine and process. */
void client_search_init(struct lookup_search *);

/* Takes one line of resolv.conf into account. */
void client_search_line(struct lookup_search *, const char *line);

#endif
