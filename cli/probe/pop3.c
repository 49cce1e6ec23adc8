/* SPDX-License-Identifier: MIT */
#include "probe/dialogue.h"

/* RFC 1939, CAPA of RFC 2449, AUTH of RFC 5034. */

static bool is_ok(struct mw_str line)
{
	return mw_str_starts_with(line, MW_STR("+OK"));
}

static bool is_error(struct mw_str line)
{
	return mw_str_starts_with(line, MW_STR("-ERR"));
}

static bool greeting(struct mw_connection *connection, struct mw_str line)
{
	if (is_ok(line))
		return true;
	return mw_connection_fail(connection, is_error(line) ? MW_FAULT_SESSION_REFUSED : MW_FAULT_FOREIGN, line);
}

/* The first line of an answer: +OK, -ERR, or "+ " where the server wants more. */
static bool answer(struct mw_connection *connection, struct mw_str *answer_r)
{
	if (!mw_connection_line(connection, answer_r))
		return false;
	return is_ok(*answer_r) || is_error(*answer_r) || mw_str_starts_with(*answer_r, MW_STR("+")) ||
	       mw_connection_fail(connection, MW_FAULT_FOREIGN, *answer_r);
}

static void read_capability(struct mw_seen_offer *offer, struct mw_str line)
{
	struct mw_str word = MW_STR_EMPTY;

	mw_str_split(&line, ' ', &word);
	if (mw_str_equal_nocase(word, MW_STR("STLS"))) {
		offer->starttls = true;
	} else if (mw_str_equal_nocase(word, MW_STR("USER"))) {
		offer->login_command = true;
	} else if (mw_str_equal_nocase(word, MW_STR("SASL"))) {
		while (mw_str_split(&line, ' ', &word))
			mw_offer_add(offer, word);
	}
}

static bool offers(struct mw_connection *connection, struct mw_seen_offer *offer_r)
{
	struct mw_str line;

	if (!mw_connection_send(connection, "CAPA", "CAPA") || !answer(connection, &line))
		return false;
	if (!is_ok(line)) {
		/* Older than CAPA: USER is all there is, and whether it is refused without TLS shows when it is tried. */
		offer_r->login_command = connection->ssl != NULL;
		return true;
	}
	while (mw_connection_line(connection, &line)) {
		if (mw_str_equal(line, MW_STR(".")))
			return true;
		read_capability(offer_r, line);
	}
	return false;
}

static bool log_in_nobody(struct mw_connection *connection)
{
	struct mw_str line;

	if (!mw_connection_send(connection, "USER without TLS", "USER " MW_NOBODY) || !answer(connection, &line))
		return false;
	mw_seen_answer(&connection->seen->login_before, is_ok(line) ? MW_ACCEPTED : MW_REJECTED, line);
	return true;
}

static bool starttls(struct mw_connection *connection)
{
	struct mw_str line;

	if (!mw_connection_send(connection, "STLS", "STLS") || !answer(connection, &line))
		return false;
	return is_ok(line) || mw_connection_fail(connection, MW_FAULT_STARTTLS, line);
}

static bool send_plain(struct mw_connection *connection, struct mw_str *answer_r)
{
	char message[MW_SECRET_MAX];
	bool sent;

	if (!mw_connection_send(connection, "AUTH PLAIN", "AUTH PLAIN") || !answer(connection, answer_r))
		return false;
	if (is_ok(*answer_r) || is_error(*answer_r))
		return true;
	mw_plain_message(connection->probe, message);
	sent = mw_connection_send(connection, "AUTH PLAIN", "%s", message);
	explicit_bzero(message, sizeof(message));
	return sent && answer(connection, answer_r);
}

static bool send_user(struct mw_connection *connection, struct mw_str *answer_r)
{
	const struct mw_probe *probe = connection->probe;

	if (!mw_connection_send(connection, "USER", "USER %.*s", MW_STR_ARG(probe->user)) ||
	    !answer(connection, answer_r))
		return false;
	if (!is_ok(*answer_r))
		return true;
	return mw_connection_send(connection, "PASS", "PASS %.*s", MW_STR_ARG(probe->password)) &&
	       answer(connection, answer_r);
}

/* RFC 2449, 3206: what passes by itself. */
static bool passes(struct mw_str line)
{
	return mw_str_starts_with(line, MW_STR("-ERR [SYS/TEMP]")) || mw_str_starts_with(line, MW_STR("-ERR [IN-USE]")) ||
	       mw_str_starts_with(line, MW_STR("-ERR [LOGIN-DELAY]"));
}

static bool log_in(struct mw_connection *connection)
{
	struct mw_seen *seen = connection->seen;
	struct mw_str line;

	if (!mw_offer_has(&seen->after, "PLAIN") && !seen->after.login_command) {
		seen->login_unspoken = true;
		return true;
	}
	if (!(mw_offer_has(&seen->after, "PLAIN") ? send_plain(connection, &line) : send_user(connection, &line)))
		return false;
	mw_seen_answer(&seen->login, is_ok(line) ? MW_ACCEPTED : passes(line) ? MW_DEFERRED : MW_REJECTED, line);
	return true;
}

const struct mw_dialogue mw_pop3_dialogue = {
	.greeting = greeting,
	.offers = offers,
	.log_in_nobody = log_in_nobody,
	.starttls = starttls,
	.log_in = log_in,
	.leave = "QUIT",
};
