/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/control_socket.h"

static char folder[] = "/tmp/muster-control-XXXXXX";
static char *path;

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	path = control_socket_path(folder);
	cr_assert_not_null(path);
}

static void
tear_down(void)
{
	unlink(path);
	rmdir(folder);
	free(path);
}

/* Listens; -1 if that is refused with the error. */
static int
open_at(const char *at, enum error expected)
{
	char text[512] = "";
	int fd = -1;

	cr_assert_eq(
	    control_socket_listen(at, &fd, text, sizeof(text)), expected);
	if (expected != OK) {
		cr_assert(strncmp(text, at, strlen(at)) == 0, "%s", text);
		cr_assert_eq(fd, -1);
	}
	return fd;
}

static void
expect_connect(const char *at, enum error expected)
{
	int fd = -1;

	cr_assert_eq(control_socket_connect(at, &fd), expected);
	if (fd >= 0)
		close(fd);
}

TestSuite(control_socket, .init = set_up, .fini = tear_down, .timeout = 10);

Test(control_socket, owner_and_group_may_use_it)
{
	int fd = open_at(path, OK);
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, CONTROL_SOCKET_MODE);
	expect_connect(path, OK);
	close(fd);
}

Test(control_socket, one_that_nobody_listens_at_is_replaced)
{
	close(open_at(path, OK));
	expect_connect(path, ERR_NOT_FOUND);
	close(open_at(path, OK));
}

Test(control_socket, one_that_somebody_listens_at_is_not)
{
	int fd = open_at(path, OK);

	open_at(path, ERR_CONFLICT);
	expect_connect(path, OK);
	close(fd);
}

Test(control_socket, what_is_no_socket_stays)
{
	FILE *file = fopen(path, "w");
	struct stat st;

	cr_assert_not_null(file);
	fclose(file);
	open_at(path, ERR_CONFLICT);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
}

Test(control_socket, nobody_listens_where_nothing_is)
{
	expect_connect(path, ERR_NOT_FOUND);
	expect_connect("/nonexistent/muster.sock", ERR_NOT_FOUND);
	open_at("/nonexistent/muster.sock", ERR_IO);
}

Test(control_socket, a_path_may_be_longer_than_the_address_of_a_socket)
{
	char deep[256], *at;
	int fd;

	snprintf(deep, sizeof(deep), "%s/%0150d", folder, 0);
	cr_assert_eq(mkdir(deep, 0700), 0);
	at = control_socket_path(deep);
	fd = open_at(at, OK);
	expect_connect(at, OK);
	open_at(at, ERR_CONFLICT);
	close(fd);
	close(open_at(at, OK));
	unlink(at);
	rmdir(deep);
	free(at);
}
