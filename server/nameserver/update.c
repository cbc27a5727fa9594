/* SPDX-License-Identifier: Apache-2.0 */
#include "server/nameserver/update.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct update *
update_new(const struct message *m, const struct edns *edns,
    const struct tsig *tsig, const struct request *req)
{
	struct update *u = malloc(sizeof(*u) + m->len);

	if (u == NULL)
		return NULL;
	u->next = NULL;
	memset(&u->route, 0, sizeof(u->route));
	u->tcp = req->tcp;
	u->peer = *req->peer;
	u->message = *m;
	u->message.in = u->in;
	u->edns = *edns;
	u->tsig = *tsig;
	u->forward = NULL;
	u->rcode = RCODE_SERVFAIL;
	u->ede = EDE_NONE;
	u->granted_s = 0;
	u->key_granted_s = 0;
	u->reason[0] = '\0';
	u->in_len = m->len;
	memcpy(u->in, m->in, m->len);
	return u;
}

void
update_free(struct update *u)
{
	free(u);
}

void
update_fail(
    struct update *u, enum rcode rcode, enum ede ede, const char *format, ...)
{
	va_list args;

	u->rcode = rcode;
	u->ede = ede;
	va_start(args, format);
	vsnprintf(u->reason, sizeof(u->reason), format, args);
	va_end(args);
}
