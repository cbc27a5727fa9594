/* roster_internal.h - what the roster's rooms share.
 *
 *   roster.c         its life, results, turns
 *   roster_put.c     what readers are told, and how often
 *   roster_learn.c   from records to services and instances
 *   roster_notice.c  what other records say about them
 *   roster_check.c   an instance's check and metadata; orders to the checker
 *   roster_decide.c  who is served: the one place that knows the rules
 *   roster_guard.c   the expiry guard
 *   roster_report.c  reports, counts and events
 *   roster_table.c   its containers
 *
 *   service ---- instance ---- ref: an SRV record
 *                   |  `------ health
 *                  host: the instances with one target
 *
 * Threads:   the writer's.
 * Ownership: the roster owns everything here but records and configuration.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY.
 */
#ifndef SERVER_HEALTH_ROSTER_INTERNAL_H
#define SERVER_HEALTH_ROSTER_INTERNAL_H

#include "server/health/roster.h"
#include "server/health/roster_table.h"

/* An SRV record that names an instance: at the service's owner, or at a
 * DNS-SD name below it. */
struct ref {
	struct table_link link; /* by the record's address */
	struct instance *instance;
	struct ref *next, **prev;
	const struct record *srv; /* of the working version */
	uint64_t owner; /* name_hash() */
};

struct host {
	struct table_link link; /* by name_hash() of the name */
	struct instance *first;
	uint8_t name[]; /* lower case */
};

/* A check that an instance's TXT says; it borrows from the service's. */
struct own_check {
	struct config_check check;
	char text[];
};

struct instance {
	struct table_link by_number;
	struct table_link by_key;
	struct timer timer; /* the next step that is known */
	struct service *service;
	struct instance *next, **prev; /* of the service */
	struct host *host;
	struct instance *host_next, **host_prev;
	struct ref *ref; /* never empty but inside roster_learn_zone() */
	uint64_t number; /* for the checker; never used again */
	uint64_t key; /* standing_key() */
	uint16_t port;
	/* what is known of it */
	const struct config_check *check; /* NULL: none */
	struct own_check *own; /* NULL: check is the service's */
	uint64_t check_print; /* check_fingerprint() */
	uint64_t order_print; /* of what the checker was told; 0: nothing */
	uint32_t generation; /* of orders */
	struct health *health; /* NULL: nobody probes it */
	bool recovered; /* was there before we knew of it: answered until the
			 * first result */
	uint8_t force; /* enum force_state */
	uint8_t site;
	uint16_t load; /* of its TXT */
	/* moments; 0: not */
	int64_t drain_from_ms;
	int64_t slow_from_ms;
	int64_t fell_ms; /* it was healthy (or recovered) until then */
	int64_t held_ms; /* the deadline that the guard has given it */
	/* the decision */
	struct standing standing;
	bool decided;
	bool special; /* readers must be told */
	bool is_served; /* whatever becomes of the unhealthy */
	enum { VOTE_NONE, VOTE_HEALTHY, VOTE_UNHEALTHY } vote; /* panic */
};

struct service {
	struct table_link link; /* by name_hash() of the owner */
	struct timer guard; /* the guard's next look */
	const struct config_service *config; /* NULL: no entry matches */
	struct instance *first, **last; /* in the order in which they came */
	size_t instances;
	/* of instances whose fate health decides */
	size_t healthy;
	size_t unhealthy;
	size_t served; /* instances with is_served */
	enum condition mode; /* what health makes of it */
	int64_t fall_ms; /* the last fall of an instance */
	int64_t guard_from_ms; /* it holds since then; 0: it does not */
	bool guard_spent; /* it has held too long; until renewals recover */
	uint16_t zone;
	uint16_t shape;
	bool touched; /* an operator's pattern matches an instance */
	/* what readers are told */
	struct standing *list; /* its exceptions, sorted by instance */
	size_t listed;
	uint64_t *key; /* of instances whose entry is another one since */
	size_t keys;
	size_t key_capacity;
	bool anew; /* not from keys: from all instances */
	bool changed; /* in the list of those to look at */
	bool stale; /* readers know something else */
	struct service *next_changed;
	int64_t put_from_ms; /* not again before */
	enum condition put_condition;
	uint8_t owner[]; /* lower case */
};

struct roster {
	struct roster_plan plan;
	const struct config *config;
	struct force_list forced;
	struct table services;
	struct table numbers; /* instances */
	struct table keys; /* instances */
	struct table hosts;
	struct table refs;
	struct heap timers; /* of instances */
	struct heap guards; /* of services */
	uint64_t last_number;
	struct service *changed;
	struct standing *scratch;
	size_t capacity;
	uint64_t times[CONDITION_COUNT]; /* services came into it */
	bool starting; /* before the first turn */
	bool unordered; /* an order was not sent */
};

/* Texts of an instance, without final dot. */
struct texts {
	char service[NAME_TEXT_LEN];
	char host[NAME_TEXT_LEN];
};

static inline bool
check_probes(const struct config_check *check)
{
	return check->type != CHECK_NONE && check->type != CHECK_TTL;
}

/* --- roster.c --- */
/* Has the service looked at in the next turn. */
void roster_touch(struct roster *, struct service *);
/* The entry of services: that matches, from 1; 0: none does. */
uint16_t roster_match(const struct roster *, const uint8_t *service);
/* As it is in one of the zones: a name may also stand in one above, where a cut
 * hides it. */
struct service *roster_find_service(
    const struct roster *, uint16_t zone, const uint8_t *owner);
struct instance *roster_find_instance(
    const struct roster *, const struct service *, uint64_t key);
char *roster_name_text(const uint8_t *name, char text[NAME_TEXT_LEN]);
int64_t roster_wall_s(const struct roster *);

/* --- roster_put.c --- */
/* Readers must be told about an instance: its entry is another one. */
void service_note(struct roster *, struct service *, uint64_t key);
void roster_put_all(
    struct roster *, int64_t now_ms, roster_put_fn *, void *arg);

/* --- roster_learn.c --- */
/* What is being learned. */
struct learning {
	struct roster *r;
	const struct zone *zone;
	uint16_t number;
	bool found; /* it is there already: not a registration */
	bool whole; /* all is looked at again in the end */
	int64_t now_ms;
};
/* The service that an SRV record at that owner belongs to, or NULL: its owner,
 * or (DNS-SD, RFC 6763 4.1) the name above it. */
const uint8_t *learning_service(const uint8_t *owner, unsigned apex_labels);
void service_free(struct roster *, struct service *);

/* --- roster_notice.c --- */
/* Looks anew at the instances that entries say something about without naming
 * them: addresses and TXT of a host, TXT beside a DNS-SD name or at a service,
 * PTR. */
enum error learning_notice(
    struct learning *, const struct change_entry *, size_t count) MUST_CHECK;

/* --- roster_check.c --- */
/* Reads what the zone says about an instance, and what operators say; tells
 * the checker what is new.  fresh: it has just come. */
enum error instance_refresh(
    struct roster *, struct instance *, bool fresh, int64_t now_ms) MUST_CHECK;
/* Its host's addresses may be others: tells the checker. */
void instance_order(struct roster *, struct instance *);
void instance_order_end(struct roster *, struct instance *);

/* --- roster_decide.c --- */
/* Judges an instance anew; counts and events follow. */
void instance_decide(struct roster *, struct instance *, int64_t now_ms);
/* It is about to go: it does not count any more. */
void instance_discount(struct instance *);
/* Makes of the counts what they mean for the service as a whole. */
void service_settle(struct roster *, struct service *, int64_t now_ms);
enum condition service_condition(const struct service *);

/* --- roster_guard.c --- */
/* When the last of its leases ends: DEADLINE_NONE without one, or while it
 * is not published. */
int64_t instance_deadline_ms(const struct instance *, uint32_t *granted_s);
void service_watch(struct roster *, struct service *, int64_t now_ms);

/* --- roster_report.c --- */
void roster_tell_instance(
    const struct roster *, enum roster_event_kind, const struct instance *);
void roster_tell_condition(const struct roster *, const struct service *);

#endif
