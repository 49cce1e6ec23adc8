/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "probe/dialogue.h"
#include "base/clock.h"

/* RFC 5321, 3207 (STARTTLS), 4954 (AUTH). */

struct reply {
	unsigned code;
	struct mw_str line; /* the last one */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_reply(struct mw_str line)
{
	return line.len >= 3 && is_digit(line.ptr[0]) && is_digit(line.ptr[1]) && is_digit(line.ptr[2]) &&
	       (line.len == 3 || line.ptr[3] == ' ' || line.ptr[3] == '-');
}

static void read_keyword(struct mw_seen_offer *offer, struct mw_str line)
{
	struct mw_str word = MW_STR_EMPTY;

	mw_str_split(&line, ' ', &word);
	if (mw_str_equal_nocase(word, MW_STR("STARTTLS"))) {
		offer->starttls = true;
	} else if (mw_str_equal_nocase(word, MW_STR("AUTH"))) {
		while (mw_str_split(&line, ' ', &word))
			mw_offer_add(offer, word);
	}
}

/* Goes on from `line` to the last line of its reply. offer may be NULL. */
static bool rest_of_reply(struct mw_connection *connection, struct mw_str line, struct mw_seen_offer *offer,
			  struct reply *reply_r)
{
	do {
		if (!is_reply(line))
			return mw_connection_fail(connection, MW_FAULT_FOREIGN, line);
		if (offer != NULL && line.ptr[0] == '2')
			read_keyword(offer, mw_str_tail(line, 4));
		reply_r->code = (unsigned)(line.ptr[0] - '0') * 100 + (unsigned)(line.ptr[1] - '0') * 10 +
				(unsigned)(line.ptr[2] - '0');
		reply_r->line = line;
		if (line.len == 3 || line.ptr[3] == ' ')
			return true;
	} while (mw_connection_line(connection, &line));
	return false;
}

static bool reply(struct mw_connection *connection, struct mw_seen_offer *offer, struct reply *reply_r)
{
	struct mw_str line;

	return mw_connection_line(connection, &line) && rest_of_reply(connection, line, offer, reply_r);
}

static bool keep(const struct reply *reply, struct mw_seen_answer *answer)
{
	mw_seen_answer(answer,
		       reply->code < 400 ? MW_ACCEPTED : reply->code < 500 ? MW_DEFERRED : MW_REJECTED, reply->line);
	return true;
}

static bool greeting(struct mw_connection *connection, struct mw_str line)
{
	struct reply got;

	if (!rest_of_reply(connection, line, NULL, &got))
		return false;
	return got.code == 220 || mw_connection_fail(connection, got.code >= 400 ? MW_FAULT_SESSION_REFUSED
											     : MW_FAULT_FOREIGN, got.line);
}

/* Our address as a literal (RFC 5321 4.1.3): a name would have to be one that the server can look up. */
static void print_literal(const struct mw_connection *connection, char *out, size_t size)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	char text[64] = "127.0.0.1";

	getsockname(connection->fd, (struct sockaddr *)&address, &len);
	if (address.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, text, sizeof(text));
	else if (address.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, sizeof(text));
	snprintf(out, size, "[%s%s]", address.ss_family == AF_INET6 ? "IPv6:" : "", text);
}

static bool offers(struct mw_connection *connection, struct mw_seen_offer *offer_r)
{
	char literal[80];
	struct reply got;

	print_literal(connection, literal, sizeof(literal));
	if (!mw_connection_send(connection, "EHLO", "EHLO %s", literal) || !reply(connection, offer_r, &got))
		return false;
	return got.code == 250 || mw_connection_fail(connection, MW_FAULT_SESSION_REFUSED, got.line);
}

/* A server that asks for the credential has not refused; none is sent. */
static bool log_in_nobody(struct mw_connection *connection)
{
	struct reply got;

	if (!mw_connection_send(connection, "AUTH without TLS", "AUTH PLAIN") || !reply(connection, NULL, &got))
		return false;
	mw_seen_answer(&connection->seen->login_before, got.code == 334 || got.code == 235 ? MW_ACCEPTED : MW_REJECTED,
		       got.line);
	return got.code != 334 ||
	       (mw_connection_send(connection, "AUTH without TLS", "*") && reply(connection, NULL, &got));
}

static bool starttls(struct mw_connection *connection)
{
	struct reply got;

	if (!mw_connection_send(connection, "STARTTLS", "STARTTLS") || !reply(connection, NULL, &got))
		return false;
	return got.code == 220 || mw_connection_fail(connection, MW_FAULT_STARTTLS, got.line);
}

static bool reset(struct mw_connection *connection)
{
	struct reply got;

	return mw_connection_send(connection, "RSET", "RSET") && reply(connection, NULL, &got);
}

/* "454 4.7.1 Relay access denied" is how Postfix refuses out of the box (defer_unauth_destination): RFC 3463's x.7 is
   about what is permitted. */
static bool keep_stranger(const struct reply *reply, struct mw_seen_answer *answer)
{
	keep(reply, answer);
	if (mw_str_starts_with(mw_str_tail(reply->line, 4), MW_STR("4.7.")))
		answer->answered = MW_REJECTED;
	return true;
}

static bool stranger(struct mw_connection *connection)
{
	const struct mw_probe *probe = connection->probe;
	struct mw_seen_answer *answer = &connection->seen->outside;
	struct reply got;

	if (mw_str_empty(probe->outside))
		return true;
	if (!mw_connection_send(connection, "MAIL without a login", "MAIL FROM:<>") || !reply(connection, NULL, &got))
		return false;
	if (got.code >= 400)
		return keep_stranger(&got, answer);
	if (!mw_connection_send(connection, "RCPT without a login", "RCPT TO:<%.*s>", MW_STR_ARG(probe->outside)) ||
	    !reply(connection, NULL, &got))
		return false;
	return keep_stranger(&got, answer) && reset(connection);
}

static bool send_secret(struct mw_connection *connection, struct mw_str secret, struct reply *got)
{
	char text[MW_SECRET_MAX];
	bool sent;

	mw_base64(secret, text);
	sent = mw_connection_send(connection, "AUTH", "%s", text);
	explicit_bzero(text, sizeof(text));
	return sent && reply(connection, NULL, got);
}

static bool auth_plain(struct mw_connection *connection, struct reply *got)
{
	char text[MW_SECRET_MAX];
	bool sent;

	mw_plain_message(connection->probe, text);
	sent = mw_connection_send(connection, "AUTH", "AUTH PLAIN %s", text);
	explicit_bzero(text, sizeof(text));
	return sent && reply(connection, NULL, got);
}

static bool auth_login(struct mw_connection *connection, struct reply *got)
{
	if (!mw_connection_send(connection, "AUTH", "AUTH LOGIN") || !reply(connection, NULL, got))
		return false;
	if (got->code == 334 && !send_secret(connection, connection->probe->user, got))
		return false;
	return got->code != 334 || send_secret(connection, connection->probe->password, got);
}

static bool log_in(struct mw_connection *connection)
{
	struct mw_seen *seen = connection->seen;
	bool plain = mw_offer_has(&seen->after, "PLAIN");
	struct reply got;

	if (!plain && !mw_offer_has(&seen->after, "LOGIN")) {
		seen->login_unspoken = true;
		return true;
	}
	return (plain ? auth_plain(connection, &got) : auth_login(connection, &got)) && keep(&got, &seen->login);
}

static bool send_message(struct mw_connection *connection)
{
	const struct mw_probe *probe = connection->probe;
	struct mw_str domain = mw_str_tail(probe->sender, mw_str_find_last(probe->sender, '@') + 1);
	time_t now = (time_t)mw_clock_date();
	struct tm when;
	char date[64];
	struct reply got;

	if (!mw_connection_send(connection, "DATA", "DATA") || !reply(connection, NULL, &got))
		return false;
	if (got.code != 354)
		return keep(&got, &connection->seen->message);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &when));
	if (!mw_connection_send(connection, "the message",
				"From: <%.*s>\r\nTo: <%.*s>\r\nDate: %s\r\nSubject: mailwicket probe\r\n"
				"Message-ID: <probe.%lld.%d.%d@%.*s>\r\nAuto-Submitted: auto-generated\r\n\r\n"
				"Sent by mailwicket probe to see whether %s takes mail.\r\n.",
				MW_STR_ARG(probe->sender), MW_STR_ARG(probe->recipient), date, (long long)now,
				(int)getpid(), connection->fd, MW_STR_ARG(domain), probe->host))
		return false;
	return reply(connection, NULL, &got) && keep(&got, &connection->seen->message);
}

static bool user(struct mw_connection *connection)
{
	const struct mw_probe *probe = connection->probe;
	struct mw_seen *seen = connection->seen;
	struct reply got;

	if (!mw_connection_send(connection, "MAIL", "MAIL FROM:<%.*s>", MW_STR_ARG(probe->sender)) ||
	    !reply(connection, NULL, &got))
		return false;
	keep(&got, &seen->sender);
	if (seen->sender.answered != MW_ACCEPTED)
		return true;
	if (!mw_connection_send(connection, "RCPT", "RCPT TO:<%.*s>", MW_STR_ARG(probe->recipient)) ||
	    !reply(connection, NULL, &got))
		return false;
	keep(&got, &seen->recipient);
	return probe->send && seen->recipient.answered == MW_ACCEPTED ? send_message(connection) : reset(connection);
}

const struct mw_dialogue mw_smtp_dialogue = {
	.greeting = greeting,
	.offers = offers,
	.log_in_nobody = log_in_nobody,
	.starttls = starttls,
	.stranger = stranger,
	.log_in = log_in,
	.user = user,
	.leave = "QUIT",
};
