/* standing.h - which instances of a service are not simply answered.
 *
 * A service is answered as it is registered but for exceptions: instances that
 * are down, draining, warming up or forced, and those of which more is known
 * than their SRV record says (site, load).  The writer makes the list of them
 * from checks, operators' wishes and TXT; readers find it at the service's
 * ready block.  A list is immutable, sorted by instance.
 *
 * An instance is a target and a port; standing_key() names it inside its
 * service, whatever its priority and weight, and in both shapes of
 * registration (service.h).
 *
 * Threads:   readers any; made by the writer.
 * Ownership: a list is a block of an edition.
 * Units:     until_ms monotonic milliseconds; ttl_max_s seconds; scale in
 *            1/256 of the registered weight.
 * Errors:    none.
 */
#ifndef ZONES_STANDING_H
#define ZONES_STANDING_H

#include <stddef.h>
#include <stdint.h>

/* What is done with an instance. */
enum served {
	SERVED_UP, /* answered */
	SERVED_DRAIN, /* SRV with weight 0, no addresses */
	SERVED_OUT, /* not answered */
};

/* Why; also the real state where it is not forced. */
enum standing_why {
	WHY_PLAIN, /* nothing special */
	WHY_HEALTHY, /* its checks are good */
	WHY_UNHEALTHY,
	WHY_UNKNOWN, /* waits for its first result */
	WHY_RECOVERED, /* as unknown, but answered: it was there before a
			* restart */
	WHY_SLOW_START,
	WHY_AGENT_DRAIN, /* its agent says so */
	WHY_AGENT_MAINT,
	WHY_FORCED_UP, /* by an operator */
	WHY_FORCED_DOWN,
	WHY_FORCED_DRAIN,
	WHY_PANIC, /* answered though unhealthy: so are too many */
	WHY_NONE_LEFT, /* when-none: all */
	WHY_LAST_GOOD, /* when-none: last-good */
	WHY_GUARD, /* the expiry guard holds its lease */
	WHY_COUNT
};

#define SCALE_WHOLE 256
#define LOAD_UNKNOWN UINT16_MAX

struct standing {
	uint64_t instance; /* standing_key() */
	int64_t until_ms; /* the next change that is already known, such as a
			   * step of draining: caps TTLs; INT64_MAX: none */
	uint16_t ttl_max_s; /* caps TTLs; 0: as the shape says */
	uint16_t scale; /* of the weight, 0..SCALE_WHOLE */
	uint16_t load; /* as the instance reports it, or LOAD_UNKNOWN */
	uint8_t site; /* number in config->site + 1; 0: none */
	uint8_t served; /* enum served */
	uint8_t why; /* enum standing_why */
	uint8_t real; /* enum standing_why: what checks alone say */
};

struct standings {
	uint32_t count;
	struct standing item[];
};

/* What is special about a service as a whole; the answer says so (RFC 8914).
 */
enum condition {
	CONDITION_NORMAL,
	CONDITION_PANIC, /* health is ignored: too few are healthy */
	CONDITION_NONE_LEFT, /* none is healthy: all are answered */
	CONDITION_LAST_GOOD, /* none is healthy: those that last were */
	CONDITION_GUARD, /* leases are held: registrations are stale */
	CONDITION_COUNT
};

/* From an SRV record's target_hash (rrset.h) and port. */
static inline uint64_t
standing_key(uint64_t target_hash, uint16_t port)
{
	uint64_t h = target_hash ^ (uint64_t)(port + 1) << 47;

	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* The exception for an instance, or NULL; the list may be NULL. */
const struct standing *standings_find(
    const struct standings *, uint64_t instance);

/* Words for reports: "unhealthy", "forced down"; "panic". */
const char *standing_why_text(enum standing_why);
const char *condition_text(enum condition);

#endif
