/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/chaos.h"

#include <string.h>

#include "zones/dns/rdata.h"

static const char *
find_text(const struct config_server *server, const uint8_t *qname)
{
	static const struct {
		const uint8_t *name;
		bool version;
	} names[] = {
	    {(const uint8_t *)"\7version\4bind", true},
	    {(const uint8_t *)"\7version\6server", true},
	    {(const uint8_t *)"\2id\6server", false},
	    {(const uint8_t *)"\10hostname\4bind", false},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name_equal(qname, names[i].name))
			return names[i].version ? server->version
						: server->identity;
	return NULL;
}

enum rcode
chaos_answer(struct wire_writer *w, const struct settings *settings,
    const uint8_t *qname, uint16_t qtype)
{
	const char *text = find_text(&settings->config->server, qname);
	size_t len;

	if (text == NULL)
		return RCODE_REFUSED;
	if (qtype != TYPE_TXT && qtype != TYPE_ANY)
		return RCODE_NOERROR;
	len = strnlen(text, 255);
	wire_put_name(w, qname);
	wire_put_u16(w, TYPE_TXT);
	wire_put_u16(w, CLASS_CH);
	wire_put_u32(w, 0);
	wire_put_u16(w, (uint16_t)(len + 1));
	wire_put_u8(w, (uint8_t)len);
	wire_put_bytes(w, text, len);
	message_add_count(w, SECTION_ANSWER, 1);
	return RCODE_NOERROR;
}
