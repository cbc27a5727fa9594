/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_txt.c - any octets as TXT RDATA: what is found lies in it.  The first
 * octet says how long the label (and key) is, then it comes, then the RDATA. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "zones/dns/txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A block of the exact length, so that reading past it shows. */
static uint8_t *
copy(const uint8_t *data, size_t len)
{
	uint8_t *to = malloc(len > 0 ? len : 1);

	assert(to != NULL);
	memcpy(to, data, len);
	return to;
}

static void
try_key(const uint8_t *rdata, size_t rdlen, const char *key)
{
	size_t len = 0, key_len = strlen(key);
	const uint8_t *value = txt_find(rdata, rdlen, key, &len);

	if (value == NULL)
		return;
	assert(value >= rdata && value + len <= rdata + rdlen);
	assert(len <= 255 - key_len);
	/* Behind the equals sign, if there is one. */
	assert(value > rdata);
	assert(len == 0 || value[-1] == '=');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t label_len = len > 0 ? data[0] % 64 : 0;
	char key[64];

	if (len < 1 + label_len)
		return 0;
	uint8_t *label = copy(data + 1, label_len);
	uint8_t *rdata = copy(data + 1 + label_len, len - 1 - label_len);
	len -= 1 + label_len;
	memcpy(key, label, label_len);
	key[label_len] = '\0';
	try_key(rdata, len, key);
	try_key(rdata, len, "tags");
	try_key(rdata, len, "check");
	(void)txt_has_label(rdata, len, label, label_len);
	free(label);
	free(rdata);
	return 0;
}
