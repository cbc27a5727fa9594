/* instances.h - the live instances of one service, in either shape.
 *
 * Gathers SRV records of a service owner and of the DNS-SD instances that its
 * PTR records name into the worker's selection, ordered as an answer is.
 *
 * Threads:   any worker, inside snapshot_enter().
 * Ownership: picks borrow records from the snapshot.
 * Units:     TTLs in seconds.
 * Errors:    none.
 * Standards: RFC 2782; RFC 6763 4.
 */
#ifndef SERVER_NAMESERVER_INSTANCES_H
#define SERVER_NAMESERVER_INSTANCES_H

#include "server/nameserver/answer.h"

/* Which instances. */
struct gathering {
	const struct node *service;
	const struct rrset *srv; /* registered at the owner; NULL: none */
	const struct rrset *ptr; /* names DNS-SD instances; NULL: none */
	const uint8_t *label; /* that their TXT must have (a label in wire
			       * form); NULL: any */
	size_t max; /* at most SELECTION_MAX */
	bool named; /* scratch->name is wanted: who has two names comes twice */
};

/* What a pick's item is if no PTR record led to it. */
#define ITEM_PLAIN UINT16_MAX

/* All of a service. */
struct gathering instances_of(const struct node *service, size_t max);

/* Fills the scratch selection with the live SRV records that are served by the
 * rules of the answer, in no order (with named: the PTR record of pick p is
 * scratch->name[p->item]); returns the TTL for all of them.  DNS-SD instances
 * are looked for up to max; where there are more it is not whole. */
uint32_t instances_gather(struct answer *, const struct gathering *);

/* The same, ordered and cut as selection_draw() does. */
uint32_t instances_select(struct answer *, const struct gathering *);

/* The TXT RRset of an instance: at its DNS-SD name, if it has one (else NULL),
 * or at its target, or at the service owner; NULL: none. */
const struct rrset *instances_txt(const struct answer *,
    const struct node *service, const struct record *srv,
    const struct node *name);

/* The node of the DNS-SD instance that a PTR record names, or NULL. */
const struct node *instances_node(
    const struct answer *, const struct record *ptr);

/* Whether the service has a live record. */
bool instances_exist(const struct node *service, int64_t now_ms);

/* When the last of the service's records ends, as far as its first ones tell:
 * DEADLINE_NONE if one never does, 0 if all of them have. */
int64_t instances_deadline_ms(const struct node *service, int64_t now_ms);

/* The node of a service that an index record names. */
const struct node *instances_service(
    const struct answer *, const struct record *entry);

/* The name of the DNS-SD instance that stands for a plain SRV record:
 * <first label of target>-<port>.<service owner>; false if it is too long. */
bool instances_name(
    const struct node *service, const struct record *srv, struct name *);

#endif
