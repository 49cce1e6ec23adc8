/* SPDX-License-Identifier: MIT */
#include "why/words.h"

#include <stdio.h>
#include <time.h>

#include "why/cause.h"

static const struct { const char *name, *words; enum mw_colour colour; } kinds[] = {
	[MW_WHY_LOGGED_IN] = { "logged-in", "logged in", MW_GOOD },
	[MW_WHY_BEGUN] = { "begun", "a message was begun; the log does not show whether it was accepted", MW_DOUBTFUL },
	[MW_WHY_CLEAR] = { "login-in-clear", "a login without TLS", MW_BAD },
	[MW_WHY_UNDERWAY] = { "underway", "accepted; the log does not show that it was delivered", MW_DOUBTFUL },
	[MW_WHY_DELIVERED] = { "delivered", "delivered", MW_GOOD },
	[MW_WHY_DEFERRED] = { "deferred", "not delivered yet, Postfix tries again", MW_BAD },
	[MW_WHY_BOUNCED] = { "bounced", "not delivered, and sent back", MW_BAD },
	[MW_WHY_EXPIRED] = { "expired", "never delivered, and sent back", MW_BAD },
	[MW_WHY_HELD] = { "held", "put on hold or thrown away", MW_BAD },
	[MW_WHY_CONTENT_REFUSED] = { "content-refused", "refused by a content filter", MW_BAD },
	[MW_WHY_TOO_BIG] = { "too-big", "larger than Postfix takes", MW_BAD },
	[MW_WHY_CUT] = { "cut", "a message was begun and not accepted", MW_BAD },
	[MW_WHY_FAULT] = { "server-fault", "a fault of the server", MW_BAD },
	[MW_WHY_LIMIT] = { "limit", "a limit was reached", MW_BAD },
	[MW_WHY_ENDED] = { "login-ended", "the login was ended", MW_BAD },
	[MW_WHY_SESSION_ERROR] = { "session-error", "an error after the login", MW_BAD },
	[MW_WHY_NO_LOGIN] = { "no-login", "rejected by Postfix without a login", MW_BAD },
	[MW_WHY_NOT_OWNED] = { "not-owned", "rejected by Postfix", MW_BAD },
	[MW_WHY_SUBMITTED] = { "submitted", "a message was accepted", MW_GOOD },
	[MW_WHY_PERMITTED] = { "permitted", "permitted by the policy", MW_GOOD },
	[MW_WHY_DECIDED] = { "refused", "", MW_BAD },
	[MW_WHY_LOGIN_FAILED] = { "login-failed", "login failed", MW_BAD },
	[MW_WHY_USER_UNKNOWN] = { "user-unknown", "login failed: Dovecot has no user of this name", MW_BAD },
	[MW_WHY_LOGIN_LEFT] = { "login-unfinished", "began to log in and left", MW_DOUBTFUL },
	[MW_WHY_LOGIN_CANCELED] = { "login-canceled", "began to log in and canceled it", MW_DOUBTFUL },
	[MW_WHY_AUTH_FAILED] = { "auth-failed", "login failed; the log does not show why", MW_BAD },
	[MW_WHY_PASSWORD_WRONG] = { "wrong-password", "wrong password", MW_BAD },
	[MW_WHY_LOGIN_NEEDS_TLS] = { "login-needs-tls", "login refused before TLS", MW_BAD },
	[MW_WHY_MECHANISM] = { "mechanism-not-offered", "a mechanism that is not offered", MW_BAD },
	[MW_WHY_REJECTED] = { "rejected", "rejected by Postfix", MW_BAD },
	[MW_WHY_SCREENED] = { "screened", "not let through by postscreen", MW_BAD },
	[MW_WHY_LINE_ENDS] = { "line-ends", "rejected by Postfix: lines end with LF alone", MW_BAD },
	[MW_WHY_PIPELINED] = { "pipelined", "commands before the server's answer", MW_BAD },
	[MW_WHY_NO_SMTP] = { "no-smtp", "what came is not SMTP", MW_BAD },
	[MW_WHY_NEEDS_STARTTLS] = { "needs-starttls", "a message without TLS, where Postfix requires it", MW_BAD },
	[MW_WHY_TLS_HELLO] = { "tls-hello", "TLS (or no mail protocol) where plain text was due", MW_BAD },
	[MW_WHY_NO_TLS_HELLO] = { "no-tls-hello", "no TLS on a port with implicit TLS", MW_BAD },
	[MW_WHY_TLS_OLD] = { "tls-too-old", "TLS too old, or no cipher in common", MW_BAD },
	[MW_WHY_TLS_LEFT] = { "left-at-tls", "left as soon as TLS was there", MW_BAD },
	[MW_WHY_TLS_DISTRUST] = { "certificate-not-accepted", "the client does not accept the certificate", MW_BAD },
	[MW_WHY_TLS_FAILED] = { "tls-failed", "TLS began and failed", MW_BAD },
	[MW_WHY_STARTTLS_FAILED] = { "starttls-failed", "STARTTLS failed; the log does not show why", MW_BAD },
	[MW_WHY_TLS_CUT] = { "tls-cut", "the client ended the TLS handshake", MW_BAD },
	[MW_WHY_LEFT_AT_GREETING] = { "left-at-greeting", "left at the greeting", MW_DOUBTFUL },
	[MW_WHY_LEFT_AFTER_EHLO] = { "left-after-ehlo", "asked what is offered (EHLO), and left", MW_DOUBTFUL },
	[MW_WHY_AUTH_NOT_OFFERED] = { "auth-not-offered", "AUTH where none is offered", MW_BAD },
	[MW_WHY_LEFT_BEFORE_LOGIN] = { "left-before-login", "left without logging in", MW_DOUBTFUL },
	[MW_WHY_OPEN] = { "open", "connected; the log does not have the end of it", MW_DOUBTFUL },
	[MW_WHY_CONNECTED] = { "connected", "connected", MW_PLAIN },
	[MW_WHY_SILENT] = { "silent", "the log does not show SMTP from here", MW_DOUBTFUL },
	[MW_WHY_BANNED] = { "banned", "nothing from here after logins that failed: banned?", MW_BAD },
	[MW_WHY_UNREAD] = { "unread", "", MW_PLAIN },
};

const char *mw_why_kind_name(enum mw_why_kind kind)
{
	return kinds[kind].name;
}

enum mw_colour mw_why_colour(const struct mw_why_entry *entry)
{
	if (entry->kind == MW_WHY_DECIDED && strcmp(entry->verdict, "would-refuse") == 0)
		return MW_DOUBTFUL;
	return kinds[entry->kind].colour;
}

#define DAY_LENGTH 11 /* "2026-11-25 " */

void mw_why_time(int64_t time, struct mw_buf *out)
{
	time_t seconds = (time_t)time;
	struct tm local;
	char text[32];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	mw_buf_add_text(out, text);
}

static void add_until(const struct mw_why_entry *entry, struct mw_buf *out)
{
	char first[32], last[32];
	struct mw_buf a = MW_BUF_OVER(first), b = MW_BUF_OVER(last);

	if (entry->count < 2)
		return;
	mw_buf_printf(out, ", %llu times", (unsigned long long)entry->count);
	if (entry->first == entry->last)
		return;
	mw_why_time(entry->first, &a);
	mw_why_time(entry->last, &b);
	mw_buf_printf(out, " until %s", strncmp(first, last, DAY_LENGTH) == 0 ? last + DAY_LENGTH : last);
}

void mw_why_service(const struct mw_why_entry *entry, struct mw_buf *out)
{
	mw_buf_add_text(out, entry->wide ? "(server)" : mw_table_word(mw_protocols, entry->protocol));
	if (entry->port[0] != '\0')
		mw_buf_printf(out, " %s", entry->port);
}

static void add_decision(const struct mw_why_entry *entry, struct mw_buf *out)
{
	const struct { const char *verdict, *words; } verdicts[] = {
		{ "refuse", "refused" }, { "would-refuse", "let through, but would be refused (audit)" },
		{ "defer", "deferred" }, { "undecided", "could not be decided" },
	};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(entry->verdict, verdicts[i].verdict) == 0)
			mw_buf_add_text(out, verdicts[i].words);
	if (entry->mechanism[0] != '\0' && entry->sender[0] == '\0')
		mw_buf_printf(out, " (%s)", entry->mechanism);
	mw_buf_printf(out, ": %s", mw_why_sentence_of(entry->reason));
	if (entry->sender[0] != '\0')
		mw_buf_printf(out, "; from <%s>", entry->sender);
	if (entry->recipient[0] != '\0')
		mw_buf_printf(out, " to <%s>", entry->recipient);
	mw_buf_printf(out, " [%s", entry->reason);
	if (entry->rule_name[0] != '\0' && strcmp(entry->rule_name, entry->rule) != 0)
		mw_buf_printf(out, ", %s \"%s\"", entry->protocol == MW_PROTOCOL_SMTP ? "connector" : "login rule",
			      entry->rule_name);
	if (entry->rule[0] != '\0')
		mw_buf_printf(out, ", %s", entry->rule);
	mw_buf_add_char(out, ']');
}

/* Whether the session had TLS is known and worth a word. Postfix does not always say so of a login that failed. */
static bool tells_tls(const struct mw_why_entry *entry)
{
	if (entry->kind == MW_WHY_LOGIN_FAILED || entry->kind == MW_WHY_AUTH_FAILED)
		return true;
	return entry->kind == MW_WHY_LOGGED_IN || entry->kind == MW_WHY_LEFT_AFTER_EHLO || entry->kind == MW_WHY_OPEN ||
	       entry->kind == MW_WHY_AUTH_NOT_OFFERED || entry->kind == MW_WHY_LEFT_BEFORE_LOGIN;
}

void mw_why_words(const struct mw_why_entry *entry, struct mw_buf *out)
{
	if (entry->kind == MW_WHY_DECIDED)
		add_decision(entry, out);
	else
		mw_buf_add_text(out, kinds[entry->kind].words);
	if (entry->kind == MW_WHY_SUBMITTED && entry->login[0] == '\0')
		mw_buf_add_text(out, entry->client[0] != '\0' ? ", without a login" : "; the log does not show from whom");
	if (entry->kind == MW_WHY_LOGIN_FAILED && strcmp(entry->reason, "wrong-password") == 0)
		mw_buf_add_text(out, ": wrong password");
	if ((entry->kind == MW_WHY_DELIVERED || entry->kind == MW_WHY_DEFERRED || entry->kind == MW_WHY_BOUNCED) &&
	    entry->recipient[0] != '\0')
		mw_buf_printf(out, " to <%s>", entry->recipient);
	if (entry->kind != MW_WHY_DECIDED && entry->reply[0] != '\0')
		mw_buf_printf(out, ": %s", entry->reply);
	if ((entry->kind == MW_WHY_REJECTED || entry->kind == MW_WHY_NO_SMTP) && entry->reply[0] == '\0')
		mw_buf_add_text(out, "; the log does not show why");
	if (tells_tls(entry))
		mw_buf_add_text(out, entry->tls ? ", with TLS" : entry->tls_unknown ? ", TLS not known" : ", without TLS");
	if (entry->mechanism[0] != '\0' && entry->kind != MW_WHY_DECIDED)
		mw_buf_printf(out, " (%s)", entry->mechanism);
	if (entry->other_login && entry->kind != MW_WHY_DECIDED)
		mw_buf_printf(out, ", as %s", entry->login);
	if (entry->exposed)
		mw_buf_add_text(out, "; the password crossed the wire in clear");
	add_until(entry, out);
}
