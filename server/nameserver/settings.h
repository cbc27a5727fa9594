/* settings.h - what answering needs of the configuration, ready for use.
 *
 * Published together with the zones, as one snapshot, so that rules, keys and
 * zones always belong together.
 *
 * Threads:   read by all; immutable.
 * Ownership: made from a configuration that must outlive it.
 * Errors:    NULL without memory.
 */
#ifndef SERVER_NAMESERVER_SETTINGS_H
#define SERVER_NAMESERVER_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "server/config.h"

struct settings {
	uint64_t generation; /* differs between any two of one process */
	const struct config *config;
	const struct tsig_key *key; /* by number, as in the configuration */
	size_t key_count;
	/* forward zones that lie inside of zones of ours */
	const struct config_forward **inside;
	size_t inside_count;
};

/* Makes settings from a configuration. */
struct settings *settings_new(const struct config *);
void settings_free(struct settings *);

/* The number of a key by its name, or CONFIG_KEY_NONE. */
int settings_find_key(const struct settings *, const uint8_t *name);

/* The configuration of the zone with this apex, or NULL. */
const struct config_zone *settings_find_zone(
    const struct settings *, const uint8_t *apex);

/* Whether a name in a zone of ours, with this apex, lies in a forward zone
 * deeper than that.  The DS of that zone's apex is ours: RFC 4035 3.1.4.1. */
bool settings_is_inside(const struct settings *, const struct name *apex,
    const uint8_t *name, uint16_t qtype);

/* The shape of a number (ready.h); 0: the default one. */
static inline const struct shape *
settings_shape(const struct settings *settings, unsigned number)
{
	return number == 0 || number > settings->config->service_count
		   ? &shape_default
		   : &settings->config->service[number - 1].shape;
}

#endif
