/* What a policy needs of Postfix and Dovecot, in one place: `show` prints it, `check` compares it with what is there,
   `setup` writes it. */
#ifndef MW_CLI_WIRING_H
#define MW_CLI_WIRING_H

#include "policy/model.h"
#include "servers/wiring_sizes.h"
#include "servers/wiring_tls.h"

/* Where Debian has them, and a server that says nothing else. */
#define MW_POSTFIX_FOLDER "/etc/postfix"
#define MW_DOVECOT_FOLDER "/etc/dovecot"
#define MW_DOVECOT_CONF MW_DOVECOT_FOLDER "/dovecot.conf"
/* Files of ours beside it: read before, and after, all others of that folder. */
#define MW_DOVECOT_FIRST "conf.d/05-mailwicket.conf"
#define MW_DOVECOT_LAST "conf.d/99-mailwicket.conf"
#define MW_POSTFIX_QUEUE "/var/spool/postfix" /* where Postfix is not asked for its queue_directory */
#define MW_WIRING_OPTIONS 14
/* Of the question at END-OF-MESSAGE, while mailwicketd is away: shared/decide/verdict.h, mw_reason_reply_at(). */
#define MW_WIRING_LAST_ACTION "421 4.3.5 Server configuration problem"
#define MW_WIRING_ACTION "451 4.3.5 Server configuration problem" /* of the other questions */
#define MW_WIRING_AUDIT_ACTION "DUNNO" /* of all, while every rule is in audit mode */
#define MW_WIRING_MILTER_ACTION "tempfail" /* of the milter, while mailwicketd is away */
#define MW_WIRING_AUDIT_MILTER_ACTION "accept" /* the same while every rule is in audit mode */
#define MW_WIRING_SENDER "smtpd_sender_restrictions" /* asks for the client's words alone: what else is there may stay */
#define MW_WIRING_EHLO "smtpd_discard_ehlo_keywords"
#define MW_WIRING_MILTERS "smtpd_milters"
#define MW_WIRING_TLS_LOG "smtpd_tls_loglevel"
#define MW_WIRING_EHLO_VALUE "chunking,silent-discard" /* the second: not a line of the log for each EHLO */

/* A setting of main.cf, or of one listener (-o). */
struct mw_wiring_setting {
	const char *comment; /* for main.cf: lines without "# ", each ended by a newline; NULL: none */
	const char *name;
	struct mw_strs value; /* one item, or the items of a list of restrictions */
	bool at_least;        /* a number: a larger one or, of octets, 0, which is no limit, does as well */
	bool is_level;        /* a number: a larger one does as well */
	enum mw_tls_version version; /* of a list of TLS protocols: one that admits nothing older does as well */
};

/* One listener: what the connectors that share it need from smtpd, the most permissive of them. */
struct mw_wiring_listener {
	struct mw_binding binding;
	bool connected; /* some enabled connector names it */
	bool sasl, auth_without_tls, tls, tls_required, wrapper, ask_certificate;
	bool audits;                /* one of the connectors refuses nothing */
	bool headers;               /* one of them looks at the header's senders, and there is a milter that can */
	bool strangers;             /* mail of a session that is not authenticated is accepted */
	enum mw_tls_version version; /* the lowest tls_min_version of the connectors */
	struct mw_wiring_recipients recipients; /* of the connectors */
	struct mw_strs sasl_services; /* of the first connector that has some */
	struct mw_str connector;      /* the name of the first */
};

struct mw_wiring {
	struct mw_arena *arena; /* owns everything below */
	const struct mw_policy *policy;
	const char *queue_directory;
	const char *hook;       /* as check_policy_service names it: "unix:mailwicket/policy" */
	const char *milter;     /* the first item of smtpd_milters, in braces; NULL: the policy has no milter */
	struct mw_wiring_users users;
	struct mw_str protocols, mandatory_protocols; /* what the two lists are in main.cf; "": not known */
	struct mw_str syslog_name; /* of main.cf; "": not known */
	bool audits;            /* a connector is in audit mode: what is permitted today must stay so */
	bool harmless;          /* every rule is (mw_policy_audits()): no fault of ours may stop mail or a login */
	struct mw_wiring_setting *settings;
	size_t setting_count;
	struct mw_wiring_listener *listeners; /* each binding once, in the order of the policy */
	size_t listener_count;
};

/* queue_directory: Postfix's, without a slash at its end. Both must outlive the result. NULL: out of memory. */
struct mw_wiring *mw_wiring_new(const struct mw_policy *policy, const char *queue_directory);
void mw_wiring_free(struct mw_wiring *wiring); /* NULL is allowed */

/* Postfix's mail_version, where it is known: takes the settings away that this version does without. */
void mw_wiring_for_version(struct mw_wiring *wiring, struct mw_str version);
/* Whether a client can kill smtpd of that version with BDAT; "", not known: it can. */
bool mw_wiring_chunking_kills(struct mw_str version);
/* Whether a value of smtpd_discard_ehlo_keywords takes CHUNKING away. */
bool mw_wiring_discards_chunking(struct mw_str keywords);
/* Whether a value of smtpd_forbid_bare_newline keeps a bare newline from ending a message: yes, normalize, reject, and note,
   which is normalize with a line in the log (postconf(5), Postfix 3.9 and 3.10). */
bool mw_wiring_forbids_bare_newline(struct mw_str value);
/* The keywords that are there, without blanks, and chunking. Lives in `arena`. */
struct mw_str mw_wiring_keywords(struct mw_arena *arena, struct mw_str old);

bool mw_wiring_same_binding(const struct mw_binding *a, const struct mw_binding *b);
/* What all enabled connectors that can meet a client at this binding need together. */
struct mw_wiring_listener mw_wiring_listener_of(const struct mw_policy *policy, const struct mw_binding *binding);
/* The -o settings of a listener; returns how many. The values live in `wiring`. */
size_t mw_wiring_options(const struct mw_wiring *wiring, const struct mw_wiring_listener *listener,
			 struct mw_wiring_setting options_r[MW_WIRING_OPTIONS]);
/* The oldest TLS that may begin on a listener; MW_TLS_NONE: the policy has no say. */
enum mw_tls_version mw_wiring_listener_version(const struct mw_wiring_listener *listener);
/* Whether a value that is there does what the setting has to: the same, or one that asks for more. */
bool mw_wiring_does(const struct mw_wiring_setting *setting, struct mw_str value);
/* What smtpd_recipient_limit of a listener has to be: the connectors' and, where users log in, the users'. */
struct mw_wiring_recipients mw_wiring_recipients(const struct mw_wiring *wiring,
						 const struct mw_wiring_listener *listener);
/* The syslog_name of a listener; NULL: it needs none of its own. Lives in `wiring`. */
const char *mw_wiring_syslog_name(const struct mw_wiring *wiring, const struct mw_binding *binding);
/* Whether lines of an smtpd with this syslog_name, which is not main.cf's `all`, tell its listener from the others. */
bool mw_wiring_names_listener(struct mw_str name, struct mw_str all);
/* The service name of a binding in master.cf: "submission", "192.0.2.1:587". */
void mw_wiring_endpoint(const struct mw_binding *binding, struct mw_buf *out);
/* The setting of main.cf with this name, or NULL. */
const struct mw_wiring_setting *mw_wiring_setting(const struct mw_wiring *wiring, const char *name);
/* The lines of main.cf, a list with an item a line. */
void mw_wiring_setting_print(const struct mw_wiring_setting *setting, struct mw_buf *out);
/* "-o NAME=VALUE", in braces where the value has blanks. */
void mw_wiring_option_print(const struct mw_wiring_setting *setting, struct mw_buf *out);
/* "NAME = VALUE" on one line. */
void mw_wiring_line(const struct mw_wiring_setting *setting, struct mw_buf *out);

/* Whether some login rule lets a password through, or any authentication at all, without TLS: then Dovecot itself must
   allow it, and Mailwicket narrows it to those connections. */
bool mw_wiring_cleartext(const struct mw_policy *policy);
/* Whether a rule that is enforced does: audit mode only lets pass what passes today. */
bool mw_wiring_permits_cleartext(const struct mw_policy *policy);
/* The same of rules for other hosts: a client that has the address of the server it reaches, as 127.0.0.1 has, counts as
   secure to Dovecot, unless ssl is "required" (login-common, client_check_plaintext_auth()). */
bool mw_wiring_permits_cleartext_outside(const struct mw_policy *policy);
/* Whether somebody logs in through Postfix. */
bool mw_wiring_sasl(const struct mw_policy *policy);
/* The policy file as Dovecot's processes must be told it, absolute; NULL where it is the one they look for anyway. */
const char *mw_wiring_policy_path(const struct mw_policy *policy, struct mw_arena *arena);

#endif
