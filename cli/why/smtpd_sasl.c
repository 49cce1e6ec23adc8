/* SPDX-License-Identifier: MIT */
#include "why/smtpd.h"

#include "why/fault.h"
#include "why/part.h"
#include "why/sasl_words.h"

#define SOON 5 /* seconds, in which a login cannot fail several times */

void mw_smtpd_see_password(struct mw_why_session *session, const struct mw_why_event *event)
{
	if (!event->tls && (mw_str_equal_nocase(event->mechanism, MW_STR("PLAIN")) ||
			    mw_str_equal_nocase(event->mechanism, MW_STR("LOGIN"))))
		mw_part_copy(session->clear, sizeof(session->clear), event->user);
}

static bool lost_auth(struct mw_str why)
{
	return mw_str_has(why, "onnection lost to authentication server");
}

/* Dovecot's auth hangs up on who tries too often. Each wrong password takes it two seconds (auth_failure_delay): so
   soon after the beginning of a session there were not so many. */
static bool tried_too_often(const struct mw_why_session *session, int64_t now)
{
	return session->failed || session->begun == 0 || now - session->begun > SOON;
}

/* Cyrus SASL cannot read its own passwords, or is set up wrongly: what it says then of the user, or of the
   mechanism, is not to be believed. It says so at each try. */
static bool has_problem(const struct mw_why_session *session)
{
	return mw_why_fault_of_login(mw_str(session->fault));
}

static bool is_fault_of_sasl(const struct mw_why_session *session, struct mw_str why, int64_t now)
{
	if (lost_auth(why) && session->fault[0] == '\0')
		return !tried_too_often(session, now);
	/* Cyrus SASL, where its saslauthd is away. */
	if (mw_str_equal(why, MW_STR("generic failure")) && session->fault[0] != '\0')
		return true;
	if (has_problem(session))
		return true;
	return mw_why_sasl_kind(why) == MW_WHY_FAULT && !session->failed;
}

/* "SASL PLAIN authentication failed: WHY, sasl_username=NAME": NAME is the rest of the line, whatever is in it. Older
   Postfix has no WHY where nobody told it one, and at first had no colon. */
bool mw_smtpd_sasl(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	struct mw_str said = mw_part_after(rest, "]: SASL "), why = mw_part_after(said, " authentication failed");
	struct mw_str cause = mw_part_before(why, ", sasl_username=");

	cause = mw_str_trim(mw_str_tail(cause, mw_str_starts_with(cause, MW_STR(":")) ? 1 : 0));
	event->kind = mw_why_sasl_kind(cause);
	if (event->kind == MW_WHY_FAULT || event->kind == MW_WHY_LOGIN_FAILED || event->kind == MW_WHY_USER_UNKNOWN)
		event->kind = is_fault_of_sasl(session, cause, event->time) ? MW_WHY_FAULT
			      : event->kind == MW_WHY_FAULT ? MW_WHY_LOGIN_FAILED : event->kind;
	if (event->kind == MW_WHY_MECHANISM && has_problem(session))
		event->kind = MW_WHY_FAULT;
	if (mw_str_has(mw_part_before(said, ", sasl_username="), " authentication aborted"))
		event->kind = MW_WHY_LOGIN_CANCELED;
	if (event->kind == MW_WHY_LOGIN_FAILED && !session->failed && lost_auth(cause))
		event->reply = cause;
	session->failed |= event->kind == MW_WHY_LOGIN_FAILED || event->kind == MW_WHY_USER_UNKNOWN;
	session->tried = true;
	if (event->kind == MW_WHY_FAULT || event->kind == MW_WHY_ENDED)
		event->reply = mw_smtpd_with_fault(session, cause);
	event->mechanism = mw_str_head(said, mw_str_find(said, ' '));
	event->user = mw_part_after(why, ", sasl_username=");
	if (mw_str_equal(event->user, MW_STR("(unavailable)")))
		event->user = MW_STR_EMPTY;
	event->tls = session->tls || mw_smtpd_tls_first(event);
	event->tls_unknown = !event->tls;
	if (event->kind == MW_WHY_LOGIN_NEEDS_TLS && event->tls)
		event->kind = MW_WHY_MECHANISM;
	if (event->kind == MW_WHY_LOGIN_FAILED)
		mw_smtpd_see_password(session, event);
	if (has_problem(session))
		session->fault[0] = '\0';
	session->told = true;
	return true;
}
