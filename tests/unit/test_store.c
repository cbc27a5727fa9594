/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what goes in comes back, in the form of the state, over any
 * number of restarts; and what is not durable never does. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/dns/name.h"
#include "zones/dns/rdata.h"
#include "zones/store_internal.h"

#include "tests/unit/store_fixture.h"

TestSuite(store, .timeout = 60);

Test(store, new_store_is_empty, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();

	cr_assert_str_eq(fixture_recovered(s), "");
	store_close(s);
}

Test(store, files_are_for_the_owner_only_and_closed_on_exec,
    .init = fixture_make_dir, .fini = fixture_remove_dir)
{
	static const struct {
		const char *name;
		mode_t mode;
	} files[] = {{"", 0700}, {"/new", 0700}, {"/new/lock", 0600},
	    {"/new/log", 0700}, {"/new/log/data.mdb", 0600},
	    {"/new/log/lock.mdb", 0600}, {"/new/state/data.mdb", 0600}};
	char path[128], top[64];
	struct store *s;
	struct stat st;

	snprintf(top, sizeof(top), "%s", fixture_dir);
	snprintf(fixture_dir, sizeof(fixture_dir), "%.50s/new", top);
	s = fixture_open();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", top, files[i].name);
		cr_assert(stat(path, &st) == 0, "%s", path);
		cr_expect((st.st_mode & 0777) == files[i].mode, "%s", path);
	}
	for (int fd = 3; fd < 64; fd++) {
		char link[256] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, link, sizeof(link) - 1) > 0 &&
		    strncmp(link, fixture_dir, strlen(fixture_dir)) == 0)
			cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s", link);
	}
	store_close(s);
	snprintf(fixture_dir, sizeof(fixture_dir), "%s", top);
}

Test(store, one_process_at_a_time, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open(), *second;

	cr_assert(store_open(fixture_dir, &fixture_limits, &second,
		      fixture_text, sizeof(fixture_text)) == ERR_CONFLICT);
	cr_expect(strstr(fixture_text, fixture_dir) &&
		      strstr(fixture_text, "another process"),
	    "%s", fixture_text);
	store_close(s);
	store_close(fixture_open());
}

Test(store, unusable_directory_is_named, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s;
	char path[128];

	snprintf(path, sizeof(path), "%s/no/such", fixture_dir);
	cr_assert(store_open(path, &fixture_limits, &s, fixture_text,
		      sizeof(fixture_text)) == ERR_IO);
	cr_expect(
	    strstr(fixture_text, path) && strstr(fixture_text, "No such file"),
	    "%s", fixture_text);
}

/* Each kind folds into the state by its rule, before and after a restart. */
Test(store, operations_fold_by_kind, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store_op leased = fixture_record(STORE_ADD, 2, "b");
	struct store_op lease = fixture_record(STORE_LEASE, 9, "b");
	const char *expected =
	    "10 svc.example. - 0 s8 t0 l0 - soa 77\n"
	    "3 svc.example. web.svc.example. 16 s5 t30 l60 - gone 0\n"
	    "8 svc.example. web.svc.example. 16 s6 t99 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s2 t30 l90 team. b 0\n";
	struct store *s = fixture_open();
	struct store_batch *b = store_batch_new();

	leased.key = fixture_key;
	lease.lease_s = 90;
	fixture_put(b, (struct store_op){.kind = STORE_ZONE,
			   .serial = 1,
			   .rdata = (const uint8_t *)"soa",
			   .rdlen = 3,
			   .digest = 77});
	fixture_put(b, fixture_record(STORE_ADD, 2, "a"));
	fixture_put(b, leased);
	fixture_put(b, fixture_record(STORE_REMOVE, 3, "a"));
	fixture_put(b, fixture_record(STORE_BURY, 4, "back"));
	fixture_put(b, fixture_record(STORE_BURY, 5, "gone"));
	fixture_put(b, fixture_record(STORE_UNBURY, 6, "back"));
	fixture_put(b, (struct store_op){.kind = STORE_TTL,
			   .serial = 6,
			   .ttl = 99,
			   .type = TYPE_TXT,
			   .owner = fixture_web});
	fixture_put(b, (struct store_op){.kind = STORE_TTL,
			   .serial = 7,
			   .ttl = 98,
			   .type = TYPE_A,
			   .owner = fixture_web});
	fixture_put(b, (struct store_op){.kind = STORE_TTL_FORGET,
			   .serial = 8,
			   .type = TYPE_A,
			   .owner = fixture_web});
	fixture_put(b, fixture_record(STORE_FILE_ADD, 8, "f"));
	fixture_put(b, fixture_record(STORE_FILE_REMOVE, 8, "g"));
	fixture_put(b, lease);
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	cr_expect_str_eq(fixture_recovered(s), expected);
	store_close(s);
	s = fixture_open();
	cr_expect_str_eq(fixture_recovered(s), expected);
	store_close(s);
}

static size_t
mapped_len(const char *name)
{
	char line[512], path[128];
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long kib = 0;
	bool here = false;

	snprintf(path, sizeof(path), "%s/%s/data.mdb", fixture_dir, name);
	while (f && fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && strchr(line, '/'))
			here = strstr(line, path) != NULL;
		if (here && sscanf(line, "Rss: %lu", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib * 1024;
}

static enum error
count_op(void *arg, const struct store_op *op)
{
	int *count = arg;

	(void)op;
	++*count;
	return OK;
}

/* The registry lives in memory once; the store's file need not be there too. */
Test(store, recovered_state_is_not_kept_in_memory, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();
	struct store_batch *b = store_batch_new();
	char rdata[2048];
	int count = 0;

	for (int i = 0; i < 2000; i++) {
		memset(rdata, 'x', sizeof(rdata));
		snprintf(rdata, sizeof(rdata), "%d", i);
		rdata[strlen(rdata)] = 'x';
		rdata[sizeof(rdata) - 1] = 0;
		fixture_put(b, fixture_record(STORE_ADD, 2, rdata));
	}
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	fixture_recovered(s);
	cr_expect(mapped_len("state") < 512u << 10, "%zu", mapped_len("state"));
	cr_expect(store_recover(s, count_op, &count, fixture_text,
		      sizeof(fixture_text)) == OK);
	cr_expect(count == 2001, "%d", count);
	store_close(s);
}

/* What the log holds and the state does not is folded at the next start. */
Test(store, unfolded_log_is_recovered, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	store_close(s);
	s = fixture_open();
	cr_expect_str_eq(fixture_recovered(s),
	    "10 svc.example. - 0 s2 t0 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s2 t30 l60 - a 0\n");
	store_close(s);
}

Test(store, removal_ignores_case_where_names_do, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	static const uint8_t upper[] = "\0\1\0\1\0\120\4HOST";
	static const uint8_t lower[] = "\0\1\0\1\0\120\4host";
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 2,
	    .type = TYPE_SRV,
	    .owner = fixture_web,
	    .rdata = upper,
	    .rdlen = sizeof(upper)};
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, op) == OK);
	op.kind = STORE_REMOVE;
	op.rdata = lower;
	cr_assert(fixture_submit(s, op) == OK);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 3, "A")) == OK);
	cr_assert(
	    fixture_submit(s, fixture_record(STORE_REMOVE, 4, "a")) == OK);
	cr_expect_str_eq(fixture_recovered(s),
	    "10 svc.example. - 0 s4 t0 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s3 t30 l60 - A 0\n");
	store_close(s);
}

/* Ports 0x41 and 0x61 look like letters to the digest of an SRV. */
Test(store, equal_digests_are_told_apart, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	static const uint8_t rdata[2][8] = {
	    "\0\1\0\1\0\101\1h", "\0\1\0\1\0\141\1h"};
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 2,
	    .type = TYPE_SRV,
	    .owner = fixture_web,
	    .rdlen = 9};
	uint8_t full[2][9] = {0};
	struct store *s = fixture_open();
	int lines = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(full[i], rdata[i], 8);
		op.rdata = full[i];
		cr_assert(fixture_submit(s, op) == OK);
		cr_assert(fixture_submit(s, op) == OK);
	}
	for (const char *at = fixture_recovered(s); (at = strchr(at, '\n'));
	     at++)
		lines++;
	cr_expect(lines == 3);
	op.kind = STORE_REMOVE;
	op.rdata = full[0];
	cr_assert(fixture_submit(s, op) == OK);
	lines = 0;
	for (const char *at = fixture_recovered(s); (at = strchr(at, '\n'));
	     at++)
		lines++;
	cr_expect(lines == 2);
	store_close(s);
}

Test(store, longest_names_fit, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	uint8_t long_zone[255], long_owner[255];
	char zone_text[NAME_TEXT_LEN], owner_text[NAME_TEXT_LEN];
	struct store_op op = fixture_record(STORE_ADD, 2, "x");
	struct store *s = fixture_open();

	/* 127 labels of one octet; the zone is the same or 120 of them. */
	for (int i = 0; i < 127; i++) {
		long_owner[2 * i] = 1;
		long_owner[2 * i + 1] = 'a';
	}
	long_owner[254] = 0;
	memcpy(long_zone, long_owner, 255);
	op.owner = long_owner;
	op.zone = long_zone;
	cr_assert(fixture_submit(s, op) == OK);
	op.zone = long_owner + 14;
	cr_assert(fixture_submit(s, op) == OK);
	fixture_recovered(s);
	name_to_text(long_zone, zone_text);
	name_to_text(long_owner, owner_text);
	cr_expect(strstr(fixture_found, zone_text) &&
		  strstr(fixture_found, owner_text));
	store_close(s);
}

Test(store, forgetting_a_zone_spares_the_others, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 5,
	    .type = TYPE_TXT,
	    .zone = fixture_other,
	    .owner = fixture_other,
	    .rdata = (const uint8_t *)"o",
	    .rdlen = 1};
	struct store *s = fixture_open();
	struct store_batch *b = store_batch_new();
	char rdata[16];

	fixture_put(b, op);
	for (int i = 0; i < 5000; i++) {
		snprintf(rdata, sizeof(rdata), "%d", i);
		fixture_put(b, fixture_record(STORE_ADD, 2, rdata));
	}
	fixture_put(b, fixture_record(STORE_BURY, 3, "b"));
	fixture_put(b, (struct store_op){.kind = STORE_ZONE_FORGET});
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	cr_expect_str_eq(fixture_recovered(s),
	    "10 other. - 0 s5 t0 l0 -  0\n"
	    "1 other. other. 16 s5 t0 l0 - o 0\n");
	store_close(s);
}

Test(store, truncated_batch_forgets_the_tail, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store_batch *b = store_batch_new();
	struct store *s = fixture_open();
	struct store_stats stats;
	size_t len;

	fixture_put(b, fixture_record(STORE_ADD, 2, "kept"));
	len = store_batch_len(b);
	fixture_put(b, fixture_record(STORE_ADD, 2, "undone"));
	store_batch_truncate(b, len);
	fixture_put(b, fixture_record(STORE_ADD, 2, "next"));
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	fixture_recovered(s);
	cr_expect(
	    strstr(fixture_found, "kept") && strstr(fixture_found, "next"));
	cr_expect(!strstr(fixture_found, "undone"));
	store_get_stats(s, &stats);
	cr_expect(stats.ops == 2 && stats.batches == 1);
	store_close(s);
}

Test(store, owner_outside_the_zone_is_refused)
{
	struct store_op op = fixture_record(STORE_ADD, 2, "x");
	struct store_batch *b = store_batch_new();

	op.zone = fixture_other;
	cr_expect(store_batch_put(b, &op) == ERR_RANGE);
	cr_expect(store_batch_len(b) == 0);
	store_batch_free(b);
}

Test(store, callbacks_come_in_order, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();

	fixture_outcomes.count = 0;
	for (long i = 0; i < 64; i++) {
		struct store_batch *b = store_batch_new();

		if (i % 5 != 0)
			fixture_put(
			    b, fixture_record(STORE_ADD, (uint32_t)i, "x"));
		store_submit(s, b, fixture_on_done, (void *)i);
	}
	store_drain(s);
	cr_assert(fixture_outcomes.count == 64);
	for (long i = 0; i < 64; i++) {
		cr_expect(fixture_outcomes.arg[i] == (void *)i);
		cr_expect(fixture_outcomes.err[i] == OK);
	}
	store_close(s);
}

Test(store, history_starts_after_the_serial_asked_for, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store_op lease = fixture_record(STORE_LEASE, 3, "a");
	struct store_op of_other = {.kind = STORE_ADD,
	    .serial = 3,
	    .type = TYPE_TXT,
	    .zone = fixture_other,
	    .owner = fixture_other};
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	cr_assert(fixture_submit(s, of_other) == OK);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == OK);
	cr_assert(fixture_submit(s, lease) == OK);
	cr_assert(
	    fixture_submit(s, fixture_record(STORE_REMOVE, 4, "a")) == OK);
	cr_expect_str_eq(fixture_history(s, 2),
	    "1 svc.example. web.svc.example. 16 s3 t30 l60 - b 0\n"
	    "2 svc.example. web.svc.example. 16 s4 t30 l60 - a 0\n");
	cr_expect_str_eq(fixture_history(s, 4), "");
	cr_expect_str_eq(fixture_history(s, 1), "none");
	cr_expect_str_eq(fixture_history(s, 5), "none");
	fixture_recovered(s);
	store_close(s);
	s = fixture_open();
	cr_expect_str_eq(fixture_history(s, 3),
	    "2 svc.example. web.svc.example. 16 s4 t30 l60 - a 0\n");
	store_close(s);
}

Test(store, history_does_not_cross_a_forgotten_zone, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	cr_assert(fixture_submit(s, (struct store_op){.kind = STORE_ZONE_FORGET,
					.serial = 2}) == OK);
	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 3, "a")) == OK);
	cr_expect_str_eq(fixture_history(s, 2), "none");
	store_close(s);
}

/* The log keeps no more than the limit and what the state still needs. */
Test(store, history_is_kept_up_to_the_limit, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	struct store *s = fixture_open();
	struct store_stats stats;
	char rdata[4096];
	int serial = 2;

	memset(rdata, 'x', sizeof(rdata) - 1);
	rdata[sizeof(rdata) - 1] = 0;
	do {
		for (int i = 0; i < 512; i++, serial++) {
			struct store_batch *b = store_batch_new();

			fixture_put(b,
			    fixture_record(STORE_ADD, (uint32_t)serial, rdata));
			store_submit(s, b, fixture_on_done, NULL);
		}
		fixture_recovered(s);
		store_drain(s);
	} while (serial < 4000);
	do {
		fixture_recovered(s);
		cr_assert(
		    fixture_submit(s, fixture_record(STORE_ADD,
					  (uint32_t)serial++, "y")) == OK);
		store_get_stats(s, &stats);
	} while (stats.history_len > fixture_limits.history_len + 8192);
	cr_expect(stats.history_len > fixture_limits.history_len - 8192);
	cr_expect(
	    strcmp(fixture_history(s, (uint32_t)serial - 200), "none") != 0);
	cr_expect_str_eq(fixture_history(s, 3), "none");
	store_close(s);
}

/* With a log that is full the store refuses, and takes up again once the log
 * has been folded and trimmed. */
Test(store, full_log_refuses_and_recovers, .init = fixture_make_dir,
    .fini = fixture_remove_dir)
{
	static const struct store_limits small = {
	    .map_len = 8u << 20, .history_len = 1u << 10};
	struct store_op op = fixture_record(STORE_ADD, 2, "");
	uint8_t rdata[60000] = {0};
	struct store *s;
	int taken = 0;

	cr_assert(store_open(fixture_dir, &small, &s, fixture_text,
		      sizeof(fixture_text)) == OK);
	op.rdata = rdata;
	op.rdlen = sizeof(rdata);
	pthread_mutex_lock(&s->fold_lock);
	while (fixture_submit(s, op) == OK)
		taken++;
	cr_expect(fixture_outcomes.err[0] == ERR_FULL);
	cr_expect(taken > 20, "%d", taken);
	pthread_mutex_unlock(&s->fold_lock);
	fixture_recovered(s);
	/* The entries leave once a second commit of the state holds them. */
	while (fixture_submit(s, fixture_record(STORE_ADD, 3, "small")) != OK)
		fixture_recovered(s);
	store_close(s);
}

Test(store, pipelined_writer_is_refused_until_it_resumes,
    .init = fixture_make_dir, .fini = fixture_remove_dir)
{
	static const struct store_limits pipelined = {
	    .map_len = 4u << 20, .history_len = 1u << 10, .pipelined = true};
	struct store_op big = fixture_record(STORE_ADD, 2, "");
	struct store_batch *b = store_batch_new();
	static uint8_t rdata[65000];
	struct store *s;

	cr_assert(store_open(fixture_dir, &pipelined, &s, fixture_text,
		      sizeof(fixture_text)) == OK);
	big.rdata = rdata;
	big.rdlen = sizeof(rdata);
	for (int i = 0; i < 30; i++)
		fixture_put(b, big);
	store_submit(s, b, fixture_on_done, NULL);
	store_drain(s);
	cr_expect(fixture_outcomes.err[0] == ERR_FULL);
	cr_expect(
	    fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == ERR_FULL);
	store_resume(s);
	cr_expect(fixture_submit(s, fixture_record(STORE_ADD, 2, "b")) == OK);
	fixture_recovered(s);
	cr_expect(
	    strstr(fixture_found, " b 0") && !strstr(fixture_found, " a 0"));
	store_close(s);
}
