/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/reverse.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "zones/change_node.h"
#include "zones/index.h"

#define ENTRY_MAX_LEN (NAME_MAX_LEN + 2 + 16)

static const uint8_t in_addr_arpa[] = "\7in-addr\4arpa";
static const uint8_t ip6_arpa[] = "\3ip6\4arpa";

bool
reverse_is_zone(const uint8_t *apex)
{
	return name_is_in(apex, in_addr_arpa) || name_is_in(apex, ip6_arpa);
}

/* RFC 1035 3.5: the octets in decimal, last one first. */
static size_t
put_octets(uint8_t *to, const uint8_t *address)
{
	size_t len = 0;

	for (int i = 3; i >= 0; i--) {
		char digits[4];
		int count = snprintf(digits, sizeof(digits), "%u", address[i]);

		to[len] = (uint8_t)count;
		memcpy(to + len + 1, digits, (size_t)count);
		len += (size_t)count + 1;
	}
	return len;
}

/* RFC 3596 2.5: the nibbles in hexadecimal, last one first. */
static size_t
put_nibbles(uint8_t *to, const uint8_t *address)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	for (int i = 15; i >= 0; i--) {
		to[len++] = 1;
		to[len++] = (uint8_t)digits[address[i] & 0xf];
		to[len++] = 1;
		to[len++] = (uint8_t)digits[address[i] >> 4];
	}
	return len;
}

void
reverse_name(uint16_t type, const uint8_t *address, struct name *name)
{
	size_t len;

	assert(type == TYPE_A || type == TYPE_AAAA);
	if (type == TYPE_A) {
		len = put_octets(name->wire, address);
		memcpy(name->wire + len, in_addr_arpa, sizeof(in_addr_arpa));
		len += sizeof(in_addr_arpa);
	} else {
		len = put_nibbles(name->wire, address);
		memcpy(name->wire + len, ip6_arpa, sizeof(ip6_arpa));
		len += sizeof(ip6_arpa);
	}
	name->len = (uint8_t)len;
}

/* An entry is the owner, the number of its zone, and the address. */
static size_t
entry_write(uint8_t *to, const struct reverse_entry *e)
{
	size_t len = name_lower(to, e->owner);

	wire_store_u16(to + len, e->zone);
	memcpy(to + len + 2, e->address, e->address_len);
	return len + 2 + e->address_len;
}

struct reverse_entry
reverse_read(const struct record *r)
{
	size_t len = name_len(r->rdata);
	size_t address_len = r->rdlen - len - 2;

	return (struct reverse_entry){.owner = r->rdata,
	    .zone = wire_load_u16(r->rdata + len),
	    .type = address_len == 4 ? TYPE_A : TYPE_AAAA,
	    .address = r->rdata + len + 2,
	    .address_len = address_len};
}

enum error
reverse_set(struct edition *ed, struct zone *z, const struct name_key *at,
    const struct reverse_entry *e, bool is_there)
{
	uint8_t entry[ENTRY_MAX_LEN];
	size_t len = entry_write(entry, e);
	struct node *n = tree_find(&z->tree, at, 0);
	const struct rrset *index = n ? node_find(n, INDEX_NAMES) : NULL;
	bool was_there = index && rrset_find(index, entry, len) != NULL;
	bool edge;
	enum error err;

	if (was_there == is_there)
		return OK;
	if (is_there)
		return index_add(ed, z, at, INDEX_NAMES, entry, len, &edge);
	err = index_remove(ed, z, at, INDEX_NAMES, entry, len, &edge);
	if (err != OK || !edge)
		return err;
	return change_node_close(ed, z, at, tree_find(&z->tree, at, 0));
}

struct clearing {
	struct edition *edition;
	struct zone *zone;
};

static enum error
clear_node(void *arg, struct node *was)
{
	struct clearing *c = arg;
	struct rrset *index = node_find(was, INDEX_NAMES);
	struct node *n = NULL;
	struct name_key key;
	enum error err;

	if (index == NULL)
		return OK;
	name_key_init(&key, node_owner(was));
	err = change_node_open(c->edition, c->zone, &key, &n);
	if (err != OK)
		return err;
	node_take(n, INDEX_NAMES);
	err = rrset_retire(c->edition, index, true);
	if (err != OK)
		return err;
	return change_node_close(c->edition, c->zone, &key, n);
}

enum error
reverse_clear(struct edition *ed, struct zone *z)
{
	struct clearing c = {ed, z};
	struct tree before = z->tree; /* older steps' blocks stay as they are */

	return tree_walk(&before, clear_node, &c);
}
