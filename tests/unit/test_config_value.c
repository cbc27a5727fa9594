/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config_value.h"

TestSuite(config_value, .timeout = 10);

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

struct number_row {
	const char *text;
	enum error error;
	uint64_t expected;
};

typedef enum error parse_fn(const char *, uint64_t *);

static void
check_numbers(parse_fn *parse, const struct number_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 4711;
		enum error error = parse(rows[i].text, &value);

		cr_expect_eq(error, rows[i].error, "\"%s\": %s", rows[i].text,
		    error_text(error));
		cr_expect_eq(value, error == OK ? rows[i].expected : 4711,
		    "\"%s\" gives %ju", rows[i].text, (uintmax_t)value);
	}
}

Test(config_value, numbers_are_decimal_and_whole)
{
	static const struct number_row rows[] = {
	    {"0", OK, 0},
	    {"012", OK, 12},
	    {"18446744073709551615", OK, UINT64_MAX},
	    {"18446744073709551616", ERR_RANGE, 0},
	    {"99999999999999999999999", ERR_RANGE, 0},
	    {"", ERR_SYNTAX, 0},
	    {"-1", ERR_SYNTAX, 0},
	    {"+1", ERR_SYNTAX, 0},
	    {" 1", ERR_SYNTAX, 0},
	    {"1 ", ERR_SYNTAX, 0},
	    {"0x10", ERR_SYNTAX, 0},
	    {"1e3", ERR_SYNTAX, 0},
	    {"1.5", ERR_SYNTAX, 0},
	    {"1_000", ERR_SYNTAX, 0},
	};

	check_numbers(value_number, rows, ROWS(rows));
}

Test(config_value, durations_have_units_and_are_seconds_without)
{
	static const struct number_row rows[] = {
	    {"30", OK, 30000},
	    {"500ms", OK, 500},
	    {"90s", OK, 90000},
	    {"5m", OK, 300000},
	    {"24h", OK, 86400000},
	    {"7d", OK, 604800000},
	    {"2w", OK, 1209600000},
	    {"18446744073709551615s", ERR_RANGE, 0},
	    {"30499568732357w", ERR_RANGE, 0},
	    {"s", ERR_SYNTAX, 0},
	    {"5 m", ERR_SYNTAX, 0},
	    {"5M", ERR_SYNTAX, 0},
	    {"1h30m", ERR_SYNTAX, 0},
	    {"1.5h", ERR_SYNTAX, 0},
	};

	check_numbers(value_duration, rows, ROWS(rows));
}

Test(config_value, sizes_have_binary_units_and_are_octets_without)
{
	static const struct number_row rows[] = {
	    {"512", OK, 512},
	    {"1KiB", OK, 1024},
	    {"64MiB", OK, 67108864},
	    {"2GiB", OK, 2147483648},
	    {"17179869184GiB", ERR_RANGE, 0},
	    {"64MB", ERR_SYNTAX, 0},
	    {"64M", ERR_SYNTAX, 0},
	    {"64mib", ERR_SYNTAX, 0},
	};

	check_numbers(value_size, rows, ROWS(rows));
}

/* The address, port and family, as text. */
static void
print_endpoint(const struct endpoint *endpoint, char *text, size_t len)
{
	char address[INET6_ADDRSTRLEN];

	if (endpoint->sa.sa_family == AF_INET)
		snprintf(text, len, "%s %u",
		    inet_ntop(AF_INET, &endpoint->in.sin_addr, address,
			sizeof(address)),
		    ntohs(endpoint->in.sin_port));
	else
		snprintf(text, len, "%s %u",
		    inet_ntop(AF_INET6, &endpoint->in6.sin6_addr, address,
			sizeof(address)),
		    ntohs(endpoint->in6.sin6_port));
}

Test(config_value, addresses_may_have_a_port_and_brackets)
{
	static const struct {
		const char *text;
		enum error error;
		const char *expected;
	} rows[] = {
	    {"192.0.2.1", OK, "192.0.2.1 53"},
	    {"192.0.2.1:5300", OK, "192.0.2.1 5300"},
	    {"192.0.2.1:65535", OK, "192.0.2.1 65535"},
	    {"0.0.0.0", OK, "0.0.0.0 53"},
	    {"::", OK, ":: 53"},
	    {"2001:db8::1", OK, "2001:db8::1 53"},
	    {"[2001:db8::1]", OK, "2001:db8::1 53"},
	    {"[::1]:5300", OK, "::1 5300"},
	    {"fe80::1%lo", OK, "fe80::1 53"},
	    {"fe80::1%no-such-one", ERR_NOT_FOUND, NULL},
	    {"192.0.2.1:0", ERR_RANGE, NULL},
	    {"192.0.2.1:65536", ERR_RANGE, NULL},
	    {"[::1]:99999", ERR_RANGE, NULL},
	    {"192.0.2.1:", ERR_SYNTAX, NULL},
	    {"192.0.2.1:x", ERR_SYNTAX, NULL},
	    {"192.0.2", ERR_SYNTAX, NULL},
	    {"192.0.2.256", ERR_SYNTAX, NULL},
	    {"[192.0.2.1]:53", ERR_SYNTAX, NULL},
	    {"[::1", ERR_SYNTAX, NULL},
	    {"[::1]53", ERR_SYNTAX, NULL},
	    {"[]:53", ERR_SYNTAX, NULL},
	    {"localhost:53", ERR_SYNTAX, NULL},
	    {":53", ERR_SYNTAX, NULL},
	    {"", ERR_SYNTAX, NULL},
	    {"1111111111111111111111111111111111111111111111111111111111111111",
		ERR_SYNTAX, NULL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct endpoint endpoint = {.len = 0};
		char text[80] = "";
		enum error error = value_endpoint(rows[i].text, 53, &endpoint);

		cr_expect_eq(error, rows[i].error, "\"%s\": %s", rows[i].text,
		    error_text(error));
		if (error != OK || rows[i].expected == NULL)
			continue;
		print_endpoint(&endpoint, text, sizeof(text));
		cr_expect_str_eq(text, rows[i].expected);
	}
}

Test(config_value, networks_have_nothing_behind_their_prefix)
{
	static const struct {
		const char *text;
		enum error error;
		const char *expected; /* NULL: nothing is written */
	} rows[] = {
	    {"10.0.0.0/8", OK, "10.0.0.0/8"},
	    {"192.0.2.1", OK, "192.0.2.1/32"},
	    {"2001:db8::1", OK, "2001:db8::1/128"},
	    {"2001:db8::/32", OK, "2001:db8::/32"},
	    {"0.0.0.0/0", OK, "0.0.0.0/0"},
	    {"::/0", OK, "::/0"},
	    {"192.0.2.128/25", OK, "192.0.2.128/25"},
	    {"127.0.0.1/8", ERR_CONFLICT, "127.0.0.0/8"},
	    {"192.0.2.129/25", ERR_CONFLICT, "192.0.2.128/25"},
	    {"2001:db8::1/64", ERR_CONFLICT, "2001:db8::/64"},
	    {"10.0.0.0/33", ERR_RANGE, NULL},
	    {"2001:db8::/129", ERR_RANGE, NULL},
	    {"10.0.0.0/", ERR_SYNTAX, NULL},
	    {"10.0.0.0/255.0.0.0", ERR_SYNTAX, NULL},
	    {"10/8", ERR_SYNTAX, NULL},
	    {"/8", ERR_SYNTAX, NULL},
	    {"any", ERR_SYNTAX, NULL},
	    {"", ERR_SYNTAX, NULL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct config_network network = {.family = -1};
		char text[VALUE_NETWORK_LEN];
		enum error error = value_network(rows[i].text, &network);

		cr_expect_eq(error, rows[i].error, "\"%s\": %s", rows[i].text,
		    error_text(error));
		cr_expect_eq(network.family == -1, rows[i].expected == NULL,
		    "\"%s\"", rows[i].text);
		if (network.family != -1 && rows[i].expected != NULL)
			cr_expect_str_eq(value_network_text(&network, text),
			    rows[i].expected);
	}
}

Test(config_value, an_address_is_in_a_network_by_its_first_bits)
{
	static const struct {
		const char *network;
		const char *address;
		bool expected;
	} rows[] = {
	    {"10.0.0.0/8", "10.255.0.1", true},
	    {"10.0.0.0/8", "11.0.0.1", false},
	    {"192.0.2.128/25", "192.0.2.128", true},
	    {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"0.0.0.0/0", "203.0.113.9", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"::/0", "203.0.113.9", false},
	    {"2001:db8::/33", "2001:db8:7fff::1", true},
	    {"2001:db8::/33", "2001:db8:8000::1", false},
	    /* A socket of both families shows IPv4 peers so. */
	    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
	    {"::/0", "::ffff:10.1.2.3", false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct config_network network;
		struct endpoint endpoint;

		cr_assert_eq(value_network(rows[i].network, &network), OK);
		cr_assert_eq(
		    value_endpoint(rows[i].address, 53, &endpoint), OK);
		cr_expect_eq(config_networks_contain(&network, 1, &endpoint),
		    rows[i].expected, "%s in %s", rows[i].address,
		    rows[i].network);
		cr_expect_not(config_networks_contain(NULL, 0, &endpoint));
	}
}

Test(config_value, base64_is_whole_and_clean)
{
	static const struct {
		const char *text;
		const char *expected; /* NULL: refused */
	} rows[] = {
	    {"Zg==", "f"},
	    {"Zm8=", "fo"},
	    {"Zm9v", "foo"},
	    {"Zm9vYmFy", "foobar"},
	    {"+/+/", "\xfb\xff\xbf"},
	    {"", NULL},
	    {"Zg", NULL},
	    {"Zg=", NULL},
	    {"Z===", NULL},
	    {"====", NULL},
	    {"Zg==Zg==", NULL},
	    {"Zh==", NULL}, /* RFC 4648 3.5 */
	    {"Zm9=", NULL},
	    {"Zm9v\n", NULL},
	    {"Zm 9v", NULL},
	    {"Zm9-", NULL},
	    {"Zm9\xff", NULL},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t *octets = NULL;
		size_t len = 0;
		enum error error = value_base64(rows[i].text, &octets, &len);

		if (rows[i].expected == NULL) {
			cr_expect_eq(error, ERR_SYNTAX, "\"%s\"", rows[i].text);
			continue;
		}
		cr_assert_eq(error, OK, "\"%s\"", rows[i].text);
		cr_expect_eq(len, strlen(rows[i].expected));
		cr_expect_arr_eq(octets, rows[i].expected, len);
		value_wipe(octets, len);
	}
}

Test(config_value, booleans_are_words)
{
	bool value = false;

	cr_expect_eq(value_bool("true", &value), OK);
	cr_expect(value);
	cr_expect_eq(value_bool("No", &value), OK);
	cr_expect_not(value);
	cr_expect_eq(value_bool("on", &value), OK);
	cr_expect(value);
	cr_expect_eq(value_bool("1", &value), ERR_SYNTAX);
	cr_expect_eq(value_bool("", &value), ERR_SYNTAX);
	cr_expect(value);
}
