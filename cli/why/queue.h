/* The user's messages by their queue id, from "client=" to the end of their way: Postfix names the user once only. Of a
   message without a login only the sender says whose it is: its story is told at once, when it is known whether a content
   filter gave back with it a message of the user that is told already. */
#ifndef MW_CLI_WHY_QUEUE_H
#define MW_CLI_WHY_QUEUE_H

#include "why/event.h"

#define MW_WHY_DELETED "postsuper -d" /* in the reply of a message that an administrator deleted (MW_WHY_HELD) */

struct mw_why_queue;

/* `tell` is called with the events of messages that are the user's by their sender. NULL: out of memory. */
struct mw_why_queue *mw_why_queue_new(void (*tell)(void *context, const struct mw_why_event *event), void *context);
void mw_why_queue_free(struct mw_why_queue *queue);
/* A message of the user begins (MW_WHY_BEGUN): nothing says yet that it is accepted. */
void mw_why_queue_begin(struct mw_why_queue *queue, const struct mw_why_event *event);
/* A message of the user (MW_WHY_SUBMITTED) was accepted, as Dovecot's submission service says, behind what Postfix said of it:
   it may be known by its sender already. */
void mw_why_queue_claim(struct mw_why_queue *queue, const struct mw_why_event *event);
/* A message begins without a login, or with one of somebody else: its sender is told later. */
void mw_why_queue_see(struct mw_why_queue *queue, const struct mw_why_event *event);
/* A line says that the sender of a message is the user's. It is followed from here on, unless somebody else logged in. */
void mw_why_queue_adopt(struct mw_why_queue *queue, struct mw_str id, struct mw_str sender);
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
/* Tells what it has of messages that are the user's by their sender. */
void mw_why_queue_tell(struct mw_why_queue *queue);
/* Those of whose acceptance, or of whose delivery, the log shows nothing, one a call. *at_io begins with 0. */
bool mw_why_queue_left(struct mw_why_queue *queue, size_t *at_io, struct mw_why_event *event_r);

#endif
