/* SPDX-License-Identifier: Apache-2.0 */
/* The store when the system refuses: a full disk passes, a failed sync does
 * not, and what was refused never comes back.  The calls that LMDB makes are
 * replaced by some that can be told to fail. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "zones/store_internal.h"

#include "tests/unit/store_fixture.h"

TestSuite(store_faults, .timeout = 60, .init = fixture_make_dir,
    .fini = fixture_remove_dir);

static _Atomic int sync_errno; /* what fdatasync() says */
static _Atomic int write_errno; /* what writing of pages says */
static _Atomic int meta_errno; /* what writing of a meta page says, though
				* it is written */

int
fdatasync(int fd)
{
	if (sync_errno) {
		errno = sync_errno;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* Meta pages are the two first ones, written without their page header. */
ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	ssize_t n;
	int err = at < 8192 ? meta_errno : write_errno;

	if (err && at >= 8192) {
		errno = err;
		return -1;
	}
	n = syscall(SYS_pwrite64, fd, buf, len, at);
	if (err) {
		/* Once: what LMDB writes to take it back never arrives. */
		errno = err;
		return -1;
	}
	return n;
}

ssize_t
writev(int fd, const struct iovec *iov, int count)
{
	if (write_errno) {
		errno = write_errno;
		return -1;
	}
	return syscall(SYS_writev, fd, iov, count);
}

Test(store_faults, no_space_passes)
{
	struct store *s = fixture_open();
	struct store_stats stats;

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	write_errno = ENOSPC;
	cr_expect(
	    fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == ERR_FULL);
	store_get_stats(s, &stats);
	cr_expect(stats.last_error == ERR_FULL && !stats.broken);
	cr_expect(stats.refused == 1);
	cr_expect(strstr(stats.last_text, "/log: No space left"), "%s",
	    stats.last_text);
	write_errno = 0;
	cr_expect(fixture_submit(s, fixture_record(STORE_ADD, 3, "c")) == OK);
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, " a 0") &&
		  strstr(fixture_found, " c 0") &&
		  !strstr(fixture_found, " b 0"));
	store_close(s);
}

Test(store_faults, failed_sync_stops_until_restart)
{
	struct store *s = fixture_open();
	struct store_stats stats;

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	sync_errno = EIO;
	cr_expect(
	    fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == ERR_IO);
	sync_errno = 0;
	cr_expect(
	    fixture_submit(s, fixture_record(STORE_ADD, 3, "c")) == ERR_IO);
	store_get_stats(s, &stats);
	cr_expect(stats.broken && stats.refused == 2);
	cr_expect(
	    strstr(stats.last_text, "until restart"), "%s", stats.last_text);
	store_close(s);
	s = fixture_open();
	cr_expect(fixture_submit(s, fixture_record(STORE_ADD, 3, "d")) == OK);
	fixture_recovered(s);
	cr_expect(
	    strstr(fixture_found, " a 0") && strstr(fixture_found, " d 0") &&
	    !strstr(fixture_found, " b 0") && !strstr(fixture_found, " c 0"));
	store_close(s);
}

/* The commit's last write failed after it had reached the disk: the log holds
 * a batch that was refused. */
Test(store_faults, refused_batch_does_not_come_back)
{
	struct store *s = fixture_open();
	static const int errors[] = {EIO, ENOSPC};

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	for (size_t i = 0; i < 2; i++) {
		meta_errno = errors[i];
		cr_expect(
		    fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) != OK);
		meta_errno = 0;
		cr_expect(
		    fixture_submit(s, fixture_record(STORE_ADD, 3, "c")) != OK);
		fixture_history(s, 2);
		cr_expect(!strstr(fixture_found, " b 0"));
		store_close(s);
		s = fixture_open();
		fixture_recovered(s);
		cr_expect(strstr(fixture_found, " a 0"));
		cr_expect(!strstr(fixture_found, " b 0"));
	}
	cr_expect(fixture_submit(s, fixture_record(STORE_ADD, 3, "d")) == OK);
	store_close(s);
	s = fixture_open();
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, " d 0"));
	store_close(s);
}

/* The state cannot be written: batches are durable all the same. */
Test(store_faults, folding_goes_on_when_space_returns)
{
	struct store *s = fixture_open();
	struct store_stats stats;
	bool more;

	cr_assert(fixture_submit(s, fixture_record(STORE_ADD, 2, "a")) == OK);
	write_errno = ENOSPC;
	pthread_mutex_lock(&s->fold_lock);
	cr_expect(store_fold_step(s, 10, &more, fixture_text,
		      sizeof(fixture_text)) == ERR_FULL);
	pthread_mutex_unlock(&s->fold_lock);
	cr_expect(
	    strstr(fixture_text, "/state: No space left"), "%s", fixture_text);
	write_errno = 0;
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, " a 0"));
	store_get_stats(s, &stats);
	cr_expect(stats.unfolded_len == 0);
	store_close(s);
}

/* A real one: 2 MiB, filled from outside. */
Test(store_faults, full_disk_refuses_until_space_returns)
{
	char path[128], rdata[4096];
	struct store *s;
	int taken = 0;
	FILE *ballast;

	if (mount("tmpfs", fixture_dir, "tmpfs", 0, "size=2m") != 0)
		cr_skip_test("no mounting here: %s", strerror(errno));
	s = fixture_open();
	memset(rdata, 'x', sizeof(rdata) - 1);
	rdata[sizeof(rdata) - 1] = 0;
	snprintf(path, sizeof(path), "%s/ballast", fixture_dir);
	ballast = fopen(path, "w");
	for (int i = 0; i < 256; i++)
		fwrite(rdata, 1, sizeof(rdata), ballast);
	fclose(ballast);
	while (taken < 1000 &&
	       fixture_submit(s, fixture_record(STORE_ADD, 2, rdata)) == OK)
		taken++;
	cr_expect(taken > 10 && taken < 1000, "%d", taken);
	cr_expect(fixture_outcomes.err[0] == ERR_FULL);
	cr_assert(unlink(path) == 0);
	cr_expect(fixture_submit(s, fixture_record(STORE_ADD, 3, "b")) == OK);
	store_close(s);
	s = fixture_open();
	fixture_recovered(s);
	cr_expect(strstr(fixture_found, " b 0"));
	store_close(s);
	umount(fixture_dir);
}
