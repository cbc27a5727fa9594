/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/update_log.h"

#include <arpa/inet.h>

#include "server/log.h"

/* Lines a second: enough to see what goes on, too few to fill a disk. */
static struct log_limit limit = LOG_LIMIT(20);

static const char *
rcode_text(enum rcode rcode)
{
	switch (rcode) {
	case RCODE_FORMERR:
		return "FORMERR";
	case RCODE_SERVFAIL:
		return "SERVFAIL";
	case RCODE_NXDOMAIN:
		return "NXDOMAIN";
	case RCODE_REFUSED:
		return "REFUSED";
	case RCODE_YXDOMAIN:
		return "YXDOMAIN";
	case RCODE_YXRRSET:
		return "YXRRSET";
	case RCODE_NXRRSET:
		return "NXRRSET";
	case RCODE_NOTAUTH:
		return "NOTAUTH";
	case RCODE_NOTZONE:
		return "NOTZONE";
	default:
		return "error";
	}
}

static const char *
signer(const struct tsig *tsig)
{
	switch (tsig->state) {
	case TSIG_OK:
		return "key ";
	case TSIG_NOTAUTH:
		return "who claims key ";
	default:
		return "unsigned";
	}
}

void
update_log(const struct endpoint *peer, const struct tsig *tsig,
    const struct message *m, enum rcode rcode, const char *reason,
    int64_t now_ms)
{
	char address[INET6_ADDRSTRLEN] = "?", zone[NAME_TEXT_LEN] = "?";
	char key[NAME_TEXT_LEN];
	uint32_t skipped;

	if (!log_limit_pass(&limit, now_ms, &skipped))
		return;
	if (peer->sa.sa_family == AF_INET)
		inet_ntop(
		    AF_INET, &peer->in.sin_addr, address, sizeof(address));
	else if (peer->sa.sa_family == AF_INET6)
		inet_ntop(
		    AF_INET6, &peer->in6.sin6_addr, address, sizeof(address));
	if (m->qname_len > 0)
		name_to_text(message_qname(m), zone);
	if (skipped > 0)
		log_write(
		    LEVEL_WARNING, "%u more updates were not done", skipped);
	log_write(LEVEL_WARNING, "%s: update from %s, %s%s: %s: %s", zone,
	    address, signer(tsig),
	    tsig->state == TSIG_OK || tsig->state == TSIG_NOTAUTH
		? name_to_text(tsig->key.wire, key)
		: "",
	    rcode_text(rcode), reason);
}
