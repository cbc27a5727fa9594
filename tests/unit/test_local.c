/* SPDX-License-Identifier: Apache-2.0 */
/* Which names no upstream is asked about. */
#include <criterion/criterion.h>

#include "resolver/local.h"
#include "zones/dns/name.h"

struct sample {
	const char *name;
	enum local_kind kind;
	const char *apex;
};

static void
check(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		const uint8_t *apex = NULL;
		struct name name;
		char text[NAME_TEXT_LEN];
		enum local_kind kind;

		cr_assert_eq(name_from_text(s->name, NULL, &name), OK);
		kind = local_find(name.wire, &apex);
		cr_expect_eq(kind, s->kind, "%s: %d", s->name, (int)kind);
		cr_expect_eq(local_find(name.wire, NULL), kind);
		cr_expect_eq(apex == NULL, s->apex == NULL, "%s", s->name);
		if (apex != NULL && s->apex != NULL)
			cr_expect_str_eq(
			    name_to_text(apex, text), s->apex, "%s", s->name);
	}
}

#define CHECK(samples) check(samples, sizeof(samples) / sizeof(*samples))

#define ZEROS "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."

Test(local, ordinary_names_are_not, .timeout = 5)
{
	static const struct sample samples[] = {
	    {".", LOCAL_NOT, NULL},
	    {"arpa.", LOCAL_NOT, NULL},
	    {"in-addr.arpa.", LOCAL_NOT, NULL},
	    {"example.com.", LOCAL_NOT, NULL},
	    {"example.", LOCAL_NOT, NULL},
	    {"local.", LOCAL_NOT, NULL},
	    {"localhost.example.", LOCAL_NOT, NULL},
	    {"mylocalhost.", LOCAL_NOT, NULL},
	    {"1.1.1.1.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"homes.arpa.", LOCAL_NOT, NULL},
	    {"ipv4only.arpa.", LOCAL_NOT, NULL},
	};

	CHECK(samples);
}

Test(local, special_names_end_here, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"localhost.", LOCAL_HOST, "localhost."},
	    {"a.b.LocalHost.", LOCAL_HOST, "LocalHost."},
	    {"invalid.", LOCAL_EMPTY, "invalid."},
	    {"x.TEST.", LOCAL_EMPTY, "TEST."},
	    {"abc.onion.", LOCAL_EMPTY, "onion."},
	    {"x.alt.", LOCAL_EMPTY, "alt."},
	    {"printer.home.arpa.", LOCAL_EMPTY, "home.arpa."},
	    {"_dns.resolver.arpa.", LOCAL_NODATA, "resolver.arpa."},
	};

	CHECK(samples);
}

Test(local, private_reverse_names_end_here, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"10.in-addr.arpa.", LOCAL_EMPTY, "10.in-addr.arpa."},
	    {"4.3.2.10.in-addr.arpa.", LOCAL_EMPTY, "10.in-addr.arpa."},
	    {"172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"15.172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"16.172.in-addr.arpa.", LOCAL_EMPTY, "16.172.in-addr.arpa."},
	    {"1.1.31.172.in-addr.arpa.", LOCAL_EMPTY, "31.172.in-addr.arpa."},
	    {"1.32.172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"020.172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"2x.172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"9999.172.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"63.100.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"64.100.in-addr.arpa.", LOCAL_EMPTY, "64.100.in-addr.arpa."},
	    {"127.100.in-addr.arpa.", LOCAL_EMPTY, "127.100.in-addr.arpa."},
	    {"128.100.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"168.192.in-addr.arpa.", LOCAL_EMPTY, "168.192.in-addr.arpa."},
	    {"169.192.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"0.in-addr.arpa.", LOCAL_EMPTY, "0.in-addr.arpa."},
	    {"1.254.169.in-addr.arpa.", LOCAL_EMPTY, "254.169.in-addr.arpa."},
	    {"2.0.192.in-addr.arpa.", LOCAL_EMPTY, "2.0.192.in-addr.arpa."},
	    {"100.51.198.in-addr.arpa.", LOCAL_EMPTY,
		"100.51.198.in-addr.arpa."},
	    {"113.0.203.in-addr.arpa.", LOCAL_EMPTY, "113.0.203.in-addr.arpa."},
	    {"255.255.255.255.in-addr.arpa.", LOCAL_EMPTY,
		"255.255.255.255.in-addr.arpa."},
	    {"254.255.255.255.in-addr.arpa.", LOCAL_NOT, NULL},
	    {"1.d.f.ip6.arpa.", LOCAL_EMPTY, "d.f.ip6.arpa."},
	    {"c.f.ip6.arpa.", LOCAL_NOT, NULL},
	    {"8.E.F.ip6.arpa.", LOCAL_EMPTY, "8.E.F.ip6.arpa."},
	    {"b.e.f.ip6.arpa.", LOCAL_EMPTY, "b.e.f.ip6.arpa."},
	    {"c.e.f.ip6.arpa.", LOCAL_NOT, NULL},
	    {"8.b.d.0.1.0.0.2.ip6.arpa.", LOCAL_EMPTY,
		"8.b.d.0.1.0.0.2.ip6.arpa."},
	    {"0.0." ZEROS "ip6.arpa.", LOCAL_EMPTY, "0.0." ZEROS "ip6.arpa."},
	    {"2.0." ZEROS "ip6.arpa.", LOCAL_NOT, NULL},
	};

	CHECK(samples);
}

Test(local, loopback_has_a_name, .timeout = 5)
{
	static const struct sample samples[] = {
	    {"127.in-addr.arpa.", LOCAL_EMPTY, "127.in-addr.arpa."},
	    {"0.127.in-addr.arpa.", LOCAL_NODATA, "127.in-addr.arpa."},
	    {"0.0.127.in-addr.arpa.", LOCAL_NODATA, "127.in-addr.arpa."},
	    {"1.0.0.127.in-addr.arpa.", LOCAL_HOST_PTR, "127.in-addr.arpa."},
	    {"x.1.0.0.127.in-addr.arpa.", LOCAL_EMPTY, "127.in-addr.arpa."},
	    {"2.0.0.127.in-addr.arpa.", LOCAL_EMPTY, "127.in-addr.arpa."},
	    {"1.127.in-addr.arpa.", LOCAL_EMPTY, "127.in-addr.arpa."},
	    {"1.0." ZEROS "ip6.arpa.", LOCAL_HOST_PTR,
		"1.0." ZEROS "ip6.arpa."},
	    {"x.1.0." ZEROS "ip6.arpa.", LOCAL_EMPTY, "1.0." ZEROS "ip6.arpa."},
	};

	CHECK(samples);
}
