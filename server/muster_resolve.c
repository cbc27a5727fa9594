/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_resolve.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_value.h"
#include "server/muster_client.h"
#include "server/muster_command.h"

#define DEADLINE_MS 15000 /* somebody waits at a terminal */

enum {
	OPTION_JSON = 256,
	OPTION_PICK,
	OPTION_RETRY,
	OPTION_ATTEMPTS,
	OPTION_DELAY,
	OPTION_TIMEOUT,
	OPTION_STRATEGY,
	OPTION_KEY,
};

static const struct option options_known[] = {
    {"server", required_argument, NULL, 's'},
    {"port", required_argument, NULL, 'p'},
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"strategy", required_argument, NULL, OPTION_STRATEGY},
    {"key", required_argument, NULL, OPTION_KEY},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"json", no_argument, NULL, OPTION_JSON},
    {"pick", no_argument, NULL, OPTION_PICK},
    {"retry", no_argument, NULL, OPTION_RETRY},
    {"attempts", required_argument, NULL, OPTION_ATTEMPTS},
    {"delay", required_argument, NULL, OPTION_DELAY},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help_resolve[] =
    "Usage: muster resolve [OPTION]... NAME\n"
    "Prints the endpoints of a service, one a line: host, port, address,\n"
    "priority, weight.\n"
    "\n"
    "      --pick           only the one to use now\n"
    "      --json           one JSON object a line\n";

static const char help_exec[] =
    "Usage: muster exec [OPTION]... NAME -- COMMAND [ARGUMENT]...\n"
    "Runs a command with {host}, {port} and {address} in its arguments put in\n"
    "for an endpoint of a service; they are in MUSTER_HOST, MUSTER_PORT and\n"
    "MUSTER_ADDRESS too.\n"
    "\n"
    "      --retry          if it fails, again with the next endpoint\n"
    "      --attempts N     so often (--retry: each endpoint once)\n"
    "      --delay TIME     before a second round; 100ms, doubles\n";

static const char help_both[] =
    "  -s, --server LIST    DNS servers; default: those of the system\n"
    "  -p, --port PORT      without SRV records: the host and this port\n"
    "  -4, --ipv4; -6, --ipv6\n"
    "      --strategy WORD  weighted (default), round-robin, random,\n"
    "                       least-used, hash, first\n"
    "      --key TEXT       what hash goes by\n"
    "      --timeout TIME   until when an endpoint is looked for; 15s\n"
    "  -h, --help           print this\n"
    "\n"
    "Exit status: 0 ok, 1 failure, 2 usage";

/* --- options --- */

static bool
read_strategy(const char *word, enum muster_strategy *out)
{
	static const char *const words[] = {
	    [MUSTER_WEIGHTED] = "weighted",
	    [MUSTER_ROUND_ROBIN] = "round-robin",
	    [MUSTER_RANDOM] = "random",
	    [MUSTER_LEAST_USED] = "least-used",
	    [MUSTER_HASH] = "hash",
	    [MUSTER_FIRST] = "first",
	};

	for (int i = MUSTER_WEIGHTED; i <= MUSTER_FIRST; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum muster_strategy)i;
			return true;
		}
	return false;
}

static bool
read_number(const char *text, uint64_t most, int32_t *out)
{
	uint64_t number;

	if (value_number(text, &number) != OK || number == 0 || number > most)
		return false;
	*out = (int32_t)number;
	return true;
}

static bool
read_duration(const char *text, int32_t *out)
{
	uint64_t ms;

	if (value_duration(text, &ms) != OK || ms == 0 || ms > INT32_MAX)
		return false;
	*out = (int32_t)ms;
	return true;
}

static bool
read_port(const char *text, uint16_t *out)
{
	int32_t port;

	if (!read_number(text, UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

/* Options with a value; false if that makes no sense. */
static bool
take_value(struct muster_resolve_options *options, int option)
{
	switch (option) {
	case 's':
		options->settings.servers = optarg;
		return true;
	case 'p':
		return read_port(optarg, &options->request.default_port);
	case OPTION_STRATEGY:
		return read_strategy(optarg, &options->request.strategy);
	case OPTION_KEY:
		options->request.key = optarg;
		options->request.key_len = strlen(optarg);
		return true;
	case OPTION_TIMEOUT:
		return read_duration(optarg, &options->request.deadline_ms);
	case OPTION_ATTEMPTS:
		options->retry = true;
		return read_number(
		    optarg, INT32_MAX, &options->request.attempts);
	default:
		return read_duration(optarg, &options->settings.delay_ms);
	}
}

/* Whether an option is one of this command. */
static bool
is_known(bool exec, int option)
{
	switch (option) {
	case OPTION_JSON:
	case OPTION_PICK:
		return !exec;
	case OPTION_RETRY:
	case OPTION_ATTEMPTS:
	case OPTION_DELAY:
		return exec;
	default:
		return option != '?' && option != ':';
	}
}

static bool
take_option(struct muster_resolve_options *options, bool exec, int option)
{
	if (option == '?' || option == ':')
		return false; /* getopt has said so */
	if (!is_known(exec, option)) {
		muster_complain(
		    "%s does not take that option", exec ? "exec" : "resolve");
		return false;
	}
	switch (option) {
	case '4':
		options->settings.family = AF_INET;
		return true;
	case '6':
		options->settings.family = AF_INET6;
		return true;
	case OPTION_JSON:
		options->json = true;
		return true;
	case OPTION_PICK:
		options->pick = true;
		return true;
	case OPTION_RETRY:
		options->retry = true;
		return true;
	default:
		if (take_value(options, option))
			return true;
		muster_complain("this makes no sense here: %s", optarg);
		return false;
	}
}

static int
usage_error(bool exec)
{
	fprintf(stderr, "muster: try muster %s --help\n",
	    exec ? "exec" : "resolve");
	return -1 - MUSTER_USAGE;
}

int
muster_resolve_read(
    struct muster_resolve_options *options, bool exec, int argc, char **argv)
{
	int option;

	memset(options, 0, sizeof(*options));
	options->settings.size = sizeof(options->settings);
	options->request.size = sizeof(options->request);
	options->request.deadline_ms = DEADLINE_MS;
	optind = 0;
	while ((option = getopt_long(
		    argc, argv, "s:p:46h", options_known, NULL)) != -1) {
		if (option == 'h') {
			fputs(exec ? help_exec : help_resolve, stdout);
			fputs(help_both, stdout);
			puts(exec ? ", or that of the command." : ".");
			return -1;
		}
		if (!take_option(options, exec, option))
			return usage_error(exec);
	}
	if (optind == argc) {
		muster_complain("a NAME is missing");
		return usage_error(exec);
	}
	options->name = argv[optind];
	return optind + 1;
}

void
muster_resolve_complain(const char *name, enum muster_status status)
{
	muster_complain("%s: %s", name, muster_status_text(status));
}

/* --- resolve --- */

/* The address alone, without port and brackets. */
static void
print_address(const struct muster_endpoint *endpoint, char *text)
{
	size_t len;

	muster_endpoint_text(endpoint, text);
	len = (size_t)(strrchr(text, ':') - text);
	text[len] = '\0';
	if (text[0] == '[') {
		memmove(text, text + 1, len - 2);
		text[len - 2] = '\0';
	}
}

static void
print_endpoint(const struct muster_resolve_options *options,
    const struct muster_endpoint *endpoint)
{
	char address[MUSTER_ENDPOINT_TEXT];
	json_t *line;

	print_address(endpoint, address);
	if (!options->json) {
		muster_print_text(stdout, endpoint->host);
		printf(" %u %s %u %u\n", endpoint->port, address,
		    endpoint->priority, endpoint->weight);
		return;
	}
	/* The key is left out where a host is no UTF-8. */
	line = json_pack("{s:s*, s:i, s:s, s:i, s:i}", "host", endpoint->host,
	    "port", endpoint->port, "address", address, "priority",
	    endpoint->priority, "weight", endpoint->weight);
	json_dumpf(line, stdout, JSON_COMPACT);
	json_decref(line);
	putchar('\n');
}

static enum muster_status
resolve(const struct muster_resolve_options *options, struct muster_call *call)
{
	const struct muster_endpoint *endpoint;
	enum muster_status status;

	if (options->pick) {
		status = muster_next(call, &endpoint);
		if (status == MUSTER_OK)
			print_endpoint(options, endpoint);
		return status;
	}
	status = muster_lookup(call);
	for (size_t i = 0; status == MUSTER_OK; i++) {
		endpoint = muster_endpoint_at(call, i);
		if (endpoint == NULL)
			break;
		print_endpoint(options, endpoint);
	}
	return status;
}

int
muster_resolve_main(bool json, int argc, char **argv)
{
	struct muster_resolve_options options;
	struct muster_call *call = NULL;
	struct muster *m = NULL;
	enum muster_status status;
	int next = muster_resolve_read(&options, false, argc, argv);

	if (next < 0)
		return -1 - next;
	options.json = options.json || json;
	if (next < argc) {
		muster_complain("unexpected argument: %s", argv[next]);
		return -1 - usage_error(false);
	}
	status = muster_new(&options.settings, &m);
	if (status == MUSTER_OK)
		status =
		    muster_call_new(m, options.name, &options.request, &call);
	if (status == MUSTER_OK)
		status = resolve(&options, call);
	muster_call_free(call);
	muster_free(m);
	if (status != MUSTER_OK) {
		muster_resolve_complain(options.name, status);
		return MUSTER_FAILED;
	}
	if (fflush(stdout) != 0) {
		muster_complain("cannot write: %s", strerror(errno));
		return MUSTER_FAILED;
	}
	return 0;
}
