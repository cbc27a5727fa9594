/* roster.h - which instances there are, how they are, and who is answered.
 *
 * For each service that has a shape (a services: entry matches) or that an
 * operator's pattern touches, the roster knows the instances, keeps their
 * health, decides what is served, and writes the outcome as standings
 * (standing.h) for readers.  It learns of registrations when they are
 * applied, of health by results, of operators by force.
 *
 *   registry --learn--> roster <--results-- checker
 *            <--standings--    --orders-->
 *
 * Who is served, in this order: an operator's force; the agent's word; health
 * (unless too few are healthy: panic-threshold; or none: when-none); weight 0
 * drains.  The expiry guard holds leases of services most of which would end
 * at once.
 *
 * It sees the working version: what it decides stands in the same snapshot as
 * the registrations that it is about.  If a batch is refused, it learns the
 * zones again as they are then.
 *
 * Threads:   the writer's.
 * Ownership: the roster owns services and instances; zones are borrowed.
 * Units:     monotonic milliseconds.
 * Errors:    ERR_MEMORY.
 */
#ifndef SERVER_HEALTH_ROSTER_H
#define SERVER_HEALTH_ROSTER_H

#include "server/health/force.h"
#include "server/health/health.h"
#include "zones/dns/name.h"
#include "zones/ready.h"

struct roster;

/* What watchers are told. */
enum roster_event_kind {
	EVENT_REGISTERED, /* an instance of a service has come */
	EVENT_GONE,
	EVENT_HEALTH, /* real has changed */
	EVENT_SERVED, /* served has changed */
	EVENT_CONDITION, /* of a service: host "" */
	EVENT_FORCED, /* service: the pattern; why: the state */
};

struct roster_event {
	enum roster_event_kind kind;
	int64_t wall_s;
	const char *service, *host; /* text without final dot */
	uint16_t port;
	enum standing_why real, why;
	enum served served;
	enum condition condition;
	const char *reason; /* of the last result, or "" */
};

struct roster_plan {
	const struct config *config;
	/* The working version of the zone that a name is in; NULL: it is not
	 * in ours. */
	const struct zone *(*zone)(void *zone_arg, const uint8_t *name);
	void *zone_arg;
	int64_t (*wall_s)(void); /* for events; NULL: 0 */
	/* Takes over an order; NULL: nobody probes (tests, --check). */
	void (*order)(void *arg, struct probe_order *);
	/* Tells watchers; may be NULL. */
	void (*event)(void *arg, const struct roster_event *);
	void *arg;
};

struct roster *roster_new(const struct roster_plan *);
void roster_free(struct roster *);

/* Another checker and another watcher: all orders are sent again. */
void roster_on_health(struct roster *,
    void (*order)(void *arg, struct probe_order *),
    void (*event)(void *arg, const struct roster_event *), void *arg);

/* Functions for ready.h. */
struct shaper roster_shaper(const struct roster *);

/* Takes in what a change has done to the working version of a zone, which z
 * is. */
enum error roster_learn(struct roster *, uint16_t zone_number,
    const struct zone *z, const struct change_entry *, size_t count,
    int64_t now_ms) MUST_CHECK;

/* Takes in a zone as it is, whatever was known of it; NULL: it is not
 * answered any more.  Instances that are new to the roster are answered until
 * their first result: they were, before it knew them. */
enum error roster_learn_zone(struct roster *, uint16_t zone_number,
    const struct zone *z, int64_t now_ms) MUST_CHECK;

/* Takes a result and frees it. */
void roster_take_result(struct roster *, struct probe_result *, int64_t now_ms);

/* An operator's wish; text says why not.  The caller saves the list and has
 * all zones learned again, which brings it into effect. */
enum error roster_force(struct roster *, const char *pattern, enum force_state,
    char *text, size_t text_len) MUST_CHECK;
/* The list as it was saved, at the start. */
void roster_take_forced(struct roster *, struct force_list *);
const struct force_list *roster_forced(const struct roster *);

/* Another configuration: services are matched anew.  The caller has all zones
 * learned again before the old one is freed; health stays where the check is
 * the same. */
void roster_reload(struct roster *, const struct config *);

/* What has become due (slow start, drains); then calls put() for each service
 * whose standings or condition are not what readers were told.  A service for
 * which that fails is tried again later.  A large one is put less often, as
 * it costs more. */
typedef enum error roster_put_fn(void *arg, uint16_t zone_number,
    uint64_t service, enum condition, const struct standing *, size_t count);
void roster_turn(struct roster *, int64_t now_ms, roster_put_fn *, void *arg);

/* When roster_turn() or roster_guard() has something to do. */
int64_t roster_next_ms(const struct roster *);
/* When roster_guard() has. */
int64_t roster_guard_ms(const struct roster *);

/* What was put and not published is lost: puts everything again. */
void roster_put_again(struct roster *);

/* The expiry guard looks at leases: calls fn for those that shall have
 * another deadline.  To be called before expired records are removed. */
void roster_guard(struct roster *, int64_t now_ms,
    void (*fn)(void *arg, struct lease *, int64_t deadline_ms), void *arg);

/* --- reports --- */

struct roster_counts {
	size_t services, instances, healthy, unhealthy, unknown, forced;
	size_t panic, none_left, last_good, guarded; /* services */
	size_t draining;
};
void roster_count(const struct roster *, struct roster_counts *);

/* How often services have come into a condition. */
uint64_t roster_times(const struct roster *, enum condition);

/* All there is to know of one instance; texts are copies. */
struct roster_report {
	char host[NAME_TEXT_LEN];
	uint16_t port, priority, weight; /* as registered */
	uint16_t served_weight;
	enum served served;
	enum standing_why real, why;
	enum condition condition;
	char why_text[200]; /* one sentence for people */
	char check[200]; /* "http:/health every 5 s" or "" */
	char forced_by[FORCE_PATTERN_LEN]; /* the pattern, or "" */
	int64_t forced_wall_s;
	int64_t lease_left_ms; /* -1: no lease */
	int64_t until_ms; /* in how many ms the next known step is; -1 */
	struct health health;
};

/* Reports the instances of a service; *out is from malloc.  0 and NULL if the
 * roster does not know it: the caller then looks at the zone itself. */
enum error roster_explain(const struct roster *, const uint8_t *service,
    int64_t now_ms, struct roster_report **out, size_t *count) MUST_CHECK;

#endif
