/* config_section.h - the sections of the file, one reader each.
 *
 * Each reader fills in an array and its count in struct config; an empty
 * section is like a missing one.  Zones are read after keys: their rules name
 * them.
 *
 * Threads:   none shared.
 * Ownership: the config owns all, also after an error.
 * Units:     see config.h.
 * Errors:    all go into the report.
 * Standards: none.
 */
#ifndef SERVER_CONFIG_SECTION_H
#define SERVER_CONFIG_SECTION_H

#include "server/config_read.h"

/* 68 years: the largest TTL (RFC 2181 8), and long enough for a lease. */
#define CONFIG_SECONDS_MAX 2147483647

config_read_fn read_keys; /* config_key.c */
config_read_fn read_zones; /* config_zone.c */
config_read_fn read_update_rules; /* config_rule.c */
config_read_fn read_transfer_rules;
config_read_fn read_sites; /* config_site.c */
config_read_fn read_services; /* config_service.c */
config_read_fn read_forwards; /* config_forward.c */

void config_server_init(struct config_reading *, struct config_server *);
config_read_fn read_server; /* config_server.c */
config_read_fn read_api;

/* `ttl`, `none` or a duration, into a struct config_lease. */
config_read_fn read_lease;

/* The check of a service: to points into a struct config_service whose
 * instance_checks is known. */
void config_check_init(struct config_check *);
config_read_fn read_check; /* config_check.c */

/* The expiry guard: off, on, or its figures. */
config_read_fn read_guard; /* config_guard.c */

/* Ranges of a check; what instances say of theirs is held to them too. */
#define CHECK_INTERVAL_MIN_MS 100 /* faster is load, not knowledge */
#define CHECK_INTERVAL_MAX_MS (24 * 60 * 60 * 1000)
#define CHECK_RISE_MAX 100

/* Whether a check asks somebody; `none` and `ttl` do not. */
static inline bool
config_check_has_probes(const struct config_check *check)
{
	return check->type != CHECK_NONE && check->type != CHECK_TTL;
}

/* Whether a text can stand in a request: not empty, no blanks, no control
 * characters, nothing beyond ASCII. */
bool config_check_is_plain(const char *text);

/* Checks what the update rules of a zone say about it: that each pattern can
 * match in it, that `own` has a key. */
void config_rules_check(struct config_reading *, const struct config_zone *,
    const struct yaml_node *update);

#endif
