/* SPDX-License-Identifier: MIT */
#include "probe/dialogue.h"

#include <openssl/evp.h>

#include "probe/judge.h"

void mw_seen_answer(struct mw_seen_answer *answer, enum mw_answered answered, struct mw_str text)
{
	struct mw_buf out = MW_BUF_OVER(answer->text);

	answer->answered = answered;
	mw_buf_add(&out, text);
}

void mw_offer_add(struct mw_seen_offer *offer, struct mw_str mechanism)
{
	size_t used = strlen(offer->mechanisms);

	if (mechanism.len == 0 || used + mechanism.len + 2 > sizeof(offer->mechanisms))
		return;
	if (used > 0)
		offer->mechanisms[used++] = ' ';
	memcpy(offer->mechanisms + used, mechanism.ptr, mechanism.len);
	offer->mechanisms[used + mechanism.len] = '\0';
}

bool mw_offer_has(const struct mw_seen_offer *offer, const char *mechanism)
{
	struct mw_str rest = mw_str(offer->mechanisms), name;

	while (mw_str_split(&rest, ' ', &name)) {
		if (mw_str_equal_nocase(name, mw_str(mechanism)))
			return true;
	}
	return false;
}

void mw_base64(struct mw_str text, char out[static MW_SECRET_MAX])
{
	text = mw_str_head(text, MW_SECRET_MAX / 4 * 3 - 3);
	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text.ptr, (int)text.len);
}

void mw_plain_message(const struct mw_probe *probe, char out[static MW_SECRET_MAX])
{
	char message[MW_SECRET_MAX];
	struct mw_buf buf = MW_BUF_OVER(message);

	mw_buf_add_char(&buf, '\0');
	mw_buf_add(&buf, probe->user);
	mw_buf_add_char(&buf, '\0');
	mw_buf_add(&buf, probe->password);
	mw_base64(mw_buf_str(&buf), out);
	explicit_bzero(message, sizeof(message));
}

static const struct mw_dialogue *dialogue_of(enum mw_protocol protocol)
{
	return protocol == MW_PROTOCOL_IMAP ? &mw_imap_dialogue : protocol == MW_PROTOCOL_POP3 ? &mw_pop3_dialogue
												  : &mw_smtp_dialogue;
}

/* What is offered without TLS, whether more than that is taken, and the change to TLS. */
static bool before_tls(struct mw_connection *connection, const struct mw_dialogue *dialogue)
{
	struct mw_seen *seen = connection->seen;

	if (!dialogue->offers(connection, &seen->before))
		return false;
	if (!mw_offer_shows_password(&seen->before) && !dialogue->log_in_nobody(connection))
		return false;
	return !seen->before.starttls || (dialogue->starttls(connection) && mw_connection_start_tls(connection));
}

static bool as_user(struct mw_connection *connection, const struct mw_dialogue *dialogue)
{
	struct mw_seen *seen = connection->seen;

	if (mw_str_empty(connection->probe->user))
		return true;
	if (!mw_connection_is_trusted(connection)) {
		seen->login_withheld = true;
		return true;
	}
	if (!dialogue->log_in(connection))
		return false;
	return seen->login.answered != MW_ACCEPTED || dialogue->user == NULL || dialogue->user(connection);
}

static bool converse(struct mw_connection *connection, const struct mw_probe_service *service,
		     const struct mw_dialogue *dialogue)
{
	struct mw_str line;

	if (service->implicit_tls && !mw_connection_start_tls(connection))
		return false;
	if (!mw_connection_greeting(connection, &line) || !dialogue->greeting(connection, line))
		return false;
	if (!service->implicit_tls && !before_tls(connection, dialogue))
		return false;
	if (connection->ssl != NULL && !dialogue->offers(connection, &connection->seen->after))
		return false;
	if (dialogue->stranger != NULL && !dialogue->stranger(connection))
		return false;
	return service->protocol == MW_PROTOCOL_SMTP || as_user(connection, dialogue);
}

void mw_probe_look(const struct mw_probe *probe, const struct mw_probe_service *service, uint16_t port,
		   struct mw_seen *seen_r)
{
	const struct mw_dialogue *dialogue = dialogue_of(service->protocol);
	struct mw_connection connection = { .fd = -1 };

	memset(seen_r, 0, sizeof(*seen_r));
	if (mw_connection_open(&connection, probe, port, seen_r) && converse(&connection, service, dialogue)) {
		mw_connection_send(&connection, "the farewell", "%s", dialogue->leave);
		/* All was seen: a server that left first is no fault. */
		seen_r->fault = MW_FAULT_NONE;
	}
	mw_connection_close(&connection);
	explicit_bzero(connection.buffer, sizeof(connection.buffer));
}
