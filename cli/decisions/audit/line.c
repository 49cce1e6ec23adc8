/* SPDX-License-Identifier: MIT */
#include "decisions/audit/day.h"

#include "decide/identity.h"
#include "logs/login.h"

/* A line of Dovecot's that says who was let in, and from where. */
static void see_login(struct mw_audit_day *day, struct mw_str text)
{
	struct mw_why_line line;
	struct mw_log_login login;
	char canonical[MW_LOGIN_MAX + 1];
	struct mw_ip ip;
	size_t len;

	if (!mw_why_line_read(&day->choice->clock, text, &line) || !mw_str_ends_with(line.program, MW_STR("-login")) ||
	    !mw_log_login_read(line.message, &login) || !mw_log_login_succeeded(login.words) ||
	    line.time < day->choice->since)
		return;
	day->login_lines = true;
	if (mw_ip_parse(login.client, &ip) && mw_login_canonical(login.user, canonical, sizeof(canonical), &len))
		mw_audit_prove(&day->tally, (struct mw_str){ canonical, len }, &ip);
}

/* The user a login name leads to, and whether it is proven here. */
static uint32_t see_person(struct mw_audit_day *day, struct mw_str login)
{
	const struct mw_logged *logged = &day->recorded.logged;
	struct mw_principal user;
	bool listed;
	uint32_t person;

	if (mw_str_empty(login))
		return MW_AUDIT_NONE;
	listed = mw_identity_login(day->policy, mw_audit_world_directory(day->world), logged->facts.login, &user) ==
		 MW_LOOKUP_FOUND;
	person = mw_audit_person(&day->tally, listed ? user.name : login, listed);
	/* Postfix names a login only once its password was right; by XCLIENT anybody may say one who may say that. */
	if (logged->decision == MW_DECISION_SUBMISSION && !mw_str_equal(logged->facts.mechanism, MW_STR("XCLIENT")))
		mw_audit_prove(&day->tally, login, &logged->facts.endpoints.remote_ip);
	if (person != MW_AUDIT_NONE && !day->tally.persons[person].proven)
		day->tally.persons[person].proven =
			mw_audit_is_proven(&day->tally, login, &logged->facts.endpoints.remote_ip);
	return person;
}

/* Postfix asks then only what it takes. */
static bool is_whole(const struct mw_logged *logged)
{
	return logged->decision == MW_DECISION_SUBMISSION &&
	       (logged->facts.stage == MW_STAGE_DATA || logged->facts.stage == MW_STAGE_END_OF_MESSAGE);
}

static void judge(struct mw_audit_day *day)
{
	const struct mw_logged *logged = &day->recorded.logged;
	char login[MW_LOGIN_MAX + 1];
	size_t len = 0;
	struct mw_verdict verdict;
	struct mw_audit_refusal refusal = {
		.policy = day->policy, .logged = logged, .verdict = &verdict, .proposal = &day->proposal,
	};

	if (!mw_login_canonical(logged->facts.login, login, sizeof(login), &len))
		refusal.login = logged->facts.login;
	else
		refusal.login = (struct mw_str){ login, len };
	refusal.person = see_person(day, refusal.login);
	refusal.whole = is_whole(logged);
	/* Without permitted lines in the log, a message that was taken may show in none. */
	day->whole_lines |= refusal.whole && logged->verdict == MW_LOGGED_PERMIT;
	mw_recorded_decide(day->policy, mw_audit_world_directory(day->world), logged, &verdict);
	if (verdict.reason == MW_REASON_DIRECTORY_UNAVAILABLE) {
		day->unavailable = true;
	} else if (verdict.outcome == MW_PERMIT) {
		if (refusal.whole)
			mw_audit_accepted(&day->tally, logged);
	} else {
		mw_audit_propose(day->world, logged, &verdict, &day->proposal);
		mw_audit_add(&day->tally, &refusal);
	}
}

void mw_audit_line(void *context, struct mw_str line)
{
	struct mw_audit_day *day = context;

	if (day->unavailable)
		return;
	if (!mw_recorded_read(&day->choice->clock, line, day->choice->since, day->today, &day->recorded)) {
		if (mw_str_has(line, ": user=<"))
			see_login(day, line);
		return;
	}
	day->decisions++;
	if (day->recorded.state != MW_LOGGED_WHOLE) {
		day->old += day->recorded.state == MW_LOGGED_OLD;
		day->cut += day->recorded.state == MW_LOGGED_CUT;
		day->malformed += day->recorded.state == MW_LOGGED_MALFORMED;
		return;
	}
	day->permitted += day->recorded.logged.verdict == MW_LOGGED_PERMIT;
	/* As it would be now: a grant may have ended since. */
	day->recorded.logged.facts.today = day->today;
	if (day->recorded.logged.verdict == MW_LOGGED_PERMIT || day->recorded.logged.verdict == MW_LOGGED_WOULD_REFUSE)
		judge(day);
	else
		day->enforced++;
}
