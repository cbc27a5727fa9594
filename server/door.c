/* SPDX-License-Identifier: Apache-2.0 */
#include "server/door.h"

#include "server/nameserver/update.h"
#include "server/queue.h"
#include "server/stats.h"
#include "server/worker_relay.h"

void
door_init(struct door *door)
{
	door->first = NULL;
	door->last = &door->first;
}

bool
door_submit(struct door *door, struct update *update)
{
	update->next = NULL;
	if (update->forward != NULL)
		return worker_relay_take(door->relay, update);
	if (!queue_reserve(door->writer, update_weight(update))) {
		update_fail(update, RCODE_SERVFAIL, EDE_OTHER,
		    "too many updates are under way");
		stats_add(door->stats, STAT_UPDATES_REFUSED, 1);
		return false;
	}
	*door->last = update;
	door->last = &update->next;
	stats_add(door->stats, STAT_UPDATES, 1);
	return true;
}

void
door_flush(struct door *door)
{
	if (door->first == NULL)
		return;
	queue_push(door->writer, door->first);
	door_init(door);
}
