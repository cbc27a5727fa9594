/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config.h"

#define YAML "keys: [{name: k, secret-file: secret.txt}]\n"

static char folder[64];

static char *
path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const void *content, size_t len, mode_t mode)
{
	char path[128];
	FILE *file = fopen(path_of(name, path), "w");

	cr_assert_not_null(file);
	cr_assert_eq(fwrite(content, 1, len, file), len);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static void
write_text(const char *name, const char *text, mode_t mode)
{
	write_file(name, text, strlen(text), mode);
}

static void
make_folder(void)
{
	strcpy(folder, "/tmp/muster-config-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void
remove_folder(void)
{
	static const char *const names[] = {"m.yaml", "secret.txt"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlink(path_of(names[i], path)) != 0)
			rmdir(path);
	rmdir(folder);
}

TestSuite(
    config_files, .timeout = 10, .init = make_folder, .fini = remove_folder);

static enum error
load(struct config **config, char text[CONFIG_TEXT_LEN])
{
	char path[128];

	*config = NULL;
	return config_load(
	    path_of("m.yaml", path), config, text, CONFIG_TEXT_LEN);
}

static void
expect_failure(enum error expected, const char *what)
{
	struct config *config;
	char text[CONFIG_TEXT_LEN];

	cr_expect_eq(load(&config, text), expected, "%s", text);
	cr_expect_null(config);
	cr_expect_not_null(strstr(text, what), "%s in %s", what, text);
}

Test(config_files, a_secret_comes_from_a_file_beside_the_configuration)
{
	struct config *config;
	char text[CONFIG_TEXT_LEN];

	write_text("m.yaml", YAML, 0644);
	write_text("secret.txt", "AAEC\r\n", 0600);
	cr_assert_eq(load(&config, text), OK, "%s", text);
	cr_expect_str_eq(text, "");
	cr_expect_eq(config->key[0].tsig.secret_len, 3);
	config_free(config);
}

Test(config_files, a_secret_that_all_can_read_is_a_warning)
{
	struct config *config;
	char text[CONFIG_TEXT_LEN];

	write_text("m.yaml", YAML, 0644);
	write_text("secret.txt", "AAEC", 0604);
	cr_assert_eq(load(&config, text), OK, "%s", text);
	cr_expect_not_null(
	    strstr(
		text, "m.yaml:1:31: warning: secret-file: everyone can read"),
	    "%s", text);
	config_free(config);
}

Test(config_files, a_secret_file_is_a_small_file_of_base64)
{
	char large[5000];

	write_text("m.yaml", YAML, 0644);
	expect_failure(ERR_IO, "No such file");
	write_text("secret.txt", "\n", 0600);
	expect_failure(ERR_SYNTAX, "secret-file is empty");
	write_text("secret.txt", "AAEC AAEC\n", 0600);
	expect_failure(ERR_SYNTAX, "secret-file is not base64");
	write_file("secret.txt", "AAEC\0AAE", 8, 0600);
	expect_failure(ERR_SYNTAX, "secret-file is not base64");
	memset(large, 'A', sizeof(large));
	write_file("secret.txt", large, sizeof(large), 0600);
	expect_failure(ERR_IO, "File too large");
}

Test(config_files, a_secret_file_is_no_pipe_and_no_folder)
{
	char path[128];

	write_text("m.yaml", YAML, 0644);
	cr_assert_eq(mkfifo(path_of("secret.txt", path), 0600), 0);
	expect_failure(ERR_IO, "Invalid argument");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	expect_failure(ERR_IO, "Is a directory");
}

Test(config_files, a_file_that_cannot_be_read_is_one_line)
{
	struct config *config = NULL;
	char text[CONFIG_TEXT_LEN];

	cr_expect_eq(load(&config, text), ERR_IO);
	cr_expect_not_null(strstr(text, "m.yaml: No such file or directory\n"));
	cr_expect_eq(config_load(folder, &config, text, sizeof(text)), ERR_IO);
	cr_expect_not_null(strstr(text, ": Is a directory\n"), "%s", text);
	cr_expect_null(config);
}

Test(config_files, paths_are_relative_to_the_configuration)
{
	static const struct {
		const char *config;
		const char *file;
		const char *expected;
	} rows[] = {
	    {"m.yaml", "a.zone", "a.zone"},
	    {"m.yaml", "./a.zone", "a.zone"},
	    {"./m.yaml", "a.zone", "./a.zone"},
	    {"/m.yaml", "a.zone", "/a.zone"},
	    {"/etc/m.yaml", "a.zone", "/etc/a.zone"},
	    {"/etc/m.yaml", "../a.zone", "/etc/../a.zone"},
	    {"/etc/m.yaml", "/a.zone", "/a.zone"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config;
		char yaml[80], text[CONFIG_TEXT_LEN];

		snprintf(yaml, sizeof(yaml), "zones: [{name: a, file: %s}]",
		    rows[i].file);
		cr_assert_eq(config_parse(yaml, strlen(yaml), rows[i].config,
				 &config, text, sizeof(text)),
		    OK, "%s", text);
		cr_expect_str_eq(config->zone[0].file, rows[i].expected);
		config_free(config);
	}
}
