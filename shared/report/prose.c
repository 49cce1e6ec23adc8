/* SPDX-License-Identifier: MIT */
#include "report/prose.h"

#include "report/template.h"

/* <value> and <other> are the step's, <seen> and <allowed> its numbers. */
static const char *const sentences[MW_NOTE_COUNT] = {
	[MW_NOTE_NONE] = "nothing to say",
	[MW_NOTE_RULE_CHOSEN] = "the narrowest rule for this listener and client[ is \"<value>\"]",
	[MW_NOTE_RULE_ENFORCED_FOR] =
		"the narrowest rule for this listener and client[ is \"<value>\"], in audit mode[, and enforced for <other>]",
	[MW_NOTE_NO_RULE] = "no enabled connector has this listener and this client address",
	[MW_NOTE_TLS_NOT_REQUIRED] = "TLS is not required",
	[MW_NOTE_TLS_OK] = "TLS is strong enough[: <value>][, <other>]",
	[MW_NOTE_TLS_NONE] = "the session has no TLS",
	[MW_NOTE_TLS_TOO_OLD] = "the session's TLS is older than tls_min_version[: <value>]",
	[MW_NOTE_TLS_TOO_WEAK] = "the session's cipher is weaker than tls_min_bits[: <value>]",
	[MW_NOTE_TLS_PROXY_NOT_NAMED] = "TLS was ended by a proxy[ <value>] that the rule's tls_proxies does not name",
	[MW_NOTE_MECHANISM_OK] = "the mechanism[ <value>] is admitted",
	[MW_NOTE_MECHANISM_NOT_ADMITTED] = "the mechanism[ <value>] is not admitted by the rule",
	[MW_NOTE_MECHANISM_NEEDS_TLS] = "the mechanism[ <value>] is permitted over TLS only",
	[MW_NOTE_NOT_LOGGED_IN] = "the session is not authenticated",
	[MW_NOTE_LOGIN_KNOWN] = "the login <value>[ is the user <other>]",
	[MW_NOTE_LOGIN_UNLISTED] = "unlisted login, own address by unlisted_logins: <value>[ sends as <other>]",
	[MW_NOTE_LOGIN_UNKNOWN] = "the directory has no user with the login name <value>",
	[MW_NOTE_LOGIN_NO_ADDRESS] =
		"the directory has no user with the login name <value>, and it is no address in an accepted domain",
	[MW_NOTE_LOGIN_U_LABEL] =
		"the directory has no user with the login name <value>, and an unlisted login has its domain as A-labels (xn--)",
	[MW_NOTE_LOGIN_TAKEN] =
		"no user has the login name <value>, but the directory knows its address, or what stands before its extension"
		"[, as that of <other>]",
	[MW_NOTE_LOGIN_COMPLETE] = "the directory has no user with the login name <value>, and its source for that domain is "
				   "complete",
	[MW_NOTE_LOGIN_AMBIGUOUS] = "the login name <value> is one user's, and with default_domain another's",
	[MW_NOTE_LOGIN_BLOCKED] = "the name of <value> is blocked[: <other>]",
	[MW_NOTE_SERVICE_ON] = "the service[ <value>] is switched on[ for <other>]",
	[MW_NOTE_SERVICE_OFF] = "the service[ <value>] is switched off[ for <other>]",
	[MW_NOTE_SUSPENDED_SENDING] = "sending is suspended[ for <other>]",
	[MW_NOTE_SUSPENDED_LOGIN] = "every login is suspended[ for <other>]",
	[MW_NOTE_MASTER_OK] = "the master user[ <value>] may act[ as <other>]",
	[MW_NOTE_MASTER_REFUSED] = "the master user[ <value>] may not submit mail as another[ (<other>)]",
	[MW_NOTE_NETWORK_INSIDE] = "the client's address is in the networks[ of <other>][ for <value>]",
	[MW_NOTE_NETWORK_OUTSIDE] = "the client's address is in none of the networks[ of <other>][ for <value>]",
	[MW_NOTE_NETWORK_CLIENT_UNKNOWN] =
		"the client's address is not known, and there are networks[ of <other>][ for <value>]",
	[MW_NOTE_SUBMIT_HELD] = "the session holds Submit[ as <value>]",
	[MW_NOTE_SUBMIT_MISSING] = "the session lacks Submit[ as <value>]",
	[MW_NOTE_SENDER_OWN] = "<value> is an own address[ of <other>]",
	[MW_NOTE_SENDER_SEND_AS] = "a send-as grant[ on <other>] covers <value>[, until <day>]",
	[MW_NOTE_SENDER_PREFIX] =
		"a send-as grant on addresses that begin alike[ (<other>*)] covers <value>[, until <day>]",
	[MW_NOTE_SENDER_ANY] = "the session may use any sender",
	[MW_NOTE_SENDER_NULL] = "the null sender is permitted",
	[MW_NOTE_SENDER_NULL_REFUSED] = "the connector refuses the null sender of a login (allow_null_sender)",
	[MW_NOTE_SENDER_INVALID] = "the sender[ <value>] is no mail address",
	[MW_NOTE_SENDER_NO_GRANT] = "no send-as grant on <value>[ for <other>]",
	[MW_NOTE_SENDER_BLOCKED] = "<value> is blocked, so that no grant holds[: <other>]",
	[MW_NOTE_SENDER_GRANT_ENDED] = "the send-as grant on <value>[ for <other>] ended[ on <day>]",
	[MW_NOTE_SENDER_RECEIVE_ONLY] = "<value> is an address for receiving only[ of <other>] (receive=)",
	[MW_NOTE_SENDER_AUTHORITATIVE] =
		"the sender's domain[ <value>] is Authoritative and the session lacks Accept-Authoritative-Domain-Sender",
	[MW_NOTE_RECIPIENT_ACCEPTED] = "<value> is an accepted domain[, <other>]",
	[MW_NOTE_RECIPIENT_ANY] = "the session holds Accept-Any-Recipient",
	[MW_NOTE_RECIPIENT_POSTMASTER] = "postmaster is always a recipient",
	[MW_NOTE_RECIPIENT_INVALID] = "the recipient[ <value>] is no mail address",
	[MW_NOTE_RECIPIENT_RELAY] = "the domain[ <value>] is not accepted and the session lacks Accept-Any-Recipient",
	[MW_NOTE_RELAY_OFF] = "relay=no takes Accept-Any-Recipient from the user[, and <value> is not accepted]",
	[MW_NOTE_RESTRICTION_NONE] = "anybody may write to the recipient",
	[MW_NOTE_RESTRICTION_MET] = "the recipient's senders= and senders_denied= admit the session",
	[MW_NOTE_RESTRICTION_REFUSED] = "the senders= of <value>[ (<other>)] does not admit the session",
	[MW_NOTE_RESTRICTION_DENIED] = "the senders_denied= of <value> does not admit the session[: it names <other>]",
	[MW_NOTE_WITHIN_LIMIT] = "<seen> of <allowed> allowed",
	[MW_NOTE_OVER_LIMIT] = "<seen>, but <allowed> allowed",
	[MW_NOTE_OVER_USER_LIMIT] = "<seen>, but <allowed> allowed to[ <other>]",
	[MW_NOTE_LIMIT_BYPASSED] = "the session holds Bypass-Message-Size-Limit",
	[MW_NOTE_NOT_AT_THIS_STAGE] = "not known at this stage",
	[MW_NOTE_DIRECTORY_UNAVAILABLE] = "the directory cannot be read",
	[MW_NOTE_NO_TRANSACTION] = "Postfix named neither a message instance nor a sender",
	[MW_NOTE_HEADER_OFF] = "the header is not looked at (header_from)",
	[MW_NOTE_HEADER_ANY] = "the session may use any sender",
	[MW_NOTE_HEADER_HELD] = "From[ (<value>)] is own, or covered by send-as[, for <other>][, until <day>]",
	[MW_NOTE_HEADER_ON_BEHALF] =
		"send-on-behalf covers From[ (<value>)][, until <day>], and Sender is an own address[ of <other>]",
	[MW_NOTE_HEADER_SENDER_ADDED] =
		"send-on-behalf covers From[ (<value>)][, until <day>], and Sender is added[: <other>] (add_sender)",
	[MW_NOTE_HEADER_RESENT] = "Resent-From[ (<value>)] is own[, for <other>], and From may be anybody's (allow_resend)",
	[MW_NOTE_HEADER_INVALID] = "the field <value> cannot be taken[: <other>]",
	[MW_NOTE_HEADER_SEVERAL] = "From has several addresses[ (<value>)] and there is no Sender",
	[MW_NOTE_HEADER_FROM_NO_GRANT] = "From is <value>: no send-as and no send-on-behalf grant on it[ for <other>]",
	[MW_NOTE_HEADER_NEEDS_SENDER] =
		"From is <value>: who sends on its behalf needs an own address in Sender[, <other> one], and there is none",
	[MW_NOTE_HEADER_SENDER_SIGNED] =
		"From is <value>: a Sender would be added[ for <other>], but a DKIM-Signature names sender",
	[MW_NOTE_HEADER_SENDER_NO_GRANT] = "Sender is <value>: no send-as grant on it[ for <other>]",
	[MW_NOTE_HEADER_GRANT_ENDED] = "the grant on <value> in the header[ for <other>] ended[ on <day>]",
	[MW_NOTE_HEADER_BLOCKED] = "<value> in the header is blocked, so that no grant holds[: <other>]",
	[MW_NOTE_HEADER_RECEIVE_ONLY] =
		"<value> in the header is an address for receiving only[ of <other>] (receive=)",
	[MW_NOTE_HEADER_RESENT_NO_GRANT] = "Resent-From or Resent-Sender is <value>: no send-as grant on it[ for <other>]",
	[MW_NOTE_HEADER_NAME] = "a name in From holds <value>[, which is no address of <other>] (display_name)",
	[MW_NOTE_HEADER_NAME_UNREAD] = "a name in From cannot be read (display_name)",
	[MW_NOTE_HEADER_AUTHORITATIVE] =
		"From can be read as <value>, in an Authoritative domain, and the session lacks Accept-Authoritative-Domain-Sender",
};

static void print_quantity(enum mw_check check, uint64_t quantity, struct mw_buf *out)
{
	if (check == MW_CHECK_SIZE)
		mw_print_size(quantity, out);
	else
		mw_print_limit(quantity, out);
}

/* The number of a step of these is a day, or nothing. */
static struct mw_str print_day(const struct mw_step *step, struct mw_buf *out)
{
	if ((step->check == MW_CHECK_SENDER || step->check == MW_CHECK_HEADER) && step->number != 0)
		mw_print_date((int64_t)step->number, out);
	return mw_buf_str(out);
}

void mw_prose_step(const struct mw_step *step, struct mw_buf *out)
{
	struct mw_template_values values = { .count = 0 };
	char seen_text[32], allowed_text[32], day_text[32];
	struct mw_buf seen = MW_BUF_OVER(seen_text), allowed = MW_BUF_OVER(allowed_text), day = MW_BUF_OVER(day_text);

	print_quantity(step->check, step->number, &seen);
	print_quantity(step->check, step->limit, &allowed);
	mw_template_set(&values, "value", step->value);
	mw_template_set(&values, "other", step->other);
	mw_template_set(&values, "seen", mw_buf_str(&seen));
	mw_template_set(&values, "allowed", mw_buf_str(&allowed));
	mw_template_set(&values, "day", print_day(step, &day));
	mw_template_write(sentences[step->note], &values, out);
}

void mw_prose_hint(const struct mw_verdict *verdict, struct mw_buf *out)
{
	const struct mw_step *step = mw_verdict_step(verdict);

	if (verdict->outcome == MW_PERMIT)
		return;
	if (step != NULL)
		mw_prose_step(step, out);
	else
		mw_buf_add_text(out, mw_reason_sentence(verdict->reason));
}
