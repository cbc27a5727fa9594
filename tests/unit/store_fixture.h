/* store_fixture.h - a store in a directory of its own, for tests.
 *
 * Threads:   the test's; callbacks come on the committer.
 * Ownership: what is here is the test process's, one store at a time.
 * Errors:    a failed assertion.
 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdint.h>

#include "zones/store.h"

extern const struct store_limits fixture_limits;
extern char fixture_dir[64];
extern char fixture_text[256]; /* of the last error */
extern char fixture_found[65536]; /* of the last recovery or history */

/* svc.example., other., web.svc.example. and team. */
extern const uint8_t fixture_zone[13];
extern const uint8_t fixture_other[7];
extern const uint8_t fixture_web[17];
extern const uint8_t fixture_key[6];

/* Outcomes of batches in the order of their callbacks. */
struct outcomes {
	int count;
	enum error err[64];
	void *arg[64];
};
extern struct outcomes fixture_outcomes;

/* Makes fixture_dir, removes it. */
void fixture_make_dir(void);
void fixture_remove_dir(void);

/* The store in fixture_dir. */
struct store *fixture_open(void);

/* A callback that notes the outcome and frees the batch. */
void fixture_on_done(void *arg, struct store_batch *, enum error);

/* Puts op; its zone is fixture_zone unless it says another. */
void fixture_put(struct store_batch *, struct store_op op);

/* Submits one operation as a batch, waits, and returns the outcome. */
enum error fixture_submit(struct store *, struct store_op);

/* A TXT record at fixture_web. */
struct store_op fixture_record(
    enum store_kind, uint32_t serial, const char *rdata);

/* What recovery gives, one line per entry. */
const char *fixture_recovered(struct store *);

/* What the history gives, in the same form; "none" if there is none. */
const char *fixture_history(struct store *, uint32_t from);

#endif
