/* What the parts of `mailwicket init` share: what it learns of this machine's
   servers, for a policy and a directory with which they do what they do today.
 */
#ifndef MW_CLI_INIT_H
#define MW_CLI_INIT_H

#include <stdio.h>

#include "report/json.h"
#include "servers/check/dovecot.h"
#include "servers/check/postfix.h"
#include "servers/init/people.h"
#include "servers/own_names.h"

/* What could not be read, so that what it has is missing in both files. */
struct mw_init_unread {
	const char *setting; /* "virtual_alias_maps", "passdb sql" */
	const char *what;    /* the table or file */
	const char *why, *fix;
};

/* Of a lookup table of Postfix's. */
struct mw_init_entry {
	struct mw_str key, value;
};

struct mw_init_entries {
	struct mw_init_entry *items;
	size_t count;
	bool complete; /* every table was listed */
	const char *unlisted; /* the first that was not, and that may say something else of each key; NULL: none */
};

struct mw_init_domain {
	struct mw_str name; /* canonical */
	bool subdomains;    /* those below it, not itself */
	enum mw_domain_type type;
	const char *setting;	    /* where it was found */
	struct mw_strs local_names; /* canonical */
};

/* A smtpd that connectors are for. */
struct mw_init_listener {
	struct mw_binding binding;
	const char *service; /* as master.cf calls it */
	bool users;	     /* offers AUTH to who may submit then */
	bool strangers;	     /* takes mail from everybody */
	bool tls, tls_required, auth_without_tls;
	enum mw_comparison comparison;		    /* of the senders of who logged in */
	struct mw_str refuses_owned;		    /* of strangers: mw_endpoint_refuses_owned() */
	struct mw_str sender_maps;		    /* its smtpd_sender_login_maps */
	bool any_sender;			    /* Postfix compares senders with a table that could not be
						       listed */
	bool other_senders;			    /* it compares them with other tables than those that are
						       read */
	struct mw_ranges loopback, private, public; /* of mynetworks, which may relay without a login */
	struct mw_ranges excluded;		    /* "!" in mynetworks: what is behind has none of them */
	bool excludes_unread;			    /* and others, which could not be read */
	struct mw_str size, recipients;		    /* message_size_limit, smtpd_recipient_limit */
	struct mw_str sasl_type;		    /* smtpd_sasl_type: who knows the logins */
	struct mw_str sasl_service;		    /* smtpd_sasl_service that somebody chose; "":
						       Postfix's own */
	bool proxied;				    /* a PROXY line says where its clients connect to */
	struct mw_binding clients;		    /* of a proxied one, what is taken for that */
	bool inside;				    /* for this host alone, or for a content filter */
	const char *left_out;			    /* why it needs no connector; NULL: it has one */
};

/* A login rule for what Dovecot permits without TLS. */
struct mw_init_login {
	const char *name, *comment;
	struct mw_str protocol;	 /* "": all */
	struct mw_ranges remote; /* none: any client */
	bool without_tls;
};

struct mw_init {
	struct mw_arena *arena; /* owns everything */
	const char *made_by; /* the command: "init" */
	const char *policy_path, *directory_path;
	struct mw_policy *nothing; /* the policy of an empty file, for functions that want one */
	struct mw_wiring *wiring;
	struct mw_findings *aside; /* what they find is not told */
	struct mw_postfix_site postfix;
	struct mw_dovecot_site dovecot;
	bool has_dovecot;

	struct mw_init_unread *unread;
	size_t unread_count;
	size_t *unread_places; /* a hash table of the numbers of them + 1; 0: free */
	size_t unread_room;    /* how many places it has: a power of two, at least twice as many as are used */

	const struct mw_own_names *own_names; /* NULL: not read yet */
	struct mw_str origin; /* canonical myorigin; "": none */
	struct mw_str delimiter;
	struct mw_init_domain *domains;
	size_t domain_count;
	struct mw_str home;		/* the domain of local mailboxes, which mydestination
					   names; "": there are none but the host's own */
	struct mw_init_entries aliases; /* virtual_alias_maps */
	struct mw_strs domain_tables;	/* that could be asked, and not listed */
	bool system_users;		/* who has an account on this machine logs in */
	bool logins_listed;		/* every passdb told who its users are (mw_init_each_account) */

	struct mw_init_listener *listeners;
	size_t listener_count;
	struct mw_init_login *logins;
	size_t login_count;
	enum mw_tls_version login_tls; /* ssl_min_protocol, where it is lower than the
					  policy's default; else MW_TLS_1_2 */

	struct mw_people *people;
	size_t without_own; /* how many may not send as the address of their login (sender_write.c) */
	size_t own_at_some; /* how many may at some listeners, and not at those that compare more strictly */
	struct mw_init_database *databases; /* databases.h */
	size_t database_count;
	bool tries_databases;
	size_t passdbs_found, passdbs_kept; /* passdbs sql of Dovecot's, and those of them whose database is kept */
};

#define MW_SENDER_LOGIN_MAPS "smtpd_sender_login_maps"

/* What to do where a table cannot be read. */
#define MW_INIT_FIX_USERS                                                            \
	"write a line for each user with a second address, or with a login that is " \
	"no address; any other login may send "                                      \
	"as itself"
#define MW_INIT_FIX_ALIASES                                                        \
	"write address=ALIAS into the line of the user whose mailbox it reaches, " \
	"where that user sends as it"
#define MW_INIT_FIX_SENDERS "write grant send-as SENDER USER for whoever sends as another there"

/* Room for one more behind `count` items of `size` octets that stand at
   `items`, which may move. NULL: out of memory. */
void *mw_init_grown(struct mw_arena *arena, void *items, size_t count, size_t size);
/* One more text behind others, in memory as above. */
void mw_init_strs_add(struct mw_arena *arena, struct mw_strs *texts, struct mw_str text);
/* What stands behind the last "@"; empty: there is none. */
struct mw_str mw_init_domain_part(struct mw_str address);
/* Each thing once. */
void mw_init_unread_add(struct mw_init *init, struct mw_init_unread unread);
/* The same, in place of what was said of the thing before. */
void mw_init_unread_set(struct mw_init *init, struct mw_init_unread unread);

/* As members of an object, and as lines. */
void mw_init_json_unread(const struct mw_init *init, struct mw_json *json);
void mw_init_print_unread(const struct mw_init *init, struct mw_buf *out);

/* The numbers of those who may not send as their own, or not everywhere, as lines and as members. */
void mw_init_json_without_own(const struct mw_init *init, struct mw_json *json);
void mw_init_print_without_own(const struct mw_init *init, struct mw_buf *out);

/* Nothing read yet. directory: NULL for "directory" beside the policy. False: out of memory. End it in any case. */
bool mw_init_begin(struct mw_init *init, const char *made_by, const char *policy_path, const char *directory);
void mw_init_end(struct mw_init *init);
/* Domains, listeners and login rules. NULL: the servers' own configuration. EX_OK, or as
   mw_check_postfix(). What comes next: who logs in and who has which address (sender_rules.h), and then
   mw_init_confirm_domains(). */
int mw_init_read_servers(struct mw_init *init, const char *postfix_config, const char *dovecot_config);

/* The parts, in their order. EX_OK, or as mw_check_postfix(). */
int mw_init_read_domains(struct mw_init *init);
void mw_init_read_listeners(struct mw_init *init);
void mw_init_read_logins(struct mw_init *init);
/* What virtual_alias_maps and alias_maps lead to the people that there are: an address of one of them, for receiving only
   unless `sends` says that whoever gets its mail may send as it; a group of several; the members of a
   group that is there and has none. */
typedef bool mw_init_alias_sends(const void *context, struct mw_str address);
void mw_init_take_aliases(struct mw_init *init, mw_init_alias_sends *sends, const void *context);
/* Domains of people that a table which cannot be listed has. */
void mw_init_confirm_domains(struct mw_init *init);

/* The domain that a name without one belongs to; "": there is none. */
struct mw_str mw_init_home(const struct mw_init *init);
/* The accepted domain with this name, or with this local name; NULL: none. */
const struct mw_init_domain *mw_init_domain_of(const struct mw_init *init, struct mw_str canonical);
/* The canonical address as a directory has it: completed, the accepted domain
   in place of its local names. False: it is none that a directory may have. In
   the arena. */
bool mw_init_address(const struct mw_init *init, struct mw_str text, struct mw_str *address_r);

/* A comment of the policy, wrapped; a newline begins another line. Whatever is in the text, it stays a comment. */
void mw_init_print_comment(FILE *out, const char *indent, const char *text);
/* The strictest comparison of any listener that users may submit at, and the mildest of those that they reach. */
enum mw_comparison mw_init_comparison(const struct mw_init *init);
enum mw_comparison mw_init_mildest_comparison(const struct mw_init *init);
/* Their names that compare more strictly than the mildest, "submission, smtps"; "": all compare alike. In the arena. */
const char *mw_init_stricter_listeners(const struct mw_init *init);

/* The smtpd_sender_login_maps of the listener that compares so; where none compares, those of main.cf. */
struct mw_str mw_init_sender_maps(const struct mw_init *init);

/* The two files. */
struct mw_str mw_init_policy_text(struct mw_init *init);
/* The policy that the text is. NULL after lines that say why `check` would not take it. Free with mw_policy_free(). */
struct mw_policy *mw_init_policy(const struct mw_init *init, struct mw_str text);
struct mw_str mw_init_directory_text(struct mw_init *init);

#endif
