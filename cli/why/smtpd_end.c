/* SPDX-License-Identifier: MIT */
#include "why/smtpd.h"

#include "base/units.h"
#include "mail/network.h"
#include "why/part.h"

/* The commands of a session, as its summary counts them, and those of them that went well. */
struct counts {
	bool told; /* since Postfix 3.0 */
	uint64_t xclient_failed, hello, starttls, auth, mail, unknown, texts, commands, commands_failed;
	uint64_t hello_well, tls_well, auth_well, mail_well, texts_well;
};

/* "auth=0/1": how many times, and how many of those went well. */
static uint64_t count_of(struct mw_str summary, const char *command, uint64_t *well_r)
{
	struct mw_str field;
	uint64_t all = 0;

	*well_r = 0;
	while (mw_str_split(&summary, ' ', &field)) {
		struct mw_str numbers = mw_str_tail(field, strlen(command) + 1), first;

		if (!mw_str_starts_with(field, mw_str(command)) || mw_str_find(field, '=') != strlen(command))
			continue;
		if (mw_str_split(&numbers, '/', &first) && mw_parse_number(first, well_r) &&
		    (mw_str_empty(numbers) || !mw_parse_number(numbers, &all)))
			all = *well_r;
	}
	return all;
}

static struct counts count(struct mw_str summary)
{
	struct counts counts = { .told = mw_str_has(summary, "commands=") };
	uint64_t well, data, bdat;

	counts.hello = count_of(summary, "ehlo", &counts.hello_well) + count_of(summary, "helo", &well);
	counts.hello_well += well;
	counts.starttls = count_of(summary, "starttls", &counts.tls_well);
	counts.auth = count_of(summary, "auth", &counts.auth_well);
	counts.mail = count_of(summary, "mail", &counts.mail_well);
	counts.commands = count_of(summary, "commands", &well);
	counts.commands_failed = counts.commands - well;
	counts.unknown = count_of(summary, "unknown", &well);
	counts.xclient_failed = count_of(summary, "xclient", &well);
	counts.xclient_failed -= well < counts.xclient_failed ? well : counts.xclient_failed;
	counts.texts = count_of(summary, "data", &data) + count_of(summary, "bdat", &bdat);
	counts.texts_well = data + bdat;
	return counts;
}

/* A handshake that did not come to its end. Who says nothing of TLS waits for a greeting, and not for a moment only. */
static enum mw_why_kind tls_kind(const struct mw_why_session *session, bool starttls)
{
	if (session->tls_distrust)
		return MW_WHY_TLS_DISTRUST;
	if (session->tls_old)
		return MW_WHY_TLS_OLD;
	if (!starttls && (session->tls_plain || session->tls_waited))
		return MW_WHY_NO_TLS_HELLO;
	return session->tls_lost || session->tls_waited ? MW_WHY_TLS_CUT : MW_WHY_TLS_FAILED;
}

/* Postfix says in its log why a login failed, but not that it offers none. */
static enum mw_why_kind auth_kind(const struct mw_why_session *session, bool tls)
{
	if (!tls)
		return MW_WHY_AUTH_NOT_OFFERED;
	return session->left_auth ? MW_WHY_LOGIN_LEFT : MW_WHY_AUTH_FAILED;
}

/* No command came inside TLS: on a listener where TLS begins later, only those before it. */
static bool left_at_tls(const struct mw_why_session *session, const struct counts *counts, bool first)
{
	if (first)
		return session->tls && counts->commands == 0;
	return counts->tls_well > 0 && counts->hello == 1 && counts->commands == 2;
}

/* Without a summary only the line before the last tells how it ended. */
static enum mw_why_kind left_in(const struct mw_why_session *session)
{
	if (session->left_greeting)
		return session->tls ? MW_WHY_TLS_LEFT : MW_WHY_LEFT_AT_GREETING;
	if (session->left_hello)
		return MW_WHY_LEFT_AFTER_EHLO;
	return session->left_auth ? MW_WHY_LOGIN_LEFT : MW_WHY_CONNECTED;
}

static enum mw_why_kind summed_up(const struct mw_why_session *session, const struct counts *counts, bool tls)
{
	/* An alert that comes when the handshake is over, as in TLS 1.3, is no error of SSL_accept. */
	if (session->tls_error || session->tls_distrust)
		return tls_kind(session, counts->starttls > 0);
	if (session->hello_pipelined)
		return MW_WHY_TLS_HELLO;
	if (!counts->told)
		return left_in(session);
	if (counts->hello == 0 && counts->unknown > 0)
		return MW_WHY_NO_SMTP;
	/* Before Postfix 3.9 it is a note in the log, and no more. */
	if (session->pipelined && counts->texts_well == 0 && counts->commands_failed > 0)
		return MW_WHY_PIPELINED;
	if (left_at_tls(session, counts, tls))
		return MW_WHY_TLS_LEFT;
	if (counts->hello == 0 && counts->mail == 0)
		return MW_WHY_LEFT_AT_GREETING;
	if (counts->auth > 0 && counts->auth_well == 0)
		return auth_kind(session, tls || counts->tls_well > 0 || session->tls);
	/* Postfix says nothing in its log when it answers "Must issue a STARTTLS command first". */
	if (counts->mail > 0 && counts->mail_well == 0 && counts->tls_well == 0 && counts->hello > 0 && !session->tls)
		return MW_WHY_NEEDS_STARTTLS;
	if (counts->mail > 0 && counts->mail_well == 0)
		return MW_WHY_REJECTED;
	if (counts->starttls > counts->tls_well)
		return MW_WHY_STARTTLS_FAILED;
	return counts->mail == 0 && counts->auth == 0 ? MW_WHY_LEFT_AFTER_EHLO : MW_WHY_CONNECTED;
}

/* How the refusal that waits is told, once it is known whether the client had logged in. */
static bool settle(struct mw_why_session *session, bool told, bool logged_in, struct mw_why_event *event)
{
	struct mw_why_pending *pending = &session->pending;
	enum mw_why_login login_state = !told		       ? MW_WHY_LOGIN_UNTOLD
					: !logged_in && session->tried ? MW_WHY_LOGIN_TRIED
								       : MW_WHY_LOGIN_TOLD;

	if (!pending->is)
		return false;
	pending->is = false;
	*event = (struct mw_why_event){ .kind = told && !logged_in ? MW_WHY_NO_LOGIN : MW_WHY_REJECTED,
					.login_state = login_state,
					.protocol = MW_PROTOCOL_SMTP, .time = pending->time, .tls = pending->tls,
					.client = mw_str(session->client), .port = mw_str(session->port),
					.reply = mw_str(pending->reply), .tls_unknown = !pending->tls,
					.sender = mw_str(pending->sender),
					.recipient = mw_str(pending->recipient) };
	return true;
}

/* A proxy of our own in front of Postfix, to which it does not listen: no client behind it comes further. */
static bool proxy_refused(const struct counts *counts, struct mw_why_event *event)
{
	struct mw_range client = { .first = { .family = MW_FAMILY_UNKNOWN } };

	if (counts->xclient_failed == 0 || !mw_ip_parse(event->client, &client.first))
		return false;
	client.last = client.first;
	if (!mw_range_is_private(&client))
		return false;
	event->kind = MW_WHY_FAULT;
	event->wide = event->tls_unknown = true;
	event->reply = MW_STR("XCLIENT of a proxy was refused (smtpd_authorized_xclient_hosts does not have its address)");
	return true;
}

/* A login that the log does not tell apart from one within TLS but by the session's summary. */
static bool is_in_clear(const struct mw_why_session *session, const struct counts *counts)
{
	return session->clear[0] != '\0' && !session->tls && counts->tls_well == 0 && counts->auth > 0 &&
	       counts->starttls == 0;
}

static void tell_clear(const struct mw_why_session *session, struct mw_why_event *event)
{
	event->kind = MW_WHY_CLEAR;
	event->user = mw_str(session->clear);
	event->exposed = true;
	event->reply = event->sender = event->recipient = MW_STR_EMPTY;
}

bool mw_smtpd_end(struct mw_why_sessions *sessions, struct mw_why_session *session, struct mw_str rest,
		  struct mw_why_event *event)
{
	struct counts counts = count(mw_part_after(rest, "] "));
	/* On a listener where TLS begins later the summary says whether it did. */
	bool tells_tls = counts.told && mw_smtpd_starttls(sessions, session, event);
	bool logs_tls = mw_smtpd_is_known(sessions->tls_logged, session->instance);

	session->ended = true;
	if (counts.tls_well > 0)
		mw_smtpd_learn(sessions->starttls, session->program);
	if (settle(session, counts.told, counts.auth_well > 0, event)) {
		event->tls = event->tls || counts.tls_well > 0;
		event->tls_unknown = !event->tls && !tells_tls && !logs_tls;
		sessions->two = !event->tls && tells_tls && is_in_clear(session, &counts);
		if (sessions->two) {
			sessions->second = *event;
			sessions->second.login_state = MW_WHY_LOGIN_TOLD;
			tell_clear(session, &sessions->second);
		}
		return true;
	}
	if (proxy_refused(&counts, event))
		return true;
	event->texts = (unsigned)counts.texts;
	event->texts_taken = (unsigned)counts.texts_well;
	event->queue = mw_str(session->queue);
	event->kind = summed_up(session, &counts, mw_smtpd_tls_first(event));
	event->tls = session->tls || counts.tls_well > 0 || mw_smtpd_tls_first(event);
	event->tls_unknown = !event->tls && !tells_tls && !logs_tls && !session->tls_error;
	if (session->limited && counts.texts_well < counts.texts) {
		event->kind = MW_WHY_LIMIT;
		event->reply = mw_str(session->fault);
		return true;
	}
	/* Postfix counts as failed what a limit refuses after the handshake. */
	if (event->kind == MW_WHY_STARTTLS_FAILED)
		event->tls_unknown = !event->tls;
	if (session->fault[0] != '\0' && (event->kind != MW_WHY_CONNECTED || counts.commands_failed > 0)) {
		event->kind = MW_WHY_FAULT;
		event->reply = mw_str(session->fault);
	}
	if (event->kind == MW_WHY_TLS_FAILED)
		event->reply = mw_str(session->tls_words);
	if (session->told && (event->kind != MW_WHY_PIPELINED || session->refused))
		event->kind = MW_WHY_CONNECTED;
	if (event->kind == MW_WHY_CONNECTED && tells_tls && !event->tls && is_in_clear(session, &counts))
		tell_clear(session, event);
	return true;
}

/* Nobody knows of a session without an end what it is, but that it was there. */
static bool left_open(struct mw_why_session *session, struct mw_why_event *event)
{
	if (session->begun == 0 || session->told)
		return false;
	*event = (struct mw_why_event){ .kind = MW_WHY_OPEN, .protocol = MW_PROTOCOL_SMTP, .time = session->begun,
					.client = mw_str(session->client), .port = mw_str(session->port) };
	event->tls = session->tls || mw_smtpd_tls_first(event);
	event->tls_unknown = !event->tls;
	/* That something was away does not tell that anything failed by it. */
	event->reply = mw_str(session->fault);
	session->process = 0;
	return true;
}

bool mw_why_smtpd_second(struct mw_why_sessions *sessions, struct mw_why_event *event_r)
{
	bool two = sessions->two;

	sessions->two = false;
	if (two)
		*event_r = sessions->second;
	return two;
}

bool mw_why_smtpd_left(struct mw_why_sessions *sessions, size_t *at_io, struct mw_why_event *event_r)
{
	while (*at_io < MW_WHY_SESSIONS) {
		struct mw_why_session *session = &sessions->items[(*at_io)++];

		if (session->process != 0 && !session->ended &&
		    (settle(session, false, false, event_r) || left_open(session, event_r)))
			return true;
	}
	return false;
}
