/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "zones/dns/error.h"

/* --- what all do --- */

int64_t
muster_number(const json_t *line, const char *key)
{
	return json_integer_value(json_object_get(line, key));
}

const char *
muster_text(const json_t *line, const char *key)
{
	const char *value = json_string_value(json_object_get(line, key));

	return value ? value : "";
}

bool
muster_is_true(const json_t *line, const char *key)
{
	return json_is_true(json_object_get(line, key));
}

int
muster_answer(struct muster_client *client,
    const struct muster_options *options, json_t *request, FILE *to,
    muster_print_fn *print, void *arg)
{
	enum muster_line line;
	json_t *value;

	if (!muster_client_ask(client, request))
		return MUSTER_FAILED;
	while ((line = muster_client_next(client, &value)) == LINE_DATA) {
		if (options->json)
			fputs(client->line, to);
		else
			print(arg, to, options, value);
		json_decref(value);
		if (ferror(to)) {
			muster_complain("cannot write: %s", strerror(errno));
			return MUSTER_FAILED;
		}
	}
	if (fflush(to) != 0) {
		muster_complain("cannot write: %s", strerror(errno));
		return MUSTER_FAILED;
	}
	return line == LINE_DONE ? 0 : MUSTER_FAILED;
}

/* --- zones --- */

static void
print_zone(void *arg, FILE *to, const struct muster_options *options,
    const json_t *zone)
{
	(void)arg;
	(void)options;
	muster_print_text(to, muster_text(zone, "zone"));
	fprintf(to, "  serial %" PRId64 ", %" PRId64 " records%s\n",
	    muster_number(zone, "serial"), muster_number(zone, "records"),
	    muster_is_true(zone, "broken") ? ", no data: broken" : "");
}

static int
run_zones(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	(void)arguments;
	return muster_answer(client, options,
	    json_pack("{s:s}", "command", "zones"), stdout, print_zone, NULL);
}

/* --- reload --- */

static void
print_line(void *arg, FILE *to, const struct muster_options *options,
    const json_t *line)
{
	(void)arg;
	(void)options;
	muster_print_text(to, muster_text(line, "text"));
	fputc('\n', to);
}

/* What was wrong belongs where errors go. */
static int
run_reload(struct muster_client *client, const struct muster_options *options,
    char **arguments)
{
	(void)arguments;
	return muster_answer(client, options,
	    json_pack("{s:s}", "command", "reload"),
	    options->json ? stdout : stderr, print_line, NULL);
}

/* --- the table --- */

static const struct muster_command commands[] = {
    {
	.name = "dump",
	.arguments = "ZONE",
	.summary = "print a zone as a master file",
	.help =
	    "Prints what is registered and live: the SOA first, then "
	    "canonical\n"
	    "order.  A large zone must be read without long pauses.\n"
	    "\n"
	    "  -o, --output FILE  write to FILE, which is replaced only when\n"
	    "                     all of the zone has come\n"
	    "      --leases       end each leased record with a comment such\n"
	    "                     as \"; lease 37s of 60s\"\n",
	.least = 1,
	.most = 1,
	.flags = FLAG_OUTPUT | FLAG_LEASES,
	.run = muster_dump,
    },
    {
	.name = "reload",
	.arguments = "",
	.summary = "read configuration and zone files again",
	.help =
	    "As SIGHUP does; waits for the outcome.  A configuration with an\n"
	    "error changes nothing; a zone whose file is broken keeps what it\n"
	    "has.\n",
	.run = run_reload,
    },
    {
	.name = "status",
	.arguments = "",
	.summary = "how the server is: health, figures, zones, store",
	.help = "Prints the state of the server, then a line for each zone.\n",
	.run = muster_status,
    },
    {
	.name = "zones",
	.arguments = "",
	.summary = "the zones, with serial and number of records",
	.help = "Prints a line for each zone.\n",
	.run = run_zones,
    },
};

const struct muster_command *
muster_command_at(unsigned at)
{
	return at < sizeof(commands) / sizeof(commands[0]) ? &commands[at]
							   : NULL;
}

const struct muster_command *
muster_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void
muster_command_help(const struct muster_command *command)
{
	printf("Usage: muster [OPTION]... %s [OPTION]... %s\n", command->name,
	    command->arguments);
	fputs(command->help, stdout);
	fputs(
	    "\n"
	    "  -s, --socket PATH  the socket of musterd\n"
	    "  -c, --config FILE  find the socket through this configuration\n"
	    "      --json         print JSON, one object a line\n"
	    "  -h, --help         print this\n",
	    stdout);
}
