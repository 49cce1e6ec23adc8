/* `mailwicket check --dovecot`. */
#ifndef MW_CLI_CHECK_DOVECOT_H
#define MW_CLI_CHECK_DOVECOT_H

#include "servers/dovecot_file.h"
#include "servers/dovecot_source.h"
#include "servers/check/sasl_sockets.h"
#include "finding.h"
#include "servers/show/show.h"

/* Dovecot's configuration as doveconf tells it. */
struct mw_dovecot_site {
	struct mw_arena *arena;
	const struct mw_policy *policy;
	struct mw_findings *findings;
	const char *file; /* that the findings name */
	struct mw_dovecot_sources sources; /* where what stands */
	const struct mw_dovecot_node *root;
	enum mw_dovecot_generation generation;
};

/* Adds what is wrong with Dovecot. config: NULL for Dovecot's own; named: what findings call it, NULL: the same;
   sockets: where Postfix looks for the auth service. EX_OK; EX_UNAVAILABLE where there is no
   Dovecot or EX_CONFIG where doveconf cannot read its files, then one line was printed; EX_OSERR. */
int mw_check_dovecot(const struct mw_policy *policy, const char *config, const char *named,
		     const struct mw_sasl_sockets *sockets,
		     struct mw_findings *findings);
/* Reads doveconf's answer; the same codes. */
int mw_dovecot_site_load(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config,
			 const char *named, struct mw_arena *arena);
/* The same without a word where there is no Dovecot, or none that can be read. */
bool mw_dovecot_site_try(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config,
			 const char *named, struct mw_arena *arena);
/* Our two modules where Dovecot looks for them; owned by the site's arena. */
struct mw_dovecot_modules {
	const char *login, *auth; /* paths */
	bool has_login, has_auth;
};
struct mw_dovecot_modules mw_dovecot_modules_of(const struct mw_dovecot_site *site);

/* Its certificates and keys; config: what doveconf reads, NULL for Dovecot's own. */
void mw_check_dovecot_certificates(const struct mw_dovecot_site *site, const char *config);

/* The place is that of the last such setting in the files. */
void mw_dovecot_finding(const struct mw_dovecot_site *site, enum mw_finding_id id, enum mw_finding_severity severity,
			const char *setting, const char *what, const char *why, struct mw_fix fix);
/* Lines for the end of the file, where they win over all that stands before; filter: within it, NULL: outside of all. */
struct mw_fix mw_fix_dovecot(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter, const char *lines);
/* Lines as they stand within a filter. */
const char *mw_dovecot_within(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter, const char *lines);
/* What `show` prints, without its comments. */
const char *mw_dovecot_lines(const struct mw_dovecot_site *site, struct mw_str text);
/* The setting of an inet_listener that has its addresses. */
const char *mw_dovecot_address_name(enum mw_dovecot_generation generation);
/* Whether the log says why a login failed; in 2.3 auth_debug does too. */
bool mw_dovecot_logs_logins(const struct mw_dovecot_site *site);
/* Whether Dovecot's processes read this policy: the usual file, or the one in their environment. */
bool mw_dovecot_is_told(const struct mw_dovecot_site *site);

/* Whether what Dovecot itself asks of logins, outside of filters, is to be changed for the policy: where it is less strict, or
   nobody chose what is in the way of a rule. What is stricter by somebody's choice stays. */
bool mw_dovecot_lacks_cleartext(const struct mw_dovecot_site *site);
bool mw_dovecot_lacks_ssl(const struct mw_dovecot_site *site);

/* --- settings that a filter (protocol, local, remote) sets again */

/* "protocol imap/ssl" for a setting within filters and groups. */
const char *mw_dovecot_place(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			     const char *name);
/* The settings that "@label = name" of 2.4 includes; NULL: `include` is something else. */
const struct mw_dovecot_node *mw_dovecot_group(const struct mw_dovecot_site *site,
					       const struct mw_dovecot_node *include);
/* The filters that a login may meet, also those in others; after: the root for the first one. NULL: no more. */
const struct mw_dovecot_node *mw_dovecot_next_filter(const struct mw_dovecot_site *site,
						     const struct mw_dovecot_node *after);
/* Looks at the root and at each filter that a login may meet, and at the groups that these filters include (then `node`
   is the group). */
void mw_dovecot_each_filter(const struct mw_dovecot_site *site,
			    void (*look)(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
					 const struct mw_dovecot_node *node));

/* The parts. */
void mw_check_dovecot_filters(const struct mw_dovecot_site *site);
void mw_check_dovecot_passdbs(const struct mw_dovecot_site *site);
void mw_check_dovecot_global_passdbs(const struct mw_dovecot_site *site); /* of these, what is no filter's */
/* Our passdb within a filter, to be read before its own; NULL: it has none that ours must stand before, or does. */
const char *mw_dovecot_filter_passdb(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter);
void mw_check_dovecot_userdbs(const struct mw_dovecot_site *site);
void mw_check_dovecot_trust(const struct mw_dovecot_site *site);
/* Whether Postfix finds the auth service where it asks. */
void mw_check_dovecot_sasl(const struct mw_dovecot_site *site, const struct mw_sasl_socket *socket);
void mw_check_dovecot_delivery(const struct mw_dovecot_site *site);
/* What other hosts reach past the policy. */
void mw_check_dovecot_network(const struct mw_dovecot_site *site);
/* Cuts the next of a list of addresses or networks off, with blanks or commas between them; empty: there is none. */
struct mw_str mw_dovecot_next_network(struct mw_str *list);

#endif
