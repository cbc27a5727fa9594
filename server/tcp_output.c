/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tcp_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool
tcp_output_put(struct tcp_output *out, const uint8_t *octets, size_t len)
{
	size_t waiting = tcp_output_len(out), need = waiting + len;
	uint8_t *grown;

	if (out->start > 0)
		memmove(out->octets, out->octets + out->start, waiting);
	out->start = 0;
	out->end = waiting;
	if (need > out->cap) {
		if (need < 2 * out->cap)
			need = 2 * out->cap;
		grown = realloc(out->octets, need);
		if (grown == NULL)
			return false;
		out->octets = grown;
		out->cap = need;
	}
	memcpy(out->octets + out->end, octets, len);
	out->end += len;
	return true;
}

/* Offers octets to the kernel; *sent says how many it took, perhaps none. */
static bool
offer(int fd, const uint8_t *octets, size_t len, size_t *sent)
{
	ssize_t n;

	*sent = 0;
	do
		n = send(fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK;
	*sent = (size_t)n;
	return true;
}

bool
tcp_output_send(struct tcp_output *out, int fd, size_t *sent)
{
	*sent = 0;
	if (tcp_output_len(out) == 0)
		return true;
	if (!offer(fd, out->octets + out->start, tcp_output_len(out), sent))
		return false;
	out->start += *sent;
	if (tcp_output_len(out) == 0)
		tcp_output_clear(out);
	return true;
}

bool
tcp_output_write(
    struct tcp_output *out, int fd, const uint8_t *octets, size_t len)
{
	size_t sent = 0;

	if (tcp_output_len(out) == 0 && !offer(fd, octets, len, &sent))
		return false;
	return sent == len || tcp_output_put(out, octets + sent, len - sent);
}

void
tcp_output_clear(struct tcp_output *out)
{
	free(out->octets);
	*out = (struct tcp_output){.octets = NULL};
}
