/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/prerequisite.h"

#include <stdlib.h>
#include <string.h>

/* One record of the value-dependent form, RFC 2136 2.4.2. */
struct wanted {
	uint64_t owner_hash;
	uint16_t type;
	uint16_t rdlen;
	const struct node *node; /* NULL: the name is not there */
	const uint8_t *rdata; /* in the arena */
};

/* The records of the section that name values, and their RDATA. */
struct wanted_list {
	struct wanted *item;
	size_t count;
	uint8_t *arena;
	size_t used;
};

/* RFC 2136 2.4.2: "temp" must equal the zone's RRsets as sets; TTLs do not
 * count.  The sizes follow from the message: uncompressed RDATA can be longer
 * than its wire form only by the names in it. */
static bool
list_init(struct wanted_list *l, const struct message *m)
{
	size_t records = m->count[SECTION_PREREQUISITE];

	l->count = 0;
	l->used = 0;
	l->item = malloc((records + 1) * sizeof(l->item[0]));
	l->arena =
	    malloc(m->len + (records + 1) * 2 * NAME_MAX_LEN + RDATA_MAX_LEN);
	return l->item != NULL && l->arena != NULL;
}

static void
list_fini(struct wanted_list *l)
{
	free(l->item);
	free(l->arena);
}

static bool
name_in_use(const struct node *n, int64_t now_ms)
{
	return n != NULL && node_has_data(n, now_ms);
}

static bool
set_exists(const struct node *n, uint16_t type, int64_t now_ms)
{
	return n != NULL && node_find_live(n, type, now_ms) != NULL;
}

/* RFC 2136 3.2.1 and 3.2.2: classes ANY and NONE. */
static enum rcode
check_existence(
    const struct message_rr *rr, const struct node *n, int64_t now_ms)
{
	bool wanted = rr->class == CLASS_ANY;

	if (rr->rdlength != 0)
		return RCODE_FORMERR;
	if (rr->type == TYPE_ANY) {
		if (name_in_use(n, now_ms) == wanted)
			return RCODE_NOERROR;
		return wanted ? RCODE_NXDOMAIN : RCODE_YXDOMAIN;
	}
	if (type_is_meta(rr->type))
		return RCODE_FORMERR;
	if (set_exists(n, rr->type, now_ms) == wanted)
		return RCODE_NOERROR;
	return wanted ? RCODE_NXRRSET : RCODE_YXRRSET;
}

static enum rcode
note_value(struct wanted_list *l, struct message_rr *rr, uint64_t hash,
    const struct node *n)
{
	struct wanted *w = &l->item[l->count];
	uint8_t *rdata = l->arena + l->used;
	size_t len;

	if (type_is_meta(rr->type) ||
	    !rdata_read(&rr->rdata, rr->type, rr->rdlength, rdata, &len))
		return RCODE_FORMERR;
	*w = (struct wanted){.owner_hash = hash,
	    .type = rr->type,
	    .rdlen = (uint16_t)len,
	    .node = n,
	    .rdata = rdata};
	l->count++;
	l->used += len;
	return RCODE_NOERROR;
}

static enum rcode
check_one(struct wanted_list *l, struct message_rr *rr, const struct zone *z,
    int64_t now_ms)
{
	struct name_key key;
	const struct node *n;

	if (rr->ttl != 0)
		return RCODE_FORMERR;
	if (!name_is_in(rr->owner.wire, z->info->apex.wire))
		return RCODE_NOTZONE;
	name_key_init(&key, rr->owner.wire);
	n = tree_find(&z->tree, &key, 0);
	if (rr->class == CLASS_ANY || rr->class == CLASS_NONE)
		return check_existence(rr, n, now_ms);
	if (rr->class == CLASS_IN)
		return note_value(l, rr, key.hash[0], n);
	return RCODE_FORMERR;
}

static int
by_set_and_value(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->owner_hash != y->owner_hash)
		return x->owner_hash < y->owner_hash ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return rdata_compare(x->type, x->rdata, x->rdlen, y->rdata, y->rdlen);
}

/* RFC 2136 3.2.3: compares one run of sorted items, all of one RRset, with
 * the zone's; the same value twice counts once. */
static bool
set_matches(const struct wanted *w, size_t count, int64_t now_ms)
{
	const struct rrset *set;
	uint32_t distinct = 0;

	set = w->node ? node_find_live(w->node, w->type, now_ms) : NULL;
	if (set == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct record *r;

		if (i > 0 && by_set_and_value(&w[i - 1], &w[i]) == 0)
			continue;
		r = rrset_find(set, w[i].rdata, w[i].rdlen);
		if (r == NULL || !record_is_live(r, now_ms))
			return false;
		distinct++;
	}
	return distinct == rrset_live_count(set, now_ms);
}

static bool
values_match(struct wanted_list *l, int64_t now_ms)
{
	size_t end;

	qsort(l->item, l->count, sizeof(l->item[0]), by_set_and_value);
	for (size_t from = 0; from < l->count; from = end) {
		const struct wanted *w = &l->item[from];

		for (end = from + 1; end < l->count; end++)
			if (l->item[end].owner_hash != w->owner_hash ||
			    l->item[end].type != w->type)
				break;
		if (!set_matches(w, end - from, now_ms))
			return false;
	}
	return true;
}

enum rcode
prerequisite_check(
    const struct message *m, const struct zone *z, int64_t now_ms)
{
	struct message_cursor c = message_section(m, SECTION_PREREQUISITE);
	enum rcode rcode = RCODE_NOERROR;
	struct wanted_list list;
	struct message_rr rr;

	if (m->count[SECTION_PREREQUISITE] == 0)
		return RCODE_NOERROR;
	if (!list_init(&list, m)) {
		list_fini(&list);
		return RCODE_SERVFAIL;
	}
	while (rcode == RCODE_NOERROR && message_rr_next(&c, &rr))
		rcode = check_one(&list, &rr, z, now_ms);
	if (rcode == RCODE_NOERROR && !values_match(&list, now_ms))
		rcode = RCODE_NXRRSET;
	list_fini(&list);
	return rcode;
}
