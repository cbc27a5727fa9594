/* tcp_output.h - replies that the kernel has not taken yet.
 *
 * Threads:   one worker's.
 * Ownership: a struct tcp_output, zeroed at first, owns its buffer; it has
 *            one only while something waits.
 * Units:     octets.
 * Errors:    false: the connection is of no more use (the peer has gone, or
 *            there is no memory).
 */
#ifndef SERVER_TCP_OUTPUT_H
#define SERVER_TCP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tcp_output {
	uint8_t *octets;
	size_t start; /* of what waits */
	size_t end;
	size_t cap;
};

static inline size_t
tcp_output_len(const struct tcp_output *out)
{
	return out->end - out->start;
}

/* Appends octets, to be sent later. */
bool tcp_output_put(struct tcp_output *, const uint8_t *, size_t len);

/* Sends what waits as far as the kernel takes it now; *sent says how much. */
bool tcp_output_send(struct tcp_output *, int fd, size_t *sent);

/* Sends octets behind what waits; what the kernel does not take waits too. */
bool tcp_output_write(struct tcp_output *, int fd, const uint8_t *, size_t len);

void tcp_output_clear(struct tcp_output *);

#endif
