/* config_yaml.h - from YAML text to a tree (the libfyaml door).
 *
 * The tree knows strings, lists and maps; what a string means (a number, a
 * bool, an address) is for the reader to say, so `no`, `on` and `012` are
 * what they look like.  Each node knows where it stands in the text.
 *
 * Left out of YAML: tags, complex keys, more than one document.  An alias is
 * the node of its anchor, not a copy.
 *
 * Threads:   one at a time.
 * Ownership: nodes belong to the arena.
 * Units:     lines and columns from 1; columns count characters.
 * Errors:    ERR_SYNTAX, ERR_EXISTS (a key twice), ERR_LIMIT, ERR_MEMORY;
 *            reported.
 * Standards: YAML 1.2.
 */
#ifndef SERVER_CONFIG_YAML_H
#define SERVER_CONFIG_YAML_H

#include <stddef.h>

#include "server/config_arena.h"
#include "server/config_report.h"

#define YAML_MAX_DEPTH 16 /* the deepest place that has a meaning is 6 */

enum yaml_kind {
	YAML_NULL, /* nothing, ~ or null */
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_node {
	enum yaml_kind kind;
	unsigned line;
	unsigned column;
	const char *text; /* YAML_TEXT */
	/* YAML_LIST: the items; YAML_MAP: key, value, key, value ... */
	struct yaml_node **item;
	size_t count; /* of items, or of pairs */
};

/* Builds the tree of the report's source.  An empty text is YAML_NULL. */
enum error yaml_parse(struct config_report *, struct config_arena *,
    struct yaml_node **) MUST_CHECK;

#endif
