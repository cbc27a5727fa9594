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
config_read_fn read_services; /* config_service.c */
config_read_fn read_forwards; /* config_forward.c */

void config_server_init(struct config_reading *, struct config_server *);
config_read_fn read_server; /* config_server.c */
config_read_fn read_api;

/* `ttl`, `none` or a duration, into a struct config_lease. */
config_read_fn read_lease;

/* Checks what the update rules of a zone say about it: that each pattern can
 * match in it, that `own` has a key. */
void config_rules_check(struct config_reading *, const struct config_zone *,
    const struct yaml_node *update);

#endif
