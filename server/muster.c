/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/muster_command.h"
#include "server/server.h"

enum {
	OPTION_JSON = 256,
	OPTION_LEASES,
};

static const struct option options_known[] = {
    {"socket", required_argument, NULL, 's'},
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"output", required_argument, NULL, 'o'},
    {"leases", no_argument, NULL, OPTION_LEASES},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help_head[] =
    "Usage: muster [OPTION]... COMMAND [ARGUMENT]...\n"
    "Talks to a running musterd through its control socket.\n"
    "\n"
    "Commands:\n";

static const char help_tail[] =
    "\n"
    "Options:\n"
    "  -s, --socket PATH  the socket of musterd\n"
    "  -c, --config FILE  find the socket through this configuration:\n"
    "                     muster.sock in the folder server.data; default\n"
    "                     " DEFAULT_CONFIG ", else ./muster.yaml\n"
    "      --json         print JSON, one object a line\n"
    "  -V, --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "Options of dump:\n"
    "  -o, --output FILE  write to FILE, which is replaced only when all of\n"
    "                     the zone has come\n"
    "      --leases       end each leased record with a comment such as\n"
    "                     \"; lease 37s of 60s\"\n"
    "\n"
    "dump prints what is registered and live: the SOA first, then canonical\n"
    "order; a large one must be read without long pauses.  The socket has\n"
    "mode 0660: whoever may write to it may use muster.\n"
    "\n"
    "Exit status: 0 ok, 1 failure, 2 usage.\n";

static void
print_help(void)
{
	const struct muster_command *command;
	char left[32];

	fputs(help_head, stdout);
	for (unsigned i = 0; (command = muster_command_at(i)) != NULL; i++) {
		snprintf(left, sizeof(left), "%s %s", command->name,
		    command->arguments);
		printf("  %-18s %s\n", left, command->summary);
	}
	fputs(help_tail, stdout);
}

static int
usage_error(void)
{
	fputs("muster: try muster --help\n", stderr);
	return MUSTER_USAGE;
}

/* Takes note of one option; false if it is none of ours. */
static bool
take_option(struct muster_options *options, int option)
{
	switch (option) {
	case 's':
		options->socket = optarg;
		return true;
	case 'c':
		options->config = optarg;
		return true;
	case OPTION_JSON:
		options->json = true;
		return true;
	case 'o':
		options->output = optarg;
		options->flags |= FLAG_OUTPUT;
		return true;
	case OPTION_LEASES:
		options->leases = true;
		options->flags |= FLAG_LEASES;
		return true;
	default:
		return false;
	}
}

/* The command that the arguments ask for; NULL: said why there is none. */
static const struct muster_command *
choose(const struct muster_options *options, int count, char **arguments)
{
	const struct muster_command *command;

	if (count == 0) {
		muster_complain("a command is missing");
		return NULL;
	}
	command = muster_command_find(arguments[0]);
	if (command == NULL)
		muster_complain("unknown command: %s", arguments[0]);
	else if (count - 1 < command->least)
		muster_complain(
		    "%s needs %s", command->name, command->arguments);
	else if (count - 1 > command->most)
		muster_complain(
		    "unexpected argument: %s", arguments[command->most + 1]);
	else if ((options->flags & ~command->flags) != 0)
		muster_complain("%s does not take that option", command->name);
	else if (options->socket != NULL && options->config != NULL)
		muster_complain("either --socket or --config");
	else
		return command;
	return NULL;
}

int
main(int argc, char **argv)
{
	struct muster_options options = {.json = false};
	const struct muster_command *command;
	struct muster_client client;
	int option, status;

	while ((option = getopt_long(
		    argc, argv, "s:c:o:Vh", options_known, NULL)) != -1) {
		if (option == 'V') {
			puts("muster " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		}
		if (option == 'h') {
			print_help();
			return EXIT_SUCCESS;
		}
		if (!take_option(&options, option))
			return usage_error();
	}
	command = choose(&options, argc - optind, argv + optind);
	if (command == NULL)
		return usage_error();
	if (!muster_client_open(&client, options.socket, options.config))
		return MUSTER_FAILED;
	status = command->run(&client, &options, argv + optind + 1);
	muster_client_close(&client);
	return status;
}
