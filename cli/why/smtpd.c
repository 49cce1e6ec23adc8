/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/units.h"
#include "why/event.h"

static size_t find(struct mw_str text, const char *what)
{
	const char *at = text.ptr != NULL ? memmem(text.ptr, text.len, what, strlen(what)) : NULL;

	return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

static bool has(struct mw_str text, const char *what)
{
	return find(text, what) < text.len;
}

static struct mw_str after(struct mw_str text, const char *what)
{
	return mw_str_tail(text, find(text, what) + strlen(what));
}

/* "unknown[192.0.2.7]": the name came from the DNS and has no bracket in it. */
static struct mw_str address_in(struct mw_str text)
{
	struct mw_str inner = after(text, "[");

	return mw_str_head(inner, mw_str_find(inner, ']'));
}

/* "postfix/submission/smtpd" gives "submission", as Debian's master.cf names its listeners in syslog_name. */
static struct mw_str listener_of(struct mw_str program)
{
	struct mw_str service = mw_str_head(program, mw_str_find_last(program, '/'));
	size_t slash = mw_str_find_last(service, '/');

	return slash < service.len ? mw_str_tail(service, slash + 1) : MW_STR_EMPTY;
}

static struct mw_why_session *session_of(struct mw_why_sessions *sessions, uint64_t process, struct mw_str client)
{
	struct mw_why_session *session = &sessions->items[process % MW_WHY_SESSIONS];
	struct mw_str known = mw_str(session->client);

	if (session->process == process && (mw_str_empty(client) || mw_str_equal(known, client)))
		return session;
	*session = (struct mw_why_session){ .process = process };
	snprintf(session->client, sizeof(session->client), "%.*s", MW_STR_ARG(mw_str_head(client, 63)));
	return session;
}

/* "auth=0/1" in Postfix's summary of a session: how many times, and how many of those went well. */
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

static enum mw_why_kind tls_kind(const struct mw_why_session *session, bool starttls)
{
	if (session->tls_distrust)
		return MW_WHY_TLS_DISTRUST;
	if (session->tls_old)
		return MW_WHY_TLS_OLD;
	return !starttls && (session->tls_plain || session->tls_silent) ? MW_WHY_NO_TLS_HELLO : MW_WHY_TLS_FAILED;
}

/* What a session was, from its summary: "from unknown[192.0.2.7] ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5". */
static enum mw_why_kind summed_up(const struct mw_why_session *session, struct mw_str summary)
{
	uint64_t well, started, hello = count_of(summary, "ehlo", &well) + count_of(summary, "helo", &well);
	uint64_t mail = count_of(summary, "mail", &well), starttls = count_of(summary, "starttls", &started);
	uint64_t auth = count_of(summary, "auth", &well), unknown, authenticated = well;

	unknown = count_of(summary, "unknown", &well);
	if (session->tls_error)
		return tls_kind(session, starttls > 0);
	if (session->hello_pipelined || (hello == 0 && unknown > 0))
		return MW_WHY_TLS_HELLO;
	if (hello == 0 && mail == 0)
		return MW_WHY_LEFT_AT_GREETING;
	if (auth > 0 && authenticated == 0)
		return MW_WHY_AUTH_NOT_OFFERED;
	return mail == 0 && auth == 0 ? MW_WHY_LEFT_AFTER_EHLO : MW_WHY_CONNECTED;
}

/* Debian's names for a listener where TLS comes first. */
static bool has_tls_first(const struct mw_why_event *event)
{
	return mw_str_equal(event->port, MW_STR("submissions")) || mw_str_equal(event->port, MW_STR("smtps"));
}

static bool read_end(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	struct mw_str summary = after(rest, "] ");
	uint64_t started;

	count_of(summary, "starttls", &started);
	event->kind = summed_up(session, summary);
	event->tls = session->tls || started > 0 || has_tls_first(event);
	if (session->told)
		event->kind = MW_WHY_CONNECTED;
	session->process = 0;
	return true;
}

/* "SASL PLAIN authentication failed: WHY, sasl_username=NAME": NAME is the rest of the line, whatever is in it. */
static bool read_sasl(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	struct mw_str said = after(rest, "]: SASL "), why = after(said, " authentication failed: ");

	event->kind = has(mw_str_head(why, find(why, ", sasl_username=")), "Invalid authentication mechanism")
			      ? MW_WHY_MECHANISM : MW_WHY_LOGIN_FAILED;
	event->mechanism = mw_str_head(said, mw_str_find(said, ' '));
	event->user = after(why, ", sasl_username=");
	if (mw_str_equal(event->user, MW_STR("(unavailable)")))
		event->user = MW_STR_EMPTY;
	event->tls = session->tls;
	session->told = true;
	return true;
}

static bool read_warning(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str rest,
			 struct mw_why_event *event)
{
	struct mw_why_session *session;

	if (mw_str_starts_with(rest, MW_STR("TLS library problem: "))) {
		session = session_of(sessions, line->process, MW_STR_EMPTY);
		session->tls_distrust = has(rest, "alert unknown ca") || has(rest, "alert bad certificate") ||
					has(rest, "alert certificate");
		session->tls_plain = has(rest, "wrong version number") || has(rest, "http request");
		session->tls_old = has(rest, "unsupported protocol") || has(rest, "no shared cipher") ||
				   has(rest, "version too low");
		return false;
	}
	/* "unknown[192.0.2.7]: SASL ..." and nothing that a client wrote before it. */
	if (find(rest, "]: SASL ") != find(rest, "]") || !has(rest, " authentication failed: "))
		return false;
	event->client = address_in(rest);
	session = session_of(sessions, line->process, event->client);
	return read_sasl(session, rest, event);
}

/* "A2A16A7C718: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob", "NOQUEUE: reject: RCPT from ...". */
static bool read_transaction(struct mw_why_sessions *sessions, const struct mw_why_line *line,
			     struct mw_why_event *event)
{
	struct mw_str rest = mw_str_tail(line->message, mw_str_find(line->message, ' ') + 1);
	struct mw_why_session *session;

	event->client = address_in(rest);
	session = session_of(sessions, line->process, event->client);
	event->tls = session->tls;
	if (mw_str_starts_with(rest, MW_STR("client="))) {
		event->kind = MW_WHY_SUBMITTED;
		event->user = after(rest, ", sasl_username=");
		event->user = mw_str_head(event->user, find(event->user, ", sasl_sender="));
		session->told = session->told || !mw_str_empty(event->user);
		return !mw_str_empty(event->user);
	}
	if (!mw_str_starts_with(rest, MW_STR("reject: ")))
		return false;
	event->kind = MW_WHY_REJECTED;
	event->reply = after(rest, "]: ");
	event->reply = mw_str_head(event->reply, find(event->reply, "; from=<"));
	session->told = true;
	return true;
}

static bool is_queue_id(struct mw_str word)
{
	for (size_t i = 0; i + 1 < word.len; i++)
		if (!((word.ptr[i] >= '0' && word.ptr[i] <= '9') || (word.ptr[i] >= 'A' && word.ptr[i] <= 'Z') ||
		      (word.ptr[i] >= 'a' && word.ptr[i] <= 'z')))
			return false;
	return word.len > 1 && word.ptr[word.len - 1] == ':';
}

/* What only is remembered until the session's end. */
static void remember(struct mw_why_session *session, const struct mw_why_line *line, struct mw_str said)
{
	if (mw_str_starts_with(line->message, MW_STR("SSL_accept error from "))) {
		session->tls_error = true;
		session->tls_silent = mw_str_ends_with(line->message, MW_STR("]: lost connection"));
	} else if (mw_str_starts_with(line->message, MW_STR("improper command pipelining after CONNECT from "))) {
		session->hello_pipelined = mw_str_starts_with(said, MW_STR("\\026\\003"));
	} else if (has(mw_str_head(line->message, find(line->message, " from ")), "TLS connection established")) {
		session->tls = true;
	}
}

bool mw_why_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const struct mw_str warning = { "warning: ", 9 };
	struct mw_str message = line->message, from = after(message, " from ");
	struct mw_why_session *session;

	*event_r = (struct mw_why_event){ .time = line->time, .protocol = MW_PROTOCOL_SMTP,
					  .port = listener_of(line->program) };
	if (mw_str_starts_with(message, warning))
		return read_warning(sessions, line, mw_str_tail(message, warning.len), event_r);
	if (is_queue_id(mw_str_head(message, mw_str_find(message, ' '))))
		return read_transaction(sessions, line, event_r);
	if (mw_str_empty(from))
		return false;
	event_r->client = address_in(from);
	session = session_of(sessions, line->process, event_r->client);
	if (mw_str_starts_with(message, MW_STR("connect from "))) {
		*session = (struct mw_why_session){ .process = line->process };
		snprintf(session->client, sizeof(session->client), "%.*s", MW_STR_ARG(mw_str_head(event_r->client, 63)));
		return false;
	}
	if (mw_str_starts_with(message, MW_STR("disconnect from ")))
		return read_end(session, from, event_r);
	remember(session, line, after(from, "]: "));
	return false;
}
