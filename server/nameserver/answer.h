/* answer.h - an answer in the making.
 *
 * Sections are filled in order; each function adds whole records or RRsets,
 * or nothing.  What does not fit follows promise 8: additional records are
 * left out silently, an RRset of the answer section that is too large is
 * sampled (SRV in whole bundles: a record with the addresses of its target)
 * and TC is set over UDP.
 *
 * Threads:   belongs to one worker for the time of one message.
 * Ownership: borrows the snapshot, the door's buffer and the worker's scratch.
 * Units:     octets, TTLs in seconds.
 * Errors:    none: the message always stays well-formed.
 * Standards: RFC 1035 4.1; RFC 2181 5.2, 9; RFC 2782; RFC 9471 (glue).
 */
#ifndef SERVER_NAMESERVER_ANSWER_H
#define SERVER_NAMESERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/dns/message.h"
#include "zones/selection.h"
#include "zones/snapshot.h"
#include "zones/zone.h"

/* Targets whose addresses belong into the additional section. */
#define ANSWER_MAX_TARGETS SELECTION_MAX

/* A name in the message, and where it stands for pointers to it (0: nowhere
 * that a pointer reaches). */
struct owner {
	const uint8_t *name;
	uint16_t at;
};

struct target {
	struct owner owner;
	uint8_t name_len;
	uint64_t hash;
	const struct node *node; /* additional.c: in the zone of the answer */
};

/* Services of one hash share a turn, which does no harm. */
#define SCRATCH_TURNS 1024

/* Room that a worker keeps for its answers. */
struct scratch {
	struct selection selection;
	struct target target[ANSWER_MAX_TARGETS];
	uint16_t seen[2 * ANSWER_MAX_TARGETS]; /* tables of numbers */
	/* by the item of a pick: what was found on the way to it */
	const struct record *name[SELECTION_MAX]; /* instances.h */
	/* service_addresses.c */
	const struct rrset *host[SELECTION_MAX];
	uint64_t hash[SELECTION_MAX];
	uint64_t sum[SELECTION_MAX];
	struct record *address[SELECTION_MAX];
	uint32_t turn[SCRATCH_TURNS]; /* round-robin, by hash of the owner */
	struct name outside; /* query.h: where a chain has left our zones */
};

struct config_site;
struct settings;

struct answer {
	struct wire_writer w;
	const struct snapshot *snapshot;
	const struct zone *zone; /* the one the answer comes from now */
	struct scratch *scratch;
	struct random *random;
	const struct settings *settings;
	const struct endpoint *peer; /* who asks */
	const struct endpoint *client; /* the same, or for whom (RFC 7871) */
	uint64_t client_hash; /* of its network, for what has no shape */
	uint8_t client_bits; /* of the address that are known; 32, 128: all */
	uint8_t scope; /* bits of the client that decided something; 0: none */
	bool explains; /* the client understands extended errors */
	/* of what is being selected: rules.h */
	struct selection_rules rules;
	bool special; /* the next two, or the rules, say something */
	uint32_t ttl_max_s; /* UINT32_MAX: no cap */
	int64_t until_ms; /* INT64_MAX: none */
	const struct config_site *site; /* asked for, or found for the client */
	enum condition condition; /* worst of the services it is made of */
	int64_t now_ms;
	bool tcp;
	bool truncated;
	unsigned count[4]; /* by enum message_section */
	size_t targets;
	uint64_t seen_bits; /* additional.c */
};

/* Octets of a record before its RDATA, if the owner is a pointer; and up to
 * where pointers reach (RFC 1035 4.1.4). */
#define ANSWER_RR_LEN 12
#define ANSWER_POINTER_MAX 0x3fff

/* Writes the head of a record whose owner stands at owner_at, up to RDLENGTH:
 * ANSWER_RR_LEN - 2 octets. */
static inline void
answer_store_head(uint8_t *at, uint16_t owner_at, uint16_t type, uint32_t ttl)
{
	wire_store_u16(at, (uint16_t)(0xc000 | owner_at));
	wire_store_u16(at + 2, type);
	wire_store_u16(at + 4, CLASS_IN);
	wire_store_u32(at + 6, ttl);
}

/* A name for use as an owner; it need not stand in the message. */
static inline struct owner
owner_of(const uint8_t *name)
{
	return (struct owner){.name = name};
}

/* The name in question, which stands right behind the header. */
static inline struct owner
owner_of_question(const uint8_t *name)
{
	return (struct owner){.name = name, .at = MESSAGE_HEADER_LEN};
}

/* Says that something did not fit that the client should ask for by TCP. */
void answer_truncate(struct answer *);

/* The TTL for records of a set that are live until deadline_ms: the set's, or
 * what is left of the shortest lease (promise 4); 0 in the last second. */
uint32_t answer_ttl(uint32_t ttl, int64_t deadline_ms, int64_t now_ms);

/* Adds one record; false, with nothing added, if it does not fit. */
bool answer_put(struct answer *, enum message_section, struct owner,
    uint16_t type, uint32_t ttl, const uint8_t *rdata, size_t rdlen);

/* Adds a whole RRset (its live records, any order) or nothing; false if it
 * does not fit. */
bool answer_put_whole(struct answer *, enum message_section, struct owner,
    const struct rrset *, uint32_t max_ttl);

/* Adds the set that was asked for to the answer section: selects, orders,
 * samples.  False if no record of it is live. */
bool answer_put_selected(struct answer *, struct owner, const struct rrset *);

/* Lowers a TTL to the leases of the picks of the scratch selection; of all that
 * may yet be answered, for a choice that is cut brings others in. */
uint32_t answer_picks_ttl(const struct answer *, uint32_t ttl);

/* Adds the picks of the scratch selection, all of one type, with a TTL that
 * the caller has made; samples as answer_put_selected does. */
void answer_put_picks(struct answer *, struct owner, uint32_t ttl);

/* Adds the apex SOA to the authority section, with a TTL of at most ttl
 * (RFC 2308 3, 5). */
void answer_put_soa(struct answer *, uint32_t ttl);

/* Remembers that the addresses of a host belong into the additional section;
 * hash is its name_hash(). */
void answer_note_target(struct answer *, struct owner, uint64_t hash);

#endif
