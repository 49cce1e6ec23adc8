/* The questions of a turn of the loop, together: all that came are read, they are judged, and their answers are
   sent. What the processor needs for each of these passes then stays in its caches from one question to the next;
   and an answer wakes a process that waits for it: sent one by one, between the questions of others, they would make
   the peers fall asleep and wake for every one of them. The lines of the decision log are written together too, before
   the first of the answers is sent; while there are more batches than writes a second (mw_log_flush_paced()) together
   with those of the next ones. */
#ifndef MW_POSTFIX_BATCH_H
#define MW_POSTFIX_BATCH_H

#include "waits.h"

#define MW_BATCH_MOST 64 /* questions; as many events as a turn usually has */

/* What became of a question, for its connection. */
enum mw_question_step {
	MW_STEP_PARTIAL, /* more bytes have to come */
	MW_STEP_WAITS,
	MW_STEP_STALLED, /* the peer took a part of the answer, or nothing */
	MW_STEP_SENT,    /* its answer; where it is listed it is READING the next one, else it is to be returned */
	MW_STEP_NONE     /* it gets no answer: the connection has to be closed; `why` where the peer is to blame, else NULL */
};
/* A function that closes the connection calls mw_batch_forget(). */
typedef void mw_question_step_function(struct mw_question *question, enum mw_question_step step, const char *why);

struct mw_question_list {
	struct mw_question *first, **last;
	size_t count;
};

struct mw_batch {
	struct mw_loop *loop;
	struct mw_worlds *worlds;
	struct mw_questions *questions;
	const struct mw_waits *waits;
	struct mw_handover *handover; /* NULL: there is no milter */
	mw_question_step_function *on_step;
	struct mw_question_list came;     /* READING, with bytes that nobody read; or READY after it has waited */
	struct mw_question_list answered; /* to be sent */
	size_t waiting;
	struct mw_timer log_due; /* lines of the decision log wait to be written */
};

void mw_batch_init(struct mw_batch *batch, struct mw_loop *loop, struct mw_worlds *worlds,
		   struct mw_questions *questions, const struct mw_waits *waits, struct mw_handover *handover,
		   mw_question_step_function *on_step);

/* Bytes came. Once there are MW_BATCH_MOST they are answered at once. */
void mw_batch_add(struct mw_batch *batch, struct mw_question *question);
/* What it waited for is there: it is judged at the end of the turn, with the world that it was begun with, where by now
   somebody may be suspended. */
void mw_batch_go_on(struct mw_batch *batch, struct mw_question *question);

/* One that is stalled: sends more of its answer. */
void mw_batch_resend(struct mw_batch *batch, struct mw_question *question);

/* Stops its timer. What is logged and not written yet is the caller's to flush. */
void mw_batch_deinit(struct mw_batch *batch);

/* At the end of a turn of the loop: reads, judges and sends all. Nothing is in the batch afterwards; connections may have
   been closed. */
void mw_batch_settle(struct mw_batch *batch);

/* The connection is closed: whatever state the question is in, nothing more happens to it, and it is returned. */
void mw_batch_forget(struct mw_batch *batch, struct mw_question *question);

#endif
