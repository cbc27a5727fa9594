/* reply_internal.h - the parts of reply_check().
 *
 *   reply.c         what the header says, and the order of all
 *   reply_chain.c   which records belong to the question
 *   reply_write.c   writing them into the clean message
 *
 * Records are gathered once; each step of the chain then looks for its own by
 * the hash of their owners.
 *
 * Threads:   any.
 * Ownership: a judge borrows all but its scratch memory.
 * Units:     octets; TTLs in seconds.
 * Errors:    wrong, failed: sticky.
 */
#ifndef RESOLVER_REPLY_INTERNAL_H
#define RESOLVER_REPLY_INTERNAL_H

#include "resolver/reply.h"
#include "zones/dns/rdata.h"

/* A record of class IN that is data. */
struct reply_record {
	uint64_t hash; /* of its owner */
	uint32_t ttl; /* normalised */
	uint16_t at; /* where it starts in the upstream's message */
	uint16_t rdata; /* where its RDATA starts */
	uint16_t rdlength;
	uint16_t type;
	uint16_t covered; /* an RRSIG: the type that it signs */
	uint8_t labels; /* of its owner */
	uint8_t section;
	bool kept;
};

struct judge {
	struct message m;
	const struct reply_question *question;
	struct reply *reply;
	/* Scratch, in one allocation. */
	size_t count;
	struct reply_record *record;
	uint8_t *rdata; /* RDATA_MAX_LEN octets */
	/* The chain: where it is now. */
	struct name current;
	struct name_key key; /* of current */
	bool aliased; /* current is not the name asked for */
	bool found; /* records of the type asked for stand at its end */
	bool proven; /* an SOA says that nothing stands there */
	/* Hosts that the answer names. */
	size_t targets;
	uint64_t target[REPLY_TARGETS_MAX];
	/* The clean message. */
	struct wire_writer w;
	uint32_t ttl; /* the least so far */
	bool wrong; /* the RDATA of a record that counts is malformed */
};

/* Which records: of a section, a type, an owner. */
struct reply_set {
	enum message_section section;
	uint16_t type; /* TYPE_ANY: all */
	const uint8_t *owner;
	uint64_t hash;
};

/* Follows the chain and writes the answer section. */
enum reply_state reply_follow(struct judge *);

/* Writes what proves that there is nothing, or that a wildcard was used. */
void reply_put_authority(struct judge *);

void reply_put_additional(struct judge *);

/* Whether a record is one of a set, or a signature of one that is wanted. */
bool reply_is_of(const struct judge *, const struct reply_record *,
    const struct reply_set *);

/* Whether the record's owner is this name. */
bool reply_is_owner(const struct judge *, const struct reply_record *,
    const uint8_t *name, uint64_t hash);

void reply_get_owner(
    const struct judge *, const struct reply_record *, struct name *);

/* Writes all of a set with one TTL, not above limit; how many it has of the
 * type itself. */
unsigned reply_put_set(
    struct judge *, const struct reply_set *, uint32_t limit);

/* Writes one record; its place is remembered and the least TTL lowered.
 * *pointer is 0, or stands for the owner: it is set for the next record of
 * the same owner, which spares the search for what is known. */
void reply_put_record(struct judge *, const struct reply_record *,
    const uint8_t *owner, uint16_t *pointer, uint32_t ttl);

/* Writes the alias that a DNAME makes (RFC 6672 3.1). */
void reply_put_alias(
    struct judge *, const uint8_t *owner, const uint8_t *target, uint32_t ttl);

/* Reads RDATA into scratch; false (and wrong) if it is malformed. */
bool reply_read_rdata(
    struct judge *, const struct reply_record *, size_t *rdata_len);

#endif
