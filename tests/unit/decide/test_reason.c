/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include <ctype.h>

static bool is_smtp(const char *reply)
{
	return isdigit((unsigned char)reply[0]);
}

/* "550 5.7.1 Text": a code, an enhanced status of the same class (RFC 3463), a text of printable ASCII. */
static void check_smtp(const char *reply)
{
	ck_assert_msg(strlen(reply) < 200 && reply[3] == ' ' && (reply[0] == '4' || reply[0] == '5'), "%s", reply);
	ck_assert_msg(reply[4] == reply[0] && reply[5] == '.', "%s", reply);
	for (const char *c = reply; *c != '\0'; c++)
		ck_assert_msg(*c >= ' ' && *c < 0x7f, "%s", reply);
}

START_TEST(every_reason_has_a_name_a_sentence_and_well_formed_replies)
{
	enum mw_reason reason = (enum mw_reason)_i;

	ck_assert_uint_gt(strlen(mw_reason_name(reason)), 3);
	ck_assert_uint_gt(strlen(mw_reason_sentence(reason)), 10);
	for (int style = MW_REPLIES_CLASSIC; style <= MW_REPLIES_CURRENT; style++) {
		const char *reply = mw_reason_reply(reason, (enum mw_reply_style)style);

		if (is_smtp(reply))
			check_smtp(reply);
		else
			ck_assert(reply[0] == '\0' || strcmp(reply, "Command is not valid in this state.") == 0);
	}
	for (int other = 0; other < _i; other++)
		ck_assert_str_ne(mw_reason_name(reason), mw_reason_name((enum mw_reason)other));
}
END_TEST

START_TEST(a_reply_at_the_end_of_a_message_ends_the_session)
{
	for (int style = MW_REPLIES_CLASSIC; style <= MW_REPLIES_CURRENT; style++) {
		const char *usual = mw_reason_reply((enum mw_reason)_i, (enum mw_reply_style)style);
		const char *last = mw_reason_reply_at((enum mw_reason)_i, (enum mw_reply_style)style,
						      MW_STAGE_END_OF_MESSAGE);

		for (int stage = 0; stage <= MW_STAGE_UNKNOWN; stage++)
			if (stage != MW_STAGE_END_OF_MESSAGE)
				ck_assert_ptr_eq(mw_reason_reply_at((enum mw_reason)_i, (enum mw_reply_style)style,
								    (enum mw_stage)stage), usual);
		if (!is_smtp(usual)) {
			ck_assert_str_eq(last, usual);
			continue;
		}
		ck_assert_msg(strncmp(last, usual[0] == '4' ? "421 " : "521 ", 4) == 0, "%s", last);
		ck_assert_str_eq(last + 4, usual + 4);
	}
}
END_TEST

MW_UNIT_TESTS("reason")
{
	tcase_add_loop_test(tcase, every_reason_has_a_name_a_sentence_and_well_formed_replies, 0, MW_REASON_COUNT);
	tcase_add_loop_test(tcase, a_reply_at_the_end_of_a_message_ends_the_session, 0, MW_REASON_COUNT);
}
