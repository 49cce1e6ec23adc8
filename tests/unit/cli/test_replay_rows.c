/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "decisions/replay_rows.h"

#define SEED 20261125

static const struct mw_connector connector, other_connector;
static const struct mw_login_rule login_rule;

static struct mw_replay_row some_row(void)
{
	struct mw_replay_row row = {
		.change = MW_REPLAY_REFUSED,
		.decision = MW_DECISION_SUBMISSION,
		.protocol = MW_PROTOCOL_SMTP,
		.before = { MW_LOGGED_PERMIT, MW_REASON_PERMITTED },
		.after = { MW_LOGGED_REFUSE, MW_REASON_SEND_AS_DENIED },
		.connector = &connector,
		.login = MW_STR("alice"),
		.sender = MW_STR("bob@example.org"),
	};

	ck_assert(mw_ip_parse(MW_STR("192.0.2.7"), &row.client));
	return row;
}

static const struct {
	enum mw_logged_verdict before, after;
	enum mw_replay_change change;
} changes[] = {
	{ MW_LOGGED_PERMIT, MW_LOGGED_PERMIT, MW_REPLAY_UNCHANGED },
	{ MW_LOGGED_PERMIT, MW_LOGGED_WOULD_REFUSE, MW_REPLAY_AUDITED },
	{ MW_LOGGED_PERMIT, MW_LOGGED_REFUSE, MW_REPLAY_REFUSED },
	{ MW_LOGGED_PERMIT, MW_LOGGED_DEFER, MW_REPLAY_REFUSED },
	{ MW_LOGGED_WOULD_REFUSE, MW_LOGGED_PERMIT, MW_REPLAY_PERMITTED },
	{ MW_LOGGED_WOULD_REFUSE, MW_LOGGED_WOULD_REFUSE, MW_REPLAY_UNCHANGED },
	{ MW_LOGGED_WOULD_REFUSE, MW_LOGGED_REFUSE, MW_REPLAY_REFUSED },
	{ MW_LOGGED_REFUSE, MW_LOGGED_PERMIT, MW_REPLAY_PERMITTED },
	{ MW_LOGGED_REFUSE, MW_LOGGED_WOULD_REFUSE, MW_REPLAY_PERMITTED },
	{ MW_LOGGED_REFUSE, MW_LOGGED_REFUSE, MW_REPLAY_UNCHANGED },
	{ MW_LOGGED_REFUSE, MW_LOGGED_DEFER, MW_REPLAY_REASON },
	{ MW_LOGGED_DEFER, MW_LOGGED_PERMIT, MW_REPLAY_PERMITTED },
	{ MW_LOGGED_UNDECIDED, MW_LOGGED_PERMIT, MW_REPLAY_PERMITTED },
};

START_TEST(a_change_is_what_it_means_to_the_client)
{
	struct mw_replay_result before = { changes[_i].before, MW_REASON_TOO_BIG };
	struct mw_replay_result after = { changes[_i].after, MW_REASON_TOO_BIG };

	ck_assert_int_eq(mw_replay_compare(before, after), changes[_i].change);
}
END_TEST

START_TEST(another_reason_for_the_same_refusal_is_a_change)
{
	struct mw_replay_result before = { MW_LOGGED_REFUSE, MW_REASON_TOO_BIG };
	struct mw_replay_result after = { MW_LOGGED_REFUSE, MW_REASON_RELAY_DENIED };

	ck_assert_int_eq(mw_replay_compare(before, after), MW_REPLAY_REASON);
	before.verdict = after.verdict = MW_LOGGED_WOULD_REFUSE;
	ck_assert_int_eq(mw_replay_compare(before, after), MW_REPLAY_REASON);
}
END_TEST

START_TEST(decisions_alike_are_one_row_and_any_difference_makes_another)
{
	struct mw_replay_rows *rows = mw_replay_rows_new(SEED);
	struct mw_replay_row row = some_row(), variants[12];
	const struct mw_replay_row *sorted;
	char login[] = "alice";
	size_t count;

	for (size_t i = 0; i < MW_COUNT(variants); i++)
		variants[i] = row;
	variants[0].change = MW_REPLAY_AUDITED;
	variants[1].decision = MW_DECISION_ACCOUNT;
	variants[2].protocol = MW_PROTOCOL_IMAP;
	variants[3].before.reason = MW_REASON_TOO_BIG;
	variants[4].after.reason = MW_REASON_TOO_BIG;
	variants[5].before.verdict = MW_LOGGED_WOULD_REFUSE;
	variants[6].after.verdict = MW_LOGGED_DEFER;
	variants[7].connector = &other_connector;
	variants[8].login_rule = &login_rule;
	variants[9].client.bytes[3] = 8;
	variants[10].login = MW_STR("alic");
	variants[11].sender = MW_STR_EMPTY;
	for (int i = 0; i < 3; i++) {
		row.login = mw_str(login);
		ck_assert(mw_replay_rows_add(rows, &row));
	}
	/* The rows keep texts of their own. */
	memset(login, 'x', 5);
	for (size_t i = 0; i < MW_COUNT(variants); i++)
		ck_assert(mw_replay_rows_add(rows, &variants[i]));
	sorted = mw_replay_rows_sorted(rows, &count);
	ck_assert_uint_eq(count, 1 + MW_COUNT(variants));
	ck_assert_uint_eq(sorted[0].count, 3);
	ck_assert_slice(sorted[0].login, MW_STR("alice"));
	for (size_t i = 1; i < count; i++)
		ck_assert_uint_eq(sorted[i].count, 1);
	mw_replay_rows_free(rows);
}
END_TEST

START_TEST(rows_are_bounded_and_those_that_are_there_count_on)
{
	struct mw_replay_rows *rows = mw_replay_rows_new(SEED);
	struct mw_replay_row row = some_row();
	const struct mw_replay_row *sorted;
	char login[16];
	size_t count;

	for (int i = 0; i < MW_REPLAY_ROWS_MAX; i++) {
		row.login = (struct mw_str){ login, (size_t)snprintf(login, sizeof(login), "u%d", i) };
		ck_assert(mw_replay_rows_add(rows, &row));
	}
	row.login = MW_STR("one too many");
	ck_assert(!mw_replay_rows_add(rows, &row));
	ck_assert(!mw_replay_rows_add(rows, &row));
	row.login = MW_STR("u77777");
	ck_assert(mw_replay_rows_add(rows, &row));
	sorted = mw_replay_rows_sorted(rows, &count);
	ck_assert_uint_eq(count, MW_REPLAY_ROWS_MAX);
	ck_assert_slice(sorted[0].login, MW_STR("u77777"));
	ck_assert_uint_eq(sorted[0].count, 2);
	mw_replay_rows_free(rows);
}
END_TEST

START_TEST(rows_come_by_count_and_ties_always_in_one_order)
{
	static const char *const logins[] = { "carol", "alice", "bob", "bob" };
	struct mw_replay_rows *rows = mw_replay_rows_new(SEED);
	struct mw_replay_row row = some_row();
	const struct mw_replay_row *sorted;
	size_t count;

	for (size_t i = 0; i < MW_COUNT(logins); i++) {
		row.login = mw_str(logins[i]);
		ck_assert(mw_replay_rows_add(rows, &row));
	}
	sorted = mw_replay_rows_sorted(rows, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_slice(sorted[0].login, MW_STR("bob"));
	ck_assert_slice(sorted[1].login, MW_STR("alice"));
	ck_assert_slice(sorted[2].login, MW_STR("carol"));
	mw_replay_rows_free(rows);
}
END_TEST

MW_UNIT_TESTS("replay's rows")
{
	MW_LOOP(tcase, a_change_is_what_it_means_to_the_client, changes);
	tcase_add_test(tcase, another_reason_for_the_same_refusal_is_a_change);
	tcase_add_test(tcase, decisions_alike_are_one_row_and_any_difference_makes_another);
	tcase_add_test(tcase, rows_are_bounded_and_those_that_are_there_count_on);
	tcase_add_test(tcase, rows_come_by_count_and_ties_always_in_one_order);
}
