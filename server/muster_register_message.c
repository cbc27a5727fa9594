/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "server/muster_register.h"
#include "zones/dns/rdata.h"

#define SRV_FIXED_LEN 6 /* priority, weight, port */

/* What an SRV is, before its target. */
static size_t
make_srv(const struct registration *r, uint16_t priority, uint16_t weight,
    uint8_t rdata[SRV_FIXED_LEN + NAME_MAX_LEN])
{
	wire_store_u16(rdata, priority);
	wire_store_u16(rdata + 2, weight);
	wire_store_u16(rdata + 4, r->port);
	memcpy(rdata + SRV_FIXED_LEN, r->target.wire, r->target.len);
	return SRV_FIXED_LEN + r->target.len;
}

static const uint8_t *
srv_owner(const struct registration *r)
{
	return r->label != NULL ? r->instance.wire : r->service.wire;
}

static void
delete_srv(const struct registration *r, struct muster_update *u,
    uint16_t priority, uint16_t weight)
{
	uint8_t rdata[SRV_FIXED_LEN + NAME_MAX_LEN];
	size_t len = make_srv(r, priority, weight, rdata);

	muster_update_delete(u, srv_owner(r), TYPE_SRV, rdata, len);
}

/* Records of this very instance with other figures: it is one, and a draining
 * one (weight 0) is another record than one that works.  Where there is
 * nothing to delete, deleting is no change. */
static void
delete_others(const struct registration *r, struct muster_update *u)
{
	if (r->weight != 0)
		delete_srv(r, u, r->priority, 0);
	for (unsigned i = 0; i < r->others; i++)
		delete_srv(r, u, wire_load_u16(r->other[i]),
		    wire_load_u16(r->other[i] + 2));
}

typedef void put_fn(struct muster_update *, const struct registration *,
    const uint8_t *owner, uint16_t type, const void *rdata, size_t len);

static void
put_add(struct muster_update *u, const struct registration *r,
    const uint8_t *owner, uint16_t type, const void *rdata, size_t len)
{
	muster_update_add(u, owner, r->ttl_s, type, rdata, len);
}

static void
put_delete(struct muster_update *u, const struct registration *r,
    const uint8_t *owner, uint16_t type, const void *rdata, size_t len)
{
	(void)r;
	muster_update_delete(u, owner, type, rdata, len);
}

static void
each_address(const struct registration *r, struct muster_update *u, put_fn *put)
{
	for (unsigned i = 0; i < r->addresses; i++) {
		const struct endpoint *a = &r->address[i];

		if (a->sa.sa_family == AF_INET)
			put(u, r, r->target.wire, TYPE_A, &a->in.sin_addr, 4);
		else
			put(u, r, r->target.wire, TYPE_AAAA, &a->in6.sin6_addr,
			    16);
	}
}

/* Where the metadata stands: at the instance, else at the host. */
static const uint8_t *
txt_owner(const struct registration *r)
{
	return r->label != NULL ? r->instance.wire : r->target.wire;
}

static bool
wrong(struct registration *r, const char *what, const struct name *name)
{
	char text[NAME_TEXT_LEN];

	snprintf(r->why, sizeof(r->why), "%.200s %s",
	    name_to_text(name->wire, text), what);
	return false;
}

/* Names that are known only now must fit together. */
static bool
check_names(struct registration *r)
{
	bool outside = !name_is_in(r->target.wire, r->zone.wire);

	if (!name_is_in(r->service.wire, r->zone.wire))
		return wrong(r, "is not in the zone", &r->service);
	if (r->label == NULL)
		r->instance.len = 0;
	else if (!name_prepend(&r->instance, (const uint8_t *)r->label,
		     strlen(r->label), r->service.wire))
		return wrong(r, "is too long with the name of the instance",
		    &r->service);
	if (outside && r->addresses != 0)
		return wrong(r,
		    "is not in the zone: its addresses are "
		    "somebody else's to register",
		    &r->target);
	if (outside && r->label == NULL && r->txt_len != 0)
		return wrong(r,
		    "is not in the zone: --txt, --tag and --site "
		    "need --dns-sd then",
		    &r->target);
	return true;
}

bool
registration_put_add(struct registration *r, struct muster_update *u)
{
	static const uint8_t no_txt[] = {0}; /* RFC 6763 6.1 */
	uint8_t srv[SRV_FIXED_LEN + NAME_MAX_LEN];
	size_t srv_len;

	if (!check_names(r))
		return false;
	srv_len = make_srv(r, r->priority, r->weight, srv);
	if (r->label == NULL) {
		delete_others(r, u);
	} else {
		/* The name is this instance's alone. */
		muster_update_delete_set(u, r->instance.wire, TYPE_SRV);
		muster_update_delete_set(u, r->instance.wire, TYPE_TXT);
		muster_update_add(u, r->service.wire, r->ttl_s, TYPE_PTR,
		    r->instance.wire, r->instance.len);
	}
	muster_update_add(u, srv_owner(r), r->ttl_s, TYPE_SRV, srv, srv_len);
	if (r->txt_len != 0)
		muster_update_add(
		    u, txt_owner(r), r->ttl_s, TYPE_TXT, r->txt, r->txt_len);
	else if (r->label != NULL)
		muster_update_add(u, r->instance.wire, r->ttl_s, TYPE_TXT,
		    no_txt, sizeof(no_txt));
	each_address(r, u, put_add);
	return true;
}

bool
registration_put_remove(struct registration *r, struct muster_update *u)
{
	if (!check_names(r))
		return false;
	delete_others(r, u);
	delete_srv(r, u, r->priority, r->weight);
	if (r->label != NULL && !r->taken) {
		muster_update_delete(u, r->service.wire, TYPE_PTR,
		    r->instance.wire, r->instance.len);
		muster_update_delete_set(u, r->instance.wire, TYPE_TXT);
	} else if (r->label == NULL && r->txt_len != 0) {
		muster_update_delete(
		    u, txt_owner(r), TYPE_TXT, r->txt, r->txt_len);
	}
	/* Whoever stays with --keep named them to be registered, and other
	 * services may be on the host: their lease ends by itself. */
	if (r->address_given && !r->keep)
		each_address(r, u, put_delete);
	return true;
}
