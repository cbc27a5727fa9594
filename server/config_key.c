/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config_section.h"
#include "server/config_value.h"

/* A secret is a few dozen octets; a file of more is another file. */
#define SECRET_FILE_MAX 4096

enum { KEY_NAME, KEY_ALGORITHM, KEY_SECRET, KEY_SECRET_FILE, KEY_FIELDS };

static void
read_algorithm(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	if (read_is_scalar(r, field, node) &&
	    !tsig_algorithm_from_text(node->text, to))
		read_fail(r, field, node, ERR_NOT_FOUND,
		    "one of hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, "
		    "hmac-sha384, hmac-sha512");
}

/* Errors point at the key: the report covers what follows `secret:` in its
 * line, and so the value is not shown. */
static void
decode_secret(struct config_reading *r, const struct config_field *field,
    const char *text, struct tsig_key *key)
{
	uint8_t *secret;
	size_t len;
	enum error error;

	if (*text == '\0') {
		read_error(r, r->key, ERR_SYNTAX, "%s is empty", field->key);
		return;
	}
	error = value_base64(text, &secret, &len);
	if (error == ERR_MEMORY)
		read_no_memory(r);
	else if (error != OK)
		read_error(r, r->key, error, "%s is not base64", field->key);
	if (error != OK)
		return;
	value_wipe((void *)key->secret, key->secret_len);
	key->secret = secret;
	key->secret_len = len;
}

static void
read_secret(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_key *key = to;

	if (read_is_scalar(r, field, node))
		decode_secret(r, field, node->text, &key->tsig);
}

/* Reads a small file as text, without the white space at its end; returns
 * its length, or -1 with errno. */
static ssize_t
read_file(int fd, char text[SECRET_FILE_MAX + 1])
{
	size_t len = 0;
	ssize_t got;

	while (len <= SECRET_FILE_MAX) {
		got = read(fd, text + len, SECRET_FILE_MAX + 1 - len);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	if (len > SECRET_FILE_MAX) {
		errno = EFBIG;
		return -1;
	}
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return (ssize_t)len;
}

/* Opens a regular file, and only that: reading a pipe could wait for ever. */
static int
open_secret(const char *path, struct stat *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -1;
	if (fstat(fd, status) == 0) {
		if (S_ISREG(status->st_mode))
			return fd;
		errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
load_secret(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, const char *path, struct tsig_key *key)
{
	char text[SECRET_FILE_MAX + 1];
	struct stat status;
	int fd = open_secret(path, &status);
	ssize_t len;

	if (fd < 0) {
		read_error(r, node, ERR_IO, "%s: %.200s: %s", field->key, path,
		    strerror(errno));
		return;
	}
	if ((status.st_mode & S_IROTH) != 0)
		read_warning(
		    r, node, "%s: everyone can read %.200s", field->key, path);
	len = read_file(fd, text);
	if (len < 0)
		read_error(r, node, ERR_IO, "%s: %.200s: %s", field->key, path,
		    strerror(errno));
	else if (strlen(text) != (size_t)len)
		read_error(r, node, ERR_SYNTAX, "%s is not base64", field->key);
	else
		decode_secret(r, field, text, key);
	explicit_bzero(text, sizeof(text));
	close(fd);
}

static void
read_secret_file(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	struct config_key *key = to;
	char *path;

	/* With both, check_key() complains of that alone. */
	if (!read_is_scalar(r, field, node) || key->tsig.secret != NULL)
		return;
	path = read_join(r, node->text);
	if (path != NULL)
		load_secret(r, field, node, path, &key->tsig);
	free(path);
}

static const struct config_field fields[KEY_FIELDS] = {
    [KEY_NAME] =
	FIELD("name", read_name, offsetof(struct config_key, tsig.name)),
    [KEY_ALGORITHM] = FIELD("algorithm", read_algorithm,
	offsetof(struct config_key, tsig.algorithm)),
    [KEY_SECRET] = FIELD("secret", read_secret, 0),
    [KEY_SECRET_FILE] = FIELD("secret-file", read_secret_file, 0),
};

/* What concerns more than one field, and other keys. */
static void
check_key(struct config_reading *r, const struct yaml_node *node,
    const struct yaml_node *const *present, size_t number)
{
	const struct config_key *keys = r->config->key;
	const struct config_key *key = &keys[number];

	if (present[KEY_NAME] == NULL)
		read_error(r, node, ERR_NOT_FOUND, "a key needs a name");
	if (present[KEY_SECRET] == NULL && present[KEY_SECRET_FILE] == NULL)
		read_error(r, node, ERR_NOT_FOUND,
		    "a key needs a secret or a secret-file");
	if (present[KEY_SECRET] != NULL && present[KEY_SECRET_FILE] != NULL)
		read_error(r, present[KEY_SECRET_FILE], ERR_CONFLICT,
		    "either secret or secret-file, not both");
	for (size_t i = 0; key->tsig.name.len != 0 && i < number; i++)
		if (keys[i].tsig.name.len != 0 &&
		    name_equal(keys[i].tsig.name.wire, key->tsig.name.wire))
			read_error(r, present[KEY_NAME], ERR_EXISTS,
			    "key \"%.80s\" is here twice; first in line %u",
			    present[KEY_NAME]->text, keys[i].line);
}

void
read_keys(struct config_reading *r, const struct config_field *field,
    const struct yaml_node *node, void *to)
{
	const struct yaml_node *present[KEY_FIELDS];
	const struct yaml_node *item;
	struct config_key *key;

	if (read_count(node) == 0)
		return;
	key = read_new_array(r, field, node, sizeof(*key), to);
	r->key_names = calloc(read_count(node), sizeof(*r->key_names));
	if (r->key_names == NULL)
		read_no_memory(r);
	if (key == NULL || r->key_names == NULL)
		return;
	for (size_t i = 0; (item = read_item(node, i)) != NULL; i++, key++) {
		key->line = item->line;
		r->key_names[i] = "";
		key->tsig.algorithm = TSIG_HMAC_SHA256;
		if (!read_map(r, item, fields, KEY_FIELDS, key, present))
			continue;
		if (present[KEY_NAME] != NULL && key->tsig.name.len != 0)
			r->key_names[i] = present[KEY_NAME]->text;
		check_key(r, item, present, i);
	}
}
