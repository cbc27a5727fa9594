/* control_walk.h - from service to service, and from instance to instance.
 *
 * An operator's list may be a million lines that somebody reads slowly.  A
 * walk stays in no snapshot between two steps: it remembers the names that it
 * has come to, and goes on behind them in whatever snapshot is there then.  So
 * the writer may free what it replaces, and nothing is gathered.  What is
 * there all the time is met exactly once, in the order of the directory
 * (directory.h).
 *
 *   enter snapshot -> control_walk_enter -> control_walk_next ... -> leave
 *
 * Threads:   the control thread's.
 * Ownership: plain values; what is found is borrowed from the snapshot.
 * Units:     left_ms milliseconds; DEADLINE_NONE: no lease.
 * Errors:    none.
 * Standards: RFC 2782; RFC 6763 4.
 */
#ifndef SERVER_CONTROL_WALK_H
#define SERVER_CONTROL_WALK_H

#include "zones/ready.h"
#include "zones/zoneset.h"

/* --- services --- */

struct control_walk {
	/* kept between steps; names of length 0: before the first one */
	size_t zone;
	struct name domain;
	struct name service;
	/* inside a step */
	const struct zoneset *zones;
	const struct record *next_domain;
	const struct record *next_service;
	struct rrset_cursor domains;
	struct rrset_cursor services;
};

/* Whether a zone is answered: one that left the configuration keeps its place
 * in the snapshot, but no name leads to it. */
bool control_zone_is_served(const struct zoneset *, size_t number);

/* Begins or resumes a walk (zeroed before its first step) in a snapshot. */
void control_walk_enter(struct control_walk *, const struct zoneset *);

/* The node of the next service, which is in zone number walk->zone; NULL at
 * the end. */
const struct node *control_walk_next(struct control_walk *);

/* --- instances of a service --- */

struct control_instance {
	const struct zone *zone;
	const struct node *service;
	const struct record *srv;
	const uint8_t *name; /* of the DNS-SD instance; NULL: plain SRV */
	const struct standing *standing; /* NULL: simply answered */
	int64_t left_ms; /* of the lease: the SRV's, or its PTR's if less */
	uint32_t granted_s; /* 0: none */
};

struct control_instances {
	/* kept between steps */
	bool behind_own; /* the service's own SRV set is done */
	bool done;
	struct name ptr; /* DNS-SD instance; length 0: before the first one */
	uint16_t last_len; /* SRV record of the present set come to last */
	uint8_t last[6 + NAME_MAX_LEN];
	/* inside a step */
	const struct zone *zone;
	const struct node *service;
	const struct record *next_ptr;
	const struct record *ptr_record;
	const struct record *next_srv;
	struct rrset_cursor ptrs;
	struct rrset_cursor srvs;
	int64_t now_ms;
};

/* Begins or resumes with the instances of a service. */
void control_instances_enter(struct control_instances *, const struct zone *,
    const struct node *service, int64_t now_ms);

/* The next live one; false at the end (done is set), or when *work has come
 * down to 0: each record that was looked at takes 1. */
bool control_instances_next(
    struct control_instances *, struct control_instance *, size_t *work);

/* --- instances of all services --- */

struct control_tour {
	/* kept between steps */
	struct control_walk walk;
	bool inside; /* the walk stopped in the middle of a service */
	bool done;
	struct control_instances at;
};

/* Begins or resumes (zeroed before its first step) in a snapshot. */
void control_tour_enter(
    struct control_tour *, const struct zoneset *, int64_t now_ms);

/* The next live instance; false at the end (done is set), or when *work has
 * come down to 0. */
bool control_tour_next(
    struct control_tour *, struct control_instance *, size_t *work);

/* --- what belongs to an instance --- */

/* The key of an instance (standing.h). */
uint64_t control_instance_key(const struct control_instance *);

/* The TXT record with the attributes of an instance: that of its DNS-SD name;
 * for a plain SRV that of the target, or else of the service.  NULL: none. */
const struct record *control_instance_txt(
    const struct control_instance *, int64_t now_ms);

/* Live instances of a service, each target and port once; without memory the
 * records of the rest are counted. */
struct control_count {
	size_t registered;
	size_t served; /* not out */
};
struct control_count control_instances_count(
    const struct zone *, const struct node *service, int64_t now_ms);

#endif
