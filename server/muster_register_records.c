/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/muster_register.h"
#include "server/muster_update_find.h"
#include "server/now.h"
#include "server/socket.h"
#include "zones/dns/rdata.h"

typedef bool put_records_fn(struct registration *, struct muster_update *);

/* Next time another address comes first or, where it was found, whatever is
 * the server's by then. */
static enum registered
silent(struct registration *r, enum muster_sent sent)
{
	struct muster_way *way = &r->way;
	struct endpoint first = way->server[0];

	if (sent == SENT_STOPPED)
		return REGISTERED_STOPPED;
	if (!r->server_given)
		way->servers = 0;
	if (way->servers > 1) {
		memmove(way->server, way->server + 1,
		    (way->servers - 1) * sizeof(first));
		way->server[way->servers - 1] = first;
	}
	return REGISTERED_LATER;
}

/* The one that answers is the first to be asked the next time. */
static void
prefer(struct muster_way *way, unsigned by)
{
	struct endpoint answers = way->server[by];

	way->server[by] = way->server[0];
	way->server[0] = answers;
}

/* --- the zone and its server --- */

/* Where no server is named, the resolvers of this machine know the zone. */
static enum registered
find_server(struct registration *r)
{
	struct muster_way way = r->way;
	struct muster_zone zone;
	const uint8_t *name = r->zone_given ? r->zone.wire : r->service.wire;
	enum muster_sent sent;
	bool found;

	muster_find_resolvers(&way);
	sent = muster_find_zone(&way, name, &zone, &found, r->why);
	if (found)
		sent = muster_find_host(&way, zone.mname.wire, &found, r->why);
	if (!found)
		return silent(r, sent);
	if (!r->zone_given)
		r->zone = zone.apex;
	r->way = way;
	return REGISTERED;
}

static enum registered
find_zone(struct registration *r)
{
	struct muster_zone zone;
	enum muster_sent sent;
	bool found;

	sent =
	    muster_find_zone(&r->way, r->service.wire, &zone, &found, r->why);
	if (!found)
		return silent(r, sent);
	r->zone = zone.apex;
	return REGISTERED;
}

/* --- the host --- */

/* A single label, given or this machine's, is a name in the zone; what has a
 * dot is a whole one, as people write it. */
static bool
find_target(struct registration *r)
{
	char host[256] = "";
	const char *text = r->target_text;
	bool whole;

	if (text == NULL) {
		if (gethostname(host, sizeof(host) - 1) == 0)
			host[strcspn(host, ".")] = '\0';
		text = host;
	}
	whole = strchr(text, '.') != NULL;
	if (*text != '\0' &&
	    name_from_text(text, whole ? NULL : r->zone.wire, &r->target) == OK)
		return true;
	snprintf(r->why, sizeof(r->why), "--target %.200s: no host name", text);
	return false;
}

static bool
is_loopback(const struct endpoint *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* The address that packets to the server leave from; it may change while we
 * run, so it is asked for each time. */
static bool
find_address(struct registration *r)
{
	if (r->address_given || r->no_address)
		return true;
	r->addresses = 0;
	if (!name_is_in(r->target.wire, r->zone.wire))
		return true;
	if (!muster_local_address(&r->way.server[0], &r->address[0])) {
		snprintf(r->why, sizeof(r->why),
		    "there is no route to the "
		    "server; name an --address");
		return false;
	}
	r->addresses = 1;
	return true;
}

/* Once. */
static void
warn_of_loopback(struct registration *r)
{
	if (r->warned || r->address_given || r->addresses == 0 ||
	    !is_loopback(&r->address[0]))
		return;
	r->warned = true;
	muster_complain("registered a loopback address, since the server is "
			"on this machine; for others name an --address");
}

/* Zone, server, host. */
static enum registered
find(struct registration *r)
{
	enum registered done = REGISTERED;

	if (!r->server_given && r->way.servers == 0)
		done = find_server(r);
	else if (r->zone.len == 0)
		done = find_zone(r);
	if (done != REGISTERED)
		return done;
	return find_target(r) ? REGISTERED : REGISTERED_NEVER;
}

/* --- what is there already --- */

static void
see_srv(void *arg, const uint8_t *rdata, size_t len)
{
	struct registration *r = arg;

	(void)len;
	if (wire_load_u16(rdata + 4) != r->port ||
	    !name_equal(rdata + 6, r->target.wire)) {
		/* At the name of one instance that is another one. */
		r->taken = r->label != NULL;
		return;
	}
	if ((wire_load_u16(rdata) == r->priority &&
		wire_load_u16(rdata + 2) == r->weight) ||
	    r->others == REGISTRATION_OTHERS)
		return;
	memcpy(r->other[r->others++], rdata, 4);
}

/* Which SRV records the instance has. */
static enum registered
find_others(struct registration *r)
{
	struct name *owner = &r->service;
	enum muster_sent sent;

	r->others = 0;
	r->taken = false;
	if (r->label != NULL) {
		owner = &r->instance;
		if (!name_prepend(owner, (const uint8_t *)r->label,
			strlen(r->label), r->service.wire))
			return REGISTERED; /* the update will complain */
	}
	sent = muster_find_records(
	    &r->way, owner->wire, TYPE_SRV, see_srv, r, r->why);
	return sent == SENT_ANSWERED ? REGISTERED : silent(r, sent);
}

/* --- the exchange --- */

struct exchange {
	struct muster_update update;
	struct muster_reply reply;
};

static enum muster_take
take(void *arg, const uint8_t *in, size_t len)
{
	struct exchange *x = arg;

	return muster_update_take(
	    &x->update, in, len, now_read().wall_s, &x->reply);
}

/* What is the server's last word, and what may be otherwise in a moment. */
static enum registered
judge(struct registration *r)
{
	char text[400], server[SOCKET_NAME_LEN];

	if (r->reply.rcode == RCODE_NOERROR && r->reply.tsig_error == 0) {
		r->why[0] = '\0';
		return REGISTERED;
	}
	muster_reply_text(&r->reply, text, sizeof(text));
	socket_print(&r->way.server[0], server);
	snprintf(r->why, sizeof(r->why), "%s: %s", server, text);
	return r->reply.rcode == RCODE_SERVFAIL ? REGISTERED_LATER
						: REGISTERED_NEVER;
}

static enum registered
send_update(struct registration *r, struct exchange *x, put_records_fn *put)
{
	uint32_t lease_s = put == registration_put_add ? r->lease_s : 0;
	enum muster_sent sent;
	enum error err;
	unsigned by = 0;

	muster_update_begin(
	    &x->update, (uint16_t)muster_random(), r->zone.wire);
	if (!put(r, &x->update))
		return REGISTERED_NEVER;
	err = muster_update_finish(
	    &x->update, &r->key, lease_s, now_read().wall_s);
	if (err != OK) {
		snprintf(r->why, sizeof(r->why), "%s", error_text(err));
		return REGISTERED_NEVER;
	}
	sent = muster_send(
	    &r->way, x->update.octets, x->update.w.len, take, x, &by, r->why);
	if (sent != SENT_ANSWERED)
		return silent(r, sent);
	prefer(&r->way, by);
	r->reply = x->reply;
	return judge(r);
}

static enum registered
exchange(struct registration *r, put_records_fn *put)
{
	struct exchange *x = malloc(sizeof(*x));
	enum registered done;

	if (x == NULL) {
		snprintf(r->why, sizeof(r->why), "%s", error_text(ERR_MEMORY));
		return REGISTERED_LATER;
	}
	done = send_update(r, x, put);
	free(x);
	return done;
}

enum registered
registration_add(struct registration *r)
{
	enum registered done = find(r);

	if (done != REGISTERED)
		return done;
	if (!find_address(r))
		return REGISTERED_LATER;
	if (!r->looked)
		done = find_others(r);
	if (done != REGISTERED)
		return done;
	r->looked = true;
	done = exchange(r, registration_put_add);
	if (done == REGISTERED)
		warn_of_loopback(r);
	return done;
}

enum registered
registration_remove(struct registration *r)
{
	enum registered done = find(r);

	if (done == REGISTERED)
		done = find_others(r);
	if (done != REGISTERED)
		return done;
	return exchange(r, registration_put_remove);
}
