/* SPDX-License-Identifier: MIT */
#include "why/event.h"

/* Where `what` begins, text.len: nowhere. */
static size_t find(struct mw_str text, struct mw_str what)
{
	const char *at = text.len >= what.len ? memmem(text.ptr, text.len, what.ptr, what.len) : NULL;

	return at != NULL ? (size_t)(at - text.ptr) : text.len;
}

static size_t find_last(struct mw_str text, struct mw_str what)
{
	for (size_t at = text.len >= what.len ? text.len - what.len + 1 : 0; at-- > 0;)
		if (memcmp(text.ptr + at, what.ptr, what.len) == 0)
			return at;
	return text.len;
}

static bool has(struct mw_str text, const char *what)
{
	return find(text, mw_str(what)) < text.len;
}

static struct mw_str until(struct mw_str text, struct mw_str end)
{
	return mw_str_head(text, find(text, end));
}

/* What tells one kind of line from another: in the words before the user. */
static const struct { const char *words; enum mw_why_kind kind; } logins[] = {
	{ "Login", MW_WHY_LOGGED_IN },     /* 2.3, whole */
	{ "Logged in", MW_WHY_LOGGED_IN }, /* 2.4, whole */
	{ "Plaintext authentication disabled", MW_WHY_LOGIN_NEEDS_TLS },
	{ "SSL required for authentication", MW_WHY_LOGIN_NEEDS_TLS },
	{ "cleartext authentication disabled", MW_WHY_LOGIN_NEEDS_TLS },
	{ "Unsupported authentication mechanism", MW_WHY_MECHANISM },
	{ "(auth failed, ", MW_WHY_LOGIN_FAILED },
	{ "Too many invalid commands (no auth attempts", MW_WHY_TLS_HELLO },
	{ "Too many bad commands (no auth attempts", MW_WHY_TLS_HELLO },
	{ "unsupported protocol", MW_WHY_TLS_OLD },
	{ "no shared cipher", MW_WHY_TLS_OLD },
	{ "alert unknown ca", MW_WHY_TLS_DISTRUST },
	{ "alert bad certificate", MW_WHY_TLS_DISTRUST },
	{ "alert certificate", MW_WHY_TLS_DISTRUST },
	{ "wrong version number", MW_WHY_NO_TLS_HELLO },
	{ "http request", MW_WHY_NO_TLS_HELLO },
	{ "SSL_accept() failed", MW_WHY_TLS_FAILED },
	{ "(no auth attempts", MW_WHY_LEFT_BEFORE_LOGIN },
};

static bool kind_of(struct mw_str words, enum mw_why_kind *kind_r)
{
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (logins[i].kind == MW_WHY_LOGGED_IN ? !mw_str_equal(words, mw_str(logins[i].words))
						       : !has(words, logins[i].words))
			continue;
		*kind_r = logins[i].kind;
		return true;
	}
	return false;
}

/* "user=<NAME>, method=PLAIN, rip=192.0.2.7, lip=..., TLS, session=<...>". NAME may be anything, also ">, rip=": what
   the client cannot write begins at the last rip=. */
static bool read_client(struct mw_str text, struct mw_why_event *event)
{
	size_t rip = find_last(text, MW_STR(", rip=")), method, end;
	struct mw_str head = mw_str_head(text, rip), tail = mw_str_tail(text, rip + strlen(", rip="));

	if (rip == text.len)
		return false;
	event->client = until(tail, MW_STR(","));
	event->tls = has(tail, ", TLS");
	method = find_last(head, MW_STR(">, method="));
	event->mechanism = mw_str_tail(head, method + strlen(">, method="));
	if (has(event->mechanism, ">")) { /* a part of the name: there is no method */
		event->mechanism = MW_STR_EMPTY;
		method = head.len;
	}
	end = method < head.len ? method : head.len - 1;
	if (end >= head.len || head.ptr[end] != '>')
		return false;
	event->user = mw_str_head(head, end);
	return true;
}

static bool read_login(enum mw_protocol protocol, const struct mw_why_line *line, struct mw_why_event *event)
{
	size_t user = find(line->message, MW_STR(": user=<"));

	event->protocol = protocol;
	return user < line->message.len && kind_of(mw_str_head(line->message, user), &event->kind) &&
	       read_client(mw_str_tail(line->message, user + strlen(": user=<")), event);
}

static bool plain_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (strchr(" ,:()<>", name.ptr[i]) != NULL)
			return false;
	return name.len > 0;
}

/* "passwd-file(bob,192.0.2.7,<session>): Password mismatch": a name with one of ",()<>: " is nobody's here. */
static bool read_auth(const struct mw_why_line *line, struct mw_why_event *event)
{
	size_t end = find(line->message, MW_STR("): "));
	size_t begin = mw_str_find(line->message, '(');
	struct mw_str inner, field, said = mw_str_tail(line->message, end + strlen("): "));

	if (end == line->message.len || end != find_last(line->message, MW_STR("): ")) || begin > end ||
	    !plain_name(mw_str_head(line->message, begin)) ||
	    (!mw_str_starts_with(said, MW_STR("Password mismatch")) && !mw_str_starts_with(said, MW_STR("unknown user"))))
		return false;
	inner = (struct mw_str){ line->message.ptr + begin + 1, end - begin - 1 };
	event->kind = MW_WHY_PASSWORD_WRONG;
	event->protocol = has(inner, ",<") ? MW_PROTOCOL_IMAP : MW_PROTOCOL_SMTP;
	return mw_str_split(&inner, ',', &event->user) && mw_str_split(&inner, ',', &event->client) &&
	       plain_name(event->user) && (!mw_str_split(&inner, ',', &field) || mw_str_empty(inner));
}

bool mw_why_dovecot(const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const struct { const char *program; enum mw_protocol protocol; } programs[] = {
		{ "imap-login", MW_PROTOCOL_IMAP }, { "pop3-login", MW_PROTOCOL_POP3 },
		{ "managesieve-login", MW_PROTOCOL_SIEVE }, { "submission-login", MW_PROTOCOL_SUBMISSION },
	};

	*event_r = (struct mw_why_event){ .time = line->time };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (mw_str_equal(line->program, mw_str(programs[i].program)))
			return read_login(programs[i].protocol, line, event_r);
	return (mw_str_equal(line->program, MW_STR("auth")) || mw_str_equal(line->program, MW_STR("auth-worker"))) &&
	       read_auth(line, event_r);
}
