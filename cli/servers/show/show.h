/* What `mailwicket show` prints of a policy. */
#ifndef MW_CLI_SHOW_H
#define MW_CLI_SHOW_H

#include "policy/model.h"
#include "report/json.h"

/* Lines for Postfix's main.cf and master.cf that put the policy's questions where they are reached. */
void mw_show_postfix(const struct mw_policy *policy, struct mw_buf *out);

enum mw_dovecot_generation { MW_DOVECOT_2_3, MW_DOVECOT_2_4 };

/* Lines for Dovecot: login plugin, passdb, what the policy needs Dovecot itself to allow, Postfix's SASL socket. */
void mw_show_dovecot(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out);

/* What Dovecot lacks of the policy's settings, and what stays beside them, with blanks between. */
struct mw_dovecot_lacks {
	bool plugin, cleartext, ssl, version, policy_path, proxies, log;
	struct mw_str other_plugins, other_networks; /* login plugins (2.3), HAProxy networks */
	uint64_t memory;         /* that the auth process is to have, in octets; 0: it has enough */
	const char *sasl_socket; /* for Postfix's SASL, absolute; NULL: Dovecot listens there, or need not */
};

/* Its parts: the passdb, which must be read before any other, and the settings, which must be read last. */
void mw_show_dovecot_passdb(const struct mw_policy *policy, enum mw_dovecot_generation generation,
			    struct mw_buf *out);
/* Its result_internalfail: while every rule is in audit mode what cannot be decided goes on to the next passdb. */
const char *mw_show_dovecot_undecided(const struct mw_policy *policy);
void mw_show_dovecot_settings(const struct mw_policy *policy, enum mw_dovecot_generation generation,
			      const struct mw_dovecot_lacks *lacks, struct mw_buf *out);
void mw_show_dovecot_plugins(enum mw_dovecot_generation generation, struct mw_str others, struct mw_buf *out);
/* What `mailwicket why` reads: why auth refused a login. */
void mw_show_dovecot_log(struct mw_buf *out);
void mw_show_dovecot_sasl(const char *socket, struct mw_buf *out);
/* The setting that allows passwords without TLS, and what the policy needs it and `ssl` to be. */
const char *mw_show_dovecot_cleartext_name(enum mw_dovecot_generation generation);
const char *mw_show_dovecot_cleartext_value(const struct mw_policy *policy, enum mw_dovecot_generation generation);
const char *mw_show_dovecot_ssl_value(const struct mw_policy *policy);

/* "ssl_min_protocol = TLSv1.2": what the policy needs, or what is set where that is more; "" for no say. */
const char *mw_show_dovecot_version_line(const struct mw_policy *policy, enum mw_tls_version set);

/* The effective policy as members of an object. */
void mw_show_json(const struct mw_policy *policy, struct mw_json *json);

#endif
