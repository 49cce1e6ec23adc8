/* The user's messages by their queue id, from "client=" to the end of their way: Postfix names the user once only. */
#ifndef MW_CLI_WHY_QUEUE_H
#define MW_CLI_WHY_QUEUE_H

#include "why/event.h"

struct mw_why_queue;

struct mw_why_queue *mw_why_queue_new(void); /* NULL: out of memory */
void mw_why_queue_free(struct mw_why_queue *queue);
/* A message of the user begins (MW_WHY_BEGUN): nothing says yet that it is accepted. */
void mw_why_queue_begin(struct mw_why_queue *queue, const struct mw_why_event *event);
/* A message that was given back by a content filter: `id` is a message that is known already. False: it is not. */
bool mw_why_queue_continue(struct mw_why_queue *queue, struct mw_str id, struct mw_str earlier);
/* What a line of any of Postfix's programs tells about a message of the user. False: nothing, or of no such message. */
bool mw_why_queue_line(struct mw_why_queue *queue, const struct mw_why_line *line, struct mw_why_event *event_r);
/* Whether it says why a whole message was not accepted. */
bool mw_why_refuses_message(const struct mw_why_event *event);
/* The end of smtpd's session tells about its last message, event->queue. True: *event_r tells it. */
bool mw_why_queue_session(struct mw_why_queue *queue, const struct mw_why_event *event, struct mw_why_event *event_r);
/* Whether it is a message of the user, and accepted or refused already. */
bool mw_why_queue_settled(struct mw_why_queue *queue, struct mw_str id);
/* Those of whose acceptance the log shows nothing, one a call. *at_io begins with 0. */
bool mw_why_queue_left(struct mw_why_queue *queue, size_t *at_io, struct mw_why_event *event_r);

#endif
