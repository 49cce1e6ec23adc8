/* SPDX-License-Identifier: MIT */
#include "batch.h"

#include "server/log.h"

static void clear(struct mw_question_list *list)
{
	list->first = NULL;
	list->last = &list->first;
	list->count = 0;
}

static void append(struct mw_question_list *list, struct mw_question *question)
{
	question->next = NULL;
	question->listed = true;
	*list->last = question;
	list->last = &question->next;
	list->count++;
}

/* Takes all of a list, as a chain, and leaves the list empty. */
static struct mw_question *take_all(struct mw_question_list *list)
{
	struct mw_question *first = list->first;

	clear(list);
	return first;
}

void mw_batch_init(struct mw_batch *batch, struct mw_loop *loop, struct mw_worlds *worlds,
		   struct mw_questions *questions, const struct mw_waits *waits, struct mw_handover *handover,
		   mw_question_step_function *on_step)
{
	*batch = (struct mw_batch){ .loop = loop, .worlds = worlds, .questions = questions, .waits = waits,
				    .handover = handover, .on_step = on_step };
	clear(&batch->came);
	clear(&batch->answered);
}

/* The question stops waiting. */
static void end_waiting(struct mw_batch *batch, struct mw_question *question)
{
	mw_timer_stop(batch->loop, &question->deadline);
	batch->waiting--;
}

static void on_deadline(void *context)
{
	struct mw_question *question = context;
	struct mw_batch *batch = question->batch;

	batch->waits->forget(question);
	end_waiting(batch, question);
	question->state = MW_QUESTION_READY;
	batch->on_step(question, MW_STEP_NONE, "what a question waited for did not come within a second");
}

/* True: the question waits from now on, and keeps the world that serves now. */
static bool wait(struct mw_batch *batch, struct mw_question *question)
{
	if (batch->waits == NULL || question->has_waited || !batch->waits->begin(batch, question))
		return false;
	question->state = MW_QUESTION_WAITING;
	question->has_waited = true;
	question->world = mw_world_hold(batch->worlds->current);
	question->batch = batch;
	batch->waiting++;
	mw_timer_start(batch->loop, &question->deadline, batch->waits->most > 0 ? batch->waits->most : MW_WAITING_SECONDS,
		       false, on_deadline, question);
	return true;
}

void mw_batch_go_on(struct mw_batch *batch, struct mw_question *question)
{
	end_waiting(batch, question);
	question->state = MW_QUESTION_READY;
	append(&batch->came, question);
}

/* A question that has waited is decided with its own world, but with today's date and suspensions. */
static void look_again(struct mw_batch *batch, struct mw_question *question)
{
	if (question->world != NULL)
		mw_worlds_look_again(batch->worlds, question->world);
}

static void judge(struct mw_batch *batch, struct mw_question *question)
{
	const char *why;
	bool judged;

	if (wait(batch, question)) {
		batch->on_step(question, MW_STEP_WAITS, NULL);
		return;
	}
	look_again(batch, question);
	judged = mw_question_judge(question, batch->worlds, batch->handover, &why);
	mw_world_release(question->world);
	question->world = NULL;
	if (judged) {
		append(&batch->answered, question);
		return;
	}
	mw_log_flush();
	batch->on_step(question, MW_STEP_NONE, why);
}

/* Takes the next question of a chain off its list; NULL at the end. Questions whose connection was closed are
   passed over. */
static struct mw_question *next_of(struct mw_batch *batch, struct mw_question **chain_io)
{
	struct mw_question *question;

	while ((question = *chain_io) != NULL) {
		*chain_io = question->next;
		question->listed = false;
		if (question->owner != NULL)
			return question;
		mw_question_return(batch->questions, question);
	}
	return NULL;
}

/* The first pass: reads what came. A question whose request is whole is READY then, one with no request is `bad`. */
static void read_all(struct mw_question *chain)
{
	for (struct mw_question *question = chain; question != NULL; question = question->next) {
		if (question->owner != NULL && question->state == MW_QUESTION_READING)
			question->bad = !mw_question_read(question, &question->why);
	}
}

/* Reads all questions before the first is judged. */
static void judge_all(struct mw_batch *batch)
{
	struct mw_question *chain = take_all(&batch->came), *question;

	read_all(chain);
	while ((question = next_of(batch, &chain)) != NULL) {
		if (question->state == MW_QUESTION_READY)
			judge(batch, question);
		else
			batch->on_step(question, question->bad ? MW_STEP_NONE : MW_STEP_PARTIAL, question->why);
	}
}

/* A question that was stalled before and sent nothing more: the connection knows it already. */
static void send_one(struct mw_batch *batch, struct mw_question *question, bool stalled)
{
	uint32_t before = question->answer_sent;

	if (!mw_question_send(question)) {
		batch->on_step(question, MW_STEP_NONE, NULL);
		return;
	}
	if (!mw_question_is_sent(question)) {
		if (!stalled || question->answer_sent > before)
			batch->on_step(question, MW_STEP_STALLED, NULL);
		return;
	}
	if (mw_question_go_on(question))
		append(&batch->came, question);
	batch->on_step(question, MW_STEP_SENT, NULL);
}

/* The log is written before the answers are sent: if the process dies between the two, a question that was logged is
   asked again, whereas an answer without a line could never be explained. But a busy server would pay more for a write
   for each batch than for its lines. */
static void write_log(void *context)
{
	struct mw_batch *batch = context;

	if (!mw_log_flush_paced(mw_loop_now(batch->loop)) && !batch->log_due.started)
		mw_timer_start(batch->loop, &batch->log_due, MW_LOG_PAUSE, false, write_log, batch);
}

static void send_all(struct mw_batch *batch)
{
	struct mw_question *chain = take_all(&batch->answered), *question;

	write_log(batch);
	while ((question = next_of(batch, &chain)) != NULL)
		send_one(batch, question, false);
}

void mw_batch_resend(struct mw_batch *batch, struct mw_question *question)
{
	send_one(batch, question, true);
}

void mw_batch_add(struct mw_batch *batch, struct mw_question *question)
{
	append(&batch->came, question);
	if (batch->came.count < MW_BATCH_MOST)
		return;
	judge_all(batch);
	send_all(batch);
}

void mw_batch_deinit(struct mw_batch *batch)
{
	mw_timer_stop(batch->loop, &batch->log_due);
}

void mw_batch_settle(struct mw_batch *batch)
{
	do {
		judge_all(batch);
		send_all(batch);
	} while (batch->came.count > 0);
}

void mw_batch_forget(struct mw_batch *batch, struct mw_question *question)
{
	if (question->state == MW_QUESTION_WAITING) {
		batch->waits->forget(question);
		end_waiting(batch, question);
	}
	mw_world_release(question->world);
	question->world = NULL;
	question->owner = NULL;
	/* A question in a list is returned when the batch comes to it. */
	if (!question->listed)
		mw_question_return(batch->questions, question);
}
