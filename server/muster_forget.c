/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "server/muster_command.h"

static void
print_flushed(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	int64_t count = muster_number(line, "entries");

	(void)arg;
	(void)options;
	muster_print_text(to, muster_text(line, "name"));
	fprintf(to, "%s: %" PRId64 " %s forgotten\n",
	    muster_is_true(line, "below") ? " and below" : "", count,
	    count == 1 ? "answer" : "answers");
}

int
muster_forget(struct muster_client *client,
    const struct muster_options *options, char **arguments)
{
	return muster_answer(client, options,
	    json_pack("{s:s, s:s, s:b}", "command", "flush", "name",
		arguments[0], "below", (int)options->below),
	    stdout, print_flushed, NULL);
}
