/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/client/lookup.h"

#include <stdlib.h>

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- names --- */

static enum error
add_candidate(struct lookup *lookup, const char *text, const uint8_t *origin)
{
	enum error err = name_from_text(
	    text, origin, &lookup->candidate[lookup->candidates]);

	if (err != OK)
		return err;
	/* The root is nobody's service. */
	if (lookup->candidate[lookup->candidates].len == 1)
		return ERR_SYNTAX;
	lookup->candidates++;
	return OK;
}

static unsigned
count_dots(const char *text)
{
	unsigned dots = 0;

	for (; *text != '\0'; text++)
		dots += *text == '.';
	return dots;
}

/* The names to try, as resolvers do: as it is first or last, by its dots.  A
 * name with a final dot comes out of each domain as it is. */
static enum error
add_candidates(
    struct lookup *lookup, const char *text, const struct lookup_search *search)
{
	bool first = count_dots(text) >= search->ndots;
	bool complete = text[0] != '\0' && text[strlen(text) - 1] == '.';
	enum error err = OK;

	if (text[0] == '\0')
		return ERR_SYNTAX;
	if (first || complete)
		err = add_candidate(lookup, text, NULL);
	if (err != OK || complete)
		return err;
	/* One that is too long with a domain is no candidate. */
	for (size_t i = 0; i < search->count; i++)
		if (add_candidate(lookup, text, search->domain[i].wire) ==
		    ERR_SYNTAX)
			return ERR_SYNTAX;
	return first ? OK : add_candidate(lookup, text, NULL);
}

enum error
lookup_new(const char *service, const struct lookup_search *search,
    struct lookup **out)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	enum error err;

	if (lookup == NULL)
		return ERR_MEMORY;
	err = add_candidates(lookup, service, search);
	if (err != OK) {
		free(lookup);
		return err;
	}
	lookup->ttl_s = UINT32_MAX;
	*out = lookup;
	return OK;
}

void
lookup_free(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	srv_answer_fini(&lookup->answer);
	free(lookup);
}

/* The host behind a service: RFC 2782's Name, without _Service and _Proto. */
static const uint8_t *
host_of(const uint8_t *name)
{
	while (name[0] > 0 && name[1] == '_')
		name = name_strip(name, 1);
	return name;
}

/* --- questions --- */

static void
done(struct lookup *lookup, enum muster_status status)
{
	lookup->stage = LOOKUP_DONE;
	lookup->status = status;
}

static void
ask(struct lookup *lookup, const uint8_t *name, uint16_t type, unsigned target)
{
	struct lookup_question *question =
	    &lookup->questions[lookup->questions_count++];

	*question = (struct lookup_question){
	    .lookup = lookup,
	    .type = type,
	    .target = (uint8_t)target,
	};
	name_set(&question->name, name);
	lookup->pending++;
	lookup->ask(lookup->arg, question);
}

static void
ask_addresses(struct lookup *lookup, const uint8_t *host, unsigned target)
{
	name_set(&lookup->targets[target], host);
	host = lookup->targets[target].wire;
	if (lookup->family != AF_INET)
		ask(lookup, host, TYPE_AAAA, target);
	if (lookup->family != AF_INET6)
		ask(lookup, host, TYPE_A, target);
}

/* --- stages --- */

static void
begin_stage(struct lookup *lookup, enum lookup_stage stage)
{
	lookup->stage = stage;
	lookup->questions_count = 0;
	lookup->silent = lookup->failed = 0;
}

static void finish_stage(struct lookup *);

/* Questions may be answered while more are asked; the stage is over when all
 * are. */
static void
hold_stage(struct lookup *lookup)
{
	lookup->pending++;
}

static void
release_stage(struct lookup *lookup)
{
	if (--lookup->pending == 0)
		finish_stage(lookup);
}

static void
begin_srv(struct lookup *lookup)
{
	begin_stage(lookup, LOOKUP_SRV);
	hold_stage(lookup);
	ask(lookup, lookup->candidate[lookup->at].wire, TYPE_SRV, 0);
	release_stage(lookup);
}

static void
begin_host(struct lookup *lookup)
{
	const uint8_t *host = host_of(lookup->candidate[lookup->at].wire);

	begin_stage(lookup, LOOKUP_HOST);
	hold_stage(lookup);
	if (host[0] != 0)
		ask_addresses(lookup, host, 0);
	release_stage(lookup);
}

/* The best priorities first, in the order of the server. */
static int
compare(const void *left, const void *right)
{
	const struct srv_record *a = left, *b = right;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static bool
is_asked(const struct lookup *lookup, const uint8_t *host, unsigned targets)
{
	for (unsigned i = 0; i < targets; i++)
		if (name_equal(lookup->targets[i].wire, host))
			return true;
	return false;
}

static void
begin_targets(struct lookup *lookup)
{
	const struct srv_answer *answer = &lookup->answer;
	unsigned targets = 0;

	begin_stage(lookup, LOOKUP_TARGETS);
	qsort(answer->records, answer->records_count,
	    sizeof(answer->records[0]), compare);
	hold_stage(lookup);
	for (size_t i = 0;
	     i < answer->records_count && targets < LOOKUP_TARGETS_MAX; i++) {
		/* What is answered meanwhile may grow the array of addresses,
		 * never that of records. */
		const uint8_t *host = answer->records[i].target.wire;

		if (!srv_answer_has_address(answer, host) &&
		    !is_asked(lookup, host, targets))
			ask_addresses(lookup, host, targets++);
	}
	release_stage(lookup);
}

/* Addresses that came along are not all of the family that is wanted. */
static void
drop_family(struct srv_answer *answer, int family)
{
	size_t kept = 0;

	for (size_t i = 0; i < answer->addresses_count; i++)
		if (family == 0 || (answer->addresses[i].type == TYPE_A) ==
				       (family == AF_INET))
			answer->addresses[kept++] = answer->addresses[i];
	answer->addresses_count = kept;
}

/* --- answers --- */

static void
count_failure(struct lookup *lookup, enum lookup_reply reply)
{
	if (reply == LOOKUP_SILENT)
		lookup->silent++;
	else
		lookup->failed++;
}

/* Takes over what an answer for addresses says, under the name of the target
 * (the chain that led to them may be longer than one answer). */
static void
take_addresses(struct lookup *lookup, const struct lookup_question *question,
    const struct srv_answer *from)
{
	for (size_t i = 0; i < from->addresses_count; i++)
		if (!srv_answer_add_address(&lookup->answer,
			lookup->targets[question->target].wire,
			from->addresses[i].type, from->addresses[i].octets))
			lookup->failed++;
}

static void
take_records(struct lookup *lookup, struct srv_answer *from)
{
	srv_answer_fini(&lookup->answer);
	lookup->answer = *from;
	*from = (struct srv_answer){.records = NULL};
}

/* Asks the same of where a chain leads; false if it is too long. */
static bool
chase(struct lookup_question *question, const uint8_t *end)
{
	if (++question->steps > SRV_CHAIN_MAX)
		return false;
	name_set(&question->name, end);
	question->lookup->ask(question->lookup->arg, question);
	return true;
}

/* What an answer means; true if the question goes on. */
static bool
take_answer(
    struct lookup_question *question, const uint8_t *message, size_t len)
{
	struct lookup *lookup = question->lookup;
	struct srv_answer answer = {.records = NULL};
	bool goes_on = false;

	switch (srv_read(
	    message, len, question->name.wire, question->type, &answer)) {
	case SRV_CHASE:
		lookup->ttl_s = least(lookup->ttl_s, answer.ttl_s);
		goes_on = chase(question, answer.end.wire);
		break;
	case SRV_FOUND:
		lookup->ttl_s = least(lookup->ttl_s, answer.ttl_s);
		if (question->type == TYPE_SRV)
			take_records(lookup, &answer);
		else
			take_addresses(lookup, question, &answer);
		break;
	case SRV_NONE:
		/* That there is no AAAA beside an A says nothing of how long
		 * the A holds. */
		if (question->type == TYPE_SRV)
			lookup->ttl_s = least(lookup->ttl_s, answer.ttl_s);
		break;
	case SRV_SERVFAIL:
	case SRV_MALFORMED:
	case SRV_MEMORY:
		lookup->failed++;
		break;
	}
	srv_answer_fini(&answer);
	return goes_on;
}

void
lookup_answered(struct lookup_question *question, enum lookup_reply reply,
    const uint8_t *message, size_t len)
{
	struct lookup *lookup = question->lookup;

	if (reply != LOOKUP_ANSWERED)
		count_failure(lookup, reply);
	else if (take_answer(question, message, len))
		return;
	release_stage(lookup);
}

/* --- what follows --- */

static bool
has_failures(const struct lookup *lookup)
{
	return lookup->silent + lookup->failed > 0;
}

static enum muster_status
failure(const struct lookup *lookup)
{
	return lookup->failed > 0 ? MUSTER_DNS_FAILED : MUSTER_DNS_SILENT;
}

static void
finish_srv(struct lookup *lookup)
{
	if (has_failures(lookup)) {
		/* It is not known that there is no SRV record. */
		done(lookup, failure(lookup));
	} else if (lookup->answer.records_count > 0) {
		if (srv_answer_drop_roots(&lookup->answer))
			done(lookup, MUSTER_UNAVAILABLE);
		else
			begin_targets(lookup);
	} else if (++lookup->at < lookup->candidates) {
		begin_srv(lookup);
	} else if (lookup->default_port != 0) {
		lookup->at = 0;
		begin_host(lookup);
	} else {
		done(lookup, MUSTER_NOT_FOUND);
	}
}

static void
finish_targets(struct lookup *lookup)
{
	drop_family(&lookup->answer, lookup->family);
	if (lookup->answer.addresses_count == 0) {
		done(lookup,
		    has_failures(lookup) ? failure(lookup) : MUSTER_NO_ADDRESS);
		return;
	}
	if (has_failures(lookup))
		lookup->ttl_s = least(lookup->ttl_s, LOOKUP_PARTIAL_TTL_S);
	done(lookup, MUSTER_OK);
}

/* The host as the one instance of the service (RFC 2782: no SRV at all). */
static bool
make_record(struct lookup *lookup)
{
	struct srv_record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		return false;
	record->port = lookup->default_port;
	record->target = lookup->targets[0];
	free(lookup->answer.records);
	lookup->answer.records = record;
	lookup->answer.records_count = 1;
	return true;
}

static void
finish_host(struct lookup *lookup)
{
	if (lookup->answer.addresses_count > 0) {
		if (has_failures(lookup))
			lookup->ttl_s =
			    least(lookup->ttl_s, LOOKUP_PARTIAL_TTL_S);
		done(
		    lookup, make_record(lookup) ? MUSTER_OK : MUSTER_NO_MEMORY);
	} else if (has_failures(lookup)) {
		done(lookup, failure(lookup));
	} else if (++lookup->at < lookup->candidates) {
		begin_host(lookup);
	} else {
		done(lookup, MUSTER_NOT_FOUND);
	}
}

static void
finish_stage(struct lookup *lookup)
{
	switch (lookup->stage) {
	case LOOKUP_SRV:
		finish_srv(lookup);
		break;
	case LOOKUP_TARGETS:
		finish_targets(lookup);
		break;
	case LOOKUP_HOST:
		finish_host(lookup);
		break;
	case LOOKUP_DONE:
		break;
	}
}

bool
lookup_has_failed(const struct lookup *lookup)
{
	return lookup->status == MUSTER_DNS_SILENT ||
	       lookup->status == MUSTER_DNS_FAILED ||
	       lookup->status == MUSTER_NO_MEMORY;
}

void
lookup_start(struct lookup *lookup)
{
	begin_srv(lookup);
}
