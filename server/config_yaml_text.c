/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config_yaml_text.h"

#include <stddef.h>

/* The octets of the UTF-8 character at p (RFC 3629 4), or 0 if there is none
 * that may be in a YAML text (YAML 1.2 5.1). */
static size_t
character_len(const unsigned char *p, size_t avail)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = *p < 0x80   ? 1
		     : *p < 0xc0 ? 0
		     : *p < 0xe0 ? 2
		     : *p < 0xf0 ? 3
		     : *p < 0xf8 ? 4
				 : 0;
	unsigned value;

	if (len == 1)
		return *p == '\t' || *p == '\n' || *p == '\r' ||
		       (*p >= ' ' && *p != 0x7f);
	if (len == 0 || len > avail)
		return 0;
	value = *p & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fU);
	}
	return value >= least[len] && value <= 0x10ffff &&
		       (value < 0xd800 || value > 0xdfff) && value >= 0xa0
		   ? len
		   : 0;
}

enum error
yaml_check_text(struct config_report *report)
{
	const unsigned char *p = (const unsigned char *)report->source;
	unsigned line = 1, column = 1;
	size_t len;

	for (size_t at = 0; at < report->source_len; at += len, column++) {
		len = character_len(p + at, report->source_len - at);
		if (len == 0) {
			config_report_error(report, ERR_SYNTAX, line, column,
			    "octet 0x%02x is no text (UTF-8)", p[at]);
			return ERR_SYNTAX;
		}
		if (p[at] == '\n') {
			line++;
			column = 0;
		}
	}
	return OK;
}
