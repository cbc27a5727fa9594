/* force.h - what operators have decided about instances.
 *
 * An ordered list of patterns; the last one that matches an instance decides.
 * It is kept in the file `forced` in the data folder, which is replaced as a
 * whole and synced, so that it outlives restarts.
 *
 * A pattern is a glob (* and ?, no special characters between dots,
 * case-blind) over one of
 *
 *     _http._tcp.web.svc.example/a.web.svc.example:8080    an instance
 *     _http._tcp.web.svc.example                            a service
 *     a.web.svc.example:8080, a.web.svc.example             a target
 *
 * Threads:   the writer's; force_save() wherever a disk may be waited for.
 * Ownership: the list owns its patterns.
 * Units:     wall_s seconds since 1970.
 * Errors:    ERR_SYNTAX, ERR_LIMIT, ERR_MEMORY, ERR_IO.
 */
#ifndef SERVER_HEALTH_FORCE_H
#define SERVER_HEALTH_FORCE_H

#include <stddef.h>
#include <stdint.h>

#include "zones/dns/error.h"

#define FORCE_PATTERN_LEN 600
#define FORCE_MAX 1000 /* patterns */

enum force_state { FORCE_AUTO, FORCE_UP, FORCE_DOWN, FORCE_DRAIN };

struct force_entry {
	enum force_state state;
	int64_t wall_s; /* when it was said */
	char *pattern;
};

struct force_list {
	struct force_entry *entry;
	size_t count;
};

/* Appends a wish; earlier ones of the same pattern go.  `auto` with a pattern
 * equal to an earlier one only takes that away; else it is an entry like the
 * others (an exception from a wider pattern before it). */
enum error force_put(struct force_list *, const char *pattern, enum force_state,
    int64_t wall_s) MUST_CHECK;

/* What applies to an instance; service and host as text without final dot.
 * *entry (may be NULL) is the deciding one or NULL. */
enum force_state force_find(const struct force_list *, const char *service,
    const char *host, unsigned port, const struct force_entry **entry);

/* Reads data/forced (a missing file is an empty list), writes it. */
enum error force_load(struct force_list *, const char *data, char *text,
    size_t text_len) MUST_CHECK;
enum error force_save(const struct force_list *, const char *data, char *text,
    size_t text_len) MUST_CHECK;
/* A copy of its own; *to is empty before. */
enum error force_copy(
    const struct force_list *, struct force_list *to) MUST_CHECK;
void force_fini(struct force_list *);

/* "up", "down", "drain", "auto"; -1 for no such word. */
const char *force_text(enum force_state);
int force_parse(const char *word);

#endif
