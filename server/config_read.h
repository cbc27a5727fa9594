/* config_read.h - from nodes of the file to fields of a struct.
 *
 * A map is read by a table with one row for each key that it may have: where
 * the value goes, who reads it, and its range.
 *
 *   FIELD_RANGE("ttl", read_seconds, offsetof(struct config_zone, ttl_s), 1,
 *       CONFIG_SECONDS_MAX)
 *
 * Rows are read in the order of the table, whatever the order in the file, so
 * that a row may rely on those above it.
 *
 * Threads:   none shared.
 * Ownership: what is read belongs to the struct, also after an error.
 * Units:     min and max are in the unit of the field.
 * Errors:    all go into the report; readers return nothing.
 * Standards: none.
 */
#ifndef SERVER_CONFIG_READ_H
#define SERVER_CONFIG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "server/config_report.h"
#include "server/config_yaml.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct config_reading {
	struct config_report *report;
	struct config *config;
	char *folder; /* of the file, "" or ending in a slash */
	size_t zone; /* number of the zone that is being read */
	const struct yaml_node *key; /* whose value is being read */
	const char **key_names; /* config->key as the file writes them */
};

struct config_field;

/* Reads the value of a key.  to is the field's place in the struct. */
typedef void config_read_fn(struct config_reading *,
    const struct config_field *, const struct yaml_node *, void *to);

struct config_field {
	const char *key;
	config_read_fn *read;
	size_t offset;
	uint64_t min;
	uint64_t max;
	const struct config_word *words; /* read_word */
};

/* Rows: with any value, with a range (or a default port), with words. */
#define FIELD(key, read, offset) \
	{ \
		key, read, offset, 0, 0, NULL \
	}
#define FIELD_RANGE(key, read, offset, min, max) \
	{ \
		key, read, offset, min, max, NULL \
	}
#define FIELD_WORDS(key, read, offset, words) \
	{ \
		key, read, offset, 0, 0, words \
	}

/* A word and what it stands for; the list ends with NULL. */
struct config_word {
	const char *word;
	int value;
};

/* Reads a map by its table into a struct.  Unknown and double keys are
 * errors.  present, if not NULL, gets the node of each row's value, NULL for
 * those that are not there.  False if the node is no map. */
bool read_map(struct config_reading *, const struct yaml_node *,
    const struct config_field *, size_t count, void *to,
    const struct yaml_node **present);

/* The items of a list; anything else but nothing is a list of one.  NULL
 * behind the last. */
size_t read_count(const struct yaml_node *);
const struct yaml_node *read_item(const struct yaml_node *, size_t i);

/* Whether the node is a single value; an error if not. */
bool read_is_scalar(struct config_reading *, const struct config_field *,
    const struct yaml_node *);

/* Puts an array and its count into a field of this form; frees the old one. */
void read_put_array(void *to, void *array, size_t count);

/* Makes a zeroed array with one element for each item of a list.  to is a
 * field for it, with a size_t for its count behind, and whatever was there is
 * freed.  NULL, and an error, if the list is empty or memory is out. */
void *read_new_array(struct config_reading *, const struct config_field *,
    const struct yaml_node *, size_t element_len, void *to);

/* Copies a text; NULL, and an error, if memory is out. */
char *read_copy(struct config_reading *, const char *text);

/* Completes a relative path with the folder of the file. */
char *read_join(struct config_reading *, const char *path);

/* Values: config_value.h says what they look like. */
config_read_fn read_bool; /* bool */
config_read_fn read_unsigned; /* unsigned */
config_read_fn read_u16; /* uint16_t */
config_read_fn read_seconds; /* uint32_t */
config_read_fn read_ms; /* uint64_t */
config_read_fn read_size; /* uint64_t */
config_read_fn read_text; /* char *, min to max octets */
config_read_fn read_text_or_hide; /* char *, NULL for `hide` */
config_read_fn read_path; /* char *, relative to the file */
config_read_fn read_name; /* struct name, made lower case */
config_read_fn read_word; /* an enum: one of field->words */

/* Lists: an array and, behind it in the struct, its size_t count. */
config_read_fn read_endpoints; /* the default port is field->min */
config_read_fn read_networks;
config_read_fn read_texts; /* char *, min to max octets each */

/* Puts 127.0.0.0/8 and ::1 into such a list; or these and the private
 * networks and those of a link (RFC 1918, RFC 4193, RFC 4291 2.5.6). */
void read_loopback(struct config_reading *, void *to);
void read_private(struct config_reading *, void *to);

/* Reports what is wrong, or strange, about a node. */
void read_error(struct config_reading *, const struct yaml_node *, enum error,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void read_warning(struct config_reading *, const struct yaml_node *,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reports a value that has the wrong form or size. */
void read_fail(struct config_reading *, const struct config_field *,
    const struct yaml_node *, enum error, const char *expected);

void read_no_memory(struct config_reading *);

#endif
