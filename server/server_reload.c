/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "server/control.h"
#include "server/log.h"
#include "server/server_internal.h"
#include "server/socket.h"
#include "server/writer.h"
#include "zones/snapshot.h"

/* What is said of a reload goes to the log, and to who asked for it. */
struct account {
	char text[2 * CONFIG_TEXT_LEN];
	size_t len;
};

static void
tell(struct account *account, enum log_level level, const char *text)
{
	size_t room = sizeof(account->text) - account->len;
	int len;

	log_lines(level, text);
	if (text[0] == '\0')
		return;
	len = snprintf(account->text + account->len, room, "%s%s", text,
	    text[strlen(text) - 1] == '\n' ? "" : "\n");
	if (len > 0)
		account->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void
free_config(void *config)
{
	config_free(config);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_addresses(const struct config_server *a, const struct config_server *b)
{
	char one[SOCKET_NAME_LEN], other[SOCKET_NAME_LEN];

	if (a->listen_count != b->listen_count)
		return false;
	for (size_t i = 0; i < a->listen_count; i++) {
		socket_print(&a->listen[i], one);
		socket_print(&b->listen[i], other);
		if (strcmp(one, other) != 0)
			return false;
	}
	return true;
}

/* Whether the new configuration asks for what is fixed at the start. */
static bool
needs_restart(const struct config_server *old, const struct config_server *new)
{
	return !same_addresses(old, new) || old->workers != new->workers ||
	       !same_text(old->data, new->data) ||
	       !same_text(old->user, new->user) ||
	       old->tcp_clients != new->tcp_clients ||
	       old->tcp_clients_per_address != new->tcp_clients_per_address ||
	       old->tcp_pipeline != new->tcp_pipeline ||
	       old->tcp_idle_ms != new->tcp_idle_ms;
}

/* All stays as it was: says so, and why. */
static bool
fail(struct server *server, struct account *account, enum error err)
{
	tell(account, LEVEL_ERROR,
	    server->text[0] != '\0' ? server->text : error_text(err));
	tell(account, LEVEL_ERROR, "not reloaded: all stays as it was");
	return false;
}

/* Whether all went well: false also if only some zones stay as they were. */
static bool
reload(struct server *server, struct account *account)
{
	struct config *next;
	enum error err = config_load(
	    server->config_path, &next, server->text, sizeof(server->text));

	if (err != OK)
		return fail(server, account, err);
	tell(account, LEVEL_WARNING, server->text);
	if (needs_restart(&server->config->server, &next->server))
		tell(account, LEVEL_WARNING,
		    "changes under server: (addresses, workers, data, user, "
		    "TCP limits) take effect after a restart");
	server->text[0] = '\0';
	err = writer_reload(
	    server->writer, next, server->text, sizeof(server->text));
	if (err != OK) {
		config_free(next);
		return fail(server, account, err);
	}
	tell(account, LEVEL_ERROR, server->text);
	/* Readers may be in a snapshot that was made from it. */
	snapshot_defer(server->hub, free_config, server->config);
	server->config = next;
	log_write(LEVEL_NOTICE, "reloaded %s", server->config_path);
	return server->text[0] == '\0';
}

void
server_reload(struct server *server)
{
	uint64_t begun = control_reload_begins(server->control);
	struct account account = {.len = 0};
	bool ok;

	server->text[0] = '\0';
	ok = reload(server, &account);
	control_reload_ends(server->control, begun, ok, account.text);
}
