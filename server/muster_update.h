/* muster_update.h - muster's own UPDATE messages, and what comes back.
 *
 *     begin -> add, delete ... -> finish -> (muster_update_send.h)
 *                                     take a reply <-
 *
 * Threads:   one.
 * Ownership: a message is one block of the caller's.
 * Units:     TTLs and leases in seconds.
 * Errors:    ERR_LIMIT, the message is too long; ERR_CRYPTO.  What a server
 *            does not like is an RCODE in the reply.
 * Standards: RFC 2136 2, 3.8; RFC 8945; RFC 9664 4; RFC 8914.
 */
#ifndef SERVER_MUSTER_UPDATE_H
#define SERVER_MUSTER_UPDATE_H

#include "server/muster_update_key.h"
#include "server/nameserver/edns.h"

/* One instance: an SRV, its TXT (RDATA of up to 4 KiB), a few addresses. */
#define MUSTER_UPDATE_LEN 16384

struct muster_update {
	struct wire_writer w;
	uint16_t id;
	struct tsig tsig; /* of this exchange */
	const struct tsig_table *keys; /* NULL: not signed */
	uint8_t octets[MUSTER_UPDATE_LEN];
};

/* What a message that came in is to the one that went out. */
enum muster_take {
	TAKE_NOT_OURS, /* forged, late, broken: wait on */
	TAKE_DOUBTFUL, /* not signed, and no success: wait on, but if nothing
			* better comes this is it */
	TAKE_TRUNCATED, /* ask again by TCP */
	TAKE_DONE,
};

struct muster_reply {
	unsigned rcode;
	uint16_t tsig_error; /* 0, or what the server has against our key */
	bool has_lease; /* the server knows RFC 9664 */
	uint32_t lease_s; /* granted */
	enum ede ede;
	char ede_text[256]; /* "" if there is none */
};

/* A number that nobody guesses, for IDs and the like. */
uint32_t muster_random(void);

void muster_update_begin(
    struct muster_update *, uint16_t id, const uint8_t *zone);

/* RFC 2136 2.5.1: adds a record. */
void muster_update_add(struct muster_update *, const uint8_t *owner,
    uint32_t ttl_s, uint16_t type, const void *rdata, size_t len);

/* RFC 2136 2.5.4: deletes one record. */
void muster_update_delete(struct muster_update *, const uint8_t *owner,
    uint16_t type, const void *rdata, size_t len);

/* RFC 2136 2.5.2: deletes the records of a type. */
void muster_update_delete_set(
    struct muster_update *, const uint8_t *owner, uint16_t type);

/* Ends the message: OPT, with an Update Lease option unless lease_s is 0, and
 * TSIG unless the key has no table. */
enum error muster_update_finish(struct muster_update *,
    const struct muster_key *, uint32_t lease_s, int64_t wall_s) MUST_CHECK;

/* Looks at what came in; *reply is set with TAKE_DOUBTFUL and TAKE_DONE. */
enum muster_take muster_update_take(struct muster_update *, const uint8_t *in,
    size_t len, int64_t wall_s, struct muster_reply *);

/* RCODE and Extended DNS Error of a reply to a request of ours. */
void muster_reply_read(struct muster_reply *, const struct message *);

/* "REFUSED", "RCODE 11". */
const char *muster_rcode_text(unsigned rcode, char text[16]);

/* In one line why it was no success: "REFUSED: no rule allows ...". */
void muster_reply_text(const struct muster_reply *, char *text, size_t len);

#endif
