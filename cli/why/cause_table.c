/* SPDX-License-Identifier: MIT */
#include "why/cause_table.h"

#include "why/fault.h"
#include "why/part.h"
#include "why/sasl_words.h"

static bool is(const struct mw_why_entry *entry, enum mw_why_kind kind)
{
	return entry->kind == kind;
}

static bool sending(const struct mw_why_entry *entry)
{
	return entry->protocol == MW_PROTOCOL_SMTP || entry->protocol == MW_PROTOCOL_SUBMISSION;
}

/* At CONNECT, HELO or AUTH. */
static bool before_login(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_REJECTED) && entry->login_state == MW_WHY_LOGIN_NOT_YET && entry->reason[0] == '\0';
}

static bool login_untold(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_REJECTED) && entry->login_state == MW_WHY_LOGIN_UNTOLD && entry->reason[0] == '\0' &&
	       !entry->by_sender;
}

/* Refused in earnest: audit mode only says that it would. */
static bool refused(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_DECIDED) && strcmp(entry->verdict, "would-refuse") != 0;
}

static bool because(const struct mw_why_entry *entry, const char *reason)
{
	return (refused(entry) || is(entry, MW_WHY_REJECTED)) && strcmp(entry->reason, reason) == 0;
}

static bool suspended(const struct mw_why_entry *entry)
{
	return (refused(entry) || is(entry, MW_WHY_REJECTED)) && strstr(entry->reason, "suspended") != NULL;
}

static bool switched_off(const struct mw_why_entry *entry)
{
	return because(entry, "smtp-disabled") || (because(entry, "service-disabled") && sending(entry));
}

static bool client_unknown(const struct mw_why_entry *entry)
{
	return because(entry, "client-unknown");
}

static bool reading_network_refused(const struct mw_why_entry *entry)
{
	return because(entry, "network-refused") && !sending(entry);
}

static bool network_refused(const struct mw_why_entry *entry)
{
	return because(entry, "network-refused") && sending(entry);
}

static bool send_as(const struct mw_why_entry *entry)
{
	return (because(entry, "send-as-denied") || is(entry, MW_WHY_NOT_OWNED)) && !entry->other_login;
}

static bool send_as_by_other(const struct mw_why_entry *entry)
{
	return (because(entry, "send-as-denied") || is(entry, MW_WHY_NOT_OWNED)) && entry->other_login;
}

static bool from_denied(const struct mw_why_entry *entry)
{
	return because(entry, "send-on-behalf-denied");
}

static bool from_invalid(const struct mw_why_entry *entry)
{
	return because(entry, "from-invalid") || because(entry, "from-ambiguous");
}

/* Said by the policy, or in Postfix's own words where it was not asked. */
static bool no_authentication(const struct mw_why_entry *entry)
{
	if (is(entry, MW_WHY_REJECTED))
		return strstr(entry->reply, "Client was not authenticated") != NULL || strncmp(entry->reply, "530 ", 4) == 0;
	return is(entry, MW_WHY_NO_LOGIN) || because(entry, "not-authenticated") ||
	       (because(entry, "relay-denied") && entry->by_address);
}

/* The user is told by the sender alone, which anybody can write. */
static bool no_authentication_by_sender(const struct mw_why_entry *entry)
{
	return no_authentication(entry) && entry->by_sender;
}

static bool no_authentication_there(const struct mw_why_entry *entry)
{
	return no_authentication(entry) && !entry->by_sender;
}

static bool by_sender(const struct mw_why_entry *entry)
{
	return entry->by_sender && !is(entry, MW_WHY_SUBMITTED) && !is(entry, MW_WHY_DELIVERED);
}

static bool undelivered_by_sender(const struct mw_why_entry *entry)
{
	return entry->by_sender && (is(entry, MW_WHY_BOUNCED) || is(entry, MW_WHY_EXPIRED) || is(entry, MW_WHY_DEFERRED));
}

static bool held_by_sender(const struct mw_why_entry *entry)
{
	return entry->by_sender && is(entry, MW_WHY_HELD);
}

static bool content_by_sender(const struct mw_why_entry *entry)
{
	return entry->by_sender && is(entry, MW_WHY_CONTENT_REFUSED);
}

static bool misspelt(const struct mw_why_entry *entry)
{
	return entry->other_login &&
	       (is(entry, MW_WHY_LOGIN_FAILED) || is(entry, MW_WHY_PASSWORD_WRONG) || is(entry, MW_WHY_USER_UNKNOWN) ||
		is(entry, MW_WHY_LOGIN_NEEDS_TLS) || because(entry, "unknown-login"));
}

static bool user_unknown(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_USER_UNKNOWN);
}

static bool mechanism(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_MECHANISM) || because(entry, "mechanism-refused");
}

static bool sending_without_tls(const struct mw_why_entry *entry)
{
	if (entry->tls || !sending(entry) || entry->by_sender)
		return false;
	return because(entry, "basic-without-tls") || because(entry, "tls-required") ||
	       (is(entry, MW_WHY_AUTH_NOT_OFFERED) && !entry->tls_unknown) ||
	       is(entry, MW_WHY_NEEDS_STARTTLS) ||
	       is(entry, MW_WHY_LOGIN_NEEDS_TLS) || because(entry, "login-without-tls");
}

static bool left_without_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AFTER_EHLO) && !entry->tls && !entry->tls_unknown;
}

static bool left_with_tls_unknown(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AFTER_EHLO) && !entry->tls && entry->tls_unknown;
}

/* A server that cannot check a password, or take a message. */
static bool fault(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_FAULT);
}

static bool no_connector(const struct mw_why_entry *entry)
{
	return because(entry, "no-connector");
}

static bool policy_service(const struct mw_why_entry *entry)
{
	return fault(entry) && mw_why_fault_of_policy_service(mw_str(entry->reply));
}

static bool restriction(const struct mw_why_entry *entry)
{
	return fault(entry) && mw_why_fault_of_restriction(mw_str(entry->reply));
}

static bool untold_configuration(const struct mw_why_entry *entry)
{
	return fault(entry) && mw_why_fault_of_configuration(mw_str(entry->reply));
}

static bool limit(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LIMIT);
}

static bool too_big_for_postfix(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TOO_BIG);
}

static bool content(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_CONTENT_REFUSED) && !entry->by_sender;
}

static bool held(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_HELD) && !entry->by_sender;
}

static bool cut(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_CUT);
}

static bool bounced(const struct mw_why_entry *entry)
{
	return (is(entry, MW_WHY_BOUNCED) || is(entry, MW_WHY_EXPIRED)) && !entry->by_sender;
}

static bool deferred(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_DEFERRED) && !entry->by_sender;
}

/* No server on the way answers on port 25. */
static bool blocked(const struct mw_why_entry *entry)
{
	static const char *const begins[] = { "connect to ", "delivery temporarily suspended: connect to ", NULL };

	return deferred(entry) && mw_part_begins_with_one(mw_str(entry->reply), begins) &&
	       strstr(entry->reply, ":25: ") != NULL &&
	       (strstr(entry->reply, "timed out") != NULL || strstr(entry->reply, "unreachable") != NULL);
}

static bool refuses_token(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_ENDED) ? mw_str_starts_with(mw_str(entry->reply), MW_STR("oauth2 failed: "))
			    : is(entry, MW_WHY_LOGIN_FAILED) && strcmp(entry->reason, "wrong-password") != 0 &&
				      mw_why_sasl_is_token(mw_str(entry->mechanism));
}

static bool ended(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_ENDED) && !refuses_token(entry);
}

static bool account_ended(const struct mw_why_entry *entry)
{
	return ended(entry) && mw_why_sasl_account_closed(mw_str(entry->reply));
}

static bool token_refused(const struct mw_why_entry *entry)
{
	return sending(entry) && refuses_token(entry);
}

static bool reading_token_refused(const struct mw_why_entry *entry)
{
	return !sending(entry) && refuses_token(entry);
}

static bool session_error(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SESSION_ERROR) && !sending(entry);
}

static bool submission_error(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SESSION_ERROR) && sending(entry);
}

static bool no_authentication_no_tls(const struct mw_why_entry *entry)
{
	return no_authentication_there(entry) && !entry->tls && !entry->tls_unknown;
}

static bool old_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_OLD) ||
	       (entry->tls && (because(entry, "basic-without-tls") || because(entry, "tls-required") ||
			       because(entry, "login-without-tls")));
}

static bool distrust(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_DISTRUST);
}

static bool left_at_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_LEFT);
}

static bool tls_hello(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_HELLO);
}

static bool no_tls_hello(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_NO_TLS_HELLO);
}

static bool left_at_greeting(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_AT_GREETING) && !entry->tls;
}

static bool wrong_password(const struct mw_why_entry *entry)
{
	return sending(entry) && (is(entry, MW_WHY_LOGIN_FAILED) || is(entry, MW_WHY_PASSWORD_WRONG)) && !refuses_token(entry);
}

static bool unknown_login(const struct mw_why_entry *entry)
{
	return because(entry, "unknown-login");
}

static bool too_big(const struct mw_why_entry *entry)
{
	return because(entry, "too-big") || because(entry, "too-many-recipients");
}

static bool refused_otherwise(const struct mw_why_entry *entry)
{
	/* Postfix gives the policy's words, and the log may lack mailwicketd's own line. */
	return (refused(entry) || (is(entry, MW_WHY_REJECTED) && entry->reason[0] != '\0')) && sending(entry) &&
	       !entry->by_sender;
}

static bool refused_otherwise_by_sender(const struct mw_why_entry *entry)
{
	return entry->by_sender && entry->reason[0] != '\0' && (refused(entry) || is(entry, MW_WHY_REJECTED));
}

/* At MAIL, as the session's summary says. */
static bool rejected_untold(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_REJECTED) && entry->reply[0] == '\0';
}

static bool audited(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_DECIDED) && !refused(entry) && !entry->by_sender;
}

static bool rejected(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_REJECTED) && !entry->by_sender;
}

static bool refused_behind_submission(const struct mw_why_entry *entry)
{
	return rejected(entry) && entry->protocol == MW_PROTOCOL_SUBMISSION;
}

static bool screened(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SCREENED);
}

static bool line_ends(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LINE_ENDS);
}

static bool pipelined(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_PIPELINED);
}

static bool no_smtp(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_NO_SMTP);
}

/* As the session's summary says. Most versions of Postfix log some such commands only, and no TLS. */
static bool no_smtp_untold(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_NO_SMTP) && entry->reply[0] == '\0';
}

static bool still_open(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_OPEN);
}

static bool banned(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_BANNED);
}

static bool unfinished(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LOGIN_LEFT) && sending(entry);
}

static bool canceled(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LOGIN_CANCELED) && sending(entry);
}

/* The log says only that it failed; where it says why others fail, it is not the password. */
static bool login_refused(const struct mw_why_entry *entry)
{
	return entry->unexplained;
}

/* In a session of which nothing tells that it had TLS. */
static bool auth_not_offered(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_AUTH_NOT_OFFERED) && entry->tls_unknown;
}

static bool auth_failed(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_AUTH_FAILED);
}

/* Dovecot's auth hung up. */
static bool login_lost(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LOGIN_FAILED) && entry->reply[0] != '\0' && strcmp(entry->reason, "wrong-password") != 0 &&
	       sending(entry);
}

static bool login_failed(const struct mw_why_entry *entry)
{
	return wrong_password(entry) && !is(entry, MW_WHY_PASSWORD_WRONG) && strcmp(entry->reason, "wrong-password") != 0;
}

static bool left_with_tls(const struct mw_why_entry *entry)
{
	return (is(entry, MW_WHY_LEFT_AFTER_EHLO) || is(entry, MW_WHY_LEFT_AT_GREETING)) && entry->tls;
}

static bool tls_cut(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_CUT);
}

static bool tls_failed(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_TLS_FAILED);
}

static bool starttls_failed(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_STARTTLS_FAILED);
}

static bool reading_without_tls(const struct mw_why_entry *entry)
{
	return !sending(entry) && !entry->tls && (because(entry, "login-without-tls") || is(entry, MW_WHY_LOGIN_NEEDS_TLS));
}

static bool reading_refused(const struct mw_why_entry *entry)
{
	return refused(entry) && !sending(entry);
}

static bool reading_password(const struct mw_why_entry *entry)
{
	return !sending(entry) && !refuses_token(entry) &&
	       (is(entry, MW_WHY_LOGIN_FAILED) || is(entry, MW_WHY_PASSWORD_WRONG));
}

static bool reading_failed(const struct mw_why_entry *entry)
{
	return reading_password(entry) && is(entry, MW_WHY_LOGIN_FAILED) && strcmp(entry->reason, "wrong-password") != 0;
}

static bool reading_given_up(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LOGIN_LEFT) && !sending(entry);
}

/* A client that respects LOGINDISABLED. */
static bool reading_left_without_tls(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_BEFORE_LOGIN) && !sending(entry) && !entry->tls;
}

/* Clients that do log in open a connection more now and then. */
static bool reading_left(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_LEFT_BEFORE_LOGIN) && !sending(entry) && entry->tls && !entry->logged_in_there;
}

static bool silent(const struct mw_why_entry *entry)
{
	return is(entry, MW_WHY_SILENT);
}

#define PORTS "port 587 with STARTTLS, or port 465 with TLS"
const struct cause_row mw_why_cause_rows[] = {
#define MW_CAUSE(...) { __VA_ARGS__ },
#include "why/cause.def"
#undef MW_CAUSE
	{ NULL, NULL, false, false, NULL, NULL, NULL },
};
