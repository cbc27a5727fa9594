/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <arpa/inet.h>

#include "server/nameserver/subnet.h"

static struct endpoint
endpoint_of(const char *text)
{
	struct endpoint e = {.len = 0};

	if (inet_pton(AF_INET, text, &e.in.sin_addr) == 1) {
		e.in.sin_family = AF_INET;
		e.len = sizeof(e.in);
		return e;
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &e.in6.sin6_addr), 1);
	e.in6.sin6_family = AF_INET6;
	e.len = sizeof(e.in6);
	return e;
}

static uint64_t
hash(const char *text, unsigned prefix_ipv4, unsigned prefix_ipv6)
{
	struct endpoint e = endpoint_of(text);

	return subnet_hash(&e, prefix_ipv4, prefix_ipv6);
}

Test(subnet, clients_are_the_same_as_far_as_the_prefix_goes, .timeout = 5)
{
	static const struct {
		const char *a, *b;
		unsigned ipv4, ipv6;
		bool same;
	} cases[] = {
	    {"192.0.2.1", "192.0.2.200", 24, 56, true},
	    {"192.0.2.1", "192.0.3.1", 24, 56, false},
	    {"192.0.2.1", "192.0.3.1", 23, 56, true},
	    {"192.0.2.1", "192.0.2.2", 32, 56, false},
	    {"192.0.2.1", "10.0.0.1", 0, 56, true},
	    {"192.0.2.1", "::ffff:192.0.2.9", 24, 56, true},
	    {"2001:db8::1", "2001:db8:0:ff::1", 24, 56, true},
	    {"2001:db8::1", "2001:db8:0:100::1", 24, 56, false},
	    {"2001:db8::1", "2001:db8::2", 24, 64, true},
	    {"2001:db8::1", "2001:db8::2", 24, 128, false},
	    {"2001:db8::1", "2001:db8::ffff", 24, 112, true},
	    {"2001:db8::1", "2001:db8::1:ffff", 24, 112, false},
	    {"2001:db8::1", "fe80::1", 24, 0, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(hash(cases[i].a, cases[i].ipv4, cases[i].ipv6) ==
				 hash(cases[i].b, cases[i].ipv4, cases[i].ipv6),
		    cases[i].same, "%s %s", cases[i].a, cases[i].b);
}

Test(subnet, the_quick_way_is_the_same_way, .timeout = 5)
{
	static const char *const texts[] = {
	    "192.0.2.1", "255.255.255.255", "0.0.0.0", "2001:db8::1"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct endpoint e = endpoint_of(texts[i]);

		cr_expect_eq(subnet_hash_default(&e),
		    subnet_hash(&e, SHAPE_PREFIX_IPV4, SHAPE_PREFIX_IPV6));
	}
}

Test(subnet, the_option_says_as_much_as_its_prefix, .timeout = 5)
{
	struct edns e = {
	    .subnet_len = 7, .subnet = {0, 1, 24, 0, 198, 51, 100}};
	struct endpoint client, want = endpoint_of("198.51.100.0");
	uint8_t bits = 0;

	cr_assert(subnet_read(&e, &client, &bits));
	cr_expect_eq(bits, 24);
	cr_expect_eq(client.sa.sa_family, AF_INET);
	cr_expect_eq(client.in.sin_addr.s_addr, want.in.sin_addr.s_addr);
	e = (struct edns){.subnet_len = 5, .subnet = {0, 2, 8, 0, 0x20}};
	want = endpoint_of("2000::");
	cr_assert(subnet_read(&e, &client, &bits));
	cr_expect_eq(bits, 8);
	cr_expect_arr_eq(&client.in6.sin6_addr, &want.in6.sin6_addr, 16);
	/* Nothing was said: who asks is the client. */
	e = (struct edns){.subnet_len = 4, .subnet = {0, 1}};
	cr_expect_not(subnet_read(&e, &client, &bits));
	e = (struct edns){.subnet_len = 0};
	cr_expect_not(subnet_read(&e, &client, &bits));
}

static struct config_network
network(const char *text, uint8_t prefix)
{
	struct endpoint e = endpoint_of(text);
	struct config_network n = {.family = e.sa.sa_family, .prefix = prefix};

	if (n.family == AF_INET)
		memcpy(n.address, &e.in.sin_addr, 4);
	else
		memcpy(n.address, &e.in6.sin6_addr, 16);
	return n;
}

Test(subnet, the_longest_network_is_the_site, .timeout = 5)
{
	struct config_network eu[] = {
	    network("10.1.0.0", 16), network("2001:db8:1::", 48)};
	struct config_network us[] = {
	    network("10.1.128.0", 20), network("10.0.0.0", 8)};
	struct config_site site[] = {
	    {.name = "eu", .networks = eu, .networks_count = 2},
	    {.name = "us", .networks = us, .networks_count = 2}};
	const struct config config = {.site = site, .site_count = 2};
	static const struct {
		const char *client;
		unsigned bits;
		int site; /* -1: none */
		unsigned decided;
	} cases[] = {
	    {"10.1.0.1", 32, 0, 17},
	    {"10.1.130.1", 32, 1, 20},
	    {"10.1.144.1", 32, 0, 20},
	    {"10.2.0.1", 32, 1, 15},
	    {"11.0.0.1", 32, -1, 8},
	    {"192.0.2.1", 32, -1, 1},
	    {"::ffff:10.1.0.1", 32, 0, 17},
	    {"2001:db8:1::5", 128, 0, 48},
	    {"2001:db8:2::5", 128, -1, 47},
	    /* Of whom less is known than a network says is not in it. */
	    {"10.1.0.0", 15, 1, 15},
	    {"10.1.128.0", 17, 0, 17},
	    {"10.0.0.0", 4, -1, 4},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint e = endpoint_of(cases[i].client);
		unsigned decided = 0;
		const struct config_site *found =
		    subnet_site(&config, &e, cases[i].bits, &decided);

		cr_expect_eq(found ? found - site : -1, cases[i].site, "%s",
		    cases[i].client);
		cr_expect_eq(decided, cases[i].decided, "%s: %u",
		    cases[i].client, decided);
	}
}
