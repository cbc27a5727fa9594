/* config_rows.h - configurations that must be refused, as a table.
 *
 * Threads:   none shared.
 * Ownership: none.
 * Units:     none.
 * Errors:    those that are expected.
 */
#ifndef TESTS_UNIT_CONFIG_ROWS_H
#define TESTS_UNIT_CONFIG_ROWS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* A file that must be refused: with which error, and whose text begins how. */
struct row {
	const char *yaml;
	enum error error;
	const char *expected; /* behind "m.yaml:" */
};

static inline void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config *config = NULL;
		char text[CONFIG_TEXT_LEN], expected[512];
		enum error error =
		    config_parse(rows[i].yaml, strlen(rows[i].yaml),
			"dir/m.yaml", &config, text, sizeof(text));

		snprintf(expected, sizeof(expected), "dir/m.yaml:%s",
		    rows[i].expected);
		cr_expect_eq(error, rows[i].error, "%s: %s", rows[i].yaml,
		    error_text(error));
		cr_expect_null(config);
		cr_expect(strncmp(text, expected, strlen(expected)) == 0 &&
			      text[strlen(expected)] == '\n',
		    "%s\n gave: %s", rows[i].yaml, text);
	}
}

#endif
