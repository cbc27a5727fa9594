/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_update_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config_value.h"

#define FILE_MAX_LEN 4096 /* a key is a few lines */
#define WORD_MAX_LEN 1024

static bool
fail(char *why, const char *what, const char *more)
{
	snprintf(why, MUSTER_WHY_LEN, "%s%.300s", what, more);
	return false;
}

/* Makes the key of three texts. */
static bool
make_key(struct muster_key *made, const char *algorithm, const char *name,
    const char *secret, char *why)
{
	struct muster_key key = {.table = NULL};
	uint8_t *octets;

	if (!tsig_algorithm_from_text(algorithm, &key.key.algorithm))
		return fail(why, "unknown algorithm of the key: ", algorithm);
	if (*name == '\0' || name_from_text(name, NULL, &key.key.name) != OK)
		return fail(why, "the key's name is no domain name: ", name);
	name_lower(key.key.name.wire, key.key.name.wire);
	if (value_base64(secret, &octets, &key.key.secret_len) != OK)
		return fail(why, "the key's secret is not base64", "");
	key.key.secret = octets;
	if (tsig_table_new(&key.key, 1, &key.table) != OK) {
		value_wipe(octets, key.key.secret_len);
		return fail(why, "the key cannot be used: ",
		    "the crypto library refuses it");
	}
	*made = key;
	return true;
}

/* --- key files --- */

/* Behind white space and comments, which are those of C, C++ and the shell. */
static const char *
skip_space(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n");
		if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
			at += strcspn(at, "\n");
		} else if (at[0] == '/' && at[1] == '*') {
			const char *end = strstr(at + 2, "*/");

			at = end ? end + 2 : at + strlen(at);
		} else {
			return at;
		}
	}
}

/* Takes the next word: quoted, a brace or semicolon, or bare; false at the
 * end and for one that is too long or not closed. */
static bool
take_word(const char **at, char word[WORD_MAX_LEN])
{
	const char *start = skip_space(*at);
	size_t len;

	if (*start == '"') {
		len = strcspn(++start, "\"\n");
		*at = start + len + 1;
		if (start[len] != '"')
			return false;
	} else {
		len = strchr("{};", *start) != NULL && *start != '\0'
			  ? 1
			  : strcspn(start, " \t\r\n{};\"");
		*at = start + len;
		if (len == 0)
			return false;
	}
	if (len >= WORD_MAX_LEN)
		return false;
	memcpy(word, start, len);
	word[len] = '\0';
	return true;
}

static bool
take_this(const char **at, const char *expected)
{
	char word[WORD_MAX_LEN];
	bool ok = take_word(at, word) && strcmp(word, expected) == 0;

	explicit_bzero(word, sizeof(word));
	return ok;
}

/* The statements of a key, behind its brace. */
static bool
take_statements(
    const char **at, char algorithm[WORD_MAX_LEN], char secret[WORD_MAX_LEN])
{
	char word[WORD_MAX_LEN];

	while (take_word(at, word)) {
		if (strcmp(word, "}") == 0)
			return true;
		if (strcmp(word, "algorithm") == 0) {
			if (!take_word(at, algorithm))
				return false;
		} else if (strcmp(word, "secret") == 0) {
			if (!take_word(at, secret))
				return false;
		} else {
			return false;
		}
		if (!take_this(at, ";"))
			return false;
	}
	return false;
}

bool
muster_key_parse(struct muster_key *key, const char *content, char *why)
{
	char name[WORD_MAX_LEN] = "", algorithm[WORD_MAX_LEN] = "";
	char secret[WORD_MAX_LEN] = "";
	bool ok;

	if (!take_this(&content, "key") || !take_word(&content, name) ||
	    !take_this(&content, "{") ||
	    !take_statements(&content, algorithm, secret))
		ok = fail(why, "this is no key file: ",
		    "expected key \"NAME\" { algorithm ...; secret ...; };");
	else if (*algorithm == '\0' || *secret == '\0')
		ok = fail(why, "the key lacks its ",
		    *secret == '\0' ? "secret" : "algorithm");
	else
		ok = make_key(key, algorithm, name, secret, why);
	explicit_bzero(secret, sizeof(secret));
	return ok;
}

static bool
load_file(struct muster_key *key, FILE *file, const char *path, char *why)
{
	char content[FILE_MAX_LEN + 1];
	size_t len = fread(content, 1, FILE_MAX_LEN, file);
	bool ok;

	content[len] = '\0';
	if (ferror(file)) {
		snprintf(
		    why, MUSTER_WHY_LEN, "%.300s: %s", path, strerror(errno));
		ok = false;
	} else {
		ok = muster_key_parse(key, content, why);
	}
	explicit_bzero(content, sizeof(content));
	return ok;
}

/* --- from the command line --- */

static bool
load_words(struct muster_key *key, const char *text, char *why)
{
	const char *first = strchr(text, ':');
	const char *second = strchr(first + 1, ':');
	char algorithm[64] = "hmac-sha256", name[NAME_TEXT_LEN];
	const char *from = second ? first + 1 : text;
	const char *end = second ? second : first;

	if (second != NULL)
		snprintf(algorithm, sizeof(algorithm), "%.*s",
		    (int)(first - text), text);
	snprintf(name, sizeof(name), "%.*s", (int)(end - from), from);
	return make_key(key, algorithm, name, end + 1, why);
}

bool
muster_key_load(struct muster_key *key, const char *text, char *why)
{
	FILE *file = fopen(text, "re");
	bool ok;

	if (file == NULL && strchr(text, ':') != NULL)
		return load_words(key, text, why);
	if (file == NULL) {
		snprintf(why, MUSTER_WHY_LEN, "key %.300s: %s", text,
		    strerror(errno));
		return false;
	}
	ok = load_file(key, file, text, why);
	fclose(file);
	return ok;
}

void
muster_key_fini(struct muster_key *key)
{
	tsig_table_free(key->table);
	if (key->key.secret != NULL)
		value_wipe(
		    (void *)(uintptr_t)key->key.secret, key->key.secret_len);
	*key = (struct muster_key){.table = NULL};
}
