/* SPDX-License-Identifier: Apache-2.0 */
#include "server/pattern.h"

#include <string.h>

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool
is_literal(const struct pattern *p, size_t at)
{
	return (p->literal[at / 32] >> (at % 32) & 1) != 0;
}

/* Whether the octet at a place of the pattern stands for others. */
static bool
is_glob(const struct pattern *p, size_t at, uint8_t glob)
{
	return p->name.wire[at] == glob && !is_literal(p, at);
}

/* Walks text and wire side by side and notes which octets were escaped;
 * name_from_text() has found the text well-formed. */
static void
mark_literals(const char *text, struct pattern *p)
{
	const uint8_t *wire = p->name.wire;

	for (size_t at = 0; wire[at] != 0;) {
		size_t end = at + 1 + wire[at];

		for (at++; at < end; at++) {
			if (*text++ != '\\')
				continue;
			p->literal[at / 32] |= UINT32_C(1) << (at % 32);
			text += *text >= '0' && *text <= '9' ? 3 : 1;
		}
		if (*text == '.')
			text++;
	}
}

enum error
pattern_compile(const char *text, struct pattern *to)
{
	struct pattern p = {0};
	struct name name;
	enum error err;

	/* There is no origin that "@" could be. */
	if (strcmp(text, "@") == 0)
		return ERR_SYNTAX;
	err = name_from_text(text, NULL, &name);
	if (err != OK)
		return err;
	p.name.len = (uint8_t)name_lower(p.name.wire, name.wire);
	p.labels = (uint8_t)name_labels(name.wire);
	mark_literals(text, &p);
	p.any_depth = p.name.wire[0] == 1 && is_glob(&p, 1, '*');
	*to = p;
	return OK;
}

/* Matches one label.  After a mismatch only the last star is tried again, one
 * octet further: what an earlier one could take, the last one can too. */
static bool
matches_label(const struct pattern *p, size_t at, const uint8_t *label)
{
	size_t end = at + 1 + p->name.wire[at];
	size_t len = *label++;
	size_t star = 0, retry = 0, i = 0;

	at++;
	while (i < len) {
		if (at < end && is_glob(p, at, '*')) {
			star = ++at;
			retry = i;
		} else if (at < end &&
			   (is_glob(p, at, '?') ||
			       p->name.wire[at] == lower(label[i]))) {
			at++;
			i++;
		} else if (star != 0) {
			at = star;
			i = ++retry;
		} else {
			return false;
		}
	}
	while (at < end && is_glob(p, at, '*'))
		at++;
	return at == end;
}

/* Matches the pattern's labels from at on, one by one, as long as the name has
 * any. */
static bool
matches_labels(const struct pattern *p, size_t at, const uint8_t *name)
{
	while (p->name.wire[at] != 0) {
		if (!matches_label(p, at, name))
			return false;
		at += 1U + p->name.wire[at];
		name += 1 + *name;
	}
	return true;
}

bool
pattern_matches(const struct pattern *p, const uint8_t *name)
{
	unsigned labels = name_labels(name);

	if (!p->any_depth)
		return labels == p->labels && matches_labels(p, 0, name);
	if (labels < p->labels)
		return false;
	return matches_labels(p, 2, name_strip(name, labels - p->labels + 1));
}

bool
pattern_reaches(const struct pattern *p, const uint8_t *apex)
{
	unsigned labels = name_labels(apex);
	unsigned above; /* labels of the pattern in front of the apex */

	if (p->any_depth && p->labels <= labels)
		return matches_labels(
		    p, 2, name_strip(apex, labels - p->labels + 1));
	if (p->labels < labels)
		return false;
	above = p->labels - labels;
	return matches_labels(
	    p, (size_t)(name_strip(p->name.wire, above) - p->name.wire), apex);
}

bool
pattern_is_in(const struct pattern *p, const uint8_t *apex)
{
	unsigned labels = name_labels(apex);
	const uint8_t *rest;
	size_t at;

	if (p->labels < labels)
		return false;
	rest = name_strip(p->name.wire, p->labels - labels);
	for (at = (size_t)(rest - p->name.wire); at < p->name.len; at++) {
		if (is_glob(p, at, '*') || is_glob(p, at, '?'))
			return false;
	}
	return name_equal(rest, apex);
}
