/* SPDX-License-Identifier: Apache-2.0 */
/* resolve NAME: the addresses that getaddrinfo() finds, sorted, in one line;
 * or its error, with status 1.  resolver.sh builds it with musl too. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 64

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
main(int argc, char **argv)
{
	static char text[ADDRESSES_MAX][NI_MAXHOST];
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found, *at;
	size_t count = 0;
	int rc;

	if (argc != 2)
		return 2;
	rc = getaddrinfo(argv[1], NULL, &hints, &found);
	if (rc != 0) {
		puts(rc == EAI_NONAME ? "no such name" : gai_strerror(rc));
		return 1;
	}
	for (at = found; at != NULL && count < ADDRESSES_MAX; at = at->ai_next)
		if (getnameinfo(at->ai_addr, at->ai_addrlen, text[count],
			NI_MAXHOST, NULL, 0, NI_NUMERICHOST) == 0)
			count++;
	freeaddrinfo(found);
	qsort(text, count, sizeof(text[0]), compare);
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i == 0 ? "" : " ", text[i]);
	puts("");
	return 0;
}
