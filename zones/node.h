/* node.h - everything known at one name.
 *
 * A node exists in a zone's tree if its name owns records or has descendants
 * (an empty non-terminal, RFC 8020).  It is one block: the fixed part, the
 * pointers to its RRsets, and its name in lower case.
 *
 *   +--------------------+-----------------+----------------------+
 *   | step hash children | rrset[0] ... [n]| owner, lower case    |
 *   +--------------------+-----------------+----------------------+
 *
 * Beside RRsets proper a node may hold indexes: RRsets whose type lies in the
 * range that can never be data (RFC 6895 3.1), kept by directory.c for
 * looking from a domain to its services, and by reverse.c from an address to
 * its names.  They are in no answer, dump or transfer: whoever walks all RRsets
 * skips those that node_is_index().
 *
 * Threads:   readers any; edits by the writer, through an edition.
 * Ownership: blocks of editions; a node owns neither its RRsets nor its
 *            ready block.
 * Errors:    ERR_MEMORY, ERR_LIMIT; the node is as it was then.
 */
#ifndef ZONES_NODE_H
#define ZONES_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "zones/rrset.h"

/* Types at one name: bounds the work of a query for ANY and of a walk
 * (CVE-2024-1737); no real name comes near. */
#define NODE_MAX_RRSETS 200

enum index_type {
	INDEX_SERVICES = 128, /* at a domain: owners of its services */
	INDEX_DOMAINS = 129, /* at the apex: domains that have services */
	INDEX_NAMES =
	    130, /* at the name of an address: who has it, reverse.h */
};

enum node_flags {
	NODE_APEX = 1,
	NODE_DELEGATION = 2, /* NS below the apex: a zone cut */
	NODE_DNAME = 4, /* RFC 6672: renames everything below */
	NODE_WILDCARD = 8, /* a child is named "*" (RFC 4592) */
	NODE_CNAME = 16,
	NODE_SERVICE = 32, /* entered in the directory of services */
};

struct ready; /* ready.h */

struct node {
	uint64_t step; /* edition step that made this block */
	uint64_t hash; /* name_hash() of the owner */
	uint32_t children;
	uint8_t flags;
	uint8_t rrsets;
	uint8_t capacity; /* of rrset[] */
	uint8_t name_len;
	struct ready *ready; /* at services; NULL: nothing is prepared */
	struct rrset *rrset[];
};

static inline const uint8_t *
node_owner(const struct node *n)
{
	return (const uint8_t *)(n->rrset + n->capacity);
}

static inline bool
node_is_index(const struct rrset *set)
{
	return set->type >= INDEX_SERVICES && set->type <= INDEX_NAMES;
}

/* The RRset of a type, or NULL.  Any type may be asked for, index types
 * included: queries for those never come here. */
static inline struct rrset *
node_find(const struct node *n, uint16_t type)
{
	for (unsigned i = 0; i < n->rrsets; i++)
		if (n->rrset[i]->type == type)
			return n->rrset[i];
	return NULL;
}

/* Whether a record of the set is live; sets without leases cost nothing. */
bool rrset_is_live(const struct rrset *, int64_t now_ms);

/* How many records of the set are live. */
uint32_t rrset_live_count(const struct rrset *, int64_t now_ms);

/* As node_find, but NULL if all records of the set have expired. */
static inline struct rrset *
node_find_live(const struct node *n, uint16_t type, int64_t now_ms)
{
	struct rrset *set = node_find(n, type);

	return set && (!set->leased || rrset_is_live(set, now_ms)) ? set : NULL;
}

/* Whether what makes the node a delegation or a DNAME is live. */
static inline bool
node_is_live_cut(const struct node *n, int64_t now_ms)
{
	bool delegates = (n->flags & NODE_DELEGATION) != 0;

	return node_find_live(n, delegates ? TYPE_NS : TYPE_DNAME, now_ms) !=
	       NULL;
}

/* Whether the name owns a live record (indexes do not count). */
bool node_has_data(const struct node *, int64_t now_ms);

/* Types that may stand beside a CNAME: RFC 2181 10.1, RFC 4034 2.5, 4. */
bool type_goes_with_cname(uint16_t type);

/* Whether a live record at the name forbids to add one of this type: CNAME
 * and other data exclude each other (RFC 1034 3.6.2). */
bool node_conflicts_with_cname(
    const struct node *, uint16_t type, int64_t now_ms);

/* Whether another live CNAME or DNAME stands where there is to be only one
 * (RFC 2181 10.1; RFC 6672 2.4); false for other types. */
bool node_has_another(const struct node *, uint16_t type, const uint8_t *rdata,
    size_t rdlen, int64_t now_ms);

/* A new node without RRsets; the owner is copied in lower case. */
struct node *node_new(
    struct edition *, const uint8_t *owner, uint64_t hash, unsigned capacity);

/* A node of the current step to edit in place: the given one if it is of this
 * step and has room for another RRset, else a copy (the old one is
 * retired). */
struct node *node_edit(struct edition *, struct node *);

/* Puts a set in, in place of the one of the same type if there is one, or
 * takes the one of a type out.  The node must come from node_edit(). */
enum error node_put(struct node *, struct rrset *) MUST_CHECK;
void node_take(struct node *, uint16_t type);

#endif
