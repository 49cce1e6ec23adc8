/* SPDX-License-Identifier: MIT */
#include "decisions/replay.h"

#include "base/units.h"
#include "decide/account.h"
#include "decide/login.h"
#include "decide/submission.h"

#define BEGINNING "mailwicket: "

/* The processes that write decision lines. */
static bool is_ours(struct mw_str program)
{
	return mw_str_equal(program, MW_STR("mailwicketd")) || mw_str_equal(program, MW_STR("auth")) ||
	       mw_str_ends_with(program, MW_STR("-login"));
}

/* The fields of a decision line and its day. False: it is none, or too early. */
static bool read_line(struct mw_replay *replay, struct mw_str line, struct mw_str *fields_r, int64_t *today_r)
{
	struct mw_why_line read;

	*today_r = replay->today;
	/* As mailwicketd writes to standard error. */
	if (mw_str_starts_with(line, MW_STR(BEGINNING "v=1 "))) {
		*fields_r = mw_str_tail(line, strlen(BEGINNING));
		return true;
	}
	if (!mw_why_line_read(&replay->clock, line, &read) || !is_ours(read.program) ||
	    !mw_str_starts_with(read.message, MW_STR(BEGINNING "v=1 ")))
		return false;
	*fields_r = mw_str_tail(read.message, strlen(BEGINNING));
	*today_r = mw_day_of(read.time);
	return read.time >= replay->since;
}

static void decide(const struct mw_replay *replay, struct mw_verdict *verdict_r)
{
	const struct mw_facts *facts = &replay->logged.facts;

	switch (replay->logged.decision) {
	case MW_DECISION_LOGIN:
		mw_login_decide(replay->policy, facts, verdict_r);
		return;
	case MW_DECISION_ACCOUNT:
		mw_account_decide(replay->policy, replay->directory, facts, verdict_r);
		return;
	case MW_DECISION_SUBMISSION:
		mw_submission_decide(replay->policy, replay->directory, facts, verdict_r);
		return;
	}
}

static bool is_about_sender(struct mw_replay_result result)
{
	return result.reason == MW_REASON_SEND_AS_DENIED || result.reason == MW_REASON_INVALID_SENDER;
}

static void count(struct mw_replay *replay, const struct mw_verdict *verdict)
{
	const struct mw_facts *facts = &replay->logged.facts;
	struct mw_replay_row row = {
		.decision = replay->logged.decision,
		.protocol = facts->endpoints.protocol,
		.before = { replay->logged.verdict, replay->logged.reason },
		.after = { mw_logged_verdict_of(verdict), verdict->reason },
		.connector = verdict->connector,
		.login_rule = verdict->login_rule,
		.client = facts->endpoints.remote_ip,
		.login = facts->login,
	};

	row.change = mw_replay_compare(row.before, row.after);
	replay->changes[row.change]++;
	if (row.before.verdict == MW_LOGGED_PERMIT)
		replay->permitted++;
	if (row.change == MW_REPLAY_UNCHANGED)
		return;
	if (is_about_sender(row.before) || is_about_sender(row.after))
		row.sender = facts->sender;
	if (!mw_replay_rows_add(replay->rows, &row))
		replay->without_row++;
}

void mw_replay_line(struct mw_replay *replay, struct mw_str line)
{
	struct mw_verdict verdict;
	struct mw_str fields;
	int64_t today;

	/* Most lines of a mail log are somebody else's. */
	if (memmem(line.ptr, line.len, BEGINNING "v=1 ", strlen(BEGINNING "v=1 ")) == NULL ||
	    !read_line(replay, line, &fields, &today))
		return;
	switch (mw_facts_from_log(fields, &replay->line, &replay->logged)) {
	case MW_LOGGED_OLD:
		replay->old++;
		return;
	case MW_LOGGED_CUT:
		replay->cut++;
		return;
	case MW_LOGGED_MALFORMED:
		replay->malformed++;
		return;
	case MW_LOGGED_WHOLE:
		break;
	}
	replay->logged.facts.today = today;
	/* The line of a sender question that stopped is all there is of its command: the relay question never came. */
	if (mw_submission_is_sender_question(&replay->logged.facts))
		replay->logged.facts.context = MW_CONTEXT_RELAY;
	decide(replay, &verdict);
	if (verdict.reason == MW_REASON_DIRECTORY_UNAVAILABLE)
		replay->unavailable = true;
	else
		count(replay, &verdict);
}

uint64_t mw_replay_total(const struct mw_replay *replay)
{
	uint64_t total = replay->old + replay->cut + replay->malformed;

	for (int i = 0; i < MW_REPLAY_CHANGES; i++)
		total += replay->changes[i];
	return total;
}
