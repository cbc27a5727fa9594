/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/reading.h"

TestSuite(zonefile_files, .timeout = 20);

#define PATH_LEN 300

/* Files in a folder of their own. */
struct folder {
	char path[64];
	unsigned files;
	char file[16][PATH_LEN];
};

static void
folder_open(struct folder *folder)
{
	folder->files = 0;
	strcpy(folder->path, "/tmp/test_zonefile.XXXXXX");
	cr_assert_not_null(mkdtemp(folder->path));
}

static const char *
folder_path(struct folder *folder, const char *name)
{
	char *path = folder->file[folder->files++];

	strcpy(stpcpy(stpcpy(path, folder->path), "/"), name);
	return path;
}

static const char *
folder_write(
    struct folder *folder, const char *name, const char *content, size_t len)
{
	const char *path = folder_path(folder, name);
	FILE *to = fopen(path, "w");

	cr_assert_not_null(to);
	cr_assert_eq(fwrite(content, 1, len, to), len);
	fclose(to);
	return path;
}

#define WRITE(folder, name, content) \
	folder_write(folder, name, content, sizeof(content) - 1)

static void
folder_close(struct folder *folder)
{
	while (folder->files-- > 0)
		cr_expect_eq(remove(folder->file[folder->files]), 0);
	cr_expect_eq(rmdir(folder->path), 0);
}

/* The complaint of a reading without the folder, which is never the same. */
static void
expect_complaint(const struct folder *folder, const struct reading *reading,
    const char *expected)
{
	char shown[ZONEFILE_TEXT_LEN] = "";
	const char *from = reading->complaint;
	const char *at;

	while ((at = strstr(from, folder->path)) != NULL) {
		strncat(shown, from, (size_t)(at - from));
		from = at + strlen(folder->path) + 1;
	}
	strcat(shown, from);
	cr_expect_str_eq(shown, expected, "complains\n%s", shown);
}

/* RFC 1035 5.1 */
Test(zonefile_files, includes_are_relative_and_leave_origin_and_owner_alone)
{
	struct folder folder;
	struct reading reading;
	const char *path;

	folder_open(&folder);
	cr_assert_eq(mkdir(folder_path(&folder, "sub"), 0700), 0);
	path = WRITE(&folder, "main",
	    "a A 192.0.2.1\n$INCLUDE sub/one\n TXT after\n@ TXT c\n");
	WRITE(&folder, "sub/one",
	    "one TXT 1\n$INCLUDE \"two words\" x\n$INCLUDE three\n"
	    "$ORIGIN elsewhere\n$TTL 9");
	WRITE(&folder, "sub/two words", "b TXT 2");
	WRITE(&folder, "sub/three", "three TXT 3");
	read_path(&reading, path);
	cr_expect_eq(reading.err, OK, "%s", reading.complaint);
	cr_expect_str_eq(reading.records,
	    A1 "one.svc.example. 60 IN TXT \"1\"\n"
	       "b.x.svc.example. 60 IN TXT \"2\"\n"
	       "three.svc.example. 60 IN TXT \"3\"\n"
	       "a.svc.example. 9 IN TXT \"after\"\n"
	       "svc.example. 9 IN TXT \"c\"\n");
	free(reading.records);
	folder_close(&folder);
}

Test(zonefile_files, a_complaint_names_the_included_file)
{
	struct folder folder;
	struct reading reading;
	const char *path;

	folder_open(&folder);
	path = WRITE(&folder, "main", "a A 192.0.2.1\n$INCLUDE one\n");
	WRITE(&folder, "one", "\n TXT x\n");
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_SYNTAX);
	expect_complaint(&folder, &reading,
	    "one:2: a blank repeats the last owner, and there was none in "
	    "this file (column 2)\n     TXT x");
	free(reading.records);
	folder_close(&folder);
}

Test(zonefile_files, a_second_soa_is_found_across_files)
{
	struct folder folder;
	struct reading reading;
	const char *path;

	folder_open(&folder);
	path = WRITE(&folder, "main", "$INCLUDE one\n@ SOA a b 1 2 3 4 5\n");
	WRITE(&folder, "one", "@ SOA a b (\n1 2 3 4 5)\n");
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_CONFLICT);
	expect_complaint(&folder, &reading,
	    "main:2: second SOA: the first is at one:1 (column 1)\n"
	    "    @ SOA a b 1 2 3 4 5");
	free(reading.records);
	folder_close(&folder);
}

Test(zonefile_files, include_cycles_are_refused)
{
	struct folder folder;
	struct reading reading;
	const char *path;

	folder_open(&folder);
	path = WRITE(&folder, "main", "$INCLUDE one\n");
	WRITE(&folder, "one", "\n$INCLUDE ./main\n");
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_SYNTAX);
	expect_complaint(&folder, &reading,
	    "one:2: ./main includes itself (column 10)\n"
	    "    $INCLUDE ./main");
	free(reading.records);
	folder_close(&folder);
}

Test(zonefile_files, include_depth_is_limited)
{
	struct folder folder;
	struct reading reading;
	char name[16], content[32];

	folder_open(&folder);
	for (int i = 0; i <= ZONEFILE_INCLUDE_DEPTH; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(content, sizeof(content), "$INCLUDE f%d", i + 1);
		folder_write(&folder, name, content, strlen(content));
	}
	read_path(&reading, folder.file[0]);
	cr_expect_eq(reading.err, ERR_LIMIT);
	expect_complaint(&folder, &reading,
	    "f10:1: $INCLUDE deeper than 10 files (column 1)\n"
	    "    $INCLUDE f11");
	free(reading.records);
	read_path(&reading, folder.file[1]);
	cr_expect_eq(reading.err, ERR_NOT_FOUND);
	expect_complaint(&folder, &reading,
	    "f10:1: cannot open f11: No such file or directory (column 10)\n"
	    "    $INCLUDE f11");
	free(reading.records);
	folder_close(&folder);
}

Test(zonefile_files, a_missing_file_is_not_found)
{
	struct reading reading;

	read_path(&reading, "/nonexistent/zone");
	cr_expect_eq(reading.err, ERR_NOT_FOUND);
	cr_expect_str_eq(reading.complaint,
	    "/nonexistent/zone: cannot open: No such file or directory");
	free(reading.records);
	read_path(&reading, "/");
	cr_expect_eq(reading.err, ERR_IO);
	cr_expect_str_eq(reading.complaint, "/:1: cannot read: Is a directory");
	free(reading.records);
}

Test(zonefile_files, a_nul_octet_is_refused)
{
	struct folder folder;
	struct reading reading;
	const char *path;

	folder_open(&folder);
	path = WRITE(&folder, "main", "a A 192.0.2.1\nb\0 A 192.0.2.1\n");
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_SYNTAX);
	expect_complaint(&folder, &reading,
	    "main:2: control character 0x00 (column 2)\n    b? A 192.0.2.1");
	free(reading.records);
	folder_close(&folder);
}

/* Records larger than what is read at once, and far too large ones. */
Test(zonefile_files, long_records_are_read_and_endless_ones_refused)
{
	static const size_t comment = 700000;
	struct folder folder;
	struct reading reading;
	char *content = malloc(3 * comment);
	size_t len;
	const char *path;

	folder_open(&folder);
	len = (size_t)sprintf(content, "b A 192.0.2.2\na ( ;");
	memset(content + len, 'x', comment);
	strcpy(content + len + comment, "\nA 192.0.2.1 )\nc B");
	path = folder_write(&folder, "main", content, strlen(content));
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_SYNTAX);
	cr_expect_str_eq(
	    reading.records, "b.svc.example. 60 IN A 192.0.2.2\n" A1);
	expect_complaint(&folder, &reading,
	    "main:4: unknown type B: write TYPE123 \\# LENGTH HEX for one "
	    "that is not known here (column 3)\n    c B");
	free(reading.records);
	memset(content, '\n', 3 * comment);
	memcpy(content, "\n(", 2);
	folder.files--;
	path = folder_write(&folder, "main", content, 3 * comment);
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_LIMIT);
	expect_complaint(&folder, &reading,
	    "main:2: record longer than 1048576 octets\n    (");
	free(reading.records);
	memset(content, 'a', 3 * comment);
	folder.files--;
	path = folder_write(&folder, "main", content, 3 * comment);
	read_path(&reading, path);
	cr_expect_eq(reading.err, ERR_LIMIT);
	cr_expect_not_null(strstr(
	    reading.complaint, "main:1: record longer than 1048576 octets"));
	free(reading.records);
	free(content);
	folder_close(&folder);
}

static enum error
refuse(void *arg, const struct zonefile_record *r)
{
	if (*(bool *)arg)
		return ERR_LIMIT;
	(void)r;
	return ERR_MEMORY;
}

Test(zonefile_files, what_the_callback_refuses_has_its_line)
{
	char complaint[ZONEFILE_TEXT_LEN];
	bool limit = true;

	cr_expect_eq(zonefile_read_text("\na A 192.0.2.1\n", "z", apex, 1,
			 refuse, &limit, complaint, sizeof(complaint)),
	    ERR_LIMIT);
	cr_expect_str_eq(complaint, "z:2: limit reached\n    a A 192.0.2.1");
}

Test(zonefile_files, later_complaints_show_the_line_too)
{
	struct folder folder;
	char complaint[ZONEFILE_TEXT_LEN];
	const char *path;

	folder_open(&folder);
	path = WRITE(&folder, "main", "one\r\n\ntwo\tx");
	zonefile_error(path, 3, "wrong", complaint, sizeof(complaint));
	cr_expect_str_eq(strstr(complaint, "main"), "main:3: wrong\n    two x");
	zonefile_error(path, 1, "wrong", complaint, sizeof(complaint));
	cr_expect_str_eq(strstr(complaint, "main"), "main:1: wrong\n    one");
	zonefile_error(path, 4, "wrong", complaint, sizeof(complaint));
	cr_expect_str_eq(strstr(complaint, "main"), "main:4: wrong");
	zonefile_error("gone", 1, "wrong", complaint, sizeof(complaint));
	cr_expect_str_eq(complaint, "gone:1: wrong");
	folder_close(&folder);
}
