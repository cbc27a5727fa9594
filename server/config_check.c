/* SPDX-License-Identifier: Apache-2.0 */
/* config_check.c - the check of a service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config_section.h"
#include "server/config_value.h"

enum {
	KEY_TYPE,
	KEY_PATH,
	KEY_ARGS,
	KEY_HOST,
	KEY_PORT,
	KEY_TLS,
	KEY_CA,
	KEY_VERIFY,
	KEY_STATUS,
	KEY_BODY,
	KEY_SEND,
	KEY_RECEIVE,
	KEY_INITIAL,
	KEY_INTERVAL,
	KEY_TIMEOUT,
	KEY_RISE,
	KEY_FALL,
	KEY_NETWORKS,
	KEYS
};

#define TEXT_MAX 4096 /* of what is sent or looked for */
#define STATUS_MIN 100 /* RFC 9110 15 */
#define STATUS_MAX 599

static const struct config_word types[] = {
    {"none", CHECK_NONE},
    {"http", CHECK_HTTP},
    {"https", CHECK_HTTPS},
    {"tcp", CHECK_TCP},
    {"exec", CHECK_EXEC},
    {"agent", CHECK_AGENT},
    {"grpc", CHECK_GRPC},
    {"ttl", CHECK_TTL},
    {NULL, 0},
};

#define HTTP (1U << CHECK_HTTP | 1U << CHECK_HTTPS)
#define MAY_TLS (1U << CHECK_TCP | 1U << CHECK_GRPC)
#define EXEC (1U << CHECK_EXEC)
#define CONNECTS (HTTP | MAY_TLS | 1U << CHECK_AGENT)

/* For which types a key says something; those without a row always may. */
static const unsigned has_key[KEYS] = {
    [KEY_PATH] = HTTP | EXEC | 1U << CHECK_GRPC,
    [KEY_ARGS] = EXEC,
    [KEY_HOST] = HTTP | MAY_TLS,
    [KEY_PORT] = CONNECTS | EXEC,
    [KEY_TLS] = MAY_TLS,
    [KEY_CA] = 1U << CHECK_HTTPS | MAY_TLS,
    [KEY_VERIFY] = 1U << CHECK_HTTPS | MAY_TLS,
    [KEY_STATUS] = HTTP,
    [KEY_BODY] = HTTP,
    [KEY_SEND] = 1U << CHECK_TCP,
    [KEY_RECEIVE] = 1U << CHECK_TCP,
};

bool
config_check_is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static void
read_host(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (!read_is_scalar(r, field, node))
		return;
	if (config_check_is_plain(node->text))
		read_text(r, field, node, to);
	else
		read_fail(r, field, node, ERR_SYNTAX, "the name of a host");
}

static void
read_initial(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	static const struct config_word words[] = {
	    {"probe", false},
	    {"up", true},
	    {NULL, 0},
	};
	struct config_field row = *field;
	int up = *(bool *)to;

	row.words = words;
	read_word(r, &row, node, &up);
	*(bool *)to = up != 0;
}

/* Three digits, as HTTP writes them, and nothing behind but the end. */
static bool
parse_status(const char *text, char end, unsigned *status)
{
	unsigned number = 0;

	for (size_t i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	*status = number;
	return text[3] == end && number >= STATUS_MIN && number <= STATUS_MAX;
}

/* 204, or 200-399. */
static void
read_status(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_check *check = to;
	unsigned least, most;

	if (!read_is_scalar(r, field, node))
		return;
	if (parse_status(node->text, '\0', &least)) {
		most = least;
	} else if (!parse_status(node->text, '-', &least) ||
		   !parse_status(node->text + 4, '\0', &most)) {
		read_fail(r, field, node, ERR_SYNTAX,
		    "a status of 100 to 599, or two (such as 204, 200-399)");
		return;
	}
	if (least > most) {
		read_fail(r, field, node, ERR_RANGE,
		    "a range: it ends before it begins");
		return;
	}
	check->status_least = least;
	check->status_most = most;
}

#define CHECK(member) offsetof(struct config_check, member)

static const struct config_field fields[KEYS] = {
    [KEY_TYPE] = FIELD_WORDS("type", read_word, CHECK(type), types),
    [KEY_PATH] = FIELD_RANGE("path", read_text, CHECK(path), 1, TEXT_MAX),
    [KEY_ARGS] = FIELD_RANGE("args", read_texts, CHECK(args), 0, TEXT_MAX),
    [KEY_HOST] = FIELD_RANGE("host", read_host, CHECK(host), 1, 253),
    [KEY_PORT] = FIELD_RANGE("port", read_u16, CHECK(port), 1, UINT16_MAX),
    [KEY_TLS] = FIELD("tls", read_bool, CHECK(tls)),
    [KEY_CA] = FIELD("ca", read_path, CHECK(ca)),
    [KEY_VERIFY] = FIELD("verify", read_bool, CHECK(verify)),
    [KEY_STATUS] = FIELD("status", read_status, 0),
    [KEY_BODY] = FIELD_RANGE("body", read_text, CHECK(body), 1, TEXT_MAX),
    [KEY_SEND] = FIELD_RANGE("send", read_text, CHECK(send), 1, TEXT_MAX),
    [KEY_RECEIVE] =
	FIELD_RANGE("receive", read_text, CHECK(receive), 1, TEXT_MAX),
    [KEY_INITIAL] = FIELD("initial", read_initial, CHECK(initial_up)),
    [KEY_INTERVAL] = FIELD_RANGE("interval", read_ms, CHECK(interval_ms),
	CHECK_INTERVAL_MIN_MS, CHECK_INTERVAL_MAX_MS),
    [KEY_TIMEOUT] = FIELD_RANGE(
	"timeout", read_ms, CHECK(timeout_ms), 1, CHECK_INTERVAL_MAX_MS),
    [KEY_RISE] =
	FIELD_RANGE("rise", read_unsigned, CHECK(rise), 1, CHECK_RISE_MAX),
    [KEY_FALL] =
	FIELD_RANGE("fall", read_unsigned, CHECK(fall), 1, CHECK_RISE_MAX),
    [KEY_NETWORKS] = FIELD("networks", read_networks, CHECK(networks)),
};

void
config_check_init(struct config_check *check)
{
	*check = (struct config_check){
	    .status_least = 200,
	    .status_most = 399,
	    .verify = true,
	    .interval_ms = 5000,
	    .timeout_ms = 1000,
	    .rise = 2,
	    .fall = 3,
	};
}

/* A file that must be there: without it no probe would ever be good. */
static void
check_file(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, const char *path, int access_mode)
{
	struct stat status;

	if (path == NULL)
		return;
	if (stat(path, &status) == 0) {
		if (S_ISREG(status.st_mode) && access(path, access_mode) == 0)
			return;
		if (S_ISDIR(status.st_mode))
			errno = EISDIR;
		else if (!S_ISREG(status.st_mode))
			errno = EINVAL;
	}
	read_error(r, node, ERR_IO, "%s: %.200s: %s", field->key, path,
	    strerror(errno));
}

/* A program's path, for one that runs in another folder than we do. */
static char *
join_absolute(struct config_reading *r, const char *path)
{
	char *joined = read_join(r, path), *here, *full = NULL;

	if (joined == NULL || *joined == '/')
		return joined;
	here = getcwd(NULL, 0);
	if (here == NULL) /* that folder is gone: so is what lies in it */
		return joined;
	if (asprintf(&full, "%s/%s", here, joined) < 0) {
		read_no_memory(r);
		full = NULL;
	}
	free(here);
	free(joined);
	return full;
}

/* What a path is depends on the type. */
static void
settle_path(struct config_reading *r, struct config_check *check,
    const struct yaml_node *map, const struct yaml_node *node)
{
	char *path = check->path;

	switch (check->type) {
	case CHECK_HTTP:
	case CHECK_HTTPS:
		if (node == NULL)
			check->path = read_copy(r, "/");
		else if (path != NULL && path[0] != '/')
			read_error(r, node, ERR_SYNTAX,
			    "path: \"%.80s\" does not begin with a slash",
			    path);
		else if (path != NULL && !config_check_is_plain(path))
			read_error(r, node, ERR_SYNTAX,
			    "path: a blank or another character that is not "
			    "allowed there; write it as %%20");
		break;
	case CHECK_EXEC:
		if (node == NULL)
			read_error(r, map, ERR_NOT_FOUND,
			    "a check of type exec needs a path");
		if (path == NULL)
			break;
		check->path = join_absolute(r, path);
		free(path);
		check_file(r, &fields[KEY_PATH], node, check->path, X_OK);
		break;
	default:
		break;
	}
}

/* A probe must be over before the next one begins. */
static void
settle_timeout(struct config_reading *r, struct config_check *check,
    const struct yaml_node *node)
{
	if (check->timeout_ms <= check->interval_ms)
		return;
	if (node == NULL)
		check->timeout_ms = check->interval_ms;
	else
		read_error(r, node, ERR_CONFLICT,
		    "timeout is longer than the interval");
}

/* Certificates are for those who speak TLS. */
static void
settle_tls(struct config_reading *r, const struct config_check *check,
    const struct yaml_node *const *present)
{
	static const int keys[] = {KEY_CA, KEY_VERIFY};

	if ((MAY_TLS & 1U << check->type) != 0 && !check->tls)
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			if (present[keys[i]] != NULL)
				read_error(r, present[keys[i]], ERR_CONFLICT,
				    "%s: without \"tls: true\" there is no "
				    "certificate",
				    fields[keys[i]].key);
	if (check->type == CHECK_TCP && !check->tls &&
	    present[KEY_HOST] != NULL)
		read_error(r, present[KEY_HOST], ERR_CONFLICT,
		    "host: without \"tls: true\" nobody is told");
}

/* No key that the type has no use for.  Where instances may have checks of
 * their own, it is meant for theirs. */
static void
settle_keys(struct config_reading *r, const struct config_check *check,
    bool instance_checks, const struct yaml_node *const *present)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (present[i] == NULL || has_key[i] == 0 ||
		    (has_key[i] & 1U << check->type) != 0)
			continue;
		if (instance_checks && i != KEY_PATH && i != KEY_ARGS)
			continue;
		read_error(r, present[i], ERR_CONFLICT,
		    "%s: a check of type %s has none", fields[i].key,
		    present[KEY_TYPE]->text);
	}
	if (!instance_checks)
		settle_tls(r, check, present);
	if (present[KEY_CA] != NULL && !check->verify)
		read_error(r, present[KEY_CA], ERR_CONFLICT,
		    "ca: with \"verify: false\" nobody looks at it");
}

void
read_check(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[KEYS];
	struct config_check *check = to;
	const struct config_service *service =
	    (const void *)((char *)to - offsetof(struct config_service, check));

	(void)field;
	if (node->kind == YAML_NULL ||
	    !read_map(r, node, fields, KEYS, check, present))
		return;
	if (present[KEY_TYPE] == NULL) {
		read_error(r, node, ERR_NOT_FOUND, "a check needs a type");
		return;
	}
	if (present[KEY_TYPE]->kind != YAML_TEXT)
		return; /* said already */
	settle_keys(r, check, service->instance_checks, present);
	settle_path(r, check, node, present[KEY_PATH]);
	settle_timeout(r, check, present[KEY_TIMEOUT]);
	if (present[KEY_CA] != NULL)
		check_file(
		    r, &fields[KEY_CA], present[KEY_CA], check->ca, R_OK);
	if (present[KEY_NETWORKS] == NULL && check->type != CHECK_EXEC &&
	    (config_check_has_probes(check) || service->instance_checks))
		read_warning(
		    r, node, "check: without networks it may probe nothing");
}
