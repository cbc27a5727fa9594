/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a disk that lied: torn pages, flipped bits, lost files, and
 * files of a later version.  What can be put right is; the rest is named. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/dns/wire.h"
#include "zones/store_internal.h"

#include "tests/unit/store_fixture.h"

TestSuite(store_damage, .timeout = 60, .init = fixture_make_dir,
    .fini = fixture_remove_dir);

#define PAGE 4096
#define TXN_AT 144 /* of a meta page: the number of the commit */

static int
open_file(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/data.mdb", fixture_dir, name);
	fd = open(path, O_RDWR);
	cr_assert(fd >= 0);
	return fd;
}

/* Overwrites the meta page of the newest commit, or of the one before. */
static void
tear_meta(const char *name, bool newest)
{
	uint8_t octets[PAGE];
	uint64_t txn[2];
	int fd = open_file(name);
	bool slot;

	for (int i = 0; i < 2; i++)
		cr_assert(pread(fd, &txn[i], 8, i * PAGE + TXN_AT) == 8);
	slot = (txn[1] > txn[0]) == newest;
	memset(octets, 0xa5, sizeof(octets));
	cr_assert(pwrite(fd, octets, PAGE, slot * PAGE) == PAGE);
	close(fd);
}

static enum error
open_fails(void)
{
	struct store *s;

	return store_open(fixture_dir, &fixture_limits, &s, fixture_text,
	    sizeof(fixture_text));
}

/* Puts a value into an environment behind the store's back. */
static void
set_entry(const char *name, unsigned flags, const void *key, size_t key_len,
    const void *data, size_t len)
{
	MDB_val k = {key_len, (void *)key}, v = {len, (void *)data};
	char path[128];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;

	snprintf(path, sizeof(path), "%s/%s", fixture_dir, name);
	cr_assert(mdb_env_create(&env) == 0);
	cr_assert(mdb_env_set_mapsize(env, fixture_limits.map_len) == 0);
	cr_assert(mdb_env_open(env, path, 0, 0600) == 0);
	cr_assert(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	cr_assert(mdb_dbi_open(txn, NULL, flags, &dbi) == 0);
	if (data)
		cr_assert(mdb_put(txn, dbi, &k, &v, 0) == 0);
	else
		cr_assert(mdb_del(txn, dbi, &k, NULL) == 0);
	cr_assert(mdb_txn_commit(txn) == 0);
	mdb_env_close(env);
}

Test(store_damage, torn_newest_page_falls_back_one_commit)
{
	struct store *s = fixture_open();
	struct store_stats stats;

	for (uint32_t i = 2; i < 12; i++) {
		char rdata[2] = {(char)('a' + i), 0};

		cr_assert(fixture_submit(
			      s, fixture_record(STORE_ADD, i, rdata)) == OK);
	}
	store_close(s);
	tear_meta("log", true);
	s = fixture_open();
	store_get_stats(s, &stats);
	cr_expect(stats.repaired);
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, "s10 t0"), "%s", fixture_found);
	cr_expect(strstr(fixture_found, " k 0") &&
		      strstr(fixture_found, " c 0") &&
		      !strstr(fixture_found, " l 0"),
	    "%s", fixture_found);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 12, "z")) == OK);
	store_close(s);
	s = fixture_open();
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, " z 0"));
	store_get_stats(s, &stats);
	cr_expect(!stats.repaired);
	store_close(s);
}

Test(store_damage, torn_older_page_loses_nothing)
{
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == OK);
	store_close(s);
	tear_meta("log", false);
	s = fixture_open();
	fixture_recovered(s);
	cr_expect(
	    strstr(fixture_found, " a 0") && strstr(fixture_found, " b 0"));
	store_close(s);
}

/* The log still holds what the last commit of the state had folded. */
Test(store_damage, torn_page_of_the_state_loses_nothing)
{
	static const struct store_limits no_history = {.map_len = 64u << 20};
	struct store *s;

	cr_assert(store_open(fixture_dir, &no_history, &s, fixture_text,
		      sizeof(fixture_text)) == OK);
	for (uint32_t i = 2; i < 12; i++) {
		char rdata[2] = {(char)('a' + i), 0};

		cr_assert(fixture_submit(
			      s, fixture_record(STORE_ADD, i, rdata)) == OK);
		fixture_recovered(s);
	}
	store_close(s);
	tear_meta("state", true);
	s = fixture_open();
	fixture_recovered(s);
	for (char c = 'c'; c < 'm'; c++) {
		char line[8] = {' ', c, ' ', '0', 0};

		cr_expect(strstr(fixture_found, line), "%c", c);
	}
	store_close(s);
}

/* The state may be ahead of a log that fell back; numbering goes on. */
Test(store_damage, log_behind_the_state_goes_on)
{
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == OK);
	fixture_recovered(s);
	store_close(s);
	tear_meta("log", true);
	for (uint32_t i = 4; i < 6; i++) {
		s = fixture_open();
		cr_expect(fixture_submit(s, fixture_record(STORE_ADD, i,
						i == 4 ? "c" : "d")) == OK);
		store_close(s);
	}
	s = fixture_open();
	fixture_recovered(s);
	for (char c = 'a'; c < 'e'; c++) {
		char line[8] = {' ', c, ' ', '0', 0};

		cr_expect(strstr(fixture_found, line), "%c", c);
	}
	store_close(s);
}

Test(store_damage, both_pages_torn_is_an_error)
{
	struct store *s = fixture_open();

	for (uint32_t i = 2; i < 40; i++)
		cr_assert(
		    fixture_submit(s, fixture_record(STORE_ADD, i, "a")) == OK);
	store_close(s);
	tear_meta("log", true);
	tear_meta("log", false);
	tear_meta("log", true);
	cr_expect(open_fails() == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "log/data.mdb: both meta pages"), "%s",
	    fixture_text);
}

/* The power failed while the files were being made. */
Test(store_damage, half_made_file_is_made_again)
{
	static const off_t lengths[] = {0, 100, PAGE, 2 * PAGE, 3 * PAGE};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char path[128];
		int fd;

		store_close(fixture_open());
		fd = open_file("log");
		cr_assert(ftruncate(fd, 0) == 0);
		cr_assert(ftruncate(fd, lengths[i]) == 0);
		close(fd);
		snprintf(path, sizeof(path), "%s/state/data.mdb", fixture_dir);
		cr_assert(unlink(path) == 0);
		store_close(fixture_open());
	}
}

Test(store_damage, short_file_is_an_error)
{
	struct store *s = fixture_open();
	static char rdata[60000];
	int fd;

	memset(rdata, 'x', sizeof(rdata) - 1);
	for (uint32_t i = 2; i < 60; i++)
		cr_assert(fixture_submit(
			      s, fixture_record(STORE_ADD, i, rdata)) == OK);
	store_close(s);
	fd = open_file("log");
	cr_assert(ftruncate(fd, 100 * PAGE) == 0);
	close(fd);
	cr_expect(open_fails() == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "cut short"), "%s", fixture_text);
}

Test(store_damage, flipped_bit_in_the_log_names_the_batch)
{
	struct store *s = fixture_open();
	uint8_t octets[8 * PAGE];
	uint8_t *at;
	ssize_t n;
	int fd;

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	cr_assert(
	    fixture_submit(s, fixture_record(STORE_ADD, 3, "flipflop")) == OK);
	store_close(s);
	fd = open_file("log");
	n = pread(fd, octets, sizeof(octets), 0);
	for (at = octets;
	     (at = memmem(at, (size_t)(octets + n - at), "flipflop", 8)); at++)
		cr_assert(pwrite(fd, "flipflap", 8, at - octets) == 8);
	close(fd);
	s = fixture_open();
	cr_expect(store_recover(s, NULL, NULL, fixture_text,
		      sizeof(fixture_text)) == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "/log: batch 2 is damaged at octet 0"),
	    "%s", fixture_text);
	store_close(s);
}

static enum error
ignore(void *arg, const struct store_op *op)
{
	(void)arg;
	(void)op;
	return OK;
}

Test(store_damage, flipped_bit_in_the_state_is_an_error)
{
	struct store *s = fixture_open();
	uint8_t octets[16 * PAGE];
	uint8_t *at;
	ssize_t n;
	int fd;

	cr_assert(
	    fixture_submit(s, fixture_record(STORE_ADD, 3, "flipflop")) == OK);
	fixture_recovered(s);
	store_close(s);
	fd = open_file("state");
	n = pread(fd, octets, sizeof(octets), 0);
	for (at = octets;
	     (at = memmem(at, (size_t)(octets + n - at), "flipflop", 8)); at++)
		cr_assert(pwrite(fd, "flipflap", 8, at - octets) == 8);
	close(fd);
	s = fixture_open();
	cr_expect(store_recover(s, ignore, NULL, fixture_text,
		      sizeof(fixture_text)) == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "/state: entry"), "%s", fixture_text);
	store_close(s);
}

Test(store_damage, missing_batch_is_an_error)
{
	struct store *s = fixture_open();
	uint64_t seq = 2;

	for (uint32_t i = 2; i < 5; i++)
		cr_assert(
		    fixture_submit(s, fixture_record(STORE_ADD, i, "a")) == OK);
	store_close(s);
	set_entry("log", MDB_INTEGERKEY, &seq, sizeof(seq), NULL, 0);
	cr_expect(open_fails() == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "/log: batches 2 to 2 are missing"),
	    "%s", fixture_text);
}

Test(store_damage, newer_format_is_named)
{
	uint8_t header[20] = "musterLG";
	uint64_t zero = 0;

	store_close(fixture_open());
	wire_store_u32(header + 8, 2);
	set_entry(
	    "log", MDB_INTEGERKEY, &zero, sizeof(zero), header, sizeof(header));
	cr_expect(open_fails() == ERR_VERSION);
	cr_expect(strstr(fixture_text, "/log: written in format 2 by a newer"),
	    "%s", fixture_text);
	wire_store_u32(header + 8, 1);
	set_entry(
	    "log", MDB_INTEGERKEY, &zero, sizeof(zero), header, sizeof(header));
	memcpy(header, "musterST", 8);
	wire_store_u32(header + 8, 9);
	set_entry("state", 0, "\0h", 2, header, sizeof(header));
	cr_expect(open_fails() == ERR_VERSION);
	cr_expect(strstr(fixture_text, "/state: written in format 9"), "%s",
	    fixture_text);
}

Test(store_damage, lost_log_and_foreign_files_are_errors)
{
	uint8_t header[20] = "somebody";
	uint64_t zero = 0;
	char path[128];

	store_close(fixture_open());
	snprintf(path, sizeof(path), "%s/log/data.mdb", fixture_dir);
	cr_assert(unlink(path) == 0);
	cr_expect(open_fails() == ERR_DAMAGED);
	cr_expect(
	    strstr(fixture_text, "its log is missing"), "%s", fixture_text);
	set_entry(
	    "log", MDB_INTEGERKEY, &zero, sizeof(zero), header, sizeof(header));
	cr_expect(open_fails() == ERR_DAMAGED);
	cr_expect(strstr(fixture_text, "not the log of a muster store"), "%s",
	    fixture_text);
}
