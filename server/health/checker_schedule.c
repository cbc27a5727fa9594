/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/checker_schedule.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_AT_FIRST 64

/* The moment is here too: comparing does not touch the turns. */
struct schedule_entry {
	int64_t due_ms;
	struct turn *turn;
};

/* Numbers come in sequence; their places must not. */
static uint64_t
scatter(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t
schedule_place_ms(uint64_t number, uint64_t span_ms)
{
	return (
	    uint64_t)((unsigned __int128)scatter(number + 1) * span_ms >> 64);
}

int64_t
schedule_next_ms(uint64_t number, uint64_t interval_ms, int64_t after_ms)
{
	int64_t interval = interval_ms == 0 ? 1 : (int64_t)interval_ms;
	int64_t place = (int64_t)schedule_place_ms(number, (uint64_t)interval);
	int64_t since = (after_ms - place) % interval;

	if (since < 0)
		since += interval;
	return after_ms - since + interval;
}

void
schedule_init(struct schedule *schedule)
{
	*schedule = (struct schedule){.bucket = NULL};
}

void
schedule_fini(struct schedule *schedule)
{
	free(schedule->bucket);
	free(schedule->heap);
	schedule_init(schedule);
}

/* ---- by number ---- */

static struct turn **
bucket_of(const struct schedule *schedule, uint64_t number)
{
	return &schedule->bucket[scatter(number) & (schedule->buckets - 1)];
}

/* Twice as many buckets, each with its turns. */
static enum error
widen(struct schedule *schedule)
{
	struct schedule wide = *schedule;

	wide.buckets =
	    schedule->buckets == 0 ? BUCKETS_AT_FIRST : 2 * schedule->buckets;
	wide.bucket = calloc(wide.buckets, sizeof(struct turn *));
	if (wide.bucket == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < schedule->buckets; i++) {
		struct turn *turn = schedule->bucket[i], *next;

		for (; turn != NULL; turn = next) {
			struct turn **to = bucket_of(&wide, turn->number);

			next = turn->next;
			turn->next = *to;
			*to = turn;
		}
	}
	free(schedule->bucket);
	*schedule = wide;
	return OK;
}

/* Room for all in the heap, so that waiting never fails. */
static enum error
heighten(struct schedule *schedule)
{
	size_t room =
	    schedule->room == 0 ? BUCKETS_AT_FIRST : 2 * schedule->room;
	struct schedule_entry *heap =
	    reallocarray(schedule->heap, room, sizeof(*heap));

	if (heap == NULL)
		return ERR_MEMORY;
	schedule->heap = heap;
	schedule->room = room;
	return OK;
}

enum error
schedule_add(struct schedule *schedule, struct turn *turn, uint64_t number)
{
	struct turn **to;

	if (schedule->known == schedule->buckets && widen(schedule) != OK)
		return ERR_MEMORY;
	if (schedule->known == schedule->room && heighten(schedule) != OK)
		return ERR_MEMORY;
	assert(schedule_find(schedule, number) == NULL);
	to = bucket_of(schedule, number);
	turn->number = number;
	turn->next = *to;
	turn->place = TURN_NOT_WAITING;
	*to = turn;
	schedule->known++;
	return OK;
}

void
schedule_remove(struct schedule *schedule, struct turn *turn)
{
	struct turn **at = bucket_of(schedule, turn->number);

	schedule_unwait(schedule, turn);
	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	schedule->known--;
}

struct turn *
schedule_find(const struct schedule *schedule, uint64_t number)
{
	struct turn *turn;

	if (schedule->buckets == 0)
		return NULL;
	turn = *bucket_of(schedule, number);
	while (turn != NULL && turn->number != number)
		turn = turn->next;
	return turn;
}

void
schedule_each(
    struct schedule *schedule, void (*fn)(void *arg, struct turn *), void *arg)
{
	for (size_t i = 0; i < schedule->buckets; i++) {
		struct turn *turn = schedule->bucket[i], *next;

		for (; turn != NULL; turn = next) {
			next = turn->next;
			fn(arg, turn);
		}
	}
}

/* ---- by moment ---- */

static void
put(struct schedule *schedule, size_t place, struct schedule_entry entry)
{
	schedule->heap[place] = entry;
	entry.turn->place = place;
}

/* Moves the entry of a place up or down to where it belongs. */
static void
settle(struct schedule *schedule, size_t place)
{
	struct schedule_entry *heap = schedule->heap;
	struct schedule_entry entry = heap[place];

	while (place > 0 && entry.due_ms < heap[(place - 1) / 2].due_ms) {
		put(schedule, place, heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < schedule->waiting &&
		    heap[child + 1].due_ms < heap[child].due_ms)
			child++;
		if (child >= schedule->waiting ||
		    heap[child].due_ms >= entry.due_ms)
			break;
		put(schedule, place, heap[child]);
		place = child;
	}
	put(schedule, place, entry);
}

void
schedule_wait(struct schedule *schedule, struct turn *turn, int64_t due_ms)
{
	if (turn->place == TURN_NOT_WAITING) {
		assert(schedule->waiting < schedule->room);
		turn->place = schedule->waiting++;
	}
	turn->due_ms = due_ms;
	schedule->heap[turn->place] =
	    (struct schedule_entry){.due_ms = due_ms, .turn = turn};
	settle(schedule, turn->place);
}

void
schedule_unwait(struct schedule *schedule, struct turn *turn)
{
	size_t place = turn->place;

	if (place == TURN_NOT_WAITING)
		return;
	turn->place = TURN_NOT_WAITING;
	schedule->waiting--;
	if (place == schedule->waiting)
		return;
	put(schedule, place, schedule->heap[schedule->waiting]);
	settle(schedule, place);
}

struct turn *
schedule_first(const struct schedule *schedule)
{
	return schedule->waiting == 0 ? NULL : schedule->heap[0].turn;
}
