/* SPDX-License-Identifier: MIT */
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "postfix/facts.h"
#include "server/decision_log.h"

#define AT_ONCE 16
#define ROOMS_IDLE 16 /* larger buffers that are kept for reuse */

struct chunk {
	struct chunk *next;
	struct mw_question items[AT_ONCE];
};

struct large {
	struct large *next; /* while it is in the list of idle ones */
};

static bool grow(struct mw_questions *questions)
{
	struct chunk *chunk = malloc(sizeof(*chunk));

	if (chunk == NULL)
		return false;
	chunk->next = questions->chunks;
	questions->chunks = chunk;
	for (size_t i = AT_ONCE; i-- > 0;) {
		chunk->items[i].next = questions->idle;
		questions->idle = &chunk->items[i];
	}
	return true;
}

struct mw_question *mw_question_take(struct mw_questions *questions, void *owner, int fd)
{
	struct mw_question *question;

	if (questions->idle == NULL && !grow(questions))
		return NULL;
	question = questions->idle;
	questions->idle = question->next;
	question->next = NULL;
	question->owner = owner;
	question->fd = fd;
	question->state = MW_QUESTION_READING;
	question->listed = question->kept = question->has_waited = question->bad = false;
	question->room = sizeof(question->small);
	question->fill = question->used = 0;
	question->answer_len = question->answer_sent = 0;
	question->bytes = question->small;
	question->world = NULL;
	question->deadline.started = false;
	question->waits_for = NULL;
	mw_request_init(&question->request);
	return question;
}

/* Mapped, not allocated: pages that no request reaches take no memory. */
static struct large *take_room(struct mw_questions *questions)
{
	struct large *room = questions->rooms;

	if (room != NULL) {
		questions->rooms = room->next;
		questions->idle_rooms--;
		return room;
	}
	room = mmap(NULL, MW_REQUEST_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return room == MAP_FAILED ? NULL : room;
}

static void return_room(struct mw_questions *questions, void *memory)
{
	struct large *room = memory;

	if (questions->idle_rooms == ROOMS_IDLE) {
		munmap(room, MW_REQUEST_MAX);
		return;
	}
	room->next = questions->rooms;
	questions->rooms = room;
	questions->idle_rooms++;
}

void mw_question_return(struct mw_questions *questions, struct mw_question *question)
{
	if (question->bytes != question->small)
		return_room(questions, question->bytes);
	questions->kept -= question->kept;
	question->next = questions->idle;
	questions->idle = question;
}

void mw_questions_free(struct mw_questions *questions)
{
	for (struct large *room = questions->rooms, *next; room != NULL; room = next) {
		next = room->next;
		munmap(room, MW_REQUEST_MAX);
	}
	for (struct chunk *chunk = questions->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	*questions = (struct mw_questions){ .idle = NULL };
}

bool mw_question_keep(struct mw_questions *questions, struct mw_question *question)
{
	if (questions->kept == MW_QUESTIONS_KEPT)
		return false;
	question->kept = true;
	questions->kept++;
	return true;
}

static bool enlarge(struct mw_questions *questions, struct mw_question *question)
{
	struct large *room = take_room(questions);

	if (room == NULL)
		return false;
	memcpy(room, question->bytes, question->fill);
	question->bytes = (char *)room;
	question->room = MW_REQUEST_MAX;
	return true;
}

enum mw_received mw_question_receive(struct mw_questions *questions, struct mw_question *question)
{
	ssize_t got;

	/* The larger buffer cannot be full: a request of that length was refused before. */
	if (question->fill == question->room && (question->bytes != question->small || !enlarge(questions, question)))
		return MW_RECEIVED_NO_ROOM;
	do
		got = recv(question->fd, question->bytes + question->fill, question->room - question->fill, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return MW_RECEIVED_NOTHING;
	if (got <= 0)
		return MW_RECEIVED_END;
	question->fill += (uint32_t)got;
	return MW_RECEIVED_SOME;
}

bool mw_question_read(struct mw_question *question, const char **why_r)
{
	struct mw_str bytes = { question->bytes, question->fill };
	size_t used;

	switch (mw_request_read(&question->request, bytes, &used, why_r)) {
	case MW_REQUEST_PARTIAL:
		return true;
	case MW_REQUEST_BAD:
		return false;
	case MW_REQUEST_WHOLE:
		question->used = (uint32_t)used;
		question->state = MW_QUESTION_READY;
		return true;
	}
	return false;
}

bool mw_question_judge(struct mw_question *question, struct mw_worlds *worlds, struct mw_handover *handover,
		       const char **why_r)
{
	struct mw_verdict verdict;
	struct mw_facts facts;
	struct mw_quoted quoted;
	const struct mw_world *world = question->world != NULL ? question->world : worlds->current;
	struct mw_buf out = MW_BUF_OVER(question->answer);

	if (!mw_facts_from_request(&question->request, question->bytes, worlds->today, &quoted, &facts, why_r))
		return false;
	mw_worlds_asked(worlds, facts.of_audit);
	mw_world_decide(world, &facts, &verdict);
	mw_decision_log(world->policy, &facts, &verdict);
	if (handover != NULL)
		mw_handover_leave(handover, &facts, &verdict, mw_clock_seconds());
	*why_r = verdict.outcome == MW_UNDECIDED ? NULL : "there is no answer that could be sent";
	if (!mw_answer_write(&facts, &verdict, &out))
		return false;
	question->answer_len = (uint32_t)out.used;
	question->state = MW_QUESTION_ANSWERED;
	return true;
}

bool mw_question_send(struct mw_question *question)
{
	while (!mw_question_is_sent(question)) {
		ssize_t sent = send(question->fd, question->answer + question->answer_sent,
				    question->answer_len - question->answer_sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		question->answer_sent += (uint32_t)sent;
	}
	return true;
}

bool mw_question_go_on(struct mw_question *question)
{
	question->fill -= question->used;
	if (question->fill == 0)
		return false;
	memmove(question->bytes, question->bytes + question->used, question->fill);
	question->state = MW_QUESTION_READING;
	question->has_waited = false;
	question->used = 0;
	question->answer_len = question->answer_sent = 0;
	mw_request_init(&question->request);
	return true;
}
