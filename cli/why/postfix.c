/* SPDX-License-Identifier: MIT */
#include "why/event.h"

#include "why/part.h"

/* master: "warning: /usr/lib/postfix/sbin/smtpd: bad command startup -- throttling", "warning: process .../smtpd pid 7
   exit status 1", "warning: service "submission" (587) has reached its process limit "100": new clients ...", "fatal:
   bind ...". Of the programs that a message needs before it is accepted. */
static bool read_master(struct mw_str message, struct mw_why_event *event)
{
	static const char *const programs[] = { "/smtpd", "/postscreen", "/tlsproxy", "/cleanup", "/trivial-rewrite",
						"/proxymap", NULL };
	static const char *const ends[] = { " -- throttling", " exit status ", " killed by signal ", NULL };
	struct mw_str said = mw_part_after(message, ": ");

	event->reply = said;
	event->wide = true;
	event->kind = MW_WHY_FAULT;
	if (mw_str_starts_with(message, MW_STR("fatal: ")) || mw_str_starts_with(message, MW_STR("panic: ")))
		return true;
	if (!mw_str_starts_with(message, MW_STR("warning: ")))
		return false;
	if (mw_str_has(said, " has reached its process limit ")) {
		event->kind = MW_WHY_LIMIT;
		return !mw_str_starts_with(said, MW_STR("service \"smtp\" (smtp)"));
	}
	return mw_part_has_one(said, programs) && mw_part_has_one(said, ends);
}

/* postscreen's words for what a client did, and for its refusals: "WORDS from [192.0.2.7]:4711 ...". */
static const struct { const char *begins; enum mw_why_kind kind; } screened[] = {
	{ "NOQUEUE: reject: CONNECT from ", MW_WHY_LIMIT },
	{ "reject: connect from ", MW_WHY_LIMIT },
	{ "NOQUEUE: reject: RCPT from ", MW_WHY_SCREENED },
	{ "PREGREET ", MW_WHY_SCREENED },
	{ "HANGUP ", MW_WHY_LEFT_AT_GREETING },
	{ "COMMAND PIPELINING from ", MW_WHY_PIPELINED },
	{ "NON-SMTP COMMAND from ", MW_WHY_NO_SMTP },
	{ "BARE NEWLINE from ", MW_WHY_LINE_ENDS },
	{ "COMMAND ", MW_WHY_SCREENED }, /* its limits of time, length and number */
};

/* Lines of postscreen that tell nothing of why. */
static const char *const quiet[] = { "CONNECT from ", "DISCONNECT ", "PASS ", "SKIP ", "ALLOWLIST", "WHITELIST",
				     "DENYLIST", "BLACKLIST", "DNSBL rank ", "cache ", NULL };

static bool read_postscreen(struct mw_str message, struct mw_why_event *event)
{
	if (mw_str_starts_with(message, MW_STR("fatal: ")) || mw_str_starts_with(message, MW_STR("panic: ")) ||
	    mw_str_starts_with(message, MW_STR("warning: cannot "))) {
		event->kind = MW_WHY_FAULT;
		event->wide = true;
		event->reply = mw_part_after(message, ": ");
		return true;
	}
	event->client = mw_part_address(message);
	for (size_t i = 0; i < sizeof(screened) / sizeof(screened[0]); i++) {
		if (!mw_str_starts_with(message, mw_str(screened[i].begins)))
			continue;
		event->kind = screened[i].kind;
		event->reply = mw_part_before(mw_part_after(message, "]:"), "; from=<");
		event->reply = event->kind == MW_WHY_SCREENED && mw_str_starts_with(message, MW_STR("NOQUEUE: "))
				       ? mw_part_after(event->reply, ": ") : message;
		if (mw_str_starts_with(message, MW_STR("PREGREET ")) && mw_str_has(message, ": \\026\\003"))
			event->kind = MW_WHY_TLS_HELLO;
		return true;
	}
	event->kind = MW_WHY_UNREAD;
	return !mw_part_begins_with_one(message, quiet) && !mw_str_empty(event->client);
}

/* cleanup: "warning: mail_queue_enter: create file incoming/...: No space left on device". */
static bool read_cleanup(struct mw_str message, struct mw_why_event *event)
{
	event->kind = MW_WHY_FAULT;
	event->wide = true;
	event->reply = mw_part_after(message, ": ");
	return mw_str_starts_with(message, MW_STR("warning: mail_queue_enter: "));
}

bool mw_why_postfix(const struct mw_why_line *line, struct mw_why_event *event_r)
{
	*event_r = (struct mw_why_event){ .time = line->time, .protocol = MW_PROTOCOL_SMTP, .tls_unknown = true };
	if (mw_str_ends_with(line->program, MW_STR("/cleanup")))
		return read_cleanup(line->message, event_r);
	return mw_str_ends_with(line->program, MW_STR("/postscreen")) ? read_postscreen(line->message, event_r)
									: read_master(line->message, event_r);
}

/* What stands before the name and behind it. */
static const struct { const char *before, *behind; enum mw_why_kind kind; } saslauthd[] = {
	{ "auth failure: [user=", "] [service=smtp]", MW_WHY_LOGIN_FAILED },
	{ "failed mail authentication attempt for user '", "' (password len=", MW_WHY_LOGIN_FAILED }, /* Plesk's */
	{ "No such user '", "' in mail authorization database", MW_WHY_USER_UNKNOWN },
};

bool mw_why_saslauthd(const struct mw_why_line *line, struct mw_why_event *event_r)
{
	*event_r = (struct mw_why_event){ .time = line->time, .protocol = MW_PROTOCOL_SMTP, .tls_unknown = true };
	for (size_t i = 0; i < sizeof(saslauthd) / sizeof(saslauthd[0]); i++) {
		struct mw_str rest = mw_part_after(line->message, saslauthd[i].before);

		if (mw_str_empty(rest) || !mw_str_has(rest, saslauthd[i].behind))
			continue;
		event_r->kind = saslauthd[i].kind;
		event_r->user = mw_part_before(rest, saslauthd[i].behind);
		return true;
	}
	return false;
}
