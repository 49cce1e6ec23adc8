/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/units.h"
#include "why/event.h"
#include "why/fault.h"

static size_t find(struct mw_str text, const char *what)
{
	const char *at = text.ptr != NULL ? memmem(text.ptr, text.len, what, strlen(what)) : NULL;

	return at != NULL ? (size_t)(at - text.ptr) : text.len;
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

static void copy(char *to, size_t size, struct mw_str text)
{
	snprintf(to, size, "%.*s", MW_STR_ARG(mw_str_head(text, size - 1)));
}

static uint32_t hash_of(struct mw_str text)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619U;
	return hash;
}

static struct mw_why_session *session_of(struct mw_why_sessions *sessions, const struct mw_why_line *line,
					 struct mw_str client)
{
	uint32_t program = hash_of(line->program);
	struct mw_why_session *session = &sessions->items[(line->process + program) % MW_WHY_SESSIONS];
	struct mw_str known = mw_str(session->client);

	if (session->process == line->process && session->program == program &&
	    (mw_str_empty(client) || mw_str_equal(known, client)))
		return session;
	*session = (struct mw_why_session){ .process = line->process, .program = program };
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

/* Debian's names for a listener where TLS comes first, and for one where it begins with STARTTLS. */
static bool has_tls_first(const struct mw_why_event *event)
{
	return mw_str_equal(event->port, MW_STR("submissions")) || mw_str_equal(event->port, MW_STR("smtps"));
}

static bool has_tls_later(const struct mw_why_event *event)
{
	return mw_str_equal(event->port, MW_STR("submission")) || mw_str_equal(event->port, MW_STR("587"));
}

/* What the event says: the reply, and the warning that explains it. */
static struct mw_str with_fault(struct mw_why_session *session, struct mw_str said)
{
	if (session->fault[0] == '\0')
		return said;
	snprintf(session->words, sizeof(session->words), "%.*s (%s)", MW_STR_ARG(mw_str_head(said, 340)), session->fault);
	return mw_str(session->words);
}

/* How the refusal that waits is told, once it is known whether the client had logged in. */
static bool settle(struct mw_why_session *session, bool ended, bool logged_in, struct mw_why_event *event)
{
	struct mw_why_pending *pending = &session->pending;

	if (!pending->is)
		return false;
	pending->is = false;
	*event = (struct mw_why_event){ .kind = ended && !logged_in ? MW_WHY_NO_LOGIN : MW_WHY_REJECTED,
					.protocol = MW_PROTOCOL_SMTP, .time = pending->time, .tls = pending->tls,
					.client = mw_str(session->client), .port = mw_str(pending->port),
					.reply = mw_str(pending->reply), .tls_unknown = !pending->tls,
					.sender = mw_str(pending->sender),
					.recipient = mw_str(pending->recipient) };
	return true;
}

bool mw_why_smtpd_left(struct mw_why_sessions *sessions, size_t *at_io, struct mw_why_event *event_r)
{
	while (*at_io < MW_WHY_SESSIONS)
		if (settle(&sessions->items[(*at_io)++], false, false, event_r))
			return true;
	return false;
}

static bool read_end(struct mw_why_sessions *sessions, struct mw_why_session *session, struct mw_str rest,
		     struct mw_why_event *event)
{
	struct mw_str summary = after(rest, "] ");
	uint64_t started, logins, well;

	count_of(summary, "auth", &logins);
	count_of(summary, "starttls", &started);
	if (settle(session, true, logins > 0, event)) {
		session->process = 0;
		event->tls = event->tls || started > 0;
		event->tls_unknown = !event->tls && !sessions->tls_logged && !has_tls_later(event);
		return true;
	}
	event->texts = (unsigned)count_of(summary, "data", &well);
	event->texts_taken = (unsigned)well;
	event->texts += (unsigned)count_of(summary, "bdat", &well);
	event->texts_taken += (unsigned)well;
	event->queue = mw_str(session->queue);
	event->kind = summed_up(session, summary);
	event->tls = session->tls || started > 0 || has_tls_first(event);
	event->tls_unknown = event->kind == MW_WHY_LEFT_AFTER_EHLO && !event->tls && !sessions->tls_logged &&
			     !has_tls_later(event);
	if (session->fault[0] != '\0' && !session->told && event->kind != MW_WHY_CONNECTED) {
		event->kind = MW_WHY_FAULT;
		event->reply = mw_str(session->fault);
	}
	if (session->told)
		event->kind = MW_WHY_CONNECTED;
	session->process = 0;
	return true;
}

/* "SASL PLAIN authentication failed: WHY, sasl_username=NAME": NAME is the rest of the line, whatever is in it. */
static bool read_sasl(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	struct mw_str said = after(rest, "]: SASL "), why = after(said, " authentication failed: ");

	struct mw_str cause = mw_str_head(why, find(why, ", sasl_username="));

	event->kind = mw_str_has(cause, "Invalid authentication mechanism") ? MW_WHY_MECHANISM
		      : mw_why_fault_of_sasl(cause) ? MW_WHY_FAULT : MW_WHY_LOGIN_FAILED;
	if (event->kind == MW_WHY_FAULT)
		event->reply = with_fault(session, cause);
	event->mechanism = mw_str_head(said, mw_str_find(said, ' '));
	event->user = after(why, ", sasl_username=");
	if (mw_str_equal(event->user, MW_STR("(unavailable)")))
		event->user = MW_STR_EMPTY;
	event->tls = session->tls;
	session->told = true;
	return true;
}

/* "Connection rate limit exceeded: 31 from unknown[192.0.2.7] for service submission". */
static bool read_limit(struct mw_str rest, struct mw_why_event *event)
{
	size_t exceeded = find(rest, " limit exceeded: "), from = find(rest, " from ");

	if (exceeded > from || from == rest.len)
		return false;
	event->kind = MW_WHY_LIMIT;
	event->client = address_in(mw_str_tail(rest, from));
	event->reply = rest;
	return true;
}

static bool read_warning(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str rest,
			 struct mw_why_event *event)
{
	struct mw_why_session *session;

	if (mw_str_starts_with(rest, MW_STR("TLS library problem: "))) {
		session = session_of(sessions, line, MW_STR_EMPTY);
		session->tls_distrust = mw_str_has(rest, "alert unknown ca") || mw_str_has(rest, "alert bad certificate") ||
					mw_str_has(rest, "alert certificate");
		session->tls_plain = mw_str_has(rest, "wrong version number") || mw_str_has(rest, "http request");
		session->tls_old = mw_str_has(rest, "unsupported protocol") || mw_str_has(rest, "no shared cipher") ||
				   mw_str_has(rest, "version too low");
		return false;
	}
	if (mw_why_fault_hint(rest)) {
		session = session_of(sessions, line, MW_STR_EMPTY);
		copy(session->fault, sizeof(session->fault), rest);
		return false;
	}
	if (read_limit(rest, event))
		return true;
	/* "unknown[192.0.2.7]: SASL ..." and nothing that a client wrote before it. */
	if (find(rest, "]: SASL ") != find(rest, "]") || !mw_str_has(rest, " authentication failed: "))
		return false;
	event->client = address_in(rest);
	session = session_of(sessions, line, event->client);
	return read_sasl(session, rest, event);
}

/* "A2A16A7C718: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob"; what a content filter gives back has
   ", orig_queue_id=BEFORE". */
static bool read_begin(struct mw_why_session *session, struct mw_str id, struct mw_str rest, struct mw_why_event *event)
{
	event->kind = MW_WHY_BEGUN;
	event->queue = id;
	event->queue_before = after(rest, ", orig_queue_id=");
	event->queue_before = mw_str_head(event->queue_before, mw_str_find(event->queue_before, ','));
	event->user = after(rest, ", sasl_username=");
	event->user = mw_str_head(event->user, find(event->user, ", sasl_sender="));
	copy(session->queue, sizeof(session->queue), id);
	session->told = session->told || !mw_str_empty(event->user);
	return !mw_str_empty(event->user) || !mw_str_empty(event->queue_before);
}

/* The words behind "<ADDRESS>: ", where Postfix puts an address before them; nothing that a client wrote is in them.
   Empty where the address is quoted: it may have anything in it. */
static struct mw_str own_words(struct mw_str reply)
{
	size_t bracket = mw_str_find(reply, '<');
	struct mw_str address = mw_str_tail(reply, bracket + 1);

	if (bracket == reply.len)
		return reply;
	if (mw_str_find(address, '"') < mw_str_find(address, '>'))
		return MW_STR_EMPTY;
	return after(address, ">: ");
}

/* Words that say so; and words that only may mean it: reject_unauth_destination's, and those of a bare `reject`. */
static bool wants_login(struct mw_str words)
{
	return mw_str_has(words, "not logged in") || mw_str_has(words, "not authenticated");
}

static bool may_want_login(struct mw_str words, const struct mw_why_event *event)
{
	if (mw_str_ends_with(words, MW_STR("Relay access denied")))
		return true;
	return !mw_str_empty(event->port) && mw_str_ends_with(words, MW_STR("rejected: Access denied"));
}

/* One of a session is enough: the others are of the same kind. */
static bool wait_for_end(struct mw_why_session *session, const struct mw_why_event *event)
{
	struct mw_why_pending *pending = &session->pending;

	*pending = (struct mw_why_pending){ .is = true, .time = event->time, .tls = event->tls };
	copy(pending->port, sizeof(pending->port), event->port);
	copy(pending->reply, sizeof(pending->reply), event->reply);
	copy(pending->sender, sizeof(pending->sender), event->sender);
	copy(pending->recipient, sizeof(pending->recipient), event->recipient);
	return false;
}

/* "RCPT from unknown[192.0.2.7]: 554 5.7.1 <...>: Relay access denied; from=<...> to=<...> proto=ESMTP helo=<...>". */
static bool read_reject(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	static const char owned[] = "not owned by user ";
	struct mw_str reply = after(rest, "]: "), from, words;

	event->reply = mw_str_head(reply, find(reply, "; from=<"));
	from = after(reply, "; from=<");
	words = own_words(event->reply);
	if (mw_str_find(from, '"') == from.len) {
		event->sender = mw_str_head(from, mw_str_find(from, '>'));
		from = after(from, "> to=<");
		event->recipient = mw_str_head(from, mw_str_find(from, '>'));
	}
	session->told = true;
	event->kind = mw_why_fault_of_reply(event->reply);
	if (event->kind == MW_WHY_FAULT)
		event->reply = with_fault(session, event->reply);
	if (event->kind != MW_WHY_REJECTED)
		return true;
	if (mw_str_has(words, owned)) {
		event->kind = MW_WHY_NOT_OWNED;
		event->user = after(words, owned);
		return true;
	}
	if (wants_login(words))
		event->kind = MW_WHY_NO_LOGIN;
	return may_want_login(words, event) ? wait_for_end(session, event) : true;
}

/* "A2A16A7C718: client=...", "NOQUEUE: reject: RCPT from ...", "NOQUEUE: milter-reject: ...". */
static bool read_transaction(struct mw_why_sessions *sessions, const struct mw_why_line *line,
			     struct mw_why_event *event)
{
	size_t blank = mw_str_find(line->message, ' ');
	struct mw_str rest = mw_str_tail(line->message, blank + 1);
	struct mw_why_session *session;

	event->client = address_in(rest);
	session = session_of(sessions, line, event->client);
	event->tls = session->tls || has_tls_first(event);
	event->tls_unknown = !event->tls && !sessions->tls_logged;
	if (mw_str_starts_with(rest, MW_STR("client=")))
		return read_begin(session, mw_str_head(line->message, blank - 1), rest, event);
	if (mw_str_starts_with(rest, MW_STR("reject: ")))
		return read_reject(session, rest, event);
	if (!mw_str_starts_with(rest, MW_STR("milter-reject: ")) && !mw_str_starts_with(rest, MW_STR("proxy-reject: ")))
		return false;
	event->reply = after(rest, "]: ");
	event->reply = mw_str_head(event->reply, find(event->reply, "; from=<"));
	event->kind = mw_why_fault_of_reply(event->reply) == MW_WHY_FAULT ? MW_WHY_FAULT : MW_WHY_CONTENT_REFUSED;
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

/* "timeout after DATA (1234 bytes) from unknown[192.0.2.7]", "lost connection after DATA from ...". */
static bool read_cut(const struct mw_why_session *session, struct mw_str message, struct mw_why_event *event)
{
	struct mw_str command = after(message, " after ");

	if ((!mw_str_starts_with(message, MW_STR("timeout after ")) &&
	     !mw_str_starts_with(message, MW_STR("lost connection after "))) ||
	    (!mw_str_starts_with(command, MW_STR("DATA")) && !mw_str_starts_with(command, MW_STR("BDAT")) &&
	     !mw_str_starts_with(command, MW_STR("END-OF-MESSAGE"))) || session->queue[0] == '\0')
		return false;
	event->kind = MW_WHY_CUT;
	event->tls = session->tls;
	event->queue = mw_str(session->queue);
	event->reply = mw_str_head(message, find(message, " from "));
	return true;
}

/* "fatal: no SASL authentication mechanisms": the process ends, and the client sees only that. */
static bool read_fatal(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event)
{
	struct mw_why_session *session = session_of(sessions, line, MW_STR_EMPTY);

	event->kind = MW_WHY_FAULT;
	event->tls = session->tls;
	event->client = mw_str(session->client);
	event->reply = with_fault(session, after(line->message, ": "));
	session->process = 0;
	return session->client[0] != '\0';
}

/* What only is remembered until the session's end. */
static void remember(struct mw_why_sessions *sessions, struct mw_why_session *session,
		     const struct mw_why_line *line, struct mw_str said)
{
	if (mw_str_starts_with(line->message, MW_STR("SSL_accept error from "))) {
		session->tls_error = true;
		session->tls_silent = mw_str_ends_with(line->message, MW_STR("]: lost connection"));
	} else if (mw_str_starts_with(line->message, MW_STR("improper command pipelining after CONNECT from "))) {
		session->hello_pipelined = mw_str_starts_with(said, MW_STR("\\026\\003"));
	} else if (mw_str_has(mw_str_head(line->message, find(line->message, " from ")), "TLS connection established")) {
		session->tls = true;
		sessions->tls_logged = true;
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
	if (mw_str_starts_with(message, MW_STR("fatal: ")) || mw_str_starts_with(message, MW_STR("panic: ")))
		return read_fatal(sessions, line, event_r);
	if (is_queue_id(mw_str_head(message, mw_str_find(message, ' '))))
		return read_transaction(sessions, line, event_r);
	if (mw_str_empty(from))
		return false;
	event_r->client = address_in(from);
	session = session_of(sessions, line, event_r->client);
	if (mw_str_starts_with(message, MW_STR("connect from "))) {
		*session = (struct mw_why_session){ .process = line->process, .program = hash_of(line->program) };
		snprintf(session->client, sizeof(session->client), "%.*s", MW_STR_ARG(mw_str_head(event_r->client, 63)));
		return false;
	}
	if (mw_str_starts_with(message, MW_STR("disconnect from ")))
		return read_end(sessions, session, from, event_r);
	if (read_cut(session, message, event_r))
		return true;
	remember(sessions, session, line, after(from, "]: "));
	return false;
}
