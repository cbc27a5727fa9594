/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/muster_command.h"
#include "zones/dns/error.h"

/* What is written to goes under another name until it is whole. */
struct output {
	const char *path;
	char *draft; /* NULL: path is written to itself */
	FILE *to;
};

static void
print_record(void *arg, FILE *to, const struct muster_options *options,
    const json_t *record)
{
	const char *owner = "", *type = "", *rdata = "";
	json_int_t ttl = 0, left = 0, granted = 0;

	(void)arg;
	json_unpack((json_t *)(uintptr_t)record, "{s:s, s:I, s:s, s:s}",
	    "owner", &owner, "ttl", &ttl, "type", &type, "rdata", &rdata);
	fprintf(
	    to, "%s %" PRId64 " IN %s %s", owner, (int64_t)ttl, type, rdata);
	if (options->leases &&
	    json_unpack((json_t *)(uintptr_t)record, "{s:I, s:I}", "lease",
		&left, "granted", &granted) == 0)
		fprintf(to, " ; lease %" PRId64 "s of %" PRId64 "s",
		    (int64_t)left, (int64_t)granted);
	fputc('\n', to);
}

/* A file, or nothing yet, is replaced when all is there; a device, a pipe or
 * a link is written to. */
static bool
is_replaced(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 ? errno == ENOENT : S_ISREG(st.st_mode);
}

static bool
output_open(struct output *out, const char *path)
{
	*out = (struct output){.path = path, .to = stdout};
	if (path == NULL || strcmp(path, "-") == 0)
		return true;
	if (is_replaced(path) && asprintf(&out->draft, "%s.part", path) < 0) {
		muster_complain("%s", error_text(ERR_MEMORY));
		return false;
	}
	out->to = fopen(out->draft ? out->draft : path, "we");
	if (out->to != NULL)
		return true;
	muster_complain(
	    "%s: %s", out->draft ? out->draft : path, strerror(errno));
	free(out->draft);
	return false;
}

/* Keeps the whole, or drops the part; returns the exit status. */
static int
output_close(struct output *out, int status)
{
	if (out->to == stdout)
		return status;
	if (status == 0 && out->draft != NULL && fsync(fileno(out->to)) != 0)
		status = MUSTER_FAILED;
	if (fclose(out->to) != 0)
		status = MUSTER_FAILED;
	else if (status == 0 && out->draft != NULL &&
		 rename(out->draft, out->path) != 0)
		status = MUSTER_FAILED;
	return status;
}

static int
dump_to(struct muster_client *client, const struct muster_options *options,
    const char *zone, FILE *to)
{
	return muster_answer(client, options,
	    json_pack("{s:s, s:s}", "command", "dump", "zone", zone), to,
	    print_record, NULL);
}

int
muster_dump(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	struct output out;
	int status, closed;

	if (!output_open(&out, options->output))
		return MUSTER_FAILED;
	status = dump_to(client, options, arguments[0], out.to);
	closed = output_close(&out, status);
	if (status == 0 && closed != 0)
		muster_complain("%s: %s", out.path, strerror(errno));
	if (closed != 0 && out.draft != NULL)
		unlink(out.draft);
	free(out.draft);
	return closed;
}
