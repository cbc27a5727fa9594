/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_value.h"
#include "server/muster_register.h"

#define PORT 53
#define TAGS_LEN 256 /* one string of TXT, RFC 1035 3.3 */

enum option_number {
	OPT_TARGET = 256,
	OPT_PORT,
	OPT_ADDRESS,
	OPT_PRIORITY,
	OPT_WEIGHT,
	OPT_TXT,
	OPT_TAG,
	OPT_SITE,
	OPT_KEY,
	OPT_SERVER,
	OPT_ZONE,
	OPT_DNS_SD,
	OPT_TCP,
	OPT_JSON,
	OPT_HELP,
	/* of register only, from here on */
	OPT_TTL,
	OPT_LEASE,
	OPT_KEEP,
	OPT_CHECK,
};

static const struct option options_known[] = {
    {"target", required_argument, NULL, OPT_TARGET},
    {"port", required_argument, NULL, OPT_PORT},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"priority", required_argument, NULL, OPT_PRIORITY},
    {"weight", required_argument, NULL, OPT_WEIGHT},
    {"txt", required_argument, NULL, OPT_TXT},
    {"tag", required_argument, NULL, OPT_TAG},
    {"site", required_argument, NULL, OPT_SITE},
    {"key", required_argument, NULL, OPT_KEY},
    {"server", required_argument, NULL, OPT_SERVER},
    {"zone", required_argument, NULL, OPT_ZONE},
    {"dns-sd", required_argument, NULL, OPT_DNS_SD},
    {"tcp", no_argument, NULL, OPT_TCP},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {"ttl", required_argument, NULL, OPT_TTL},
    {"lease", required_argument, NULL, OPT_LEASE},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"check", required_argument, NULL, OPT_CHECK},
    {NULL, 0, NULL, 0},
};

static const char help_register[] =
    "Usage: muster register SERVICE --port PORT [OPTION]...\n"
    "Registers an instance of a service, such as _http._tcp.web.svc.example,\n"
    "with the server of the zone (RFC 2136), for one lease or, with --keep,\n"
    "for as long as it runs.\n"
    "\n"
    "The instance:\n"
    "      --port PORT        where it listens (needed)\n"
    "      --target HOST      its host; without a dot: a name in the zone;\n"
    "                         default: the name of this machine in the zone\n"
    "      --address ADDRESS  of the host; may be repeated; default: the\n"
    "                         address that we have towards the server;\n"
    "                         none: the host's addresses are left alone\n"
    "      --priority N       of the SRV record; default 10\n"
    "      --weight N         of the SRV record; default 100; 0: draining\n"
    "      --txt KEY=VALUE    metadata (TXT); may be repeated\n"
    "      --tag TAG          a word in TXT tags=; may be repeated\n"
    "      --site SITE        TXT site=\n"
    "      --dns-sd NAME      as PTR to NAME.SERVICE with SRV and TXT (RFC\n"
    "                         6763); NAME is this instance's alone, SRV and\n"
    "                         TXT there are replaced\n"
    "      --ttl DURATION     of the records; default: the zone's\n"
    "      --lease DURATION   to ask for (RFC 9664); default: as the zone\n"
    "                         says, with --keep 60s\n"
    "\n"
    "Staying:\n"
    "      --keep             stay in the foreground and refresh at a third "
    "of\n"
    "                         the lease; SIGTERM and SIGINT deregister; says\n"
    "                         READY to systemd\n"
    "      --check CHECK      with --keep: tcp:PORT, http://HOST[:PORT]/PATH\n"
    "                         (200 to 399 is good) or a command for the\n"
    "                         shell, before each refresh; while it fails\n"
    "                         nothing is refreshed, and after 3 failures in a\n"
    "                         row the instance is deregistered\n";

static const char help_deregister[] =
    "Usage: muster deregister SERVICE --port PORT [OPTION]...\n"
    "Takes an instance of a service out, given the options that it was\n"
    "registered with.\n"
    "\n"
    "What is deleted, and nothing else:\n"
    "  - the SRV of that target and port with --priority and --weight, that\n"
    "    with weight 0, and those that the server answers with\n"
    "  - with --dns-sd: the PTR, and the TXT at NAME.SERVICE, unless the SRV\n"
    "    there is another instance's by now\n"
    "  - without: the TXT that --txt, --tag and --site spell, at the host\n"
    "  - the addresses given by --address; others stay until their lease\n"
    "    ends, for another service may be on the same host\n"
    "What is not there is no error.\n"
    "\n"
    "The instance:\n"
    "      --port PORT        where it listens (needed)\n"
    "      --target HOST      its host; without a dot: a name in the zone;\n"
    "                         default: the name of this machine in the zone\n"
    "      --address ADDRESS  of the host; may be repeated\n"
    "      --priority N       default 10\n"
    "      --weight N         default 100\n"
    "      --txt KEY=VALUE, --tag TAG, --site SITE, --dns-sd NAME\n"
    "                         as registered\n";

static const char help_both[] =
    "\n"
    "The server:\n"
    "      --server ADDRESS[:PORT]\n"
    "                         where to send; may be repeated; default: the\n"
    "                         MNAME in the SOA of the zone\n"
    "      --zone ZONE        default: found by asking for the SOA\n"
    "      --key KEY          sign (TSIG) with the key in a file of\n"
    "                         tsig-keygen, or [ALGORITHM:]NAME:SECRET, which\n"
    "                         other users may see in the list of processes\n"
    "      --tcp              by TCP from the start\n"
    "\n"
    "      --json             print JSON, one object a line\n"
    "  -h, --help             print this\n"
    "\n"
    "Durations are seconds, or have a unit: 90s, 5m, 1h.\n"
    "Exit status: 0 ok, 1 failure, 2 usage.\n";

/* --- values --- */

static bool
wrong_value(const char *option, const char *text, const char *expected)
{
	muster_complain("--%s %s: expected %s", option, text, expected);
	return false;
}

static bool
read_u16(const char *option, const char *text, uint64_t least, uint16_t *to)
{
	uint64_t number;

	if (value_number(text, &number) != OK || number < least ||
	    number > UINT16_MAX)
		return wrong_value(option, text,
		    least == 0 ? "a number up to 65535"
			       : "a number from 1 to 65535");
	*to = (uint16_t)number;
	return true;
}

/* Durations of DNS are whole seconds, of 31 bits. */
static bool
read_seconds(const char *option, const char *text, uint32_t *to)
{
	uint64_t ms;

	if (value_duration(text, &ms) != OK || ms < 1000 || ms % 1000 != 0 ||
	    ms / 1000 > INT32_MAX)
		return wrong_value(option, text,
		    "a duration of whole seconds, such as 90s or 5m");
	*to = (uint32_t)(ms / 1000);
	return true;
}

static bool
read_name(const char *what, const char *text, struct name *to)
{
	if (*text != '\0' && name_from_text(text, NULL, to) == OK)
		return true;
	muster_complain("%s %s: this is no domain name", what, text);
	return false;
}

static bool
read_address(struct registration *r, const char *text)
{
	struct endpoint address;

	if (strcmp(text, "none") == 0) {
		r->no_address = true;
		return true;
	}
	/* A port would say something that an address cannot. */
	if (value_endpoint(text, 0, &address) != OK ||
	    (address.sa.sa_family == AF_INET ? address.in.sin_port
					     : address.in6.sin6_port) != 0)
		return wrong_value("address", text, "an IP address, or none");
	if (r->addresses == REGISTRATION_ADDRESSES) {
		muster_complain(
		    "more than %d addresses", REGISTRATION_ADDRESSES);
		return false;
	}
	r->address[r->addresses++] = address;
	r->address_given = true;
	return true;
}

static bool
read_server(struct registration *r, const char *text)
{
	if (r->way.servers == MUSTER_SERVERS) {
		muster_complain("more than %d servers", MUSTER_SERVERS);
		return false;
	}
	if (value_endpoint(text, PORT, &r->way.server[r->way.servers]) != OK)
		return wrong_value("server", text, "ADDRESS or ADDRESS:PORT");
	r->way.servers++;
	r->server_given = true;
	return true;
}

/* RFC 6763 4.1.1: any UTF-8, of 63 octets. */
static bool
read_label(struct registration *r, const char *text)
{
	if (*text == '\0' || strlen(text) > LABEL_MAX_LEN)
		return wrong_value("dns-sd", text, "a name of up to 63 octets");
	r->label = text;
	return true;
}

/* --- TXT --- */

static bool
add_string(struct registration *r, const char *key, const char *text)
{
	size_t len = strlen(key) + strlen(text);
	uint8_t *at = r->txt + r->txt_len;

	if (len > UINT8_MAX || len + 1 > sizeof(r->txt) - r->txt_len) {
		muster_complain(
		    "--txt, --tag, --site: %s%.60s... is too long", key, text);
		return false;
	}
	*at++ = (uint8_t)len;
	memcpy(at, key, strlen(key));
	memcpy(at + strlen(key), text, strlen(text));
	r->txt_len += 1 + len;
	return true;
}

/* RFC 6763 6.4: a string without a key is nothing. */
static bool
read_txt(struct registration *r, const char *text)
{
	if (*text == '\0' || *text == '=')
		return wrong_value("txt", text, "KEY=VALUE or KEY");
	return add_string(r, "", text);
}

/* Gathers words for tags=a,b. */
static bool
read_tag(char tags[TAGS_LEN], const char *text)
{
	size_t len = strlen(tags);

	if (*text == '\0' || strchr(text, ',') != NULL)
		return wrong_value("tag", text, "one word");
	if (len + strlen(text) + 2 > TAGS_LEN) {
		muster_complain("the tags are too long together");
		return false;
	}
	snprintf(tags + len, TAGS_LEN - len, "%s%s", len > 0 ? "," : "", text);
	return true;
}

/* --- all --- */

static bool
read_option(struct registration *r, int option, char tags[TAGS_LEN])
{
	switch (option) {
	case OPT_TARGET:
		r->target_text = optarg;
		return true;
	case OPT_PORT:
		r->port_given = true;
		return read_u16("port", optarg, 1, &r->port);
	case OPT_ADDRESS:
		return read_address(r, optarg);
	case OPT_PRIORITY:
		return read_u16("priority", optarg, 0, &r->priority);
	case OPT_WEIGHT:
		return read_u16("weight", optarg, 0, &r->weight);
	case OPT_TXT:
		return read_txt(r, optarg);
	case OPT_TAG:
		return read_tag(tags, optarg);
	case OPT_SITE:
		return add_string(r, "site=", optarg);
	case OPT_KEY:
		muster_key_fini(&r->key);
		if (muster_key_load(&r->key, optarg, r->why))
			return true;
		muster_complain("%s", r->why);
		return false;
	case OPT_SERVER:
		return read_server(r, optarg);
	case OPT_ZONE:
		r->zone_given = true;
		return read_name("--zone", optarg, &r->zone);
	case OPT_DNS_SD:
		return read_label(r, optarg);
	case OPT_TCP:
		r->way.tcp = true;
		return true;
	case OPT_TTL:
		return read_seconds("ttl", optarg, &r->ttl_s);
	case OPT_LEASE:
		return read_seconds("lease", optarg, &r->lease_s);
	case OPT_KEEP:
		r->keep = true;
		return true;
	case OPT_CHECK:
		r->check = optarg;
		return true;
	default:
		r->json = true;
		return true;
	}
}

/* RFC 2782: _Service._Proto.Name */
static bool
is_service(const uint8_t *name)
{
	return name_labels(name) >= 3 && name[1] == '_' &&
	       name_strip(name, 1)[1] == '_';
}

/* What belongs together. */
static bool
check_all(struct registration *r, char **arguments)
{
	if (arguments[0] == NULL)
		muster_complain("which service?  Such as "
				"_http._tcp.web.svc.example");
	else if (arguments[1] != NULL)
		muster_complain("unexpected argument: %s", arguments[1]);
	else if (!read_name("service", arguments[0], &r->service))
		return false;
	else if (!is_service(r->service.wire))
		muster_complain("%s: a service is named _SERVICE._PROTOCOL."
				"DOMAIN, such as _http._tcp.web.svc.example",
		    arguments[0]);
	else if (!r->port_given)
		muster_complain("--port is missing");
	else if (r->check != NULL && !r->keep)
		muster_complain("--check goes with --keep");
	else if (r->no_address && r->address_given)
		muster_complain("--address none goes with no other address");
	else
		return true;
	return false;
}

static void
registration_init(struct registration *r)
{
	*r = (struct registration){.priority = 10,
	    .weight = 100,
	    .way = {.stop_fd = -1, .until_ms = INT64_MAX}};
}

static bool
read_options(
    struct registration *r, bool deregister, int argc, char **argv, bool *help)
{
	char tags[TAGS_LEN] = "";
	int option;

	optind = 0; /* GNU: from the start, once more */
	while ((option = getopt_long(argc, argv, "h", options_known, NULL)) !=
	       -1) {
		if (option == '?')
			return false;
		if (option == OPT_HELP || option == 'h') {
			*help = true;
			return true;
		}
		if (deregister && option > OPT_HELP) {
			muster_complain("deregister takes none of --ttl, "
					"--lease, --keep, --check");
			return false;
		}
		if (!read_option(r, option, tags))
			return false;
	}
	if (tags[0] != '\0' && !add_string(r, "tags=", tags))
		return false;
	if (r->keep && r->lease_s == 0)
		r->lease_s = REGISTRATION_LEASE_S;
	return check_all(r, argv + optind);
}

enum registration_options
registration_read(
    struct registration *r, bool deregister, int argc, char **argv)
{
	static char program[] = "muster"; /* who complains */
	bool help = false;

	registration_init(r);
	argv[0] = program;
	if (!read_options(r, deregister, argc, argv, &help)) {
		fprintf(stderr, "muster: try muster %s --help\n",
		    deregister ? "deregister" : "register");
		registration_fini(r);
		return OPTIONS_WRONG;
	}
	if (!help)
		return OPTIONS_READ;
	fputs(deregister ? help_deregister : help_register, stdout);
	fputs(help_both, stdout);
	registration_fini(r);
	return OPTIONS_HELP;
}

void
registration_fini(struct registration *r)
{
	muster_key_fini(&r->key);
}
