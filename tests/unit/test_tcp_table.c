/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#include "server/tcp_table.h"

#define SEATS 8
#define PER_ADDRESS 6

static const int64_t timeout_ms[PATIENCE_COUNT] = {
    [PATIENCE_IDLE] = 100,
    [PATIENCE_KEEPALIVE] = 1000,
    [PATIENCE_STALLED] = 50,
};

static struct tcp_table *table;
static struct tcp_seat seat[2 * SEATS];

static void
setup(void)
{
	table = tcp_table_new(SEATS, PER_ADDRESS, timeout_ms);
	cr_assert_not_null(table);
}

static void
teardown(void)
{
	for (uint32_t i = 0; i < tcp_table_slots(table); i++)
		if (tcp_table_at(table, i) != NULL)
			tcp_table_leave(table, tcp_table_at(table, i));
	tcp_table_free(table);
}

TestSuite(tcp_table, .init = setup, .fini = teardown, .timeout = 10);

static struct endpoint
address(const char *text)
{
	struct endpoint at = {.len = sizeof(at.in6)};

	if (inet_pton(AF_INET, text, &at.in.sin_addr) == 1)
		at.in.sin_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &at.in6.sin6_addr) == 1)
		at.in6.sin6_family = AF_INET6;
	else
		cr_assert_fail("%s", text);
	return at;
}

/* Seat number i is taken from an address. */
static void
enter(int i, const char *from, int64_t now_ms)
{
	struct endpoint at = address(from);

	cr_assert_eq(tcp_table_enter(table, &seat[i], &at, now_ms), OK);
}

/* The number of the seat that a newcomer would turn out; -1: none. */
static int
victim_of(const char *from)
{
	struct endpoint at = address(from);
	struct tcp_seat *victim = tcp_table_find_victim(table, &at);

	return victim == NULL ? -1 : (int)(victim - seat);
}

Test(tcp_table, lets_the_idle_longest_of_the_greediest_address_go)
{
	enter(0, "192.0.2.9", 0);
	enter(1, "192.0.2.9", 0);
	for (int i = 2; i < SEATS; i++)
		enter(i, "192.0.2.1", i);
	cr_assert_eq(victim_of("198.51.100.1"), 2);
	tcp_table_touch(table, &seat[2], PATIENCE_IDLE, 20);
	cr_assert_eq(victim_of("198.51.100.1"), 3);
	cr_assert_eq(victim_of("192.0.2.9"), 3, "it holds fewer");
}

Test(tcp_table, turns_nobody_out_while_there_is_room)
{
	for (int i = 0; i < PER_ADDRESS - 1; i++)
		enter(i, "192.0.2.1", 0);
	cr_assert_eq(victim_of("192.0.2.1"), -1);
	cr_assert_eq(victim_of("192.0.2.2"), -1);
}

Test(tcp_table, holds_each_address_to_its_share)
{
	for (int i = 0; i < PER_ADDRESS; i++)
		enter(i, "192.0.2.1", i);
	cr_assert_eq(victim_of("192.0.2.1"), 0);
	cr_assert_eq(victim_of("192.0.2.2"), -1);
}

Test(tcp_table, takes_no_seat_from_one_who_has_as_many)
{
	for (int i = 0; i < SEATS; i++)
		enter(i, i % 2 ? "192.0.2.1" : "192.0.2.2", i);
	cr_assert_eq(victim_of("192.0.2.1"), 1);
	cr_assert_eq(victim_of("192.0.2.2"), 0);
}

Test(tcp_table, counts_an_ipv6_address_by_its_64)
{
	static const char *const from[PER_ADDRESS] = {"2001:db8::1",
	    "2001:db8::2", "2001:db8::3", "2001:db8:0:0:1::", "2001:db8::5",
	    "2001:db8:0:0:ffff::"};

	for (int i = 0; i < PER_ADDRESS; i++)
		enter(i, from[i], i);
	cr_assert_eq(victim_of("2001:db8::abcd"), 0);
	cr_assert_eq(victim_of("2001:db8:0:1::1"), -1);
	/* The same octets as an IPv4 address are somebody else. */
	cr_assert_eq(victim_of("32.1.13.184"), -1);
}

Test(tcp_table, knows_a_tenant_from_the_next_one_of_its_slot)
{
	uint32_t slot;
	uint64_t serial;

	enter(0, "192.0.2.1", 0);
	slot = seat[0].slot;
	serial = seat[0].serial;
	cr_assert_eq(tcp_table_find(table, slot, serial), &seat[0]);
	tcp_table_leave(table, &seat[0]);
	cr_assert_null(tcp_table_find(table, slot, serial));
	enter(1, "192.0.2.1", 0);
	cr_assert_eq(seat[1].slot, slot);
	cr_assert_null(tcp_table_find(table, slot, serial));
	cr_assert_eq(tcp_table_find(table, slot, seat[1].serial), &seat[1]);
	cr_assert_null(tcp_table_find(table, UINT32_MAX, serial));
}

Test(tcp_table, is_as_patient_as_it_was_told)
{
	enter(0, "192.0.2.1", 0);
	enter(1, "192.0.2.1", 0);
	enter(2, "192.0.2.1", 0);
	tcp_table_touch(table, &seat[1], PATIENCE_KEEPALIVE, 0);
	tcp_table_touch(table, &seat[2], PATIENCE_STALLED, 0);
	cr_assert_null(tcp_table_find_expired(table, 49));
	cr_assert_eq(tcp_table_find_expired(table, 50), &seat[2]);
	tcp_table_leave(table, &seat[2]);
	cr_assert_null(tcp_table_find_expired(table, 99));
	cr_assert_eq(tcp_table_find_expired(table, 100), &seat[0]);
	tcp_table_leave(table, &seat[0]);
	cr_assert_null(tcp_table_find_expired(table, 999));
	cr_assert_eq(tcp_table_find_expired(table, 1000), &seat[1]);
}

Test(tcp_table, keeps_its_books_through_any_coming_and_going)
{
	static const char *const from[] = {
	    "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:1::1"};
	bool seated[2 * SEATS] = {false};
	unsigned state = 1, seats = 0;

	for (int step = 0; step < 20000; step++) {
		struct endpoint at;
		struct tcp_seat *victim;
		int i;

		state = state * 1103515245 + 12345;
		i = (int)(state >> 16) % (2 * SEATS);
		at = address(from[(state >> 8) % 4]);
		if (seated[i]) {
			tcp_table_leave(table, &seat[i]);
			seated[i] = false;
			seats--;
			continue;
		}
		victim = tcp_table_find_victim(table, &at);
		if (victim != NULL) {
			tcp_table_leave(table, victim);
			seated[victim - seat] = false;
			seats--;
		}
		cr_assert_eq(tcp_table_enter(table, &seat[i], &at, step), OK);
		seated[i] = true;
		seats++;
		cr_assert_eq(tcp_table_count(table), seats);
		cr_assert_leq(seats, SEATS);
	}
}
