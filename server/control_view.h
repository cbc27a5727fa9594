/* control_view.h - what operators are shown of services and instances.
 *
 * Words and sentences, and the JSON of one instance.  Names are lower case
 * and without final dot, as patterns are (health/force.h).
 *
 * Threads:   any.
 * Ownership: json_t are the caller's to release.
 * Units:     leases in seconds, rounded up.
 * Errors:    NULL without memory.
 */
#ifndef SERVER_CONTROL_VIEW_H
#define SERVER_CONTROL_VIEW_H

#include "server/control_internal.h"
#include "server/control_walk.h"
#include "server/health/force.h"
#include "server/nameserver/settings.h"

/* Lower case, no final dot, in a buffer of NAME_TEXT_LEN; returns text. */
char *control_name_text(const uint8_t *name, char *text);

/* Single words, for programs and columns. */
const char *control_why_word(enum standing_why);
const char *control_served_word(enum served);
const char *control_strategy_word(enum strategy);

/* Why an instance is answered or not, in a sentence. */
const char *control_why_sentence(enum standing_why);
/* What is the matter with a service, in a sentence; "" for nothing. */
const char *control_condition_sentence(enum condition);

/* The service's entry in the configuration, or NULL. */
const struct config_service *control_service_config(
    const struct settings *, const struct node *service);

/* What is known from the zone alone. */
enum served control_served(const struct control_instance *);
enum standing_why control_why(
    const struct control_instance *, const struct settings *);
enum standing_why control_real(
    const struct control_instance *, const struct settings *);

/* The weight with which an instance is answered. */
uint16_t control_served_weight(const struct control_instance *);

/* What an instance's weight is seen against. */
struct control_tier {
	uint16_t priority;
	uint64_t weight; /* of all that are answered with this priority */
	bool first; /* nobody has a lower one */
};

/* How that weight comes about, in words: "weight 100 x 30% slow start = 30 of
 * 130 in tier 10".  percent is what an agent says; 100: nothing. */
void control_weight_text(const struct control_instance *, enum strategy,
    const struct control_tier *, unsigned percent, char *text, size_t text_len);

/* Whether a pattern is over the instance; for a service as a whole, whether
 * it matches its name. */
bool control_matches(
    const char *pattern, const char *service, const char *host, unsigned port);

/* An instance as one object. */
json_t *control_view_instance(
    const struct control_instance *, const struct settings *, int64_t now_ms);

#endif
