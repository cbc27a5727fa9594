/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "server/muster_register.h"
#include "server/muster_resolve.h"
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

const json_t *
muster_object(const json_t *line, const char *key)
{
	const json_t *value = json_object_get(line, key);

	return json_is_object(value) ? value : NULL;
}

char *
muster_duration(int64_t seconds, char *text)
{
	static const struct {
		int64_t s;
		const char *name;
	} unit[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};

	/* Two units are enough to see what is meant. */
	for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		int64_t next =
		    i + 1 < sizeof(unit) / sizeof(unit[0]) ? unit[i + 1].s : 1;

		if (seconds < unit[i].s)
			continue;
		snprintf(text, MUSTER_TIME_LEN, "%" PRId64 " %s %" PRId64 " %s",
		    seconds / unit[i].s, unit[i].name,
		    seconds % unit[i].s / next,
		    next == 1 ? "s" : unit[i + 1].name);
		return text;
	}
	snprintf(text, MUSTER_TIME_LEN, "%" PRId64 " s", seconds);
	return text;
}

char *
muster_moment(int64_t wall_s, char *text)
{
	time_t when = (time_t)wall_s;
	struct tm parts;

	if (localtime_r(&when, &parts) == NULL ||
	    strftime(text, MUSTER_TIME_LEN, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		snprintf(text, MUSTER_TIME_LEN, "%" PRId64, wall_s);
	return text;
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

void
muster_print_zone(void *arg, FILE *to, const struct muster_options *options,
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
	    json_pack("{s:s}", "command", "zones"), stdout, muster_print_zone,
	    NULL);
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

/* --- resolve, exec --- */

static int
run_resolve(const struct muster_options *options, int argc, char **argv)
{
	return muster_resolve_main(options->json, argc, argv);
}

static int
run_exec(const struct muster_options *options, int argc, char **argv)
{
	(void)options;
	return muster_exec_main(argc, argv);
}

static const struct muster_command commands[] = {
    {
	.name = "status",
	.arguments = "",
	.summary = "how the server is: health, figures, zones, store",
	.help = "Prints the state of the server, then a line for each zone.\n",
	.run = muster_status,
    },
    {
	.name = "services",
	.arguments = "[PATTERN]",
	.summary = "services, how many of their instances are served",
	.help = "REG instances are registered, SERVED of them are answered.\n"
		"CONDITION is normal, or panic, none-left, last-good (too few\n"
		"are healthy, so others are answered too) or guard (leases\n"
		"are held).\n",
	.most = 1,
	.run = muster_services,
    },
    {
	.name = "instances",
	.arguments = "[PATTERN]",
	.summary = "instances, and what is done with them",
	.help =
	    "SERVED is up, drain (last, without addresses) or out, and WHY\n"
	    "says why; REAL is what checks alone say.  WEIGHT is\n"
	    "served/registered where they differ, LEASE what is left of\n"
	    "it, in seconds.\n",
	.most = 1,
	.run = muster_instances,
    },
    {
	.name = "explain",
	.arguments = "NAME",
	.summary = "why instances are in the answer, or not",
	.help =
	    "NAME is a service, a domain (all services below it), a host,\n"
	    "HOST:PORT, SERVICE/HOST:PORT or the name of a DNS-SD "
	    "instance.\n"
	    "Shows of each instance what is served and why, how its weight\n"
	    "comes about, what is left of its lease, its last ten checks,\n"
	    "and which pattern forces it.\n",
	.least = 1,
	.most = 1,
	.run = muster_explain,
    },
    {
	.name = "flush",
	.arguments = "NAME",
	.summary = "forget what others answered about a name",
	.help = "  --below  about all names below it too\n",
	.least = 1,
	.most = 1,
	.flags = FLAG_BELOW,
	.run = muster_forget,
    },
    {
	.name = "force",
	.arguments = "PATTERN STATE",
	.summary = "overrule health: up, down, drain or auto",
	.help = "up answers instances whatever their checks say, down leaves\n"
		"them out, drain takes them away step by step.  The last\n"
		"pattern that matches an instance decides, over restarts too.\n"
		"auto takes back what was said of the same pattern, or makes\n"
		"an exception from a wider one.  Done when saved on disk.\n",
	.least = 2,
	.most = 2,
	.run = muster_force,
    },
    {
	.name = "forced",
	.arguments = "",
	.summary = "what is forced, in the order in which it was said",
	.help = "Prints a line for each pattern; the last one that matches "
		"an\ninstance decides.\n",
	.run = muster_forced,
    },
    {
	.name = "watch",
	.arguments = "[PATTERN]",
	.summary = "changes as they happen, until interrupted",
	.help = "Prints a line for each instance that comes, goes or changes,\n"
		"for conditions of services, and for what is forced.  Who\n"
		"reads too slowly is told how many events were lost.\n",
	.most = 1,
	.run = muster_watch,
    },
    {
	.name = "register",
	.arguments = "SERVICE...",
	.summary = "register an instance, by DNS UPDATE",
	.run_alone = muster_register,
    },
    {
	.name = "deregister",
	.arguments = "SERVICE...",
	.summary = "take an instance away, by DNS UPDATE",
	.run_alone = muster_deregister,
    },
    {
	.name = "resolve",
	.arguments = "NAME",
	.summary = "endpoints of a service, as libmuster finds them",
	.run_alone = run_resolve,
    },
    {
	.name = "exec",
	.arguments = "NAME -- COMMAND...",
	.summary = "run a command with {host} and {port} of an endpoint",
	.run_alone = run_exec,
    },
    {
	.name = "zones",
	.arguments = "",
	.summary = "the zones, with serial and number of records",
	.help = "Prints a line for each zone.\n",
	.run = run_zones,
    },
    {
	.name = "dump",
	.arguments = "ZONE",
	.summary = "print a zone as a master file",
	.help = "Prints what is registered and live: the SOA first, then\n"
		"canonical order.  A large zone must be read without long\n"
		"pauses.\n"
		"\n"
		"  -o, --output FILE  write to FILE, which is replaced only\n"
		"                     when all of the zone has come\n"
		"      --leases       end each leased record with a comment\n"
		"                     such as \"; lease 37s of 60s\"\n",
	.least = 1,
	.most = 1,
	.flags = FLAG_OUTPUT | FLAG_LEASES,
	.run = muster_dump,
    },
    {
	.name = "reload",
	.arguments = "",
	.summary = "read configuration and zone files again",
	.help = "As SIGHUP does; waits for the outcome.  A configuration with\n"
		"an error changes nothing; a zone whose file is broken keeps\n"
		"what it has.\n",
	.run = run_reload,
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
