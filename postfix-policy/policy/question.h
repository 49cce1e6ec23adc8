/* One question of a policy connection, from its first byte to the last of its answer:

     READING    bytes come
     READY      the request is whole
     WAITING    for what waits.h is about; goes back to READY
     ANSWERED   the answer is there, or a part of it went out already

   A connection has one at a time, and only while it needs it: ten thousand idle connections hold none. Requests that were
   sent ahead stay behind it as bytes, so that answers keep their order. Nothing is remembered from one to the next. */
#ifndef MW_POSTFIX_QUESTION_H
#define MW_POSTFIX_QUESTION_H

#include "postfix/answer.h"
#include "postfix/request.h"
#include "server/handover.h"
#include "server/loop.h"
#include "server/world.h"

#define MW_QUESTION_ROOM 1984 /* octets; Postfix's requests have some 700. A longer one gets a larger buffer. */

enum mw_question_state { MW_QUESTION_READING, MW_QUESTION_READY, MW_QUESTION_WAITING, MW_QUESTION_ANSWERED };

struct mw_question {
	struct mw_question *next; /* the next in a list of the batch, or in the pool */
	void *owner;              /* its connection; NULL: it was closed meanwhile */
	int fd;                   /* the connection's */
	enum mw_question_state state;
	bool listed;              /* it is in a list of the batch */
	bool bad;                 /* the bytes are no request */
	const char *why;          /* if it is bad, what is wrong; static */
	bool kept;                /* counted by mw_question_keep() */
	bool has_waited;
	uint32_t room, fill;      /* octets: the size of `bytes`, and how many are filled */
	uint32_t used;            /* octets of the request, once it is whole */
	uint32_t answer_len, answer_sent;
	char *bytes;              /* `small`, or a larger buffer */
	struct mw_request request;
	struct mw_world *world;   /* the world that it keeps while it waits; else NULL */
	struct mw_timer deadline; /* ends the waiting */
	struct mw_batch *batch;   /* while it waits */
	void *waits_for;          /* for the functions of waits.h */
	char answer[MW_ANSWER_WHOLE + 7];
	char small[MW_QUESTION_ROOM];
};

/* Zeroed memory before mw_questions_init(). */
struct mw_questions {
	struct mw_question *idle;
	void *chunks;
	void *rooms; /* idle larger buffers */
	size_t kept, idle_rooms;
};

/* A new question: READING, without a byte. NULL when memory is out. The pool grows by several at once and keeps
   them, so that a request allocates nothing. */
struct mw_question *mw_question_take(struct mw_questions *questions, void *owner, int fd);
void mw_question_return(struct mw_questions *questions, struct mw_question *question);
void mw_questions_free(struct mw_questions *questions);

/* Keeps a question beyond this turn of the loop, until it is returned. False: too many are kept already. */
#define MW_QUESTIONS_KEPT 4096
bool mw_question_keep(struct mw_questions *questions, struct mw_question *question);

enum mw_received {
	MW_RECEIVED_NOTHING, /* all that had come was read */
	MW_RECEIVED_SOME,
	MW_RECEIVED_END,     /* the peer closed, or an error */
	MW_RECEIVED_NO_ROOM  /* no memory for a request of this length */
};
enum mw_received mw_question_receive(struct mw_questions *questions, struct mw_question *question);

/* READING: reads what came; the state is READY once the request is whole. False: it is no request, and *why_r says
   why. */
bool mw_question_read(struct mw_question *question, const char **why_r);

/* READY: makes facts, decision, log line and answer with the world that the question kept, else with the current
   one, and leaves in `handover` (NULL: there is no milter) what the milter has to know. False: it gets no answer; *why_r
   says why where the peer is to blame, else NULL. */
bool mw_question_judge(struct mw_question *question, struct mw_worlds *worlds, struct mw_handover *handover,
		       const char **why_r);

/* ANSWERED: sends the rest of the answer. False: the peer is gone. mw_question_is_sent(): all of it was sent. */
bool mw_question_send(struct mw_question *question);
static inline bool mw_question_is_sent(const struct mw_question *question)
{
	return question->answer_sent == question->answer_len;
}

/* After the answer: READING the next request. False: no byte of it is there yet, and the question is to be
   returned. */
bool mw_question_go_on(struct mw_question *question);

#endif
