/* SPDX-License-Identifier: Apache-2.0 */

/* fuzz_zonefile - master files written by an enemy.
 *
 * Whatever is read is well-formed, and its print reads back as the same
 * records.  An input whose first octet is 0xff is a type and RDATA to print
 * instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/rdata.h"
#include "zones/zonefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

static const uint8_t apex[] = "\3svc\7example";

static enum error
print_record(void *to, const struct zonefile_record *r)
{
	size_t len;

	EXPECT(name_check(r->owner, NAME_MAX_LEN, &len));
	EXPECT(name_is_in(r->owner, apex));
	EXPECT(!type_is_meta(r->type));
	EXPECT(rdata_check(r->type, r->rdata, r->rdlen));
	EXPECT(r->ttl <= INT32_MAX && r->line > 0);
	EXPECT(zonefile_print(
		   to, r->owner, r->ttl, r->type, r->rdata, r->rdlen) == OK);
	return OK;
}

/* Reads content and prints it again; NULL if it was refused. */
static char *
read_and_print(const char *content)
{
	char complaint[ZONEFILE_TEXT_LEN];
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	enum error err;

	EXPECT(to != NULL);
	err = zonefile_read_text(content, "z", apex, 60, print_record, to,
	    complaint, sizeof(complaint));
	EXPECT(fclose(to) == 0);
	EXPECT((err == OK) == (complaint[0] == '\0'));
	if (err == OK)
		return text;
	EXPECT(strncmp(complaint, "z:", 2) == 0);
	free(text);
	return NULL;
}

static void
try_content(const char *content)
{
	char *printed;
	char *again;

	/* Nothing outside is to be opened. */
	if (strcasestr(content, "$include") != NULL)
		return;
	printed = read_and_print(content);
	if (printed == NULL)
		return;
	again = read_and_print(printed);
	EXPECT(again != NULL && strcmp(printed, again) == 0);
	free(printed);
	free(again);
}

struct expected {
	uint16_t type;
	const uint8_t *rdata;
	size_t len;
};

static enum error
compare_record(void *arg, const struct zonefile_record *r)
{
	const struct expected *expected = arg;

	EXPECT(r->type == expected->type && r->rdlen == expected->len);
	EXPECT(memcmp(r->rdata, expected->rdata, r->rdlen) == 0);
	return OK;
}

static void
try_rdata(uint16_t type, const uint8_t *rdata, size_t len)
{
	struct expected expected = {type, rdata, len};
	char complaint[ZONEFILE_TEXT_LEN];
	char *text = NULL;
	size_t text_len;
	FILE *to;

	if (len > RDATA_MAX_LEN || type_is_meta(type))
		return;
	to = open_memstream(&text, &text_len);
	EXPECT(to != NULL);
	EXPECT(zonefile_print(to, apex, 1, type, rdata, len) == OK);
	EXPECT(fclose(to) == 0);
	if (rdata_check(type, rdata, len))
		EXPECT(zonefile_read_text(text, "z", apex, 1, compare_record,
			   &expected, complaint, sizeof(complaint)) == OK);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *content;

	if (size >= 3 && data[0] == 0xff) {
		try_rdata(wire_load_u16(data + 1), data + 3, size - 3);
		return 0;
	}
	content = malloc(size + 1);
	EXPECT(content != NULL);
	if (size > 0)
		memcpy(content, data, size);
	content[size] = '\0';
	try_content(content);
	free(content);
	return 0;
}
