/* SPDX-License-Identifier: Apache-2.0 */
/* replay_main.c - main() of a fuzz target without libFuzzer: runs each file
 * of its corpus once.  The target fuzz_X reads tests/fuzz/corpus/X, or the
 * files named as arguments. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No corpus file is longer than a DNS message over TCP. */
#define REPLAY_MAX_LEN (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Returns 0, or 1 if the file cannot be read. */
static int
replay_file(const char *path)
{
	uint8_t *data = malloc(REPLAY_MAX_LEN);
	FILE *f = fopen(path, "rb");

	if (data == NULL || f == NULL) {
		perror(path);
		free(data);
		if (f != NULL)
			fclose(f);
		return 1;
	}
	size_t len = fread(data, 1, REPLAY_MAX_LEN, f);
	int failed = ferror(f);
	fclose(f);

	/* A block of the exact length, so that reading past it shows. */
	uint8_t *exact = malloc(len > 0 ? len : 1);
	if (exact == NULL) {
		free(data);
		return 1;
	}
	memcpy(exact, data, len);
	free(data);
	if (!failed)
		(void)LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	return failed ? 1 : 0;
}

static int
replay_folder(const char *folder)
{
	char path[4096];
	struct stat st;
	struct dirent *entry;
	int failures = 0, count = 0;
	DIR *d = opendir(folder);

	if (d == NULL) {
		printf("no corpus: %s\n", folder);
		return 77;
	}
	while ((entry = readdir(d)) != NULL) {
		int n = snprintf(
		    path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(path))
			continue;
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		failures += replay_file(path);
		count++;
	}
	closedir(d);
	printf("%d inputs\n", count);
	return failures > 0;
}

int
main(int argc, char **argv)
{
	char folder[4096];
	const char *srcdir = getenv("srcdir");
	const char *name = strrchr(argv[0], '/');
	int failures = 0;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			failures += replay_file(argv[i]);
		return failures > 0;
	}
	name = name != NULL ? name + 1 : argv[0];
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
	    srcdir != NULL ? srcdir : ".", name);
	return replay_folder(folder);
}
