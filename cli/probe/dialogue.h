/* How IMAP, POP3 and SMTP are spoken: one order of things for all, and the words of each. */
#ifndef MW_CLI_PROBE_DIALOGUE_H
#define MW_CLI_PROBE_DIALOGUE_H

#include "probe/connection.h"

/* A name that nobody has, for a login that must be refused before it is looked at. */
#define MW_NOBODY "mailwicket-probe"

/* False from any of these: the conversation is over, the connection has the fault. */
struct mw_dialogue {
	/* Whether a greeting is one; a refusal or another protocol's is the connection's fault. */
	bool (*greeting)(struct mw_connection *connection, struct mw_str line);
	/* Asks what is offered. */
	bool (*offers)(struct mw_connection *connection, struct mw_seen_offer *offer_r);
	/* Tries to log in as nobody; the answer goes to seen->login_before. */
	bool (*log_in_nobody)(struct mw_connection *connection);
	/* Asks for TLS. */
	bool (*starttls)(struct mw_connection *connection);
	/* What somebody without a login must not do; may be NULL. */
	bool (*stranger)(struct mw_connection *connection);
	/* Logs in as the probe's user, over TLS; the answer goes to seen->login. */
	bool (*log_in)(struct mw_connection *connection);
	/* What the user does then; may be NULL. */
	bool (*user)(struct mw_connection *connection);
	const char *leave;
};

extern const struct mw_dialogue mw_imap_dialogue, mw_pop3_dialogue, mw_smtp_dialogue;

/* Looks at one service and writes *seen_r. Waits; several may run at once. */
void mw_probe_look(const struct mw_probe *probe, const struct mw_probe_service *service, uint16_t port,
		   struct mw_seen *seen_r);

/* For the dialogues. */
void mw_seen_answer(struct mw_seen_answer *answer, enum mw_answered answered, struct mw_str text);
void mw_offer_add(struct mw_seen_offer *offer, struct mw_str mechanism);
bool mw_offer_has(const struct mw_seen_offer *offer, const char *mechanism);
/* Some text in base64, for SASL. out: at least 4 * len / 3 + 4 bytes; the caller wipes it. */
#define MW_SECRET_MAX 4096
void mw_base64(struct mw_str text, char out[static MW_SECRET_MAX]);
/* The message of SASL PLAIN (RFC 4616) for the probe's user, in base64. */
void mw_plain_message(const struct mw_probe *probe, char out[static MW_SECRET_MAX]);

#endif
