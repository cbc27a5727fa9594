/* checker.h - the thread that probes instances.
 *
 *     orders --> mailbox --> schedule --> attempts --> report()
 *                               ^             |
 *                               '-------------'  the next turn
 *
 * Each instance has its place in the interval (checker_schedule.h), so that
 * probes are spread.  The first probe of a new or changed one comes at once
 * if there is room, else spread over the next second (or interval, if that is
 * shorter); the second between half an interval and one and a half later.  At
 * most so many are in flight at once; those that are due wait, the longest
 * wait first, and then go on in their own place: turns that were missed are
 * missed, never made up for.
 *
 * HTTP, HTTPS and gRPC go through libcurl (connections not kept), TCP and
 * agents through sockets of our own, programs run in process groups of their
 * own.  Nothing here knows what healthy means.
 *
 * If the thread itself comes late by more than an interval (a stopped process,
 * no CPU), the results of probes that were under way are marked late, and
 * counted: they say nothing about the instance.  So do those that we could not
 * make for want of memory, descriptors or ports of our own.
 *
 * There is one result for each probe, also if it could not be made.  None comes
 * for an instance after its end, nor of an older generation after a newer one.
 *
 * Threads:   checker_order: the writer.  All else: main.  report() is called
 *            by the checker's thread and takes over the result.
 * Ownership: orders are taken over.
 * Units:     milliseconds.
 * Errors:    ERR_MEMORY, ERR_IO.
 */
#ifndef SERVER_HEALTH_CHECKER_H
#define SERVER_HEALTH_CHECKER_H

#include "server/health/probe.h"
#include "zones/dns/error.h"

struct checker;
struct stats;

struct checker_plan {
	unsigned at_once; /* probes in flight; 0: one */
	struct stats *stats; /* of this thread */
	void (*report)(void *arg, struct probe_result *);
	void *arg;
};

enum error checker_new(
    const struct checker_plan *, struct checker **) MUST_CHECK;
enum error checker_start(struct checker *) MUST_CHECK;

/* Hands over one order. */
void checker_order(struct checker *, struct probe_order *);

/* Ends the thread; programs that run are killed.  Harmless if it was never
 * started.  Orders that come later are freed with the checker. */
void checker_stop(struct checker *);
void checker_free(struct checker *);

#endif
