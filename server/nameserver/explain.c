/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/nameserver/instances.h"
#include "server/nameserver/rules.h"
#include "server/nameserver/settings.h"

/* Instances told of in one answer; more are counted. */
#define INSTANCES_MAX 64
/* Instances counted, and services of a domain looked at. */
#define COUNTED_MAX SELECTION_MAX
#define SERVICES_MAX 256

#define STRING_MAX 255 /* octets in one string of TXT, RFC 1035 3.3 */
#define LINE_MAX_LEN (2 * NAME_TEXT_LEN + 512)

struct explaining {
	struct answer *a;
	struct owner owner;
	bool of_domain; /* lines begin with the service */
	size_t told;
	size_t more; /* instances beyond those */
	bool full; /* the message is */
};

/* Adds a line as one TXT record, of several strings if it is long. */
static void
put_line(struct explaining *e, const char *format, ...)
{
	char line[LINE_MAX_LEN];
	uint8_t rdata[LINE_MAX_LEN + LINE_MAX_LEN / STRING_MAX + 1];
	size_t len, used = 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	for (size_t at = 0; at < len; at += STRING_MAX) {
		size_t part = len - at < STRING_MAX ? len - at : STRING_MAX;

		rdata[used++] = (uint8_t)part;
		memcpy(rdata + used, line + at, part);
		used += part;
	}
	if (!answer_put(
		e->a, SECTION_ANSWER, e->owner, TYPE_TXT, 0, rdata, used))
		e->full = true;
}

/* A name without its final dot. */
static void
name_text(const uint8_t *name, char text[NAME_TEXT_LEN])
{
	size_t len;

	name_to_text(name, text);
	len = strlen(text);
	if (len > 1)
		text[len - 1] = '\0';
}

/* "_http._tcp " in front of the instances of a domain. */
static void
prefix_text(const struct explaining *e, const struct node *service,
    char text[2 * LABEL_MAX_LEN * 4 + 8])
{
	const uint8_t *at = node_owner(service);
	size_t used = 0;

	text[0] = '\0';
	if (!e->of_domain)
		return;
	for (int i = 0; i < 2; i++, at += at[0] + 1)
		for (unsigned k = 1; k <= at[0] + 1u; k++) {
			char c = (char)(k <= at[0] ? at[k] : '.');

			text[used++] = c > ' ' && c < 127 ? c : '?';
		}
	text[used - 1] = ' ';
	text[used] = '\0';
}

static const char *
served_text(enum served served)
{
	switch (served) {
	case SERVED_UP:
		return "up";
	case SERVED_DRAIN:
		return "drain";
	default:
		return "out";
	}
}

static void
lease_text(const struct answer *a, const struct record *srv, char text[40])
{
	int64_t deadline_ms = record_deadline_ms(srv);

	if (deadline_ms == DEADLINE_NONE)
		strcpy(text, "none");
	else
		snprintf(
		    text, 40, "%" PRId64 "s", (deadline_ms - a->now_ms) / 1000);
}

/* "healthy", or "forced up (unhealthy)" where checks say something else. */
static void
why_text(const struct standing *st, char text[128])
{
	const char *why, *real;

	why =
	    standing_why_text(st && st->why < WHY_COUNT ? st->why : WHY_PLAIN);
	real = standing_why_text(
	    st && st->real < WHY_COUNT ? st->real : WHY_PLAIN);
	if (st == NULL || st->why == st->real || st->real == WHY_PLAIN)
		snprintf(text, 128, "%s", why);
	else
		snprintf(text, 128, "%s (%s)", why, real);
}

/* The weight that is answered, before any full range. */
static unsigned
served_weight(struct answer *a, struct record *srv, const struct standing *st)
{
	struct selection *s = &a->scratch->selection;
	size_t count = s->count;
	unsigned weight = 0;

	/* Behind the instances that are being told of. */
	if (count == SELECTION_MAX)
		return record_weight(srv);
	selection_add(s, srv);
	if (selection_apply(s, &a->rules, st))
		weight = s->pick[count].weight;
	s->count = count;
	return weight;
}

static void
put_instance(
    struct explaining *e, const struct node *service, struct record *srv)
{
	char prefix[2 * LABEL_MAX_LEN * 4 + 8], target[NAME_TEXT_LEN];
	char lease[40], why[128], extra[160] = "";
	const struct config *config = e->a->settings->config;
	const struct standing *st = rules_standing(e->a, srv);
	int used = 0;

	prefix_text(e, service, prefix);
	name_text(srv->rdata + 6, target);
	lease_text(e->a, srv, lease);
	why_text(st, why);
	if (st != NULL && st->load != LOAD_UNKNOWN)
		used = snprintf(extra, sizeof(extra), ", load %u", st->load);
	if (st != NULL && st->site > 0 && st->site <= config->site_count)
		snprintf(extra + used, sizeof(extra) - (size_t)used,
		    ", site %.80s", config->site[st->site - 1].name);
	put_line(e, "%s%s:%u %s: %s, priority %u, weight %u/%u, lease %s%s",
	    prefix, target, wire_load_u16(srv->rdata + 4),
	    served_text(st ? (enum served)st->served : SERVED_UP), why,
	    record_priority(srv), served_weight(e->a, srv, st),
	    record_weight(srv), lease, extra);
}

static void
put_service(struct explaining *e, const struct node *service)
{
	struct answer *a = e->a;
	struct selection *s = &a->scratch->selection;
	struct gathering g = instances_of(service, COUNTED_MAX - 1);
	enum condition condition = CONDITION_NORMAL;
	char prefix[2 * LABEL_MAX_LEN * 4 + 8];

	/* All that are registered; only then who is an exception. */
	rules_reset(a);
	(void)instances_gather(a, &g);
	if (service->ready != NULL) {
		a->rules.standings = service->ready->standings;
		condition = service->ready->condition;
	}
	prefix_text(e, service, prefix);
	if (condition != CONDITION_NORMAL && condition < CONDITION_COUNT)
		put_line(e, "%s%s", prefix, condition_text(condition));
	for (size_t i = 0; i < s->count && !e->full; i++) {
		if (e->told == INSTANCES_MAX) {
			e->more += s->count - i;
			break;
		}
		put_instance(e, service, s->pick[i].record);
		e->told++;
	}
	rules_reset(a);
}

static void
put_domain(struct explaining *e, const struct rrset *index)
{
	struct rrset_cursor c;

	for (struct record *r = rrset_first(index, &c);
	     r && c.position < SERVICES_MAX && !e->full &&
	     e->more < COUNTED_MAX;
	     r = rrset_next(&c)) {
		const struct node *service = instances_service(e->a, r);

		if (service != NULL)
			put_service(e, service);
	}
}

/* Who asks, and for whom, if a forwarder that is trusted says so. */
static bool
may_ask(const struct answer *a)
{
	const struct config_server *server = &a->settings->config->server;

	return config_networks_contain(
		   server->explain, server->explain_count, a->peer) &&
	       config_networks_contain(
		   server->explain, server->explain_count, a->client);
}

enum service_found
explain_answer(struct answer *a, struct owner owner, const struct name_key *key,
    uint16_t qtype)
{
	struct explaining e = {.a = a, .owner = owner};
	const struct node *n;
	const struct rrset *index;

	if (!service_label_is(key->wire, "_explain") ||
	    key->labels <= a->zone->info->labels)
		return SERVICE_NONE;
	n = tree_find(&a->zone->tree, key, 1);
	index = n ? node_find(n, INDEX_SERVICES) : NULL;
	if (index == NULL && (n == NULL || (n->flags & NODE_SERVICE) == 0 ||
				 !instances_exist(n, a->now_ms)))
		return SERVICE_NONE;
	if (!may_ask(a))
		return SERVICE_REFUSED;
	if (qtype != TYPE_TXT)
		return SERVICE_NODATA;
	e.of_domain = index != NULL;
	if (index != NULL)
		put_domain(&e, index);
	else
		put_service(&e, n);
	if (e.more > 0)
		put_line(&e, "and %zu more", e.more);
	if (e.full && !a->tcp)
		answer_truncate(a);
	return a->count[SECTION_ANSWER] > 0 ? SERVICE_ANSWERED : SERVICE_NODATA;
}
