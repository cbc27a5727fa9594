/* muster_update_key.h - the key that updates of muster are signed with.
 *
 * Either a file as tsig-keygen writes it and nsupdate -k reads it,
 *
 *     key "web-team" {
 *             algorithm hmac-sha256;
 *             secret "base64";
 *     };
 *
 * or the words of nsupdate -y, [algorithm:]name:secret.
 *
 * Threads:   one.
 * Ownership: muster_key_fini() wipes and frees the secret.
 * Units:     octets.
 * Errors:    false, with the reason in why, MUSTER_WHY_LEN octets; secrets are
 *            never in it.
 * Standards: RFC 8945 6.
 */
#ifndef SERVER_MUSTER_UPDATE_KEY_H
#define SERVER_MUSTER_UPDATE_KEY_H

#include "server/nameserver/tsig.h"

#define MUSTER_WHY_LEN 512

struct muster_key {
	struct tsig_key key;
	struct tsig_table *table; /* NULL: there is no key */
};

/* From the argument of --key: the file of that name or, if it has a colon and
 * is no file, the key itself. */
bool muster_key_load(struct muster_key *, const char *text, char *why);

/* What a key file says. */
bool muster_key_parse(struct muster_key *, const char *content, char *why);

/* {0} is harmless. */
void muster_key_fini(struct muster_key *);

#endif
