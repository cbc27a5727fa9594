/* expect.h - what the two halves of expecting share.
 *
 *   expect.c            the words behind EXPECT
 *   expect_sections.c   the lines below it: records and counts
 *
 * Threads:   one.
 * Ownership: everything is borrowed.
 * Errors:    failures are counted in the world.
 */
#ifndef TESTS_SCENARIO_EXPECT_H
#define TESTS_SCENARIO_EXPECT_H

#include "tests/scenario/exchange.h"

struct expecting {
	struct world *world;
	const struct step *step;
	struct exchange *x;
	struct response *reply;
	unsigned number; /* line */
	bool ordered;
	bool bundles;
	bool failed;
};

void expect_fail(struct expecting *, const char *what, const char *detail);
void expect_fail_number(
    struct expecting *, const char *what, long wanted, long got);

/* Compares the sections with the lines below EXPECT. */
void expect_sections(struct expecting *);

#endif
