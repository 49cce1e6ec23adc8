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
#include "server/loop.h"
#include "server/world.h"

#define MW_QUESTION_ROOM 1984 /* octets; Postfix's requests have some 700. A longer one gets room of its own. */

enum mw_question_state { MW_QUESTION_READING, MW_QUESTION_READY, MW_QUESTION_WAITING, MW_QUESTION_ANSWERED };

struct mw_question {
	struct mw_question *next; /* in a list of the batch, or in the pool */
	void *owner;              /* its connection; NULL: it was closed meanwhile */
	int fd;                   /* the connection's */
	enum mw_question_state state;
	bool listed;              /* in the batch */
	bool bad;                 /* what came is no request, for this reason */
	const char *why;
	bool kept;                /* counted by mw_question_keep() */
	bool has_waited;
	uint32_t room, fill;      /* octets of bytes: that there could be, that there are */
	uint32_t used;            /* of them, those of the request, once it is whole */
	uint32_t answer_len, answer_sent;
	char *bytes;              /* `small`, or a larger room */
	struct mw_request request;
	struct mw_world *world;   /* that it waits with; else NULL */
	struct mw_timer deadline; /* of the waiting */
	struct mw_batch *batch;   /* while it waits */
	void *waits_for;          /* what it waits for may keep something here */
	char answer[MW_ANSWER_WHOLE + 7];
	char small[MW_QUESTION_ROOM];
};

/* All zero before. */
struct mw_questions {
	struct mw_question *idle;
	void *chunks;
	void *rooms; /* larger ones that are idle */
	size_t kept, idle_rooms;
};

/* READING, without a byte. NULL when memory is out. Grows by several at once and keeps them: no allocation per request. */
struct mw_question *mw_question_take(struct mw_questions *questions, void *owner, int fd);
void mw_question_return(struct mw_questions *questions, struct mw_question *question);
void mw_questions_free(struct mw_questions *questions);

/* One that is not kept yet stays for longer than a turn of the loop, until it is returned. False: too many do already. */
#define MW_QUESTIONS_KEPT 4096
bool mw_question_keep(struct mw_questions *questions, struct mw_question *question);

enum mw_received {
	MW_RECEIVED_NOTHING, /* that was there */
	MW_RECEIVED_SOME,
	MW_RECEIVED_END,     /* or an error: the peer is gone */
	MW_RECEIVED_NO_ROOM  /* no memory for so long a request */
};
enum mw_received mw_question_receive(struct mw_questions *questions, struct mw_question *question);

/* READING: reads what came; READY once it is whole. False: it is no request, and *why_r says why. */
bool mw_question_read(struct mw_question *question, const char **why_r);

/* READY: facts, decision, log line, answer, by the world that it waited with, else the current one. False: it gets none;
   *why_r says why where the peer is to blame, else NULL. */
bool mw_question_judge(struct mw_question *question, struct mw_worlds *worlds, const char **why_r);

/* ANSWERED: sends what was not sent. False: the peer is gone. mw_question_is_sent(): all of it went out. */
bool mw_question_send(struct mw_question *question);
static inline bool mw_question_is_sent(const struct mw_question *question)
{
	return question->answer_sent == question->answer_len;
}

/* The answer went out: READING the next one. False: no byte of it is there yet, and the question is to be returned. */
bool mw_question_go_on(struct mw_question *question);

#endif
