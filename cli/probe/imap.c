/* SPDX-License-Identifier: MIT */
#include "probe/dialogue.h"

/* RFC 9051 (and 3501): tagged answers, untagged lines between. */

static bool greeting(struct mw_connection *connection, struct mw_str line)
{
	if (mw_str_starts_with(line, MW_STR("* OK")))
		return true;
	return mw_connection_fail(connection,
				  mw_str_starts_with(line, MW_STR("* BYE")) ? MW_FAULT_SESSION_REFUSED : MW_FAULT_FOREIGN, line);
}

static void read_capabilities(struct mw_seen_offer *offer, struct mw_str rest)
{
	struct mw_str word;

	*offer = (struct mw_seen_offer){ .login_command = true };
	while (mw_str_split(&rest, ' ', &word)) {
		if (mw_str_equal_nocase(word, MW_STR("STARTTLS")))
			offer->starttls = true;
		else if (mw_str_equal_nocase(word, MW_STR("LOGINDISABLED")))
			offer->login_command = false;
		else if (mw_str_equal_nocase(mw_str_head(word, 5), MW_STR("AUTH=")))
			mw_offer_add(offer, mw_str_tail(word, 5));
	}
}

/* The answer behind the tag, or a line that begins with "+" where the server wants more. */
static bool answer_to(struct mw_connection *connection, const char *tag, struct mw_seen_offer *offer,
		      struct mw_str *answer_r)
{
	static const struct mw_str capability = { "* CAPABILITY ", 13 };
	size_t tag_len = strlen(tag);
	struct mw_str line;

	while (mw_connection_line(connection, &line)) {
		*answer_r = line;
		if (mw_str_starts_with(line, MW_STR("+")))
			return true;
		if (mw_str_starts_with(line, mw_str(tag)) && line.len > tag_len && line.ptr[tag_len] == ' ') {
			*answer_r = mw_str_tail(line, tag_len + 1);
			return true;
		}
		if (offer != NULL && mw_str_equal_nocase(mw_str_head(line, capability.len), capability))
			read_capabilities(offer, mw_str_tail(line, capability.len));
		else if (!mw_str_starts_with(line, MW_STR("* ")))
			return mw_connection_fail(connection, MW_FAULT_FOREIGN, line);
	}
	return false;
}

static bool is_ok(struct mw_str answer)
{
	return mw_str_equal_nocase(mw_str_head(answer, 2), MW_STR("OK"));
}

static bool offers(struct mw_connection *connection, struct mw_seen_offer *offer_r)
{
	struct mw_str answer;

	if (!mw_connection_send(connection, "CAPABILITY", "a1 CAPABILITY") ||
	    !answer_to(connection, "a1", offer_r, &answer))
		return false;
	return is_ok(answer) || mw_connection_fail(connection, MW_FAULT_FOREIGN, answer);
}

/* Who was let in, or whose password was looked at (RFC 5530), was not refused for want of TLS. */
static bool log_in_nobody(struct mw_connection *connection)
{
	struct mw_str answer;
	bool taken;

	if (!mw_connection_send(connection, "LOGIN without TLS", "a2 LOGIN " MW_NOBODY " no-password") ||
	    !answer_to(connection, "a2", NULL, &answer))
		return false;
	taken = is_ok(answer) || mw_str_starts_with(answer, MW_STR("NO [AUTHENTICATIONFAILED]"));
	mw_seen_answer(&connection->seen->login_before, taken ? MW_ACCEPTED : MW_REJECTED, answer);
	return true;
}

static bool starttls(struct mw_connection *connection)
{
	struct mw_str answer;

	if (!mw_connection_send(connection, "STARTTLS", "a3 STARTTLS") ||
	    !answer_to(connection, "a3", NULL, &answer))
		return false;
	return is_ok(answer) || mw_connection_fail(connection, MW_FAULT_STARTTLS, answer);
}

static bool send_plain(struct mw_connection *connection, struct mw_str *answer_r)
{
	char message[MW_SECRET_MAX];
	bool sent;

	if (!mw_connection_send(connection, "AUTHENTICATE PLAIN", "a4 AUTHENTICATE PLAIN") ||
	    !answer_to(connection, "a4", NULL, answer_r))
		return false;
	if (!mw_str_starts_with(*answer_r, MW_STR("+")))
		return true;
	mw_plain_message(connection->probe, message);
	sent = mw_connection_send(connection, "AUTHENTICATE PLAIN", "%s", message);
	explicit_bzero(message, sizeof(message));
	return sent && answer_to(connection, "a4", NULL, answer_r);
}

static void quote(struct mw_str text, struct mw_buf *out)
{
	mw_buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, text.ptr[i]);
	}
	mw_buf_add_char(out, '"');
}

static bool send_login(struct mw_connection *connection, struct mw_str *answer_r)
{
	char words[MW_SECRET_MAX];
	struct mw_buf out = MW_BUF_OVER(words);
	bool sent;

	quote(connection->probe->user, &out);
	mw_buf_add_char(&out, ' ');
	quote(connection->probe->password, &out);
	sent = mw_connection_send(connection, "LOGIN", "a4 LOGIN %s", words);
	explicit_bzero(words, sizeof(words));
	return sent && answer_to(connection, "a4", NULL, answer_r);
}

static bool log_in(struct mw_connection *connection)
{
	struct mw_seen *seen = connection->seen;
	struct mw_str answer;

	if (!mw_offer_has(&seen->after, "PLAIN") && !seen->after.login_command) {
		seen->login_unspoken = true;
		return true;
	}
	if (!(mw_offer_has(&seen->after, "PLAIN") ? send_plain(connection, &answer) : send_login(connection, &answer)))
		return false;
	mw_seen_answer(&seen->login,
		       is_ok(answer) ? MW_ACCEPTED
				     : mw_str_starts_with(answer, MW_STR("NO [UNAVAILABLE]")) ? MW_DEFERRED : MW_REJECTED,
		       answer);
	return true;
}

const struct mw_dialogue mw_imap_dialogue = {
	.greeting = greeting,
	.offers = offers,
	.log_in_nobody = log_in_nobody,
	.starttls = starttls,
	.log_in = log_in,
	.leave = "a5 LOGOUT",
};
