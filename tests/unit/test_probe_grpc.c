/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "server/health/probe_grpc.h"

TestSuite(probe_grpc, .timeout = 10);

Test(probe_grpc, a_request_names_the_service)
{
	static const uint8_t expected[] = {
	    0, 0, 0, 0, 6, 0x0a, 4, 'a', '.', 'b', 'c'};
	uint8_t to[GRPC_REQUEST_LEN];

	cr_assert_eq(grpc_request("a.bc", to), sizeof(expected));
	cr_assert_arr_eq(to, expected, sizeof(expected));
}

Test(probe_grpc, a_request_for_the_server_is_empty)
{
	static const uint8_t expected[] = {0, 0, 0, 0, 0};
	uint8_t to[GRPC_REQUEST_LEN];

	cr_assert_eq(grpc_request(NULL, to), sizeof(expected));
	cr_assert_arr_eq(to, expected, sizeof(expected));
	cr_assert_eq(grpc_request("", to), sizeof(expected));
}

/* 300 = 0xac 0x02 as a varint; with tag and itself 303 octets. */
Test(probe_grpc, long_names_have_long_lengths)
{
	static const uint8_t expected[] = {0, 0, 0, 1, 0x2f, 0x0a, 0xac, 2};
	uint8_t to[GRPC_REQUEST_LEN];
	char name[GRPC_SERVICE_LEN + 2];

	memset(name, 'x', sizeof(name));
	name[300] = '\0';
	cr_assert_eq(grpc_request(name, to), 308);
	cr_assert_arr_eq(to, expected, sizeof(expected));
	name[300] = 'x';
	name[GRPC_SERVICE_LEN] = '\0';
	cr_assert_eq(grpc_request(name, to), GRPC_SERVICE_LEN + 8);
	name[GRPC_SERVICE_LEN] = 'x';
	name[GRPC_SERVICE_LEN + 1] = '\0';
	cr_assert_eq(grpc_request(name, to), 0);
}

struct reply {
	const char *status, *message; /* headers, NULL: none */
	uint8_t octets[16];
	size_t len;
	bool good;
	const char *reason;
};

static const struct reply replies[] = {
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 8, 1}, 7, true, "SERVING"},
    {"Grpc-Status:0\r\n", NULL, {0, 0, 0, 0, 2, 8, 1}, 7, true, "SERVING"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 8, 2}, 7, false, "NOT_SERVING"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 0}, 5, false, "UNKNOWN"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 8, 3}, 7, false,
	"SERVICE_UNKNOWN"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 8, 9}, 7, false,
	"an unknown status"},
    /* Fields that we do not know: a varint, a text, 4 and 8 octets. */
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 4, 0x10, 5, 8, 1}, 9, true,
	"SERVING"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 6, 8, 1, 0x1a, 2, 'h', 'i'}, 11, true,
	"SERVING"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 7, 0x1d, 1, 2, 3, 4, 8, 1}, 12, true,
	"SERVING"},
    {"grpc-status: 12", NULL, {0}, 0, false, "gRPC: UNIMPLEMENTED"},
    {"grpc-status: 5", "grpc-message: no such\x01", {0}, 0, false,
	"gRPC: NOT_FOUND: no such?"},
    {"grpc-status: 77", NULL, {0}, 0, false, "gRPC: unknown status"},
    {NULL, NULL, {0, 0, 0, 0, 2, 8, 1}, 7, false, "gRPC: no grpc-status"},
    {"grpc-status: x", NULL, {0}, 0, false, "gRPC: no grpc-status"},
    {"grpc-status:", NULL, {0}, 0, false, "gRPC: no grpc-status"},
    {"grpc-status: 99999999999", NULL, {0}, 0, false, "gRPC: no grpc-status"},
    /* Damaged: nothing, compressed, too short, too long, endless varints. */
    {"grpc-status: 0", NULL, {0}, 0, false, "gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {1, 0, 0, 0, 2, 8, 1}, 7, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 9, 8, 1}, 7, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 1, 8, 1}, 7, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 1, 8}, 6, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 8, 0x81}, 7, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 4, 0x1a, 0x7f, 8, 1}, 9, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL, {0, 0, 0, 0, 2, 0x0b, 1}, 7, false,
	"gRPC: not a HealthCheckResponse"},
    {"grpc-status: 0", NULL,
	{0, 0, 0, 0, 7, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 12, false,
	"gRPC: not a HealthCheckResponse"},
};

Test(probe_grpc, only_serving_is_good)
{
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		const struct reply *r = &replies[i];
		struct outcome outcome;
		struct grpc grpc;

		grpc_init(&grpc);
		if (r->status != NULL)
			grpc_take_header(&grpc, r->status, strlen(r->status));
		if (r->message != NULL)
			grpc_take_header(&grpc, r->message, strlen(r->message));
		/* In two pieces. */
		grpc_take(&grpc, r->octets, r->len / 2);
		grpc_take(&grpc, r->octets + r->len / 2, r->len - r->len / 2);
		grpc_judge(&grpc, &outcome);
		cr_expect_eq(outcome.good, r->good, "%zu", i);
		cr_expect_str_eq(
		    outcome.reason, r->reason, "%zu: %s", i, outcome.reason);
	}
}

Test(probe_grpc, an_answer_has_its_bounds)
{
	static const uint8_t octets[GRPC_ANSWER_LEN + 1];
	struct outcome outcome;
	struct grpc grpc;

	grpc_init(&grpc);
	grpc_take_header(&grpc, "grpc-status: 0", 14);
	grpc_take(&grpc, octets, sizeof(octets));
	grpc_take(&grpc, octets, sizeof(octets));
	grpc_judge(&grpc, &outcome);
	cr_expect_not(outcome.good);
}
