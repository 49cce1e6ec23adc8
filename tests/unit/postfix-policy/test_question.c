/* SPDX-License-Identifier: MIT */
#include "policy/question.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define HEAD "request=smtpd_access_policy\nprotocol_state=CONNECT\nclient_address=192.0.2.7\nserver_address=192.0.2.1\n"

static struct mw_questions questions;
static int ends[2];

static void open_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

static void close_pair(void)
{
	mw_questions_free(&questions);
	close(ends[0]);
	close(ends[1]);
}

START_TEST(a_question_comes_back_empty)
{
	struct mw_question *question = mw_question_take(&questions, &questions, ends[0]);

	question->fill = question->used = 10;
	question->answer_len = 5;
	question->request.looked = 7;
	question->state = MW_QUESTION_ANSWERED;
	question->has_waited = true;
	mw_question_return(&questions, question);
	ck_assert_ptr_eq(mw_question_take(&questions, &questions, ends[1]), question);
	ck_assert_int_eq(question->state, MW_QUESTION_READING);
	ck_assert_int_eq(question->fd, ends[1]);
	ck_assert_uint_eq(question->fill + question->used + question->answer_len, 0);
	ck_assert_uint_eq(question->request.looked, 0);
	ck_assert(!question->has_waited && !question->listed && !question->kept);
}
END_TEST

START_TEST(so_many_are_kept_and_any_number_is_answered_at_once)
{
	static struct mw_question *taken[MW_QUESTIONS_KEPT];
	struct mw_question *one;

	for (size_t i = 0; i < MW_QUESTIONS_KEPT; i++) {
		taken[i] = mw_question_take(&questions, &questions, ends[0]);
		ck_assert_ptr_nonnull(taken[i]);
		ck_assert(mw_question_keep(&questions, taken[i]));
	}
	one = mw_question_take(&questions, &questions, ends[0]);
	ck_assert_ptr_nonnull(one);
	ck_assert(!mw_question_keep(&questions, one));
	mw_question_return(&questions, taken[7]);
	ck_assert(mw_question_keep(&questions, one));
}
END_TEST

/* As much as the peer sends at once, until nothing more is there. */
static enum mw_received receive_all(struct mw_question *question)
{
	enum mw_received received;
	const char *why;

	while ((received = mw_question_receive(&questions, question)) == MW_RECEIVED_SOME &&
	       question->state == MW_QUESTION_READING)
		ck_assert_msg(mw_question_read(question, &why), "%s", why);
	return received;
}

START_TEST(a_long_request_gets_room_of_its_own)
{
	static const char head[] = HEAD "helo_name=", rest[] = "\n\n" HEAD;
	char value[MW_REQUEST_LINE_MAX - 10];
	struct mw_question *question = mw_question_take(&questions, &questions, ends[0]);

	memset(value, 'x', sizeof(value));
	ck_assert_int_eq(write(ends[1], head, sizeof(head) - 1), sizeof(head) - 1);
	ck_assert_int_eq(receive_all(question), MW_RECEIVED_NOTHING);
	ck_assert_int_eq(write(ends[1], value, sizeof(value)), sizeof(value));
	ck_assert_int_eq(receive_all(question), MW_RECEIVED_NOTHING);
	ck_assert_int_eq(question->state, MW_QUESTION_READING);
	ck_assert_int_eq(write(ends[1], rest, sizeof(rest) - 1), sizeof(rest) - 1);
	(void)receive_all(question);
	ck_assert_int_eq(question->state, MW_QUESTION_READY);
	ck_assert_uint_eq(question->used, sizeof(head) - 1 + sizeof(value) + 2);
	/* The next one stays behind it. */
	ck_assert(mw_question_go_on(question));
	ck_assert_int_eq(question->state, MW_QUESTION_READING);
	ck_assert_slice(((struct mw_str){ question->bytes, question->fill }), MW_STR(HEAD));
	mw_question_return(&questions, question);
	ck_assert_uint_eq(questions.idle_rooms, 1);
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
	struct mw_question *question = mw_question_take(&questions, &questions, ends[0]);

	ck_assert_int_eq(mw_question_receive(&questions, question), MW_RECEIVED_NOTHING);
	shutdown(ends[1], SHUT_RDWR);
	ck_assert_int_eq(mw_question_receive(&questions, question), MW_RECEIVED_END);
	question->answer_len = 5;
	question->state = MW_QUESTION_ANSWERED;
	ck_assert(!mw_question_send(question));
}
END_TEST

START_TEST(an_answer_that_the_peer_takes_in_parts)
{
	struct mw_question *question = mw_question_take(&questions, &questions, ends[0]);
	char filler[4096] = "", taken[65536];

	while (write(ends[0], filler, sizeof(filler)) > 0)
		;
	question->state = MW_QUESTION_ANSWERED;
	question->answer_len = 15;
	memcpy(question->answer, "action=DUNNO\n\n", 15);
	ck_assert(mw_question_send(question));
	ck_assert(!mw_question_is_sent(question));
	while (read(ends[1], taken, sizeof(taken)) > 0)
		;
	ck_assert(mw_question_send(question));
	ck_assert(mw_question_is_sent(question));
	ck_assert(!mw_question_go_on(question));
}
END_TEST

MW_UNIT_TESTS("question")
{
	tcase_add_checked_fixture(tcase, open_pair, close_pair);
	tcase_add_test(tcase, a_question_comes_back_empty);
	tcase_add_test(tcase, so_many_are_kept_and_any_number_is_answered_at_once);
	tcase_add_test(tcase, a_long_request_gets_room_of_its_own);
	tcase_add_test(tcase, a_peer_that_is_gone);
	tcase_add_test(tcase, an_answer_that_the_peer_takes_in_parts);
}
