/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/dns/name.h"
#include "zones/dns/rdata.h"

const struct store_limits fixture_limits = {
    .map_len = 256u << 20, .history_len = 1u << 20};
char fixture_dir[64];
char fixture_text[256];

const uint8_t fixture_zone[13] = "\3svc\7example";
const uint8_t fixture_other[] = "\5other";
const uint8_t fixture_web[] = "\3web\3svc\7example";
const uint8_t fixture_key[] = "\4team";

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
fixture_make_dir(void)
{
	snprintf(fixture_dir, sizeof(fixture_dir), "%s/store-XXXXXX",
	    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	cr_assert(mkdtemp(fixture_dir) != NULL);
}

void
fixture_remove_dir(void)
{
	nftw(fixture_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store *
fixture_open(void)
{
	struct store *s = NULL;
	enum error err = store_open(fixture_dir, &fixture_limits, &s,
	    fixture_text, sizeof(fixture_text));

	cr_assert(err == OK, "%s", fixture_text);
	return s;
}

struct outcomes fixture_outcomes;

void
fixture_on_done(void *arg, struct store_batch *b, enum error err)
{
	if (fixture_outcomes.count < 64) {
		fixture_outcomes.err[fixture_outcomes.count] = err;
		fixture_outcomes.arg[fixture_outcomes.count] = arg;
	}
	fixture_outcomes.count++;
	store_batch_free(b);
}

void
fixture_put(struct store_batch *b, struct store_op op)
{
	if (!op.zone)
		op.zone = fixture_zone;
	cr_assert(store_batch_put(b, &op) == OK);
}

enum error
fixture_submit(struct store *s, struct store_op op)
{
	struct store_batch *b = store_batch_new();

	fixture_put(b, op);
	fixture_outcomes.count = 0;
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	cr_assert(fixture_outcomes.count == 1);
	return fixture_outcomes.err[0];
}

struct store_op
fixture_record(enum store_kind kind, uint32_t serial, const char *rdata)
{
	return (struct store_op){.kind = kind,
	    .serial = serial,
	    .ttl = 30,
	    .lease_s = 60,
	    .type = TYPE_TXT,
	    .owner = fixture_web,
	    .rdata = (const uint8_t *)rdata,
	    .rdlen = (uint16_t)strlen(rdata)};
}

char fixture_found[65536];

static enum error
print_op(void *arg, const struct store_op *op)
{
	char zone_text[NAME_TEXT_LEN], owner[NAME_TEXT_LEN] = "-";
	char key[NAME_TEXT_LEN] = "-";
	size_t len = strlen(fixture_found);

	(void)arg;
	if (op->owner)
		name_to_text(op->owner, owner);
	if (op->key)
		name_to_text(op->key, key);
	snprintf(fixture_found + len, sizeof(fixture_found) - len,
	    "%d %s %s %u s%u t%u l%u %s %.*s %llu\n", op->kind,
	    name_to_text(op->zone, zone_text), owner, op->type, op->serial,
	    op->ttl, op->lease_s, key, op->rdlen, op->rdata,
	    (unsigned long long)op->digest);
	return OK;
}

const char *
fixture_recovered(struct store *s)
{
	enum error err;

	fixture_found[0] = 0;
	err = store_recover(
	    s, print_op, NULL, fixture_text, sizeof(fixture_text));
	cr_assert(err == OK, "%s", fixture_text);
	return fixture_found;
}

const char *
fixture_history(struct store *s, uint32_t from)
{
	fixture_found[0] = 0;
	return store_history(s, fixture_zone, from, print_op, NULL) == OK
		   ? fixture_found
		   : "none";
}
