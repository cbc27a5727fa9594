/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for one copied thing, from the front of a block. */
static void *
carve(char **room, const void *from, size_t len)
{
	char *at = *room;

	if (len > 0)
		memcpy(at, from, len);
	*room += len;
	return at;
}

static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

static char *
carve_text(char **room, const char *text)
{
	return text == NULL ? NULL : carve(room, text, strlen(text) + 1);
}

static size_t
data_size(const struct config_check *check)
{
	size_t size = check->args_count * sizeof(char *) +
		      check->networks_count * sizeof(struct config_network);

	for (size_t i = 0; i < check->args_count; i++)
		size += text_size(check->args[i]);
	return size + text_size(check->path) + text_size(check->host) +
	       text_size(check->ca) + text_size(check->body) +
	       text_size(check->send) + text_size(check->receive);
}

/* Makes the copied check point into the room, pointers first for the sake of
 * alignment. */
static void
move_in(struct config_check *check, char **room)
{
	check->args = check->args_count == 0
			  ? NULL
			  : carve(room, check->args,
				check->args_count * sizeof(*check->args));
	check->networks =
	    check->networks_count == 0
		? NULL
		: carve(room, check->networks,
		      check->networks_count * sizeof(*check->networks));
	for (size_t i = 0; i < check->args_count; i++)
		check->args[i] = carve_text(room, check->args[i]);
	check->path = carve_text(room, check->path);
	check->host = carve_text(room, check->host);
	check->ca = carve_text(room, check->ca);
	check->body = carve_text(room, check->body);
	check->send = carve_text(room, check->send);
	check->receive = carve_text(room, check->receive);
}

struct probe_order *
probe_order_new(enum probe_order_kind kind, uint64_t instance,
    const struct config_check *check, const char *host, const char *service)
{
	const struct config_check none = {.type = CHECK_NONE};
	struct probe_order *order;
	size_t size;
	char *room;

	if (check == NULL)
		check = &none;
	size = data_size(check) + text_size(host) + text_size(service);
	/* Not from data on: that may begin in the struct's padding. */
	order = calloc(1, sizeof(*order) + size);
	if (order == NULL)
		return NULL;
	room = (char *)(order + 1);
	order->mail.kind = (int)kind;
	order->instance = instance;
	order->check = *check;
	move_in(&order->check, &room);
	order->host = carve_text(&room, host);
	order->service = carve_text(&room, service);
	assert(room == (char *)(order + 1) + size);
	return order;
}
