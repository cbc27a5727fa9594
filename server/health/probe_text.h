/* probe_text.h - looking for a text in an answer that comes in pieces.
 *
 * Threads:   the checker's.
 * Ownership: the wanted text is borrowed; text_fini() frees what was kept.
 * Units:     octets.
 * Errors:    without memory the text is not found.
 */
#ifndef SERVER_HEALTH_PROBE_TEXT_H
#define SERVER_HEALTH_PROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	const char *wanted;
	char *got;
	size_t len, room;
	bool found;
};

void text_init(struct text *, const char *wanted);
void text_fini(struct text *);

/* Takes a piece; whether the text has been found by now.  Beyond
 * ATTEMPT_ANSWER_LEN octets nothing is looked at. */
bool text_take(struct text *, const char *piece, size_t len);

#endif
