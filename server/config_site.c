/* SPDX-License-Identifier: Apache-2.0 */
/* config_site.c - places, and how far they are from each other. */
#include <stdlib.h>
#include <string.h>

#include "server/config_section.h"
#include "server/config_value.h"

enum { SITE_NAME, SITE_NETWORKS, SITE_NEAR, SITE_FIELDS };

/* What is added to the priority of an instance there. */
#define TIER_ITSELF 0
#define TIER_NEAR 10
#define TIER_FAR 20

static const char name_octets[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* A label of names (<site>.web.example): lower case, and no underscore in
 * front, where services begin. */
static void
read_site_name(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	char **name = to;

	if (!read_is_scalar(r, field, node))
		return;
	*name = read_copy(r, node->text);
	if (*name == NULL)
		return;
	for (char *c = *name; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (**name != '\0' && **name != '_' && **name != '-' &&
	    strlen(*name) <= 63 && (*name)[strspn(*name, name_octets)] == '\0')
		return;
	read_fail(r, field, node, ERR_SYNTAX,
	    "one label of letters, digits and hyphens (such as eu-west)");
}

/* They are looked up when all sites are known: link_sites(). */
static void
read_near(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *item;

	(void)to;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++)
		(void)read_is_scalar(r, field, item);
}

static const struct config_field fields[SITE_FIELDS] = {
    [SITE_NAME] =
	FIELD("name", read_site_name, offsetof(struct config_site, name)),
    [SITE_NETWORKS] = FIELD(
	"networks", read_networks, offsetof(struct config_site, networks)),
    [SITE_NEAR] = FIELD("near", read_near, 0),
};

static size_t
find_site(const struct config *config, const char *name)
{
	size_t i;

	for (i = 0; i < config->site_count; i++)
		if (config->site[i].name != NULL &&
		    strcasecmp(config->site[i].name, name) == 0)
			break;
	return i;
}

static void
fail_unknown(struct config_reading *r, const struct yaml_node *node)
{
	const char *names[CONFIG_SITES_MAX], *nearest;
	size_t count = 0;

	for (size_t i = 0; i < r->config->site_count; i++)
		if (r->config->site[i].name != NULL)
			names[count++] = r->config->site[i].name;
	nearest = config_report_nearest(node->text, names, count);
	if (nearest != NULL)
		read_error(r, node, ERR_NOT_FOUND,
		    "near: there is no site \"%.80s\"; did you mean \"%s\"?",
		    node->text, nearest);
	else
		read_error(r, node, ERR_NOT_FOUND,
		    "near: there is no site \"%.80s\"", node->text);
}

static void
link_near(struct config_reading *r, size_t number, const struct yaml_node *near)
{
	struct config_site *site = &r->config->site[number];
	const struct yaml_node *item;

	for (size_t i = 0; (item = read_item(near, i)) != NULL; i++) {
		size_t other;

		if (item->kind != YAML_TEXT)
			continue;
		other = find_site(r->config, item->text);
		if (other == r->config->site_count)
			fail_unknown(r, item);
		else if (other == number)
			read_error(r, item, ERR_CONFLICT,
			    "near: \"%.80s\" is this site itself", item->text);
		else
			site->tier[other + 1] = TIER_NEAR;
	}
}

/* Fills the tables of tiers: tier[0] is for instances without a site. */
static void
link_sites(struct config_reading *r, const struct yaml_node *const near[])
{
	struct config *config = r->config;

	for (size_t i = 0; i < config->site_count; i++) {
		uint8_t *tier = malloc(config->site_count + 1);

		if (tier == NULL) {
			read_no_memory(r);
			return;
		}
		memset(tier, TIER_FAR, config->site_count + 1);
		tier[i + 1] = TIER_ITSELF;
		config->site[i].tier = tier;
		if (near[i] != NULL)
			link_near(r, i, near[i]);
	}
}

/* A network of a site, as it stands in the file. */
struct place {
	struct config_network network;
	const struct yaml_node *node;
	size_t site;
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->network.family != y->network.family)
		return x->network.family < y->network.family ? -1 : 1;
	if (x->network.prefix != y->network.prefix)
		return x->network.prefix < y->network.prefix ? -1 : 1;
	int order = memcmp(
	    x->network.address, y->network.address, sizeof(x->network.address));
	if (order != 0)
		return order;
	return x->node->line != y->node->line
		   ? (x->node->line < y->node->line ? -1 : 1)
		   : (x->node->column > y->node->column) -
			 (x->node->column < y->node->column);
}

/* Networks may lie in each other, the longest prefix wins; the same one in
 * two sites would not say where a client is. */
static void
check_places(struct config_reading *r, struct place *places, size_t count)
{
	const struct config_site *site = r->config->site;

	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 1; i < count; i++)
		if (places[i].network.family == places[i - 1].network.family &&
		    places[i].network.prefix == places[i - 1].network.prefix &&
		    memcmp(places[i].network.address,
			places[i - 1].network.address,
			sizeof(places[i].network.address)) == 0)
			read_error(r, places[i].node, ERR_EXISTS,
			    "networks: \"%.80s\" is a network of site "
			    "\"%.80s\" already",
			    places[i].node->text,
			    site[places[i - 1].site].name != NULL
				? site[places[i - 1].site].name
				: "?");
}

static void
gather_places(
    struct config_reading *r, const struct yaml_node *const networks[])
{
	const struct config *config = r->config;
	struct place *places;
	size_t count = 0;

	for (size_t i = 0; i < config->site_count; i++)
		count += config->site[i].networks_count;
	places = calloc(count + 1, sizeof(*places));
	if (places == NULL) {
		read_no_memory(r);
		return;
	}
	count = 0;
	for (size_t i = 0; i < config->site_count; i++)
		for (size_t j = 0; j < config->site[i].networks_count; j++) {
			const struct yaml_node *node =
			    read_item(networks[i], j);

			if (config->site[i].networks[j].family == 0)
				continue; /* was wrong */
			places[count].network = config->site[i].networks[j];
			places[count].node = node;
			places[count++].site = i;
		}
	check_places(r, places, count);
	free(places);
}

static void
check_name(struct config_reading *r, size_t number, const struct yaml_node *map,
    const struct yaml_node *node)
{
	const char *name = r->config->site[number].name;

	if (node == NULL)
		read_error(r, map, ERR_NOT_FOUND, "a site needs a name");
	else if (name != NULL && find_site(r->config, name) < number)
		read_error(r, node, ERR_EXISTS, "site \"%.80s\" is here twice",
		    node->text);
}

void
read_sites(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[SITE_FIELDS];
	const struct yaml_node *near[CONFIG_SITES_MAX] = {NULL};
	const struct yaml_node *networks[CONFIG_SITES_MAX] = {NULL};
	const struct yaml_node *item;
	struct config_site *site;

	if (read_count(node) > CONFIG_SITES_MAX) {
		read_error(r, node, ERR_LIMIT, "sites: more than %d",
		    CONFIG_SITES_MAX);
		return;
	}
	if (read_count(node) == 0)
		return;
	site = read_new_array(r, field, node, sizeof(*site), to);
	if (site == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++) {
		if (!read_map(r, item, fields, SITE_FIELDS, &site[i], present))
			continue;
		check_name(r, i, item, present[SITE_NAME]);
		near[i] = present[SITE_NEAR];
		networks[i] = present[SITE_NETWORKS];
	}
	link_sites(r, near);
	gather_places(r, networks);
}
