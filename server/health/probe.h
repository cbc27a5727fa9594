/* probe.h - what is asked of an instance, and what came of it.
 *
 * The roster (writer thread) says what to probe: an order names one instance
 * by a number, with all that a probe needs.  The checker (its own thread)
 * probes it again and again, spread over the interval, and sends a result
 * each time.
 *
 *     roster  -- orders: begin, change, end -->  checker
 *             <-- results --
 *
 * An instance with several addresses is good if one of them answers well: they
 * are tried one after the other within the same probe and its timeout, from
 * the one that answered last.  Each has its share of the time that is left to
 * let us connect (the last one all of it), and once connected whatever time
 * there is, so that a dead address does not hide a live one.  The reason is of
 * the first that could be connected to.  A program (exec) runs once and is
 * told all addresses.
 *
 * Only addresses within check.networks are talked to, whatever the order
 * says.
 *
 * Threads:   an order or result belongs to one thread at a time.
 * Ownership: one block from malloc each, strings included: free().
 * Units:     milliseconds, durations of results in microseconds.
 * Errors:    NULL without memory.
 */
#ifndef SERVER_HEALTH_PROBE_H
#define SERVER_HEALTH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "server/mailbox.h"

#define PROBE_REASON_LEN 96
#define PROBE_ADDRESSES 8 /* of one instance */

enum probe_order_kind {
	PROBE_BEGIN, /* or change what is known by that number */
	PROBE_END,
	PROBE_NOW, /* do not wait for the next turn */
};

struct probe_order {
	struct mail mail; /* kind: enum probe_order_kind */
	uint64_t instance; /* the roster's number */
	uint32_t generation; /* comes back with results: older ones are void */
	/* PROBE_BEGIN: */
	struct config_check check; /* strings and networks copied into data */
	/* Addresses with the ports to be probed (check.port is in them); those
	 * outside of check.networks were left out: none left is a failed probe
	 * with that reason. */
	struct endpoint address[PROBE_ADDRESSES];
	unsigned addresses;
	bool forbidden; /* there are addresses, all outside of the networks */
	uint16_t port; /* for exec: MUSTER_PORT */
	char *host; /* the target, text without final dot: Host:, SNI */
	char *service; /* owner of the service, text, for exec */
	char data[];
};

/* Words of HAProxy's agent check, and of nobody else. */
enum probe_word {
	WORD_NONE,
	WORD_UP, /* leaves the administrative states */
	WORD_READY, /* the same for drain and maint */
	WORD_DRAIN,
	WORD_MAINT,
	WORD_DOWN, /* also failed, stopped, fail */
};

struct probe_result {
	struct mail mail; /* kind: MAIL_RESULT of the writer's mailbox */
	uint64_t instance;
	uint32_t generation;
	bool good;
	bool late; /* the checker itself had stalled, or had no memory or
		    * descriptor to ask with: says nothing */
	enum probe_word word;
	int percent; /* of the weight, as an agent says; -1: nothing */
	int load; /* as the instance reports it, 0..65534; -1: nothing */
	uint32_t duration_us;
	int64_t wall_s; /* when it began */
	char reason[PROBE_REASON_LEN]; /* "HTTP 503", "timeout after 1 s" */
};

/* An order that owns copies of strings and networks.  check, host and service
 * may be NULL where the kind needs none. */
struct probe_order *probe_order_new(enum probe_order_kind, uint64_t instance,
    const struct config_check *, const char *host, const char *service);

#endif
