/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health/probe_text.h"

#include <stdlib.h>
#include <string.h>

#include "server/health/attempt.h"

void
text_init(struct text *text, const char *wanted)
{
	*text = (struct text){.wanted = wanted, .found = *wanted == '\0'};
}

void
text_fini(struct text *text)
{
	free(text->got);
	*text = (struct text){.wanted = NULL};
}

/* Room for len more; false if there is none. */
static bool
make_room(struct text *text, size_t len)
{
	size_t room = text->room == 0 ? 512 : text->room;
	char *got;

	while (room < text->len + len)
		room *= 2;
	if (room == text->room)
		return true;
	got = realloc(text->got, room);
	if (got == NULL)
		return false;
	text->got = got;
	text->room = room;
	return true;
}

bool
text_take(struct text *text, const char *piece, size_t len)
{
	size_t wanted_len, from;

	if (len > ATTEMPT_ANSWER_LEN - text->len)
		len = ATTEMPT_ANSWER_LEN - text->len;
	if (text->found || len == 0 || !make_room(text, len))
		return text->found;
	memcpy(text->got + text->len, piece, len);
	wanted_len = strlen(text->wanted);
	/* What was there before cannot hold all of it. */
	from = text->len < wanted_len ? 0 : text->len - (wanted_len - 1);
	text->len += len;
	text->found = memmem(text->got + from, text->len - from, text->wanted,
			  wanted_len) != NULL;
	return text->found;
}
