/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "server/control_internal.h"
#include "server/log.h"
#include "server/now.h"

/* A question, from control_ask() to the answer: it outlives a client that has
 * gone meanwhile. */
struct control_question {
	struct control *control;
	struct control_client *client; /* NULL: nobody waits for it any more */
	struct inquiry *inquiry; /* NULL: with the writer */
	int64_t asked_ms;
};

/* The writer's last act for an inquiry. */
static void
finish(struct inquiry *inquiry)
{
	struct control_question *question = inquiry->asker;

	mailbox_push(&question->control->answers, &inquiry->mail);
}

const char *
control_ask(struct control_client *client, struct inquiry *inquiry)
{
	struct control *control = client->control;
	struct control_question *question = NULL;
	const char *why = error_text(ERR_MEMORY);

	if (control->plan.ask == NULL)
		why = "this server has no roster to ask";
	else if (control->questions >= CONTROL_QUESTIONS)
		why = "the writer has too many questions to answer";
	else if (inquiry != NULL)
		question = calloc(1, sizeof(*question));
	if (question == NULL) {
		inquiry_free(inquiry);
		return why;
	}
	*question = (struct control_question){.control = control,
	    .client = client,
	    .asked_ms = now_monotonic_ms()};
	client->question = question;
	control->questions++;
	inquiry->mail.kind = MAIL_INQUIRY;
	inquiry->finish = finish;
	inquiry->asker = question;
	control->plan.ask(control->plan.arg, inquiry);
	return NULL;
}

enum control_answer
control_answer(
    struct control_client *client, int64_t limit_ms, struct inquiry **inquiry)
{
	struct control_question *question = client->question;

	if (question->inquiry != NULL) {
		*inquiry = question->inquiry;
		return ANSWER_HERE;
	}
	return now_monotonic_ms() - question->asked_ms < limit_ms
		   ? ANSWER_WAIT
		   : ANSWER_NEVER;
}

void
control_forget(struct control_client *client)
{
	struct control_question *question = client->question;

	client->question = NULL;
	if (question == NULL)
		return;
	question->client = NULL;
	/* With the writer: freed when the answer comes. */
	if (question->inquiry == NULL)
		return;
	inquiry_free(question->inquiry);
	free(question);
}

/* Whether there is somebody or nobody who waits for it, a wish that holds is
 * kept: each list is a newer one than those before it. */
static void
save_wishes(struct control *control, struct inquiry *inquiry)
{
	char text[256] = "";

	if (inquiry->kind != INQUIRY_FORCE || inquiry->err != OK)
		return;
	inquiry->err = force_save(
	    &inquiry->forced, control->plan.data, text, sizeof(text));
	if (inquiry->err == OK)
		return;
	snprintf(inquiry->text, sizeof(inquiry->text),
	    "it holds until a restart only: it could not be saved: %.190s",
	    text[0] != '\0' ? text : error_text(inquiry->err));
	log_write(LEVEL_ERROR, "control: force %s %s: %s", inquiry->pattern,
	    force_text(inquiry->state), inquiry->text);
}

void
control_take_answers(struct control *control)
{
	struct mail *mail = mailbox_take(&control->answers), *next;

	for (; mail != NULL; mail = next) {
		struct inquiry *inquiry = (struct inquiry *)mail;
		struct control_question *question = inquiry->asker;

		next = mail->next;
		control->questions--;
		save_wishes(control, inquiry);
		question->inquiry = inquiry;
		if (question->client == NULL) {
			inquiry_free(inquiry);
			free(question);
		}
	}
}
