/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "why/cause.h"

#define HOME "192.0.2.7"

static bool is_bob(void *context, struct mw_str login)
{
	(void)context;
	return mw_str_equal(login, MW_STR("bob"));
}

static struct mw_why_story *new_story(void)
{
	struct mw_why_story *story = mw_why_story_new((struct mw_why_who){ is_bob, is_bob, is_bob, NULL });

	ck_assert_ptr_nonnull(story);
	return story;
}

static void happens(struct mw_why_story *story, enum mw_why_kind kind, const char *user, const char *client,
		    int64_t time)
{
	struct mw_why_event event = { .kind = kind, .time = time, .user = mw_str(user), .client = mw_str(client),
				      .protocol = kind == MW_WHY_LOGGED_IN ? MW_PROTOCOL_IMAP : MW_PROTOCOL_SMTP };

	mw_why_story_add(story, &event);
}

static size_t count_kind(const struct mw_why_entry *entries, size_t count, enum mw_why_kind kind)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += entries[i].kind == kind ? 1 : 0;
	return found;
}

/* How many of a kind the whole story has. */
static size_t told_in(struct mw_why_story *story, enum mw_why_kind kind)
{
	size_t count;
	const struct mw_why_entry *entries = mw_why_story_end(story, &count);
	size_t found = count_kind(entries, count, kind);

	mw_why_story_free(story);
	return found;
}

static const struct { int64_t at; bool told; } windows[] = {
	{ 10000, true }, { 10000 + MW_WHY_WINDOW, true }, { 10001 + MW_WHY_WINDOW, false }, { 10000 - MW_WHY_WINDOW, true },
	{ 9999 - MW_WHY_WINDOW, false },
};

START_TEST(an_address_is_the_users_for_an_hour_before_and_after_a_login)
{
	struct mw_why_story *story = new_story();
	const struct mw_why_entry *entries;
	size_t count;

	happens(story, MW_WHY_LEFT_AT_GREETING, "", HOME, windows[_i].at);
	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 10000);
	entries = mw_why_story_end(story, &count);
	ck_assert_uint_eq(count_kind(entries, count, MW_WHY_LEFT_AT_GREETING), windows[_i].told ? 1 : 0);
	ck_assert_uint_eq(count_kind(entries, count, MW_WHY_SILENT), windows[_i].told ? 0 : 1);
	mw_why_story_free(story);
}
END_TEST

START_TEST(a_login_of_somebody_else_is_not_told_but_makes_the_address_a_shared_one)
{
	struct mw_why_story *story = new_story();
	size_t count;

	happens(story, MW_WHY_LOGGED_IN, "mary", HOME, 1);
	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 2);
	mw_why_story_end(story, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert(mw_why_story_limits(story).shared);
	mw_why_story_free(story);
}
END_TEST

START_TEST(entries_come_in_order_of_time_whatever_the_order_of_the_logs)
{
	struct mw_why_story *story = new_story();
	const struct mw_why_entry *entries;
	size_t count;

	happens(story, MW_WHY_SUBMITTED, "bob", HOME, 300);
	happens(story, MW_WHY_LOGIN_FAILED, "bob", HOME, 200);
	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 100);
	entries = mw_why_story_end(story, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(entries[0].kind, MW_WHY_LOGGED_IN);
	ck_assert_int_eq(entries[1].kind, MW_WHY_LOGIN_FAILED);
	ck_assert_int_eq(entries[2].kind, MW_WHY_SUBMITTED);
	mw_why_story_free(story);
}
END_TEST

/* Two refusals of one session, and whether they are told as one. */
static const struct { const char *first, *then; bool one; } replies[] = {
	{ "552 5.3.4 Message size exceeds fixed maximum message size",
	  "521 5.3.4 Message size exceeds fixed maximum message size", true },
	{ "552 5.3.4 <x@example.net>: Recipient address rejected: Too large",
	  "521 5.3.4 <END-OF-MESSAGE>: End-of-data rejected: Too large", true },
	{ "550 5.5.3 Too many recipients", "421 4.5.3 Too many recipients", false },
	{ "550 5.7.1 Unable to relay", "521 5.7.54 Unable to relay", false },
	{ "550 5.7.1 Unable to relay", "521 5.7.1 Client was not authenticated", false },
	{ "", "521 5.7.1 Unable to relay", false },
	{ "5", "5", true },
};

START_TEST(a_refusal_is_the_same_at_the_end_of_a_message)
{
	struct mw_why_story *story = new_story();
	const struct mw_why_entry *entries;
	size_t count;

	for (int i = 0; i < 2; i++)
		mw_why_story_add(story, &(struct mw_why_event){
			.kind = MW_WHY_DECIDED, .time = i, .user = MW_STR("bob"), .client = MW_STR(HOME),
			.protocol = MW_PROTOCOL_SMTP, .verdict = MW_STR("refuse"), .reason = MW_STR("too-big"),
			.reply = mw_str(i == 0 ? replies[_i].first : replies[_i].then) });
	entries = mw_why_story_end(story, &count);
	ck_assert_uint_eq(count_kind(entries, count, MW_WHY_DECIDED), replies[_i].one ? 1 : 2);
	mw_why_story_free(story);
}
END_TEST

START_TEST(more_events_than_there_is_room_for_are_counted)
{
	struct mw_why_story *story = new_story();
	size_t count;

	for (int i = 0; i < MW_WHY_ENTRIES + 50; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.0.%d.%d", i / 250, i % 250);
		happens(story, MW_WHY_LOGIN_FAILED, "bob", client, i);
	}
	mw_why_story_end(story, &count);
	ck_assert_uint_eq(count, MW_WHY_ENTRIES);
	ck_assert_uint_eq(mw_why_story_limits(story).left_out, 50);
	mw_why_story_free(story);
}
END_TEST

/* The whole Internet knocks: the user's own address stays. */
START_TEST(an_address_of_the_user_is_never_forgotten_for_others)
{
	struct mw_why_story *story = new_story();
	const struct mw_why_entry *entries;
	size_t count;

	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 1);
	happens(story, MW_WHY_LEFT_AT_GREETING, "", HOME, 1);
	for (int i = 0; i < 5 * MW_WHY_ADDRESSES; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.%d.%d.%d", i / 62500, i / 250 % 250, i % 250);
		happens(story, MW_WHY_LEFT_AT_GREETING, "", client, 2);
	}
	entries = mw_why_story_end(story, &count);
	ck_assert_uint_eq(count_kind(entries, count, MW_WHY_LEFT_AT_GREETING), 1);
	ck_assert_uint_ge(mw_why_story_limits(story).forgotten, 4 * MW_WHY_ADDRESSES);
	mw_why_story_free(story);
}
END_TEST

START_TEST(addresses_forgotten_hours_later_are_no_loss_in_one_log)
{
	struct mw_why_story *story = new_story();
	size_t count;

	for (int i = 0; i < 2 * MW_WHY_ADDRESSES; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.%d.%d.%d", i / 62500, i / 250 % 250, i % 250);
		happens(story, MW_WHY_LEFT_AT_GREETING, "", client, (int64_t)i * 10);
	}
	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 20 * (int64_t)MW_WHY_ADDRESSES);
	mw_why_story_end(story, &count);
	ck_assert_uint_eq(mw_why_story_limits(story).forgotten, 0);
	mw_why_story_free(story);
}
END_TEST

static const char *likeliest(struct mw_why_story *story)
{
	struct mw_why_told told = { .user = "bob" };
	struct mw_why_cause causes[MW_WHY_CAUSES];

	told.entries = mw_why_story_end(story, &told.count);
	told.limits = mw_why_story_limits(story);
	mw_why_causes(&told, causes);
	return causes[0].id;
}

static void is_refused(struct mw_why_story *story, const char *reason, const char *verdict, int64_t time)
{
	struct mw_why_event event = { .kind = MW_WHY_DECIDED, .protocol = MW_PROTOCOL_SMTP, .time = time,
				      .user = MW_STR("bob"), .client = MW_STR(HOME), .verdict = mw_str(verdict),
				      .reason = mw_str(reason) };

	mw_why_story_add(story, &event);
}

static const struct { const char *reason, *verdict, *cause; } reasons[] = {
	{ "send-as-denied", "refuse", "send-as" },
	{ "send-on-behalf-denied", "refuse", "from-denied" },
	{ "from-invalid", "refuse", "from-invalid" },
	{ "from-ambiguous", "refuse", "from-invalid" },
	{ "smtp-disabled", "refuse", "smtp-switched-off" },
	{ "sending-suspended", "refuse", "suspended" },
	{ "too-big", "refuse", "message-limit" },
	{ "no-connector", "defer", "no-connector" },
	{ "a-reason-of-tomorrow", "refuse", "policy" },
	{ "send-as-denied", "would-refuse", "audit" },
};

START_TEST(every_reason_of_a_decision_has_a_cause)
{
	struct mw_why_story *story = new_story();

	is_refused(story, reasons[_i].reason, reasons[_i].verdict, 5);
	ck_assert_str_eq(likeliest(story), reasons[_i].cause);
	mw_why_story_free(story);
}
END_TEST

/* Postfix's line alone, and the reason that the policy had. */
static const struct { const char *reply, *recipient, *reason; } words[] = {
	{ "501 5.1.7 <a b@example.org>: Sender address rejected: Invalid address", "x@example.net", "invalid-sender" },
	{ "501 5.1.3 <x@y@example.net>: Recipient address rejected: Invalid address", "x@y@example.net", "invalid-recipient" },
	{ "501 5.1.3 <x>: Recipient address rejected: Invalid address", "", "invalid-recipient" },
	/* Only the relay question is asked: the sender is wrong, and Postfix names the recipient. */
	{ "501 5.1.3 <x@example.net>: Recipient address rejected: Invalid address", "x@example.net", "invalid-sender" },
	{ "521 5.1.7 <END-OF-MESSAGE>: End-of-data rejected: Invalid address", "x@example.net", "invalid-sender" },
	{ "521 5.1.3 <END-OF-MESSAGE>: End-of-data rejected: Invalid address", "x@example.net", "invalid-recipient" },
	{ "550 5.7.1 <m@example.org>: Sender address rejected: Client does not have permissions to send as this sender", "",
	  "send-as-denied" },
	{ "450 4.3.5 <m@example.org>: Sender address rejected: Server configuration problem, no connector for this listener "
	  "and client", "", "no-connector" },
	{ "451 4.3.5 <m@example.org>: Sender address rejected: Server configuration problem", "", "" },
	{ "554 5.7.1 <m@example.org>: Sender address rejected: Access denied", "", "" },
};

START_TEST(the_words_of_a_refusal_and_whom_it_is_about_tell_the_reason)
{
	struct mw_why_story *story = new_story();
	size_t count;

	mw_why_story_add(story, &(struct mw_why_event){
		.kind = MW_WHY_REJECTED, .time = 5, .user = MW_STR("bob"), .client = MW_STR(HOME), .protocol = MW_PROTOCOL_SMTP,
		.reply = mw_str(words[_i].reply), .recipient = mw_str(words[_i].recipient) });
	ck_assert_str_eq(mw_why_story_end(story, &count)->reason, words[_i].reason);
	mw_why_story_free(story);
}
END_TEST

START_TEST(equal_words_about_a_sender_and_a_recipient_are_told_each)
{
	static const char *const refusals[] = { "554 5.7.1 <a@b>: Sender address rejected: Access denied",
					       "554 5.7.1 <x@y>: Recipient address rejected: Access denied",
					       "554 5.7.1 <x[1.2.3.4]>: Client host rejected: Access denied",
					       "554 5.7.1 <h>: Helo command rejected: Access denied" };
	struct mw_why_story *story = new_story();

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		mw_why_story_add(story, &(struct mw_why_event){
			.kind = MW_WHY_REJECTED, .time = (int64_t)i, .user = MW_STR("bob"), .client = MW_STR(HOME),
			.protocol = MW_PROTOCOL_SMTP, .reply = mw_str(refusals[i]) });
	ck_assert_uint_eq(told_in(story, MW_WHY_REJECTED), 4);
}
END_TEST

static void is_refused_by_sender(struct mw_why_story *story, int64_t time)
{
	struct mw_why_event event = { .kind = MW_WHY_NO_LOGIN, .protocol = MW_PROTOCOL_SMTP, .time = time,
				      .client = MW_STR("203.0.113.9"), .sender = MW_STR("bob") };

	mw_why_story_add(story, &event);
}

START_TEST(a_sender_that_anybody_can_forge_is_no_cause_where_the_user_sends_later)
{
	struct mw_why_story *story = new_story();

	is_refused_by_sender(story, 5);
	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 6);
	happens(story, MW_WHY_SUBMITTED, "bob", HOME, 7);
	ck_assert_str_eq(likeliest(story), "all-well");
	mw_why_story_free(story);
}
END_TEST

START_TEST(an_ipv6_host_is_known_by_its_64)
{
	struct mw_why_story *story = new_story();

	happens(story, MW_WHY_LOGGED_IN, "bob", "2001:db8:1:2::7", 5);
	happens(story, MW_WHY_LEFT_AT_GREETING, "", "2001:db8:1:2:a:b:c:d", 6);
	happens(story, MW_WHY_LEFT_AT_GREETING, "", "2001:db8:1:3::7", 6);
	ck_assert_uint_eq(told_in(story, MW_WHY_LEFT_AT_GREETING), 1);
}
END_TEST

START_TEST(a_login_by_managesieve_is_no_reading)
{
	struct mw_why_story *story = new_story();

	mw_why_story_add(story, &(struct mw_why_event){ .kind = MW_WHY_LOGGED_IN, .protocol = MW_PROTOCOL_SIEVE, .time = 5,
							 .user = MW_STR("bob"), .client = MW_STR(HOME) });
	happens(story, MW_WHY_CONNECTED, "", "203.0.113.9", 6);
	ck_assert_uint_eq(told_in(story, MW_WHY_SILENT), 0);
}
END_TEST

START_TEST(a_line_that_was_not_understood_is_no_silence)
{
	struct mw_why_story *story = new_story();

	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 5);
	happens(story, MW_WHY_CONNECTED, "", "203.0.113.9", 6);
	happens(story, MW_WHY_UNREAD, "", HOME, 7);
	ck_assert_uint_eq(told_in(story, MW_WHY_SILENT), 0);
}
END_TEST

/* Failed logins, the time of the next line from there (0: none) and of the log's last line; whether it looks banned. */
static const struct { int failures; int64_t next, last; bool banned; } bans[] = {
	{ 5, 0, 2000, true }, { 2, 0, 2000, false }, { 5, 0, 300, false }, { 5, 1500, 2000, false },
};

START_TEST(silence_after_failures_is_taken_for_a_ban)
{
	struct mw_why_story *story = new_story();

	happens(story, MW_WHY_LOGGED_IN, "bob", HOME, 1);
	for (int i = 0; i < bans[_i].failures; i++)
		happens(story, MW_WHY_LOGIN_FAILED, "bob", HOME, 10 + i);
	if (bans[_i].next != 0)
		happens(story, MW_WHY_LOGGED_IN, "bob", HOME, bans[_i].next);
	happens(story, MW_WHY_CONNECTED, "", "203.0.113.9", bans[_i].last);
	ck_assert_uint_eq(told_in(story, MW_WHY_BANNED), bans[_i].banned ? 1 : 0);
}
END_TEST

/* A fault of the whole server, and what failed at what distance from it. */
static const struct { int64_t apart; const char *cause; } wide[] = { { 5, "server-fault" }, { 300, "wrong-password" } };

START_TEST(a_fault_of_the_whole_server_is_the_cause_of_what_failed_beside_it)
{
	struct mw_why_story *story = new_story();

	mw_why_story_add(story, &(struct mw_why_event){ .kind = MW_WHY_FAULT, .wide = true, .time = 100,
							 .protocol = MW_PROTOCOL_SMTP, .reply = MW_STR("throttling") });
	happens(story, MW_WHY_LOGIN_FAILED, "bob", HOME, 100 + wide[_i].apart);
	ck_assert_str_eq(likeliest(story), wide[_i].cause);
	mw_why_story_free(story);
}
END_TEST

START_TEST(a_wrong_password_is_over_after_a_message_but_a_wrong_sender_is_not)
{
	struct mw_why_story *story = new_story();

	happens(story, MW_WHY_LOGIN_FAILED, "bob", HOME, 5);
	happens(story, MW_WHY_SUBMITTED, "bob", HOME, 6);
	ck_assert_str_eq(likeliest(story), "all-well");
	mw_why_story_free(story);
	story = new_story();
	is_refused(story, "send-as-denied", "refuse", 5);
	happens(story, MW_WHY_SUBMITTED, "bob", HOME, 6);
	ck_assert_str_eq(likeliest(story), "send-as");
	mw_why_story_free(story);
}
END_TEST

MW_UNIT_TESTS("story of a user")
{
	MW_LOOP(tcase, an_address_is_the_users_for_an_hour_before_and_after_a_login, windows);
	tcase_add_test(tcase, a_login_of_somebody_else_is_not_told_but_makes_the_address_a_shared_one);
	tcase_add_test(tcase, entries_come_in_order_of_time_whatever_the_order_of_the_logs);
	MW_LOOP(tcase, a_refusal_is_the_same_at_the_end_of_a_message, replies);
	tcase_add_test(tcase, more_events_than_there_is_room_for_are_counted);
	tcase_add_test(tcase, an_address_of_the_user_is_never_forgotten_for_others);
	tcase_add_test(tcase, addresses_forgotten_hours_later_are_no_loss_in_one_log);
	MW_LOOP(tcase, every_reason_of_a_decision_has_a_cause, reasons);
	MW_LOOP(tcase, the_words_of_a_refusal_and_whom_it_is_about_tell_the_reason, words);
	tcase_add_test(tcase, equal_words_about_a_sender_and_a_recipient_are_told_each);
	tcase_add_test(tcase, a_sender_that_anybody_can_forge_is_no_cause_where_the_user_sends_later);
	tcase_add_test(tcase, an_ipv6_host_is_known_by_its_64);
	tcase_add_test(tcase, a_login_by_managesieve_is_no_reading);
	tcase_add_test(tcase, a_line_that_was_not_understood_is_no_silence);
	MW_LOOP(tcase, silence_after_failures_is_taken_for_a_ban, bans);
	MW_LOOP(tcase, a_fault_of_the_whole_server_is_the_cause_of_what_failed_beside_it, wide);
	tcase_add_test(tcase, a_wrong_password_is_over_after_a_message_but_a_wrong_sender_is_not);
}
