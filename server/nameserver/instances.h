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

/* Fills the scratch selection with at most max live SRV records; returns the
 * TTL for all of them. */
uint32_t instances_gather(
    struct answer *, const struct node *service, size_t max);

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
