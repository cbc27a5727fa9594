/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/muster_command.h"
#include "server/server.h"

enum {
	OPTION_JSON = 256,
	OPTION_LEASES,
	OPTION_BELOW,
};

static const struct option options_known[] = {
    {"socket", required_argument, NULL, 's'},
    {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"output", required_argument, NULL, 'o'},
    {"leases", no_argument, NULL, OPTION_LEASES},
    {"below", no_argument, NULL, OPTION_BELOW},
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
    "  -h, --help         print this; behind a command, its own help\n"
    "\n"
    "A PATTERN is a glob (*, ?) over a service, or a target, or a target and\n"
    "its port, or a service and an instance of it:\n"
    "  _http._tcp.web.svc.example     a.web.svc.example:8080\n"
    "  _http._tcp.web.svc.example/a.web.svc.example:8080\n"
    "\n"
    "Colours are for terminals, and not with NO_COLOR in the environment.\n"
    "The socket has mode 0660: whoever may write to it may use muster.\n"
    "\n"
    "Exit status: 0 ok, 1 failure or not found, 2 usage.\n";

static void
print_help(void)
{
	const struct muster_command *command;
	char left[64];

	fputs(help_head, stdout);
	for (unsigned i = 0; (command = muster_command_at(i)) != NULL; i++) {
		snprintf(left, sizeof(left), "%s %s", command->name,
		    command->arguments);
		printf("  %-33s %s\n", left, command->summary);
	}
	fputs(help_tail, stdout);
}

static int
usage_error(const struct muster_command *command)
{
	if (command != NULL)
		fprintf(
		    stderr, "muster: try muster %s --help\n", command->name);
	else
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
	case OPTION_BELOW:
		options->below = true;
		options->flags |= FLAG_BELOW;
		return true;
	default:
		return false;
	}
}

/* What reading options came to. */
enum reading {
	READING_GOES_ON,
	READING_ENDS, /* printed what was asked for */
	READING_FAILED,
};

/* Reads options: without a command up to its name, with it all that are
 * left. */
static enum reading
read_options(struct muster_options *options,
    const struct muster_command *command, int argc, char **argv)
{
	/* "+": an option behind the command may be the command's own. */
	const char *letters = command ? "s:c:o:Vh" : "+s:c:o:Vh";
	int option;

	optind = 0; /* from the start, as glibc has it */
	while ((option = getopt_long(
		    argc, argv, letters, options_known, NULL)) != -1) {
		if (option == 'V') {
			puts("muster " PACKAGE_VERSION);
			return READING_ENDS;
		}
		if (option == 'h') {
			if (command != NULL)
				muster_command_help(command);
			else
				print_help();
			return READING_ENDS;
		}
		if (!take_option(options, option))
			return READING_FAILED;
	}
	return READING_GOES_ON;
}

/* Whether options and arguments are such as the command takes; says why
 * not. */
static bool
is_well_called(const struct muster_command *command,
    const struct muster_options *options, int count, char **arguments)
{
	if (count < command->least)
		muster_complain(
		    "%s needs %s", command->name, command->arguments);
	else if (count > command->most)
		muster_complain(
		    "unexpected argument: %s", arguments[command->most]);
	else if ((options->flags & ~command->flags) != 0)
		muster_complain("%s does not take that option", command->name);
	else if (options->socket != NULL && options->config != NULL)
		muster_complain("either --socket or --config");
	else
		return true;
	return false;
}

/* argv[0] is the command's name. */
static int
run(const struct muster_command *command, struct muster_options *options,
    char *program, int argc, char **argv)
{
	struct muster_client client;
	enum reading reading;
	int status;

	if (command->run_alone != NULL)
		return command->run_alone(options, argc, argv);
	argv[0] = program; /* what complains is muster */
	reading = read_options(options, command, argc, argv);
	if (reading == READING_ENDS)
		return EXIT_SUCCESS;
	if (reading == READING_FAILED ||
	    !is_well_called(command, options, argc - optind, argv + optind))
		return usage_error(command);
	if (!muster_client_open(&client, options->socket, options->config))
		return MUSTER_FAILED;
	status = command->run(&client, options, argv + optind);
	muster_client_close(&client);
	return status;
}

int
main(int argc, char **argv)
{
	struct muster_options options = {.json = false};
	const struct muster_command *command = NULL;
	enum reading reading = read_options(&options, NULL, argc, argv);
	int at = optind;

	if (reading == READING_ENDS)
		return EXIT_SUCCESS;
	if (reading == READING_FAILED)
		return usage_error(NULL);
	if (at == argc)
		muster_complain("a command is missing");
	else if ((command = muster_command_find(argv[at])) == NULL)
		muster_complain("unknown command: %s", argv[at]);
	if (command == NULL)
		return usage_error(NULL);
	return run(command, &options, argv[0], argc - at, argv + at);
}
