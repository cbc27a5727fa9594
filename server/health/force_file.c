/* SPDX-License-Identifier: Apache-2.0 */
/* force_file.c - the list on the disk: a line `state wall_s pattern` each. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/health/force.h"

#define FILE_NAME "forced"
#define PATH_LEN 4096
#define LINE_LEN (FORCE_PATTERN_LEN + 64)

static const char head[] =
    "# What operators have forced (muster force): state, when, pattern.\n"
    "# The last line that matches an instance decides.\n";

static enum error
complain(const char *path, const char *what, char *text, size_t text_len)
{
	snprintf(text, text_len, "%s: %s", path, what);
	return ERR_IO;
}

/* --- reading --- */

/* Cuts the next word out of *line; "" at its end. */
static char *
take_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	char *end = word + strcspn(word, " \t");

	*line = end;
	if (*end != '\0') {
		*end = '\0';
		*line = end + 1;
	}
	return word;
}

/* NULL, or what is wrong with a line. */
static const char *
take_line(struct force_list *list, char *line, enum error *err)
{
	char *word = take_word(&line), *end;
	int state = force_parse(word);
	long long wall_s;

	*err = ERR_SYNTAX;
	if (state < 0)
		return "the first word is not up, down, drain or auto";
	word = take_word(&line);
	errno = 0;
	wall_s = strtoll(word, &end, 10);
	if (*word < '0' || *word > '9' || *end != '\0' || errno != 0)
		return "the second word is not a time in seconds";
	word = take_word(&line);
	if (*word == '\0')
		return "the pattern is missing";
	if (*take_word(&line) != '\0')
		return "there is something behind the pattern";
	*err = force_put(list, word, (enum force_state)state, wall_s);
	return *err == OK ? NULL : error_text(*err);
}

static enum error
take_lines(struct force_list *list, FILE *f, const char *path, char *text,
    size_t text_len)
{
	char line[LINE_LEN];
	unsigned number = 0;

	while (fgets(line, sizeof(line), f) != NULL) {
		size_t len = strcspn(line, "\n");
		const char *wrong = NULL;
		enum error err = ERR_SYNTAX;

		number++;
		if (line[len] != '\n' && !feof(f))
			wrong = "the line is too long";
		line[len] = '\0';
		if (wrong == NULL && line[0] != '#' && line[0] != '\0')
			wrong = take_line(list, line, &err);
		if (wrong == NULL)
			continue;
		snprintf(text, text_len, "%s:%u: %s", path, number, wrong);
		return err;
	}
	return ferror(f) ? complain(path, strerror(errno), text, text_len) : OK;
}

enum error
force_load(
    struct force_list *list, const char *data, char *text, size_t text_len)
{
	struct force_list made = {0};
	char path[PATH_LEN];
	enum error err;
	FILE *f;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, data);
	f = fopen(path, "re");
	if (f == NULL && errno == ENOENT) {
		*list = made;
		return OK;
	}
	if (f == NULL)
		return complain(path, strerror(errno), text, text_len);
	err = take_lines(&made, f, path, text, text_len);
	fclose(f);
	if (err == OK)
		*list = made;
	else
		force_fini(&made);
	return err;
}

/* --- writing --- */

static int
print(const struct force_list *list, FILE *f)
{
	fputs(head, f);
	for (size_t i = 0; i < list->count; i++)
		fprintf(f, "%s %" PRId64 " %s\n",
		    force_text(list->entry[i].state), list->entry[i].wall_s,
		    list->entry[i].pattern);
	if (fflush(f) != 0 || ferror(f))
		return -1;
	return fsync(fileno(f));
}

/* So that the new name outlives a power loss too. */
static int
sync_folder(const char *data)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;

	if (fd < 0)
		return -1;
	failed = fsync(fd);
	close(fd);
	return failed;
}

enum error
force_save(const struct force_list *list, const char *data, char *text,
    size_t text_len)
{
	char path[PATH_LEN], new_path[PATH_LEN];
	bool written;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, data);
	snprintf(new_path, sizeof(new_path), "%s/" FILE_NAME ".new", data);
	fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f == NULL) {
		if (fd >= 0)
			close(fd);
		return complain(new_path, strerror(errno), text, text_len);
	}
	written = print(list, f) == 0;
	written = fclose(f) == 0 && written;
	if (!written || rename(new_path, path) != 0 || sync_folder(data) != 0) {
		enum error err =
		    complain(path, strerror(errno), text, text_len);

		unlink(new_path);
		return err;
	}
	return OK;
}
