/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "zones/standing.h"

static union {
	struct standings list;
	uint8_t room[sizeof(struct standings) + 100 * sizeof(struct standing)];
} some;

Test(standing, each_of_a_list_is_found_and_no_other, .timeout = 10)
{
	for (uint32_t count = 0; count <= 100; count++) {
		some.list.count = count;
		for (uint32_t i = 0; i < count; i++)
			some.list.item[i].instance = 10 + 3 * i;
		for (uint32_t i = 0; i < count; i++)
			cr_assert_eq(standings_find(&some.list, 10 + 3 * i),
			    &some.list.item[i]);
		for (uint32_t i = 0; i <= count; i++) {
			cr_assert_null(standings_find(&some.list, 9 + 3 * i));
			cr_assert_null(standings_find(&some.list, 11 + 3 * i));
		}
		cr_assert_null(standings_find(&some.list, UINT64_MAX));
	}
}

Test(standing, no_list_has_no_exceptions, .timeout = 10)
{
	cr_assert_null(standings_find(NULL, 1));
}

Test(standing, target_and_port_tell_instances_apart, .timeout = 10)
{
	static uint64_t seen[3000];
	size_t count = 0;

	for (uint64_t host = 0; host < 30; host++)
		for (uint32_t port = 0; port < 100; port++)
			seen[count++] =
			    standing_key(host * UINT64_C(0x123456789abcdef),
				(uint16_t)(port * 655));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(seen[i], seen[k]);
}

Test(standing, each_state_has_a_word_of_its_own, .timeout = 10)
{
	for (unsigned i = 0; i < WHY_COUNT; i++) {
		const char *text = standing_why_text((enum standing_why)i);

		cr_assert(text != NULL && text[0] != '\0');
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(
			    text, standing_why_text((enum standing_why)k));
	}
	for (unsigned i = 0; i < CONDITION_COUNT; i++)
		cr_assert_not_null(condition_text((enum condition)i));
}
