/* SPDX-License-Identifier: MIT */
#include "why/smtpd.h"

#include <stdio.h>

#include "why/fault.h"
#include "why/part.h"
#include "why/tls_words.h"

/* "postfix/submission/smtpd" gives "submission", as Debian's master.cf and `setup` name listeners in syslog_name; so
   does "postfix-submission/smtpd", but "postfix-out/smtpd" is another instance. */
static struct mw_str listener_of(struct mw_str program)
{
	static const char *const words[] = { "submission", "submissions", "smtps", "587", "465", "2525" };
	struct mw_str service = mw_str_head(program, mw_str_find_last(program, '/'));
	size_t slash = mw_str_find_last(service, '/'), dash = mw_str_find_last(service, '-');

	if (slash < service.len)
		return mw_str_tail(service, slash + 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (dash < service.len && mw_str_equal(mw_str_tail(service, dash + 1), mw_str(words[i])))
			return mw_str_tail(service, dash + 1);
	return MW_STR_EMPTY;
}

bool mw_smtpd_tls_first(const struct mw_why_event *event)
{
	return mw_str_equal(event->port, MW_STR("submissions")) || mw_str_equal(event->port, MW_STR("smtps")) ||
	       mw_str_equal(event->port, MW_STR("465"));
}

bool mw_smtpd_starttls(const struct mw_why_sessions *sessions, const struct mw_why_session *session,
		       const struct mw_why_event *event)
{
	bool seen = mw_str_equal(event->port, MW_STR("submission")) || mw_str_equal(event->port, MW_STR("587"));

	return seen || (!mw_str_empty(event->port) && mw_smtpd_is_known(sessions->starttls, session->program));
}

bool mw_smtpd_is_known(const uint32_t *names, uint32_t name)
{
	for (size_t i = 0; i < MW_WHY_LISTENERS; i++)
		if (names[i] == name)
			return true;
	return false;
}

void mw_smtpd_learn(uint32_t *names, uint32_t name)
{
	size_t free = 0;

	while (free < MW_WHY_LISTENERS && names[free] != 0 && names[free] != name)
		free++;
	if (free < MW_WHY_LISTENERS)
		names[free] = name;
}

struct mw_str mw_smtpd_with_fault(struct mw_why_session *session, struct mw_str said)
{
	if (session->fault[0] == '\0')
		return said;
	snprintf(session->words, sizeof(session->words), "%.*s (%s)", MW_STR_ARG(mw_str_head(said, 340)), session->fault);
	return mw_str(session->words);
}

/* Processes of two hosts in one log may have one number, and their programs one name. */
static uint32_t of_host(const struct mw_why_line *line, struct mw_str name)
{
	return mw_part_hash(name) ^ mw_part_hash(line->host) * 31;
}

static uint32_t program_of(const struct mw_why_line *line)
{
	return of_host(line, line->program);
}

static struct mw_why_session *session_of(struct mw_why_sessions *sessions, const struct mw_why_line *line,
					 struct mw_str client)
{
	uint32_t program = program_of(line);
	struct mw_why_session *session = &sessions->items[(line->process + program) % MW_WHY_SESSIONS];
	struct mw_str known = mw_str(session->client);

	if (session->process == line->process && session->program == program && !session->ended &&
	    (mw_str_empty(client) || mw_str_empty(known) || mw_str_equal(known, client)))
		return session;
	*session = (struct mw_why_session){ .process = line->process, .program = program,
					    .instance = of_host(line, mw_part_before(line->program, "/")) };
	mw_part_copy(session->client, sizeof(session->client), client);
	mw_part_copy(session->port, sizeof(session->port), listener_of(line->program));
	return session;
}

/* A log may have a line twice. */
static bool has_ended(const struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str client)
{
	uint32_t program = program_of(line);
	const struct mw_why_session *session = &sessions->items[(line->process + program) % MW_WHY_SESSIONS];

	return session->ended && session->process == line->process && session->program == program &&
	       mw_str_equal(mw_str(session->client), client);
}

static void begin(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str client)
{
	struct mw_why_session *session = session_of(sessions, line, client), before = *session;

	*session = (struct mw_why_session){ .process = before.process, .program = before.program, .begun = line->time,
					    .instance = before.instance };
	mw_part_copy(session->client, sizeof(session->client), client);
	memcpy(session->port, before.port, sizeof(session->port));
	/* What a process says before its first client, of its tables or its certificate, is of all its sessions. */
	if (before.client[0] == '\0' && !mw_why_fault_of_login(mw_str(before.fault)))
		memcpy(session->fault, before.fault, sizeof(session->fault));
}

/* "Connection rate limit exceeded: 31 from unknown[192.0.2.7] for service submission". */
static bool read_limit(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str rest,
		       struct mw_why_event *event)
{
	struct mw_why_session *session;
	size_t exceeded = mw_str_find_text(rest, " limit exceeded: "), from = mw_str_find_text(rest, " from ");

	if (exceeded > from || from == rest.len)
		return false;
	event->kind = MW_WHY_LIMIT;
	event->client = mw_part_address(mw_str_tail(rest, from));
	event->reply = rest;
	session = session_of(sessions, line, event->client);
	session->told = session->limited = true;
	mw_part_copy(session->fault, sizeof(session->fault), rest);
	event->tls = session->tls;
	event->tls_unknown = !event->tls;
	return true;
}

/* "error:0A000418:SSL routines::tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1586:SSL alert number 48:". */
static void read_tls_problem(struct mw_why_session *session, const struct mw_why_line *line, struct mw_str rest)
{
	struct mw_str words = mw_part_after(mw_part_after(rest, ":SSL routines:"), ":");
	enum mw_why_kind kind = mw_why_tls_kind(rest);

	session->tls_distrust |= kind == MW_WHY_TLS_DISTRUST;
	session->tls_plain |= kind == MW_WHY_NO_TLS_HELLO;
	session->tls_old |= kind == MW_WHY_TLS_OLD;
	/* What OpenSSL before 3 leaves to Postfix to say. */
	if (kind == MW_WHY_TLS_CUT) {
		session->tls_lost = true;
		session->tls_waited |= session->begun != 0 && line->time - session->begun > MW_WHY_AT_ONCE;
	}
	if (kind == MW_WHY_TLS_FAILED)
		mw_part_copy(session->tls_words, sizeof(session->tls_words), mw_part_before(words, ":"));
}

/* Warnings that name the client behind their first words, which nothing of a client stands before. */
static const struct { const char *begins; enum mw_why_kind kind; } warnings[] = {
	{ "Wrapper-mode request dropped from ", MW_WHY_FAULT },
	{ "Refusing TLS service request from ", MW_WHY_FAULT },
	{ "Refusing STARTTLS request from ", MW_WHY_FAULT },
	{ "non-SMTP command from ", MW_WHY_NO_SMTP },
	{ "Illegal address syntax from ", MW_WHY_REJECTED },
};

/* "Subject: Hello": the text of a message that was refused. Who speaks another protocol says another thing first. */
static bool is_header(struct mw_str command)
{
	size_t colon = mw_str_find(command, ':');

	return colon > 0 && colon < command.len && mw_str_find(command, ' ') > colon && mw_str_find(command, '\\') > colon;
}

/* A TLS ClientHello, or the rest of one behind an octet 10 that it has. What is typed and what browsers say begins with
   a letter; an octet that is none Postfix shows as "?" or, from 3.9 on, as "\026". In the rest stand the signature
   algorithms, among them those of RSASSA-PSS in a row (RFC 8446, 4.2.3: 0804, 0805). */
static bool is_tls_hello(struct mw_str command)
{
	return mw_str_starts_with(command, MW_STR("?")) || mw_str_starts_with(command, MW_STR("\\")) ||
	       mw_str_has(command, "\\b\\004\\b\\005");
}

static bool read_named(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str rest,
		       struct mw_why_event *event)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		struct mw_str begins = mw_str(warnings[i].begins);
		struct mw_why_session *session;

		if (!mw_str_starts_with(rest, begins))
			continue;
		event->kind = warnings[i].kind;
		event->client = mw_part_address(mw_str_tail(rest, begins.len));
		session = session_of(sessions, line, event->client);
		/* What comes after a refusal may be the rest of the message. */
		if (event->kind == MW_WHY_NO_SMTP && (session->told || is_header(mw_part_after(rest, "]: "))))
			return false;
		session->told = true;
		event->tls = session->tls;
		event->tls_unknown = !event->tls;
		if (event->kind == MW_WHY_NO_SMTP && !event->tls && is_tls_hello(mw_part_after(rest, "]: "))) {
			event->kind = MW_WHY_TLS_HELLO;
			event->tls_unknown = false;
			return true;
		}
		event->reply = event->kind == MW_WHY_FAULT ? mw_smtpd_with_fault(session, rest) : rest;
		return true;
	}
	return false;
}

static bool read_warning(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str rest,
			 struct mw_why_event *event)
{
	struct mw_why_session *session;

	if (mw_str_starts_with(rest, MW_STR("TLS library problem: "))) {
		read_tls_problem(session_of(sessions, line, MW_STR_EMPTY), line, rest);
		return false;
	}
	if (mw_smtpd_too_big(rest))
		return mw_smtpd_refuse_size(session_of(sessions, line, MW_STR_EMPTY), rest, event);
	if (mw_why_fault_hint(rest)) {
		session = session_of(sessions, line, MW_STR_EMPTY);
		if (session->fault[0] == '\0' || !mw_why_fault_follows(rest))
			mw_part_copy(session->fault, sizeof(session->fault), rest);
		return false;
	}
	if (read_named(sessions, line, rest, event) || read_limit(sessions, line, rest, event))
		return true;
	event->client = mw_part_address(rest);
	if (mw_str_has(rest, "]: request longer than ") &&
	    mw_str_find_text(rest, "]: request longer than ") == mw_str_find_text(rest, "]")) {
		session = session_of(sessions, line, event->client);
		event->tls = session->tls;
		event->tls_unknown = !event->tls;
		event->kind = MW_WHY_REJECTED;
		event->reply = mw_part_before(mw_part_after(rest, "]: "), ": ");
		return session->told = true;
	}
	/* "unknown[192.0.2.7]: SASL ..." and nothing that a client wrote before it. */
	if (mw_str_find_text(rest, "]: SASL ") != mw_str_find_text(rest, "]") ||
	    (!mw_str_has(rest, " authentication failed") && !mw_str_has(rest, " authentication aborted"))) {
		event->kind = MW_WHY_UNREAD;
		return !mw_str_empty(event->client);
	}
	return mw_smtpd_sasl(session_of(sessions, line, event->client), rest, event);
}

/* "A2A16A7C718: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob"; what a content filter gives back has
   ", orig_queue_id=BEFORE". */
static bool read_begin(struct mw_why_session *session, struct mw_str id, struct mw_str rest, struct mw_why_event *event)
{
	event->kind = MW_WHY_BEGUN;
	/* Before a filter Postfix gives none: what is before smtpd_proxy_filter is told apart by its process. */
	if (mw_str_equal(id, MW_STR("NOQUEUE")))
		snprintf(session->queue, sizeof(session->queue), "NOQUEUE-%llu", (unsigned long long)session->process);
	else
		mw_part_copy(session->queue, sizeof(session->queue), id);
	event->queue = mw_str(session->queue);
	event->queue_before = mw_part_before(mw_part_after(rest, ", orig_queue_id="), ",");
	event->user = mw_part_before(mw_part_after(rest, ", sasl_username="), ", sasl_sender=");
	event->mechanism = mw_part_before(mw_part_after(rest, ", sasl_method="), ",");
	mw_smtpd_see_password(session, event);
	session->told = session->told || !mw_str_empty(event->user);
	return true;
}

/* "timeout after DATA (1234 bytes) from unknown[192.0.2.7]", "lost connection after DATA from ...". */
static bool read_cut(struct mw_why_session *session, struct mw_str message, struct mw_why_event *event)
{
	static const char *const begins[] = { "timeout after ", "lost connection after ", NULL };
	static const char *const texts[] = { "DATA", "BDAT", "END-OF-MESSAGE", NULL };

	if (!mw_part_begins_with_one(message, begins) || session->queue[0] == '\0' || session->limited)
		return false;
	event->kind = MW_WHY_CUT;
	event->texts = mw_part_begins_with_one(mw_part_after(message, " after "), texts) ? 1 : 0;
	event->tls = session->tls;
	event->tls_unknown = !event->tls;
	event->queue = mw_str(session->queue);
	event->reply = mw_part_before(message, " from ");
	return true;
}

/* What stands behind the queue id, and what becomes of the message. */
static const struct { const char *begins; enum mw_why_kind kind; } actions[] = {
	{ "milter-reject: ", MW_WHY_CONTENT_REFUSED }, { "proxy-reject: ", MW_WHY_CONTENT_REFUSED },
	{ "hold: ", MW_WHY_HELD }, { "discard: ", MW_WHY_HELD }, { "milter-hold: ", MW_WHY_HELD },
	{ "milter-discard: ", MW_WHY_HELD }, { "abort: TLS from ", MW_WHY_TLS_FAILED },
};

/* Actions that change nothing in whether the message is accepted. */
static const char *const harmless[] = { "reject_warning: ", "warn: ", "info: ", "filter: ", "redirect: ", "prepend: ",
					"bcc: ", "delay: ", "permit", "proxy-accept: ", "replace: ", "lost connection after ",
					"timeout after ", "too many errors after ", NULL };

/* In the middle of a command, or behind its answer. */
static void see_left(struct mw_why_session *session, struct mw_str said)
{
	static const char *const ends[] = { "lost connection after ", "timeout after ", NULL };
	static const char *const hello[] = { "HELO ", "EHLO ", NULL };
	struct mw_str stage = mw_part_after(said, " after ");

	if (!mw_part_begins_with_one(said, ends))
		return;
	session->left_greeting |= mw_str_starts_with(stage, MW_STR("CONNECT "));
	session->left_hello |= mw_part_begins_with_one(stage, hello);
	session->left_auth |= mw_str_starts_with(stage, MW_STR("AUTH "));
}

static bool read_action(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!mw_str_starts_with(rest, mw_str(actions[i].begins)))
			continue;
		event->reply = mw_part_before(mw_part_before(mw_part_after(rest, "]: "), "; from=<"), "; proto=");
		mw_smtpd_envelope(mw_part_after(mw_part_after(rest, "]: "), "; from=<"), event);
		event->kind = mw_why_fault_of_reply(event->reply) == MW_WHY_FAULT ? MW_WHY_FAULT : actions[i].kind;
		if (event->kind == MW_WHY_TLS_FAILED)
			event->reply = mw_part_after(rest, "]: ");
		if (event->kind == MW_WHY_FAULT)
			event->reply = mw_smtpd_with_fault(session, event->reply);
		session->told = true;
		return true;
	}
	event->kind = MW_WHY_UNREAD;
	see_left(session, rest);
	return read_cut(session, rest, event) ||
	       (!mw_part_begins_with_one(rest, harmless) && !mw_str_empty(event->client));
}

/* "A2A16A7C718: client=...", "NOQUEUE: reject: RCPT from ...", "NOQUEUE: milter-reject: ...", and, since Postfix 3.9,
   "NOQUEUE: lost connection after EHLO from ...". */
static bool read_transaction(struct mw_why_sessions *sessions, const struct mw_why_line *line,
			     struct mw_why_event *event)
{
	size_t blank = mw_str_find(line->message, ' ');
	struct mw_str rest = mw_str_tail(line->message, blank + 1);
	struct mw_why_session *session;

	event->client = mw_part_address(rest);
	session = session_of(sessions, line, event->client);
	event->tls = session->tls || mw_smtpd_tls_first(event);
	event->tls_unknown = !event->tls;
	if (mw_str_starts_with(rest, MW_STR("client=")))
		return read_begin(session, mw_str_head(line->message, blank - 1), rest, event);
	if (mw_str_starts_with(rest, MW_STR("reject: ")))
		return mw_smtpd_reject(session, rest, event);
	return read_action(session, rest, event);
}

/* "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 0B2; from=<...> ...", and "proxy-reject: ...": no client. */
static bool read_proxy(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_str said,
		       struct mw_why_event *event)
{
	struct mw_why_session *session = session_of(sessions, line, MW_STR_EMPTY);
	struct mw_str reply = mw_part_before(mw_part_after(said, "END-OF-MESSAGE: "), "; from=<");
	struct mw_str id = mw_part_after(reply, "queued as ");

	event->client = mw_str(session->client);
	event->tls = session->tls;
	event->tls_unknown = !event->tls;
	if (mw_str_starts_with(said, MW_STR("proxy-accept: "))) {
		event->kind = MW_WHY_BEGUN;
		event->queue = mw_str_head(id, mw_str_find(id, ' '));
		event->queue_before = mw_str(session->queue);
		return !mw_str_empty(event->queue);
	}
	event->kind = mw_why_fault_of_reply(reply) == MW_WHY_FAULT ? MW_WHY_FAULT : MW_WHY_CONTENT_REFUSED;
	event->reply = event->kind == MW_WHY_FAULT ? mw_smtpd_with_fault(session, reply) : reply;
	event->queue = mw_str(session->queue);
	mw_smtpd_envelope(mw_part_after(said, "; from=<"), event);
	return session->told = session->refused = true;
}

static bool is_queue_id(struct mw_str word)
{
	for (size_t i = 0; i + 1 < word.len; i++)
		if (!((word.ptr[i] >= '0' && word.ptr[i] <= '9') || (word.ptr[i] >= 'A' && word.ptr[i] <= 'Z') ||
		      (word.ptr[i] >= 'a' && word.ptr[i] <= 'z')))
			return false;
	return word.len > 1 && word.ptr[word.len - 1] == ':';
}

/* "fatal: no SASL authentication mechanisms": the process ends, and the client sees only that. */
static bool read_fatal(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event)
{
	struct mw_why_session *session = session_of(sessions, line, MW_STR_EMPTY);

	event->kind = MW_WHY_FAULT;
	event->tls = session->tls;
	event->tls_unknown = !event->tls;
	event->client = mw_str(session->client);
	event->wide = session->client[0] == '\0';
	event->reply = mw_smtpd_with_fault(session, mw_part_after(line->message, ": "));
	session->process = 0;
	return true;
}

/* What only is remembered until the session's end. False: nothing is known of such a line. */
static bool remember(struct mw_why_sessions *sessions, struct mw_why_session *session,
		     const struct mw_why_line *line, struct mw_str said)
{
	static const char *const quiet[] = { "lost connection after ", "timeout after ", "too many errors after ",
					     "setting up TLS connection from ", NULL };

	if (mw_str_starts_with(line->message, MW_STR("SSL_accept error from "))) {
		session->tls_error = true;
		session->tls_lost = mw_str_ends_with(line->message, MW_STR("]: lost connection")) ||
				    mw_str_ends_with(line->message, MW_STR(": Connection reset by peer"));
		session->tls_waited = mw_str_ends_with(line->message, MW_STR("timed out")) ||
				      (session->tls_lost && session->begun != 0 && line->time - session->begun > MW_WHY_AT_ONCE);
	} else if (mw_str_starts_with(line->message, MW_STR("improper command pipelining after "))) {
		session->hello_pipelined |= mw_str_starts_with(said, MW_STR("\\026\\003"));
		session->pipelined = true;
	} else if (mw_str_has(mw_part_before(line->message, " from "), "TLS connection established")) {
		session->tls = true;
		mw_smtpd_learn(sessions->tls_logged, session->instance);
	} else {
		return mw_part_begins_with_one(line->message, quiet);
	}
	return true;
}

/* With smtpd_client_port_logging the client's port stands behind its address, "unknown[192.0.2.7]:55729", and nothing
   here asks for it: the message without it, in the memory of the sessions; the same message, where there is none. */
static struct mw_str without_port(struct mw_why_sessions *sessions, struct mw_str message)
{
	size_t open = mw_str_find(message, '['), end = mw_str_find(message, ']') + 1, port = 0;
	struct mw_str rest = mw_str_tail(message, end + 1);

	if (open == 0 || open >= end || end >= message.len || message.ptr[end] != ':' || message.ptr[open - 1] == ' ')
		return message;
	while (port < rest.len && rest.ptr[port] >= '0' && rest.ptr[port] <= '9')
		port++;
	if (port == 0 || port > 5 || message.len > sizeof(sessions->message))
		return message;
	rest = mw_str_tail(rest, port);
	memcpy(sessions->message, message.ptr, end);
	if (rest.len > 0)
		memcpy(sessions->message + end, rest.ptr, rest.len);
	return (struct mw_str){ sessions->message, end + rest.len };
}

static bool read_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const char *const proxy[] = { "proxy-accept: END-OF-MESSAGE: ", "proxy-reject: END-OF-MESSAGE: ", NULL };
	static const struct mw_str warning = { "warning: ", 9 }, no_queue = { "NOQUEUE: ", 9 };
	struct mw_str message = line->message, from = mw_part_after(message, " from "), proxied = message;
	struct mw_why_session *session;

	if (mw_str_starts_with(message, no_queue))
		proxied = mw_str_tail(message, no_queue.len);

	*event_r = (struct mw_why_event){ .time = line->time, .protocol = MW_PROTOCOL_SMTP,
					  .port = listener_of(line->program) };
	if (mw_str_starts_with(message, warning))
		return read_warning(sessions, line, mw_str_tail(message, warning.len), event_r);
	if (mw_str_starts_with(message, MW_STR("fatal: ")) || mw_str_starts_with(message, MW_STR("panic: ")))
		return read_fatal(sessions, line, event_r);
	if (mw_part_begins_with_one(proxied, proxy))
		return read_proxy(sessions, line, proxied, event_r);
	if (is_queue_id(mw_str_head(message, mw_str_find(message, ' '))))
		return read_transaction(sessions, line, event_r);
	event_r->client = mw_part_address(from);
	if (mw_str_empty(event_r->client))
		return false;
	if (mw_str_starts_with(message, MW_STR("connect from "))) {
		begin(sessions, line, event_r->client);
		return false;
	}
	if (mw_str_starts_with(message, MW_STR("disconnect from ")) && has_ended(sessions, line, event_r->client))
		return false;
	session = session_of(sessions, line, event_r->client);
	if (mw_str_starts_with(message, MW_STR("disconnect from ")))
		return mw_smtpd_end(sessions, session, from, event_r);
	if (read_cut(session, message, event_r))
		return true;
	see_left(session, message);
	event_r->kind = MW_WHY_UNREAD;
	return !remember(sessions, session, line, mw_part_after(from, "]: "));
}

bool mw_why_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r)
{
	struct mw_why_line *inner = &sessions->line;

	inner->time = line->time;
	inner->host = line->host;
	inner->program = line->program;
	inner->process = line->process;
	inner->error = line->error;
	inner->message = without_port(sessions, line->message);
	return read_smtpd(sessions, inner, event_r);
}
