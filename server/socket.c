/* SPDX-License-Identifier: Apache-2.0 */
#include "server/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Room for a burst while a worker does something else; the kernel gives what
 * net.core.rmem_max and wmem_max allow. */
#define UDP_KERNEL_BUFFER (4 << 20)

/* Newcomers that may wait to be accepted; net.core.somaxconn limits it. */
#define TCP_BACKLOG 4096

/* Sets an integer option; false if the kernel refuses. */
static bool
set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static void
close_keeping_errno(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

/* A socket of a type that IPv4 and IPv6 do not share. */
static int
open_plain(const struct endpoint *at, int type)
{
	int family = at->sa.sa_family;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && family == AF_INET6 &&
	    !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
		close_keeping_errno(fd);
		return -1;
	}
	return fd;
}

enum error
socket_probe(const struct endpoint *at, int type)
{
	int fd = open_plain(at, type);

	if (fd < 0)
		return ERR_IO;
	/* Connections of an earlier run that linger are no obstacle. */
	if ((type == SOCK_STREAM &&
		!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) ||
	    bind(fd, &at->sa, at->len) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) != 0)) {
		close_keeping_errno(fd);
		return ERR_IO;
	}
	close(fd);
	return OK;
}

static bool
is_wildcard(const struct endpoint *at)
{
	if (at->sa.sa_family == AF_INET)
		return at->in.sin_addr.s_addr == htonl(INADDR_ANY);
	return at->sa.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&at->in6.sin6_addr);
}

/* Options that are worth having but nothing breaks without. */
static void
set_udp_wishes(int fd, int family)
{
	set_option(fd, SOL_SOCKET, SO_RCVBUF, UDP_KERNEL_BUFFER);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, UDP_KERNEL_BUFFER);
	/* Send at the interface's MTU without the don't-fragment bit and
	 * believe no ICMP about the path: forged ones would make us fragment,
	 * and fragments can be replaced by an attacker. */
	if (family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
	else
		set_option(
		    fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

/* Makes the kernel tell which address each datagram was sent to. */
static bool
ask_destination(int fd, int family)
{
	if (family == AF_INET)
		return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	return set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

enum error
socket_open_udp(const struct endpoint *at, int *opened)
{
	int family = at->sa.sa_family;
	int fd = open_plain(at, SOCK_DGRAM);

	if (fd < 0)
		return ERR_IO;
	set_udp_wishes(fd, family);
	if (!set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    (is_wildcard(at) && !ask_destination(fd, family)) ||
	    bind(fd, &at->sa, at->len) != 0) {
		close_keeping_errno(fd);
		return ERR_IO;
	}
	*opened = fd;
	return OK;
}

enum error
socket_open_tcp(const struct endpoint *at, int *opened)
{
	int fd = open_plain(at, SOCK_STREAM);

	if (fd < 0)
		return ERR_IO;
	/* Connections inherit TCP_NODELAY: replies leave at once. */
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    bind(fd, &at->sa, at->len) != 0 || listen(fd, TCP_BACKLOG) != 0) {
		close_keeping_errno(fd);
		return ERR_IO;
	}
	*opened = fd;
	return OK;
}

bool
socket_is_wildcard(int fd)
{
	struct endpoint at = {.len = sizeof(at.in6)};

	return getsockname(fd, &at.sa, &at.len) == 0 && is_wildcard(&at);
}

/* The reply's way is the routing table's business, not the query's, but for
 * link-local addresses, which mean nothing without their link. */
static void
turn_in6(struct in6_pktinfo *info)
{
	if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		info->ipi6_ifindex = 0;
}

void
socket_turn_control(void *control, size_t len)
{
	struct msghdr msg = {.msg_control = control, .msg_controllen = len};
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			((struct in_pktinfo *)(void *)CMSG_DATA(c))
			    ->ipi_ifindex = 0;
		else if (c->cmsg_level == IPPROTO_IPV6 &&
			 c->cmsg_type == IPV6_PKTINFO)
			turn_in6((struct in6_pktinfo *)(void *)CMSG_DATA(c));
	}
}

void
socket_print(const struct endpoint *at, char text[SOCKET_NAME_LEN])
{
	char address[INET6_ADDRSTRLEN] = "?";

	if (at->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &at->in.sin_addr, address, sizeof(address));
		snprintf(text, SOCKET_NAME_LEN, "%s:%u", address,
		    ntohs(at->in.sin_port));
		return;
	}
	inet_ntop(AF_INET6, &at->in6.sin6_addr, address, sizeof(address));
	snprintf(text, SOCKET_NAME_LEN, "[%s]:%u", address,
	    ntohs(at->in6.sin6_port));
}
