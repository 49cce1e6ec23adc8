/* SPDX-License-Identifier: MIT */
#include "decisions/replay.h"

static bool is_about_sender(struct mw_replay_result result)
{
	return result.reason == MW_REASON_SEND_AS_DENIED || result.reason == MW_REASON_INVALID_SENDER;
}

static void count(struct mw_replay *replay, const struct mw_verdict *verdict)
{
	const struct mw_facts *facts = &replay->recorded.logged.facts;
	struct mw_replay_row row = {
		.decision = replay->recorded.logged.decision,
		.protocol = facts->endpoints.protocol,
		.before = { replay->recorded.logged.verdict, replay->recorded.logged.reason },
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

	if (!mw_recorded_read(&replay->clock, line, replay->since, replay->today, &replay->recorded))
		return;
	switch (replay->recorded.state) {
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
	mw_recorded_decide(replay->policy, replay->directory, &replay->recorded.logged, &verdict);
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
