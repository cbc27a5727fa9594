/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/local.h"

#include "zones/dns/name.h"
#include "zones/dns/octets.h"

/* clang-format off */
#define IN_ADDR "\7in-addr\4arpa"
#define IP6 "\3ip6\4arpa"
#define NIBBLES_30 \
	"\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0" \
	"\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0" \
	"\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0"

/* The zones, as strings in wire form: their NUL is the root label. */
static const struct local_zone {
	const char *apex;
	enum local_kind kind;
} zones[] = {
    /* RFC 6761 6.2, 6.3, 6.4 */
    {"\4test", LOCAL_EMPTY},
    {"\11localhost", LOCAL_HOST},
    {"\7invalid", LOCAL_EMPTY},
    /* RFC 7686 2; RFC 9476 */
    {"\5onion", LOCAL_EMPTY},
    {"\3alt", LOCAL_EMPTY},
    /* RFC 8375 4; RFC 9462 6.4 */
    {"\4home\4arpa", LOCAL_EMPTY},
    {"\10resolver\4arpa", LOCAL_NODATA},
    /* RFC 6303 4.1: RFC 1918 */
    {"\2" "10" IN_ADDR, LOCAL_EMPTY},
    {"\3" "168\3" "192" IN_ADDR, LOCAL_EMPTY},
    /* 4.2: RFC 6890 */
    {"\1" "0" IN_ADDR, LOCAL_EMPTY},
    {"\3" "127" IN_ADDR, LOCAL_EMPTY},
    {"\3" "254\3" "169" IN_ADDR, LOCAL_EMPTY},
    {"\1" "2\1" "0\3" "192" IN_ADDR, LOCAL_EMPTY},
    {"\3" "100\2" "51\3" "198" IN_ADDR, LOCAL_EMPTY},
    {"\3" "113\1" "0\3" "203" IN_ADDR, LOCAL_EMPTY},
    {"\3" "255\3" "255\3" "255\3" "255" IN_ADDR, LOCAL_EMPTY},
    /* 4.3: the unspecified address and loopback */
    {"\1" "0\1" "0" NIBBLES_30 IP6, LOCAL_EMPTY},
    {"\1" "1\1" "0" NIBBLES_30 IP6, LOCAL_HOST_PTR},
    /* 4.4: unique local */
    {"\1" "d\1" "f" IP6, LOCAL_EMPTY},
    /* 4.5: link-local */
    {"\1" "8\1" "e\1" "f" IP6, LOCAL_EMPTY},
    {"\1" "9\1" "e\1" "f" IP6, LOCAL_EMPTY},
    {"\1" "a\1" "e\1" "f" IP6, LOCAL_EMPTY},
    {"\1" "b\1" "e\1" "f" IP6, LOCAL_EMPTY},
    /* 4.6: documentation */
    {"\1" "8\1" "b\1" "d\1" "0\1" "1\1" "0\1" "0\1" "2" IP6, LOCAL_EMPTY},
};

/* Zones whose second label is a number in a range. */
static const struct local_range {
	const char *parent;
	uint8_t first, last;
} ranges[] = {
    {"\3" "172" IN_ADDR, 16, 31}, /* RFC 6303 4.1 */
    {"\3" "100" IN_ADDR, 64, 127}, /* RFC 7793 */
};

/* The name that 127.0.0.1 has, in one of the zones. */
static const char loopback[] = "\1" "1\1" "0\1" "0\3" "127" IN_ADDR;
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The last labels under which there is anything: most names end here. */
static bool
is_top_local(const uint8_t *top)
{
	static const char *const tops[] = {"\4arpa", "\4test", "\11localhost",
	    "\7invalid", "\5onion", "\3alt"};
	size_t i;

	for (i = 0; i < COUNT(tops); i++)
		if (*top == (uint8_t)tops[i][0] &&
		    octets_equal_nocase(
			top, (const uint8_t *)tops[i], (size_t)*top + 1))
			return true;
	return false;
}

/* The number that a label is, without leading zeros; -1 if it is none, or
 * above 255. */
static int
label_number(const uint8_t *label)
{
	int number = 0;
	unsigned i;

	if (*label < 1 || *label > 3 || (*label > 1 && label[1] == '0'))
		return -1;
	for (i = 1; i <= *label; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		number = number * 10 + label[i] - '0';
	}
	return number <= 255 ? number : -1;
}

/* How many labels the apex of the range's zone that holds the name has; 0 if
 * none does. */
static unsigned
range_labels(const uint8_t *name, unsigned labels)
{
	size_t i;

	if (labels < 4)
		return 0;
	for (i = 0; i < COUNT(ranges); i++) {
		int number = label_number(name_strip(name, labels - 4));

		if (name_is_in(name, (const uint8_t *)ranges[i].parent) &&
		    number >= ranges[i].first && number <= ranges[i].last)
			return 4;
	}
	return 0;
}

/* The kind of a name in the zone of 127.0.0.1: that name is in no zone's
 * apex, but has its own records. */
static enum local_kind
kind_of(const uint8_t *name, const struct local_zone *zone)
{
	const uint8_t *host = (const uint8_t *)loopback;

	if (zone->kind == LOCAL_HOST_PTR &&
	    !name_equal(name, (const uint8_t *)zone->apex))
		return LOCAL_EMPTY;
	if (zone->kind != LOCAL_EMPTY || !name_is_in(host, name) ||
	    name_equal(name, (const uint8_t *)zone->apex))
		return zone->kind;
	return name_equal(name, host) ? LOCAL_HOST_PTR : LOCAL_NODATA;
}

enum local_kind
local_find(const uint8_t *name, const uint8_t **apex)
{
	unsigned labels = name_labels(name), kept;
	size_t i;

	if (labels == 0 || !is_top_local(name_strip(name, labels - 1)))
		return LOCAL_NOT;
	for (i = 0; i < COUNT(zones); i++) {
		const uint8_t *zone = (const uint8_t *)zones[i].apex;

		if (!name_is_in(name, zone))
			continue;
		if (apex != NULL)
			*apex = name_strip(name, labels - name_labels(zone));
		return kind_of(name, &zones[i]);
	}
	kept = range_labels(name, labels);
	if (kept == 0)
		return LOCAL_NOT;
	if (apex != NULL)
		*apex = name_strip(name, labels - kept);
	return LOCAL_EMPTY;
}
