/* muster_client.h - muster's side of the control socket.
 *
 * Threads:   one.
 * Ownership: muster_client_close() ends the connection.
 * Units:     none.
 * Errors:    false, after one line on standard error.
 */
#ifndef SERVER_MUSTER_CLIENT_H
#define SERVER_MUSTER_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct muster_client {
	char *path; /* of the socket */
	FILE *in;
	char *line; /* of the answer, as it came */
	size_t line_room;
	size_t lines; /* of answers, so far */
};

/* What a line of an answer is. */
enum muster_line {
	LINE_DATA,
	LINE_DONE,
	LINE_FAILED, /* said why */
};

/* Connects to the socket, or to that of the server with this configuration
 * if socket is NULL; to that of the default one if both are. */
bool muster_client_open(
    struct muster_client *, const char *socket, const char *config);
void muster_client_close(struct muster_client *);

/* Sends a request and releases it (stolen reference). */
bool muster_client_ask(struct muster_client *, json_t *request);

/* Reads a line of the answer; with LINE_DATA *value is the caller's to
 * release, and client->line is its text. */
enum muster_line muster_client_next(struct muster_client *, json_t **value);

/* One line on standard error, "muster: ...". */
void muster_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Prints a text from the server, or a file, without what controls terminals. */
void muster_print_text(FILE *, const char *text);

#endif
