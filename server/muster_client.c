/* SPDX-License-Identifier: Apache-2.0 */
#include "server/muster_client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/config.h"
#include "server/control_socket.h"
#include "server/server.h"
#include "server/table.h"

#define LOCAL_CONFIG "./muster.yaml"

void
muster_complain(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("muster: ", stderr);
	muster_print_text(stderr, text);
	fputc('\n', stderr);
}

void
muster_print_text(FILE *to, const char *text)
{
	const char *tab;

	/* Lines of a configuration are shown with their tabs. */
	for (; (tab = strchr(text, '\t')) != NULL; text = tab + 1) {
		char *part = strndup(text, (size_t)(tab - text));

		if (part != NULL)
			table_print_text(to, part);
		free(part);
		fputc('\t', to);
	}
	table_print_text(to, text);
}

/* --- where the socket is --- */

/* The configuration to look into: as musterd does, or the one here. */
static const char *
default_config(void)
{
	if (access(DEFAULT_CONFIG, F_OK) != 0 &&
	    access(LOCAL_CONFIG, F_OK) == 0)
		return LOCAL_CONFIG;
	return DEFAULT_CONFIG;
}

static char *
socket_from_config(const char *path)
{
	char text[CONFIG_TEXT_LEN] = "";
	struct config *config;
	char *socket;

	if (config_load(path, &config, text, sizeof(text)) != OK) {
		text[strcspn(text, "\n")] = '\0';
		muster_complain("%s", text);
		muster_complain("cannot tell where the socket is: name it with "
				"--socket, or the configuration with --config");
		return NULL;
	}
	socket = control_socket_path(config->server.data);
	config_free(config);
	if (socket == NULL)
		muster_complain("%s", error_text(ERR_MEMORY));
	return socket;
}

static bool
connect_to(struct muster_client *client)
{
	int fd;
	enum error err = control_socket_connect(client->path, &fd);

	if (err == ERR_NOT_FOUND) {
		muster_complain("no musterd listens on %s", client->path);
		return false;
	}
	if (err != OK) {
		muster_complain("%s: %s", client->path, strerror(errno));
		return false;
	}
	client->in = fdopen(fd, "r");
	if (client->in == NULL) {
		muster_complain("%s", strerror(errno));
		close(fd);
		return false;
	}
	return true;
}

bool
muster_client_open(
    struct muster_client *client, const char *socket, const char *config)
{
	*client = (struct muster_client){.in = NULL};
	if (socket != NULL)
		client->path = strdup(socket);
	else
		client->path =
		    socket_from_config(config ? config : default_config());
	if (client->path != NULL && connect_to(client))
		return true;
	muster_client_close(client);
	return false;
}

void
muster_client_close(struct muster_client *client)
{
	if (client->in != NULL)
		fclose(client->in);
	free(client->line);
	free(client->path);
	*client = (struct muster_client){.in = NULL};
}

/* --- questions and answers --- */

static bool
send_all(int fd, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, octets, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		octets += n;
		len -= (size_t)n;
	}
	return true;
}

bool
muster_client_ask(struct muster_client *client, json_t *request)
{
	int fd = fileno(client->in);
	char *line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	bool ok;

	json_decref(request);
	if (line == NULL) {
		muster_complain("%s", error_text(ERR_MEMORY));
		return false;
	}
	ok = send_all(fd, line, strlen(line)) && send_all(fd, "\n", 1);
	free(line);
	if (!ok)
		muster_complain("%s: %s", client->path, strerror(errno));
	return ok;
}

enum muster_line
muster_client_next(struct muster_client *client, json_t **value)
{
	const char *error;
	json_error_t where;
	json_t *line;

	if (getline(&client->line, &client->line_room, client->in) < 0) {
		muster_complain("%s: the connection broke off before the end "
				"of the answer",
		    client->path);
		return LINE_FAILED;
	}
	line = json_loads(client->line, 0, &where);
	if (!json_is_object(line)) {
		muster_complain(
		    "%s: this is no answer of musterd", client->path);
		json_decref(line);
		return LINE_FAILED;
	}
	if (json_is_true(json_object_get(line, "done"))) {
		json_decref(line);
		return LINE_DONE;
	}
	error = json_string_value(json_object_get(line, "error"));
	if (error != NULL && json_object_size(line) == 1) {
		muster_complain("%s", error);
		json_decref(line);
		return LINE_FAILED;
	}
	*value = line;
	client->lines++;
	return LINE_DATA;
}
