/* SPDX-License-Identifier: Apache-2.0 */
#include "server/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Keeps this process from filling the pipe between another thread's poll()
 * and its write(). */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static uint64_t lost; /* lines, since the last one written */

static bool to_journal; /* set by log_open(), constant afterwards */
static _Atomic int highest = LEVEL_INFO;

static const char *const words[] = {
    [LEVEL_ERROR] = "error",
    [LEVEL_WARNING] = "warning",
    [LEVEL_NOTICE] = "notice",
    [LEVEL_INFO] = "info",
    [LEVEL_DEBUG] = "debug",
};

/* Whether standard error is the stream that systemd named. */
void
log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	to_journal = stream != NULL &&
		     sscanf(stream, "%ju:%ju", &dev, &ino) == 2 &&
		     fstat(STDERR_FILENO, &st) == 0 && dev == st.st_dev &&
		     ino == st.st_ino;
}

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&highest, (int)level, memory_order_relaxed);
}

bool
log_is_on(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&highest, memory_order_relaxed);
}

/* Writes what stands before the text; returns its length. */
static size_t
put_prefix(char *line, size_t cap, enum log_level level)
{
	struct timespec t;
	struct tm tm;
	size_t len;

	if (to_journal)
		return (size_t)snprintf(line, cap, "<%d>", (int)level);
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	len = strftime(line, cap, "%Y-%m-%dT%H:%M:%S", &tm);
	return len + (size_t)snprintf(line + len, cap - len,
			 ".%03ldZ %s: ", t.tv_nsec / 1000000, words[level]);
}

/* Copies text, with everything that could end or disguise the line escaped;
 * returns the length, at most cap. */
static size_t
put_text(char *line, size_t cap, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 0;

	for (; *text != '\0' && len + 4 <= cap; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c != 127) {
			line[len++] = *text;
			continue;
		}
		line[len++] = '\\';
		line[len++] = 'x';
		line[len++] = hex[c >> 4];
		line[len++] = hex[c & 15];
	}
	return len;
}

/* Writes a finished line unless that would block. */
static bool
emit(const char *line, size_t len)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
	ssize_t n;

	if (poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0)
		return false;
	do
		n = write(STDERR_FILENO, line, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

static void
write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_LEN], note[80];
	size_t len;

	pthread_mutex_lock(&writing);
	if (lost > 0) {
		len = put_prefix(note, sizeof(note), LEVEL_WARNING);
		len += (size_t)snprintf(note + len, sizeof(note) - len,
		    "%" PRIu64 " log lines lost\n", lost);
		if (emit(note, len))
			lost = 0;
	}
	len = put_prefix(line, sizeof(line), level);
	len += put_text(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';
	if (!emit(line, len))
		lost++;
	pthread_mutex_unlock(&writing);
}

void
log_write(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_LEN];
	va_list args;

	if (!log_is_on(level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write_line(level, text);
}

void
log_lines(enum log_level level, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		log_write(level, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

bool
log_limit_pass(struct log_limit *limit, int64_t now_ms, uint32_t *skipped)
{
	int64_t second = now_ms / 1000;

	/* Two threads that start a second together may let a few more pass:
	 * harmless, and cheaper than being exact. */
	if (atomic_exchange_explicit(
		&limit->second, second, memory_order_relaxed) != second)
		atomic_store_explicit(&limit->count, 0, memory_order_relaxed);
	if (atomic_fetch_add_explicit(&limit->count, 1, memory_order_relaxed) >=
	    limit->burst) {
		atomic_fetch_add_explicit(
		    &limit->skipped, 1, memory_order_relaxed);
		return false;
	}
	*skipped =
	    atomic_exchange_explicit(&limit->skipped, 0, memory_order_relaxed);
	return true;
}
