/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/server.h"

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 'C'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: musterd [-c FILE] [--check]\n"
    "A DNS server whose zones are a live registry of services.\n"
    "\n"
    "  -c, --config FILE  read this configuration (" DEFAULT_CONFIG ")\n"
    "      --check        only check it and the zone files\n"
    "  -V, --version      print the version\n"
    "  -h, --help         print this\n"
    "\n"
    "Runs in the foreground and logs to standard error.  SIGHUP reloads,\n"
    "SIGUSR1 logs the counters, SIGTERM stops.\n"
    "Exit status: 0 ok, 1 failure, 2 usage or configuration.\n";

static int
usage_error(void)
{
	fputs("musterd: try musterd --help\n", stderr);
	return EXIT_CONFIG;
}

int
main(int argc, char **argv)
{
	const char *config = DEFAULT_CONFIG;
	bool check = false;
	int option;

	while (
	    (option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'C':
			check = true;
			break;
		case 'V':
			puts("musterd " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			return usage_error();
		}
	}
	if (optind < argc) {
		fprintf(
		    stderr, "musterd: unexpected argument: %s\n", argv[optind]);
		return usage_error();
	}
	return check ? server_check(config) : server_run(config);
}
