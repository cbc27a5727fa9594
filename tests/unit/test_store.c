/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what goes in comes back, in the form of the state, over any
 * number of restarts; and what is not durable never does. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zones/dns/name.h"
#include "zones/dns/rdata.h"
#include "zones/store_internal.h"

TestSuite(store, .timeout = 60);

static const struct store_limits limits = {
    .map_len = 256u << 20, .history_len = 1u << 20};
static char dir[64];
static char text[256];

static const uint8_t zone[] = "\3svc\7example";
static const uint8_t other[] = "\5other";
static const uint8_t web[] = "\3web\3svc\7example";
static const uint8_t key_name[] = "\4team";

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "%s/store-XXXXXX",
	    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	cr_assert(mkdtemp(dir) != NULL);
}

static void
remove_dir(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct store *
open_store(void)
{
	struct store *s = NULL;
	enum error err = store_open(dir, &limits, &s, text, sizeof(text));

	cr_assert(err == OK, "%s", text);
	return s;
}

/* Outcomes of batches, in the order of their callbacks. */
struct outcomes {
	int count;
	enum error err[64];
	void *arg[64];
};
static struct outcomes outcomes;

static void
on_done(void *arg, struct store_batch *b, enum error err)
{
	if (outcomes.count < 64) {
		outcomes.err[outcomes.count] = err;
		outcomes.arg[outcomes.count] = arg;
	}
	outcomes.count++;
	store_batch_free(b);
}

static void
put(struct store_batch *b, struct store_op op)
{
	if (!op.zone)
		op.zone = zone;
	cr_assert(store_batch_put(b, &op) == OK);
}

/* Submits one operation as a batch and waits. */
static enum error
submit_one(struct store *s, struct store_op op)
{
	struct store_batch *b = store_batch_new();

	put(b, op);
	outcomes.count = 0;
	store_submit(s, b, on_done, NULL);
	store_drain(s);
	cr_assert(outcomes.count == 1);
	return outcomes.err[0];
}

static struct store_op
record(enum store_kind kind, uint32_t serial, const char *rdata)
{
	return (struct store_op){.kind = kind,
	    .serial = serial,
	    .ttl = 30,
	    .lease_s = 60,
	    .type = TYPE_TXT,
	    .owner = web,
	    .rdata = (const uint8_t *)rdata,
	    .rdlen = (uint16_t)strlen(rdata)};
}

/* What recovery gives, as one line per entry. */
static char found[65536];

static enum error
print_op(void *arg, const struct store_op *op)
{
	char zone_text[NAME_TEXT_LEN], owner[NAME_TEXT_LEN] = "-";
	char key[NAME_TEXT_LEN] = "-";
	size_t len = strlen(found);

	(void)arg;
	if (op->owner)
		name_to_text(op->owner, owner);
	if (op->key)
		name_to_text(op->key, key);
	snprintf(found + len, sizeof(found) - len,
	    "%d %s %s %u s%u t%u l%u %s %.*s %llu\n", op->kind,
	    name_to_text(op->zone, zone_text), owner, op->type, op->serial,
	    op->ttl, op->lease_s, key, op->rdlen, op->rdata,
	    (unsigned long long)op->digest);
	return OK;
}

static const char *
recovered(struct store *s)
{
	enum error err;

	found[0] = 0;
	err = store_recover(s, print_op, NULL, text, sizeof(text));
	cr_assert(err == OK, "%s", text);
	return found;
}

static const char *
history(struct store *s, uint32_t from)
{
	found[0] = 0;
	return store_history(s, zone, from, print_op, NULL) == OK ? found
								  : "none";
}

Test(store, new_store_is_empty, .init = make_dir, .fini = remove_dir)
{
	struct store *s = open_store();

	cr_assert_str_eq(recovered(s), "");
	store_close(s);
}

Test(store, files_are_for_the_owner_only_and_closed_on_exec, .init = make_dir,
    .fini = remove_dir)
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

	snprintf(top, sizeof(top), "%s", dir);
	snprintf(dir, sizeof(dir), "%.50s/new", top);
	s = open_store();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", top, files[i].name);
		cr_assert(stat(path, &st) == 0, "%s", path);
		cr_expect((st.st_mode & 0777) == files[i].mode, "%s", path);
	}
	for (int fd = 3; fd < 64; fd++) {
		char link[256] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, link, sizeof(link) - 1) > 0 &&
		    strncmp(link, dir, strlen(dir)) == 0)
			cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s", link);
	}
	store_close(s);
	snprintf(dir, sizeof(dir), "%s", top);
}

Test(store, one_process_at_a_time, .init = make_dir, .fini = remove_dir)
{
	struct store *s = open_store(), *second;

	cr_assert(store_open(dir, &limits, &second, text, sizeof(text)) ==
		  ERR_CONFLICT);
	cr_expect(
	    strstr(text, dir) && strstr(text, "another process"), "%s", text);
	store_close(s);
	store_close(open_store());
}

Test(store, unusable_directory_is_named, .init = make_dir, .fini = remove_dir)
{
	struct store *s;
	char path[128];

	snprintf(path, sizeof(path), "%s/no/such", dir);
	cr_assert(store_open(path, &limits, &s, text, sizeof(text)) == ERR_IO);
	cr_expect(
	    strstr(text, path) && strstr(text, "No such file"), "%s", text);
}

/* Each kind folds into the state by its rule, before and after a restart. */
Test(store, operations_fold_by_kind, .init = make_dir, .fini = remove_dir)
{
	struct store_op leased = record(STORE_ADD, 2, "b");
	struct store_op lease = record(STORE_LEASE, 9, "b");
	const char *expected =
	    "10 svc.example. - 0 s8 t0 l0 - soa 77\n"
	    "3 svc.example. web.svc.example. 16 s5 t30 l60 - gone 0\n"
	    "8 svc.example. web.svc.example. 16 s6 t99 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s2 t30 l90 team. b 0\n";
	struct store *s = open_store();
	struct store_batch *b = store_batch_new();

	leased.key = key_name;
	lease.lease_s = 90;
	put(b, (struct store_op){.kind = STORE_ZONE,
		   .serial = 1,
		   .rdata = (const uint8_t *)"soa",
		   .rdlen = 3,
		   .digest = 77});
	put(b, record(STORE_ADD, 2, "a"));
	put(b, leased);
	put(b, record(STORE_REMOVE, 3, "a"));
	put(b, record(STORE_BURY, 4, "back"));
	put(b, record(STORE_BURY, 5, "gone"));
	put(b, record(STORE_UNBURY, 6, "back"));
	put(b, (struct store_op){.kind = STORE_TTL,
		   .serial = 6,
		   .ttl = 99,
		   .type = TYPE_TXT,
		   .owner = web});
	put(b, (struct store_op){.kind = STORE_TTL,
		   .serial = 7,
		   .ttl = 98,
		   .type = TYPE_A,
		   .owner = web});
	put(b, (struct store_op){.kind = STORE_TTL_FORGET,
		   .serial = 8,
		   .type = TYPE_A,
		   .owner = web});
	put(b, record(STORE_FILE_ADD, 8, "f"));
	put(b, record(STORE_FILE_REMOVE, 8, "g"));
	put(b, lease);
	store_submit(s, b, on_done, NULL);
	store_drain(s);
	cr_expect_str_eq(recovered(s), expected);
	store_close(s);
	s = open_store();
	cr_expect_str_eq(recovered(s), expected);
	store_close(s);
}

/* What the log holds and the state does not is folded at the next start. */
Test(store, unfolded_log_is_recovered, .init = make_dir, .fini = remove_dir)
{
	struct store *s = open_store();

	cr_assert(submit_one(s, record(STORE_ADD, 2, "a")) == OK);
	store_close(s);
	s = open_store();
	cr_expect_str_eq(recovered(s),
	    "10 svc.example. - 0 s2 t0 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s2 t30 l60 - a 0\n");
	store_close(s);
}

Test(store, removal_ignores_case_where_names_do, .init = make_dir,
    .fini = remove_dir)
{
	static const uint8_t upper[] = "\0\1\0\1\0\120\4HOST";
	static const uint8_t lower[] = "\0\1\0\1\0\120\4host";
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 2,
	    .type = TYPE_SRV,
	    .owner = web,
	    .rdata = upper,
	    .rdlen = sizeof(upper)};
	struct store *s = open_store();

	cr_assert(submit_one(s, op) == OK);
	op.kind = STORE_REMOVE;
	op.rdata = lower;
	cr_assert(submit_one(s, op) == OK);
	cr_assert(submit_one(s, record(STORE_ADD, 3, "A")) == OK);
	cr_assert(submit_one(s, record(STORE_REMOVE, 4, "a")) == OK);
	cr_expect_str_eq(recovered(s),
	    "10 svc.example. - 0 s4 t0 l0 -  0\n"
	    "1 svc.example. web.svc.example. 16 s3 t30 l60 - A 0\n");
	store_close(s);
}

/* Ports 0x41 and 0x61 look like letters to the digest of an SRV. */
Test(store, equal_digests_are_told_apart, .init = make_dir, .fini = remove_dir)
{
	static const uint8_t rdata[2][8] = {
	    "\0\1\0\1\0\101\1h", "\0\1\0\1\0\141\1h"};
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 2,
	    .type = TYPE_SRV,
	    .owner = web,
	    .rdlen = 9};
	uint8_t full[2][9] = {0};
	struct store *s = open_store();
	int lines = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(full[i], rdata[i], 8);
		op.rdata = full[i];
		cr_assert(submit_one(s, op) == OK);
		cr_assert(submit_one(s, op) == OK);
	}
	for (const char *at = recovered(s); (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect(lines == 3);
	op.kind = STORE_REMOVE;
	op.rdata = full[0];
	cr_assert(submit_one(s, op) == OK);
	lines = 0;
	for (const char *at = recovered(s); (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect(lines == 2);
	store_close(s);
}

Test(store, longest_names_fit, .init = make_dir, .fini = remove_dir)
{
	uint8_t long_zone[255], long_owner[255];
	char zone_text[NAME_TEXT_LEN], owner_text[NAME_TEXT_LEN];
	struct store_op op = record(STORE_ADD, 2, "x");
	struct store *s = open_store();

	/* 127 labels of one octet; the zone is the same or 120 of them. */
	for (int i = 0; i < 127; i++) {
		long_owner[2 * i] = 1;
		long_owner[2 * i + 1] = 'a';
	}
	long_owner[254] = 0;
	memcpy(long_zone, long_owner, 255);
	op.owner = long_owner;
	op.zone = long_zone;
	cr_assert(submit_one(s, op) == OK);
	op.zone = long_owner + 14;
	cr_assert(submit_one(s, op) == OK);
	recovered(s);
	name_to_text(long_zone, zone_text);
	name_to_text(long_owner, owner_text);
	cr_expect(strstr(found, zone_text) && strstr(found, owner_text));
	store_close(s);
}

Test(store, forgetting_a_zone_spares_the_others, .init = make_dir,
    .fini = remove_dir)
{
	struct store_op op = {.kind = STORE_ADD,
	    .serial = 5,
	    .type = TYPE_TXT,
	    .zone = other,
	    .owner = other,
	    .rdata = (const uint8_t *)"o",
	    .rdlen = 1};
	struct store *s = open_store();
	struct store_batch *b = store_batch_new();
	char rdata[16];

	put(b, op);
	for (int i = 0; i < 5000; i++) {
		snprintf(rdata, sizeof(rdata), "%d", i);
		put(b, record(STORE_ADD, 2, rdata));
	}
	put(b, record(STORE_BURY, 3, "b"));
	put(b, (struct store_op){.kind = STORE_ZONE_FORGET});
	store_submit(s, b, on_done, NULL);
	store_drain(s);
	cr_expect_str_eq(recovered(s), "10 other. - 0 s5 t0 l0 -  0\n"
				       "1 other. other. 16 s5 t0 l0 - o 0\n");
	store_close(s);
}

Test(store, truncated_batch_forgets_the_tail, .init = make_dir,
    .fini = remove_dir)
{
	struct store_batch *b = store_batch_new();
	struct store *s = open_store();
	struct store_stats stats;
	size_t len;

	put(b, record(STORE_ADD, 2, "kept"));
	len = store_batch_len(b);
	put(b, record(STORE_ADD, 2, "undone"));
	store_batch_truncate(b, len);
	put(b, record(STORE_ADD, 2, "next"));
	store_submit(s, b, on_done, NULL);
	store_drain(s);
	recovered(s);
	cr_expect(strstr(found, "kept") && strstr(found, "next"));
	cr_expect(!strstr(found, "undone"));
	store_get_stats(s, &stats);
	cr_expect(stats.ops == 2 && stats.batches == 1);
	store_close(s);
}

Test(store, owner_outside_the_zone_is_refused)
{
	struct store_op op = record(STORE_ADD, 2, "x");
	struct store_batch *b = store_batch_new();

	op.zone = other;
	cr_expect(store_batch_put(b, &op) == ERR_RANGE);
	cr_expect(store_batch_len(b) == 0);
	store_batch_free(b);
}

Test(store, callbacks_come_in_order, .init = make_dir, .fini = remove_dir)
{
	struct store *s = open_store();

	outcomes.count = 0;
	for (long i = 0; i < 64; i++) {
		struct store_batch *b = store_batch_new();

		if (i % 5 != 0)
			put(b, record(STORE_ADD, (uint32_t)i, "x"));
		store_submit(s, b, on_done, (void *)i);
	}
	store_drain(s);
	cr_assert(outcomes.count == 64);
	for (long i = 0; i < 64; i++) {
		cr_expect(outcomes.arg[i] == (void *)i);
		cr_expect(outcomes.err[i] == OK);
	}
	store_close(s);
}

Test(store, history_starts_after_the_serial_asked_for, .init = make_dir,
    .fini = remove_dir)
{
	struct store_op lease = record(STORE_LEASE, 3, "a");
	struct store_op of_other = {.kind = STORE_ADD,
	    .serial = 3,
	    .type = TYPE_TXT,
	    .zone = other,
	    .owner = other};
	struct store *s = open_store();

	cr_assert(submit_one(s, record(STORE_ADD, 2, "a")) == OK);
	cr_assert(submit_one(s, of_other) == OK);
	cr_assert(submit_one(s, record(STORE_ADD, 3, "b")) == OK);
	cr_assert(submit_one(s, lease) == OK);
	cr_assert(submit_one(s, record(STORE_REMOVE, 4, "a")) == OK);
	cr_expect_str_eq(history(s, 2),
	    "1 svc.example. web.svc.example. 16 s3 t30 l60 - b 0\n"
	    "2 svc.example. web.svc.example. 16 s4 t30 l60 - a 0\n");
	cr_expect_str_eq(history(s, 4), "");
	cr_expect_str_eq(history(s, 1), "none");
	cr_expect_str_eq(history(s, 5), "none");
	recovered(s);
	store_close(s);
	s = open_store();
	cr_expect_str_eq(history(s, 3),
	    "2 svc.example. web.svc.example. 16 s4 t30 l60 - a 0\n");
	store_close(s);
}

Test(store, history_does_not_cross_a_forgotten_zone, .init = make_dir,
    .fini = remove_dir)
{
	struct store *s = open_store();

	cr_assert(submit_one(s, record(STORE_ADD, 2, "a")) == OK);
	cr_assert(submit_one(s, (struct store_op){.kind = STORE_ZONE_FORGET,
				    .serial = 2}) == OK);
	cr_assert(submit_one(s, record(STORE_ADD, 3, "a")) == OK);
	cr_expect_str_eq(history(s, 2), "none");
	store_close(s);
}

/* The log keeps no more than the limit and what the state still needs. */
Test(store, history_is_kept_up_to_the_limit, .init = make_dir,
    .fini = remove_dir)
{
	struct store *s = open_store();
	struct store_stats stats;
	char rdata[4096];
	int serial = 2;

	memset(rdata, 'x', sizeof(rdata) - 1);
	rdata[sizeof(rdata) - 1] = 0;
	do {
		for (int i = 0; i < 512; i++, serial++) {
			struct store_batch *b = store_batch_new();

			put(b, record(STORE_ADD, (uint32_t)serial, rdata));
			store_submit(s, b, on_done, NULL);
		}
		recovered(s);
		store_drain(s);
	} while (serial < 4000);
	do {
		recovered(s);
		cr_assert(submit_one(s, record(STORE_ADD, (uint32_t)serial++,
					    "y")) == OK);
		store_get_stats(s, &stats);
	} while (stats.history_len > limits.history_len + 8192);
	cr_expect(stats.history_len > limits.history_len - 8192);
	cr_expect(strcmp(history(s, (uint32_t)serial - 200), "none") != 0);
	cr_expect_str_eq(history(s, 3), "none");
	store_close(s);
}

/* With a log that is full the store refuses, and takes up again once the log
 * has been folded and trimmed. */
Test(store, full_log_refuses_and_recovers, .init = make_dir, .fini = remove_dir)
{
	static const struct store_limits small = {
	    .map_len = 8u << 20, .history_len = 1u << 10};
	struct store_op op = record(STORE_ADD, 2, "");
	uint8_t rdata[60000] = {0};
	struct store *s;
	int taken = 0;

	cr_assert(store_open(dir, &small, &s, text, sizeof(text)) == OK);
	op.rdata = rdata;
	op.rdlen = sizeof(rdata);
	pthread_mutex_lock(&s->fold_lock);
	while (submit_one(s, op) == OK)
		taken++;
	cr_expect(outcomes.err[0] == ERR_FULL);
	cr_expect(taken > 20, "%d", taken);
	pthread_mutex_unlock(&s->fold_lock);
	recovered(s);
	/* The entries leave once a second commit of the state holds them. */
	while (submit_one(s, record(STORE_ADD, 3, "small")) != OK)
		recovered(s);
	store_close(s);
}

Test(store, pipelined_writer_is_refused_until_it_resumes, .init = make_dir,
    .fini = remove_dir)
{
	static const struct store_limits pipelined = {
	    .map_len = 4u << 20, .history_len = 1u << 10, .pipelined = true};
	struct store_op big = record(STORE_ADD, 2, "");
	struct store_batch *b = store_batch_new();
	static uint8_t rdata[65000];
	struct store *s;

	cr_assert(store_open(dir, &pipelined, &s, text, sizeof(text)) == OK);
	big.rdata = rdata;
	big.rdlen = sizeof(rdata);
	for (int i = 0; i < 30; i++)
		put(b, big);
	store_submit(s, b, on_done, NULL);
	store_drain(s);
	cr_expect(outcomes.err[0] == ERR_FULL);
	cr_expect(submit_one(s, record(STORE_ADD, 2, "a")) == ERR_FULL);
	store_resume(s);
	cr_expect(submit_one(s, record(STORE_ADD, 2, "b")) == OK);
	recovered(s);
	cr_expect(strstr(found, " b 0") && !strstr(found, " a 0"));
	store_close(s);
}
