/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

/* Whom nobody authenticated is no unlisted user. */
static enum mw_lookup find_user(const struct mw_policy *policy, const struct mw_directory_view *directory,
				const struct mw_facts *facts, struct mw_unlisted_name *name, struct mw_principal *user_r)
{
	if (mw_mechanism_is_anonymous(facts->mechanism))
		return mw_identity_login(policy, directory, facts->login, user_r);
	return mw_identity_user(policy, directory, facts->login, name, user_r);
}

void mw_login_find(const struct mw_policy *policy, const struct mw_directory_view *directory,
		   const struct mw_facts *facts, struct mw_verdict *verdict, struct mw_login *login_r)
{
	enum mw_lookup master;

	login_r->found = find_user(policy, directory, facts, &verdict->unlisted.user, &login_r->user);
	login_r->has_master = false;
	/* The directory may have given the name to somebody else, by mistake or to lift the suspension. */
	if (login_r->found == MW_LOOKUP_FOUND &&
	    mw_identity_add_suspended(policy, directory, facts->login, &login_r->user) == MW_LOOKUP_UNAVAILABLE)
		login_r->found = MW_LOOKUP_UNAVAILABLE;
	if (mw_str_empty(facts->master) || login_r->found == MW_LOOKUP_UNAVAILABLE)
		return;
	master = mw_identity_user(policy, directory, facts->master, &verdict->unlisted.master, &login_r->master);
	login_r->has_master = master == MW_LOOKUP_FOUND;
	if (master == MW_LOOKUP_FOUND) {
		if (mw_identity_add_suspended(policy, directory, facts->master, &login_r->master) == MW_LOOKUP_UNAVAILABLE)
			master = MW_LOOKUP_UNAVAILABLE;
	} else if (master == MW_LOOKUP_NONE) {
		master = mw_identity_suspended(policy, directory, facts->master, &login_r->master);
		login_r->has_master = master == MW_LOOKUP_FOUND;
	}
	if (master == MW_LOOKUP_UNAVAILABLE)
		login_r->found = MW_LOOKUP_UNAVAILABLE;
}

/* A login name that could be two users' is named. */
static void say_unavailable(const struct mw_policy *policy, const struct mw_directory_view *directory,
			    const struct mw_facts *facts, struct mw_step *step)
{
	step->outcome = MW_UNKNOWN;
	step->note = MW_NOTE_LOGIN_AMBIGUOUS;
	if (mw_identity_login_is_ambiguous(policy, directory, facts->login))
		return;
	step->value = facts->master;
	if (!mw_str_empty(facts->master) && mw_identity_login_is_ambiguous(policy, directory, facts->master))
		return;
	step->value = MW_STR_EMPTY;
	step->note = MW_NOTE_DIRECTORY_UNAVAILABLE;
}

/* Not inlined: few logins are unknown, and the others should not pay for its memory. */
__attribute__((noinline)) static void say_unknown(const struct mw_policy *policy,
						  const struct mw_directory_view *directory,
						  const struct mw_facts *facts, struct mw_step *step)
{
	struct mw_unlisted_name name;
	struct mw_unlisted unlisted;

	step->outcome = MW_FAILED;
	step->note = MW_NOTE_LOGIN_UNKNOWN;
	if (mw_mechanism_is_anonymous(facts->mechanism))
		return;
	mw_unlisted_find(policy, directory, facts->login, &name, &unlisted);
	step->note = unlisted.note;
	if (unlisted.note == MW_NOTE_LOGIN_TAKEN)
		step->other = unlisted.user.name;
}

/* The user, or the master user who acts as the user. */
static bool is_blocked(const struct mw_login *login, struct mw_str master, struct mw_step *step)
{
	struct mw_str why = login->user.blocked;

	if (mw_str_empty(why) && login->has_master) {
		why = login->master.blocked;
		step->value = master;
	}
	if (mw_str_empty(why))
		return false;
	step->outcome = MW_FAILED;
	step->note = MW_NOTE_LOGIN_BLOCKED;
	step->other = why;
	return true;
}

bool mw_login_is_known(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_facts *facts, const struct mw_login *login, struct mw_verdict *verdict)
{
	struct mw_step step = { .check = MW_CHECK_LOGIN, .value = facts->login };

	if (login->found == MW_LOOKUP_FOUND && is_blocked(login, facts->master, &step)) {
		mw_trace_write(&verdict->trace, &step);
		mw_verdict_refuse(policy, verdict, MW_REASON_NAME_BLOCKED);
		return false;
	}
	if (login->found == MW_LOOKUP_FOUND) {
		step.note = login->user.id == MW_ID_UNLISTED ? MW_NOTE_LOGIN_UNLISTED : MW_NOTE_LOGIN_KNOWN;
		step.other = login->user.name;
		mw_trace_write(&verdict->trace, &step);
		return true;
	}
	if (login->found == MW_LOOKUP_NONE) {
		say_unknown(policy, directory, facts, &step);
		mw_trace_write(&verdict->trace, &step);
		mw_verdict_refuse(policy, verdict, MW_REASON_UNKNOWN_LOGIN);
		if (verdict->mode == MW_MODE_AUDIT)
			mw_suspension_by_name(policy, directory, facts, verdict);
		return false;
	}
	say_unavailable(policy, directory, facts, &step);
	mw_verdict_undecided(verdict, &step);
	mw_suspension_by_name(policy, directory, facts, verdict);
	return false;
}
