/* control_socket.h - the Unix socket at which musterd takes commands.
 *
 * A path that is too long for a socket's address (108 octets) works too: it
 * is reached by way of its folder's descriptor.
 *
 * Threads:   any.
 * Ownership: an opened file descriptor is the caller's.
 * Units:     none.
 * Errors:    ERR_IO with errno set; ERR_NOT_FOUND if nobody listens;
 *            ERR_CONFLICT if somebody does, or something else is there.
 */
#ifndef SERVER_CONTROL_SOCKET_H
#define SERVER_CONTROL_SOCKET_H

#include <stddef.h>

#include "zones/dns/error.h"

#define CONTROL_SOCKET_NAME "muster.sock" /* in the folder of the data */
#define CONTROL_SOCKET_MODE 0660

/* A path in the folder; NULL without memory.  The caller frees it. */
char *control_socket_path(const char *folder);

/* Listens, non-blocking.  A socket that nobody listens at any more is
 * replaced; whatever else is at the path stays.  On failure text says why. */
enum error control_socket_listen(
    const char *path, int *fd, char *text, size_t text_len) MUST_CHECK;

/* Connects, blocking. */
enum error control_socket_connect(const char *path, int *fd) MUST_CHECK;

#endif
