/* What the plugin knows of one connection of a login process. */
#ifndef MW_DOVECOT_LOGIN_CLIENT_H
#define MW_DOVECOT_LOGIN_CLIENT_H

#include "compat_login.h"

#include "credential.h"
#include "decide/login.h"

struct mw_login_client {
	union login_client_module_context module_ctx; /* the functions below ours */

	/* Dovecot's own, and the stricter copies that take their place where the policy wants it. */
	const struct login_settings *set, *strict_set;
	const mw_client_ssl_settings *ssl_set, *strict_ssl_set;
	bool secured; /* what Dovecot thought of the connection before TLS */
	bool has_input_hook; /* IMAP, POP3: their commands pass through input_next_cmd */
	bool hook_reads_name; /* POP3: nothing of a command is read before */
	bool takes_whole_line; /* POP3: USER's argument may hold blanks, though no name needs them */
	bool keeps_no_command; /* submission: nothing of AUTH is kept where a plugin sees it */

	/* What may be offered, by mechanism class (mw_login_offer()), and what of its facts may change. */
	unsigned int offer;
	bool offer_known, offer_tls, offer_handshaked;
	int64_t offer_today;
	struct ip_addr offer_ip;

	/* The command that runs. */
	unsigned int attempts; /* client->auth_attempts when it began */
	bool plain_command;    /* the refused one is LOGIN, USER or PASS, not AUTHENTICATE */
	bool pass_sent;        /* Dovecot was about to say that the password was exposed */
	bool refused;
	bool login_runs;       /* IMAP: a command that shows a password, with something behind it */
	char mechanism[32];    /* of the refused one */
	struct mw_credential response; /* what its SASL response showed */
	unsigned int rest;     /* lines of its exchange that may still come, from a client that does not wait */
};

struct mw_login_client *mw_login_client(struct client *client);

enum mw_login_binary_kind {
	MW_LOGIN_BINARY_JUDGED,   /* its protocol is one of those that login rules name */
	/* imap-urlauth-login: Dovecot's own services come to it, with a token of a session that has logged in. */
	MW_LOGIN_BINARY_INTERNAL,
	MW_LOGIN_BINARY_UNKNOWN   /* left to the auth module */
};

/* login_binary.c: the program that has loaded the plugin. False for one that is not judged. */
bool mw_login_binary_protocol(enum mw_protocol *protocol_r);
bool mw_login_binary_is(enum mw_protocol protocol);
enum mw_login_binary_kind mw_login_binary_kind(void);
/* Logs that its logins are left to the auth module, once in a run of Dovecot. To be called with the privileges that the
   process starts with and base_dir as the current folder. */
void mw_login_binary_name_once(void);

/* login_policy.c: the policy of this process, NULL where there is none and every login is refused. */
void mw_login_policy_init(void);
void mw_login_policy_deinit(void);
const struct mw_policy *mw_login_policy(void);

/* login_facts.c */
void mw_login_facts(struct client *client, struct mw_facts *facts_r);
/* The word for the protocol's own command that shows a password. */
const char *mw_login_command_mechanism(void);
bool mw_login_handshaked(struct client *client);

/* login_offer.c: makes Dovecot offer and accept what the policy permits, no more. */
void mw_login_offer_init(struct client *client, struct mw_login_client *mw);
void mw_login_offer_apply(struct client *client, struct mw_login_client *mw);
bool mw_login_offer_has(struct client *client, struct mw_login_client *mw, const char *mechanism);
/* Whether the protocol's own commands, which show a password, were permitted when Dovecot was last told. */
bool mw_login_offers_commands(const struct mw_login_client *mw);

/* login_reply.c: what is said about a refusal, to the client and to the log. */
bool mw_login_reply_is_ours(struct client *client, struct mw_login_client *mw, enum client_auth_result result);
enum client_auth_result mw_login_reply_result(const char **text_r);
void mw_login_reply_remember(struct client *client, struct mw_login_client *mw);
/* Drops what has come of the rest of a refused exchange: it is no command. False where nothing has. */
bool mw_login_reply_take_rest(struct client *client, struct mw_login_client *mw);
void mw_login_reply_log(struct client *client, struct mw_login_client *mw);
/* A login that went on: audit mode, or `decisions = all`. */
void mw_login_reply_log_passed(struct client *client, const struct mw_login_client *mw);
/* A LOGIN that Dovecot could not parse, so that nobody was asked about it. */
void mw_login_reply_log_unparsed(struct client *client, struct mw_login_client *mw);

#endif
