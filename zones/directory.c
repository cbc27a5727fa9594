/* SPDX-License-Identifier: Apache-2.0 */
#include "zones/directory.h"

#include <strings.h>

#include "zones/index.h"

static bool
label_is(const uint8_t *name, const char *text, size_t len)
{
	return name[0] == len &&
	       strncasecmp((const char *)name + 1, text, len) == 0;
}

static bool
has_underscore(const uint8_t *name)
{
	return name[0] > 1 && name[1] == '_';
}

/* _services._dns-sd._udp and _v2._sub._http._tcp have three labels with an
 * underscore and are no services; _dns-sd._udp is where browsing begins. */
bool
directory_is_service_name(const uint8_t *name, unsigned apex_labels)
{
	const uint8_t *proto, *domain;

	if (name_labels(name) < apex_labels + 2)
		return false;
	proto = name_strip(name, 1);
	domain = name_strip(name, 2);
	return has_underscore(name) && has_underscore(proto) &&
	       !has_underscore(domain) && !label_is(proto, "_dns-sd", 7) &&
	       !label_is(proto, "_sub", 4) && !label_is(name, "_dns-sd", 7);
}

bool
directory_has_service(const struct node *n)
{
	return node_find(n, TYPE_SRV) || node_find(n, TYPE_PTR);
}

/* A key for the name that is left after strip labels. */
static void
key_of(struct name_key *to, const struct name_key *from, unsigned strip)
{
	name_key_init(to, from->wire + from->label[strip]);
}

enum error
directory_enter(struct edition *ed, struct zone *z, const struct name_key *key)
{
	struct name_key domain, apex;
	bool first;
	enum error err;

	key_of(&domain, key, 2);
	name_key_init(&apex, z->info->apex.wire);
	err = index_add(
	    ed, z, &domain, INDEX_SERVICES, key->wire, key->len, &first);
	if (err == OK && first)
		err = index_add(ed, z, &apex, INDEX_DOMAINS, domain.wire,
		    domain.len, &first);
	return err;
}

enum error
directory_remove(struct edition *ed, struct zone *z, const struct name_key *key)
{
	struct name_key domain, apex;
	bool last;
	enum error err;

	key_of(&domain, key, 2);
	name_key_init(&apex, z->info->apex.wire);
	err = index_remove(
	    ed, z, &domain, INDEX_SERVICES, key->wire, key->len, &last);
	if (err == OK && last)
		err = index_remove(ed, z, &apex, INDEX_DOMAINS, domain.wire,
		    domain.len, &last);
	return err;
}
