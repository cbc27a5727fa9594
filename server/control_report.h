/* control_report.h - all that is known of one instance, for explain.
 *
 * What the zone says (control_view.h), with what the roster knows beside it:
 * real health, checks, operators' wishes.
 *
 * Threads:   the control thread's.
 * Ownership: sums own their tiers; reports are an inquiry's.
 * Units:     as in roster.h; in JSON seconds, durations in milliseconds.
 * Errors:    NULL or false without memory.
 */
#ifndef SERVER_CONTROL_REPORT_H
#define SERVER_CONTROL_REPORT_H

#include "server/control_view.h"

/* Weights of the answered instances of a service, by priority. */
struct control_sums {
	struct control_tier *tier;
	size_t tiers, room;
	size_t registered, served; /* instances */
};

bool control_sums_make(struct control_sums *, const struct zone *,
    const struct node *service, int64_t now_ms);
void control_sums_fini(struct control_sums *);

/* Makes reports ready for being looked up. */
void control_reports_sort(struct inquiry *);

/* An instance as one object; reports may be NULL. */
json_t *control_report_instance(const struct control_instance *,
    const struct settings *, const struct control_sums *,
    const struct inquiry *reports, int64_t now_ms);

#endif
