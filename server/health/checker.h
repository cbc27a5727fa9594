/* checker.h - the thread that probes instances.
 *
 * Each instance has its place in the interval, so that probes are spread; at
 * most so many are in flight at once; those that are due wait for their turn.
 * HTTP, HTTPS and gRPC go through libcurl (one handle set for all, connections
 * not kept), TCP and agents through sockets of our own, programs run in
 * process groups of their own.  Nothing here knows what healthy means.
 *
 * If the thread itself comes late by more than an interval (a stopped
 * process, no CPU), the results of that time are marked late, and counted.
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
	unsigned at_once; /* probes in flight */
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
 * started. */
void checker_stop(struct checker *);
void checker_free(struct checker *);

#endif
