/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/cache.h"

/* Sets each TTL to what is left of it. */
static void
count_down(const struct cache_entry *entry, uint8_t *out)
{
	size_t i;

	for (i = 0; i < entry->ttls; i++) {
		uint8_t *at = out + entry->ttl_at[i];
		uint32_t ttl = wire_load_u32(at);

		wire_store_u32(at, ttl > entry->age_s ? ttl - entry->age_s : 0);
	}
}

static void
set_stale(const struct cache_entry *entry, uint8_t *out)
{
	size_t i;

	for (i = 0; i < entry->ttls; i++)
		wire_store_u32(out + entry->ttl_at[i], CACHE_STALE_TTL_S);
}

size_t
cache_write(const struct cache_entry *entry, const struct message *request,
    uint8_t *out, size_t cap)
{
	size_t question = message_question_len(request);

	if (entry->wire == NULL || entry->len > cap ||
	    MESSAGE_HEADER_LEN + question > entry->len)
		return 0;
	memcpy(out, entry->wire, entry->len);
	wire_store_u16(out, request->id);
	wire_store_u16(
	    out + 2, (uint16_t)(wire_load_u16(out + 2) |
				(request->flags & (FLAG_RD | FLAG_CD))));
	/* Owners that are the name asked for point here: they get its case,
	 * as stubs that compare octets expect. */
	memcpy(out + MESSAGE_HEADER_LEN, message_qname(request), question);
	if (entry->stale)
		set_stale(entry, out);
	else if (entry->age_s > 0)
		count_down(entry, out);
	return entry->len;
}
