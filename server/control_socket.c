/* SPDX-License-Identifier: Apache-2.0 */
#include "server/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Clients that may wait to be accepted. */
#define BACKLOG 16

/* A path as sockets take it. */
struct address {
	struct sockaddr_un un;
	int folder; /* to be kept open while it is used; -1: none */
};

char *
control_socket_path(const char *folder)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, CONTROL_SOCKET_NAME) < 0)
		return NULL;
	return path;
}

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static enum error
open_folder(const char *path, const char *base, int *folder)
{
	char *copy = strndup(path, (size_t)(base - path));

	if (copy == NULL)
		return ERR_MEMORY;
	*folder = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	return *folder < 0 ? ERR_IO : OK;
}

static enum error
address_init(struct address *at, const char *path)
{
	size_t room = sizeof(at->un.sun_path);
	const char *slash = strrchr(path, '/');
	enum error err;
	int len;

	*at = (struct address){.un.sun_family = AF_UNIX, .folder = -1};
	if (strlen(path) < room) {
		memcpy(at->un.sun_path, path, strlen(path) + 1);
		return OK;
	}
	errno = ENAMETOOLONG;
	if (slash == NULL)
		return ERR_IO;
	err = open_folder(path, slash + 1, &at->folder);
	if (err != OK)
		return err;
	len = snprintf(at->un.sun_path, room, "/proc/self/fd/%d/%s", at->folder,
	    slash + 1);
	if (len > 0 && (size_t)len < room)
		return OK;
	close(at->folder);
	errno = ENAMETOOLONG;
	return ERR_IO;
}

static void
address_fini(struct address *at)
{
	close_keeping_errno(at->folder);
}

static const struct sockaddr *
address_of(const struct address *at)
{
	return (const struct sockaddr *)(const void *)&at->un;
}

static enum error
connect_to(const struct address *at, int flags, int *connected)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	int result;

	if (fd < 0)
		return ERR_IO;
	do
		result = connect(fd, address_of(at), sizeof(at->un));
	while (result != 0 && errno == EINTR);
	if (result != 0) {
		close_keeping_errno(fd);
		return errno == ENOENT || errno == ECONNREFUSED ? ERR_NOT_FOUND
								: ERR_IO;
	}
	*connected = fd;
	return OK;
}

enum error
control_socket_connect(const char *path, int *fd)
{
	struct address at;
	enum error err = address_init(&at, path);

	/* A folder that is not there holds no listener either. */
	if (err != OK)
		return errno == ENOENT ? ERR_NOT_FOUND : err;
	err = connect_to(&at, 0, fd);
	address_fini(&at);
	return err;
}

/* Whether what is in our way is a socket that nobody listens at any more. */
static bool
is_stale(const struct address *at, const char *path)
{
	struct stat st;
	enum error err;
	int fd;

	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	err = connect_to(at, SOCK_NONBLOCK, &fd);
	if (err == OK)
		close(fd);
	return err == ERR_NOT_FOUND;
}

/* Binds and listens.  Nobody can connect in between, so the mode is right
 * from the start. */
static enum error
bind_to(int fd, const struct address *at, const char *path)
{
	int result = bind(fd, address_of(at), sizeof(at->un));

	if (result != 0 && errno == EADDRINUSE) {
		if (!is_stale(at, path))
			return ERR_CONFLICT;
		unlink(path);
		result = bind(fd, address_of(at), sizeof(at->un));
	}
	if (result != 0 || chmod(path, CONTROL_SOCKET_MODE) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return ERR_IO;
	return OK;
}

enum error
control_socket_listen(
    const char *path, int *listening, char *text, size_t text_len)
{
	struct address at = {.folder = -1};
	enum error err = address_init(&at, path);
	int fd = -1;

	if (err == OK) {
		fd = socket(
		    AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		err = fd < 0 ? ERR_IO : bind_to(fd, &at, path);
	}
	address_fini(&at);
	if (err == OK) {
		*listening = fd;
		return OK;
	}
	snprintf(text, text_len, "%s: %s", path,
	    err == ERR_CONFLICT ? "in use, or not a socket of ours"
	    : err == ERR_IO     ? strerror(errno)
				: error_text(err));
	close_keeping_errno(fd);
	return err;
}
