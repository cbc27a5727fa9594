/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_srv.c - any octets as an answer to libmuster: whatever it says, what
 * comes of it can be chosen from. */
#include <assert.h>

#include "resolver/client/endpoints.h"
#include "zones/dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_set(const struct endpoints *set)
{
	uint32_t entries = 0;

	for (uint32_t i = 0; i < set->instances; i++) {
		const struct endpoints_instance *instance = &set->instance[i];

		assert(instance->first == entries && instance->count > 0);
		assert(i == 0 ||
		       set->instance[i - 1].priority <= instance->priority);
		entries += instance->count;
	}
	assert(entries == set->entries);
	for (uint32_t i = 0; i < set->entries; i++)
		assert(set->entry[i].endpoint.host[0] != '\0');
}

static void
check_answer(struct srv_answer *answer)
{
	struct peers *peers = peers_new(1);
	struct endpoints *set;

	assert(answer->records_count <= SRV_RECORDS_MAX);
	assert(answer->addresses_count <= SRV_ADDRESSES_MAX);
	if (!srv_answer_drop_roots(answer) &&
	    endpoints_new(answer, peers, NULL, &set) == OK) {
		check_set(set);
		endpoints_release(set);
	}
	peers_free(peers);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint16_t types[] = {TYPE_SRV, TYPE_A, TYPE_AAAA};
	struct wire_reader reader = wire_reader(data, len);
	struct name qname;

	/* It answers the question that it says. */
	reader.pos = MESSAGE_HEADER_LEN;
	if (len < MESSAGE_HEADER_LEN)
		return 0;
	wire_get_name(&reader, &qname);
	if (reader.failed)
		return 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct srv_answer answer = {.records = NULL};

		if (srv_read(data, len, qname.wire, types[i], &answer) <=
		    SRV_CHASE)
			check_answer(&answer);
		srv_answer_fini(&answer);
	}
	return 0;
}
