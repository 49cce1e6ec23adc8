/* The policy in memory: what mailwicket.conf says, every default filled in. Built by mw_policy_read(), owned by the
   struct mw_policy, never changed afterwards; every part knows the line it came from. */
#ifndef MW_POLICY_MODEL_H
#define MW_POLICY_MODEL_H

#include "base/units.h"
#include "mail/mechanism.h"
#include "mail/network.h"
#include "mail/protocol.h"
#include "policy/permission.h"

struct mw_arena;

enum mw_mode { MW_MODE_ENFORCE, MW_MODE_AUDIT };
enum mw_login_type { MW_PLAIN_TEXT_LOGIN = 1, MW_PLAIN_TEXT_AUTHENTICATION = 2, MW_SECURE_LOGIN = 3 }; /* Exchange's numbers */
enum mw_domain_type { MW_AUTHORITATIVE, MW_INTERNAL_RELAY, MW_EXTERNAL_RELAY };
enum mw_rate_source { MW_RATE_USER, MW_RATE_IP_ADDRESS, MW_RATE_ALL };
enum mw_unlisted_logins { MW_UNLISTED_REFUSE, MW_UNLISTED_OWN_ADDRESS };
enum mw_header_from { MW_HEADER_FROM_CHECK = 1, MW_HEADER_FROM_OFF };
enum mw_display_name { MW_DISPLAY_NAME_ANY, MW_DISPLAY_NAME_CHECK };
enum mw_reply_style { MW_REPLIES_CLASSIC, MW_REPLIES_CURRENT };
enum mw_tls_version { MW_TLS_NONE, MW_SSL_3_0, MW_TLS_1_0, MW_TLS_1_1, MW_TLS_1_2, MW_TLS_1_3 }; /* in order of strength */

extern const struct mw_table mw_modes, mw_login_types, mw_domain_types, mw_rate_sources, mw_reply_styles,
	mw_unlisted_logins, /* refuse own_address */
	mw_ldap_flavours,  /* openldap ad */
	mw_ldap_binds,     /* simple external gssapi anonymous */
	mw_source_schemas, /* none mailcow iredmail postfixadmin */
	mw_header_froms,    /* check off */
	mw_display_names,   /* any check */
	mw_source_tls_words, /* verify none */
	mw_tls_versions; /* "none" "SSLv3" "TLSv1" "TLSv1.1" "TLSv1.2" "TLSv1.3" */

struct mw_strs { const struct mw_str *items; size_t count; };
struct mw_ranges { const struct mw_range *items; size_t count; };
struct mw_bindings { const struct mw_binding *items; size_t count; };

struct mw_place {
	const char *file; /* as named to mw_policy_read(); "built-in" for defaults */
	unsigned line;    /* of the section's first line; 0 for defaults */
};

struct mw_tls_minimum {
	enum mw_tls_version version; /* MW_TLS_NONE: whatever the server negotiates */
	unsigned bits;
	struct mw_ranges proxies;    /* tls_proxies: HAProxy hosts whose word on TLS counts */
};

struct mw_enforcement {
	enum mw_mode mode;
	bool has_audit_until;
	int64_t audit_until; /* the last day of the audit, days since 1970-01-01 */
	struct mw_strs enforce_for; /* connectors: users and groups, by address, for whom it is enforced in audit */
};

struct mw_login_rule {
	struct mw_str name;
	struct mw_place place;
	bool protocols[MW_PROTOCOL_COUNT];
	bool names_protocols;        /* the rule lists protocols: narrower than one that does not */
	struct mw_bindings local;    /* empty: any listener */
	struct mw_ranges remote;     /* empty: any client */
	enum mw_login_type login_type;
	struct mw_tls_minimum tls;
	struct mw_enforcement enforcement;
};

struct mw_connector {
	struct mw_str name;
	struct mw_place place;
	bool enabled;
	struct mw_bindings bindings;
	struct mw_ranges remote;     /* remote_ip_ranges */
	struct mw_strs sasl_services; /* smtpd_sasl_service names that belong to it, for the auth module */
	mw_auth_mechanisms auth_mechanism;
	bool require_tls;
	mw_permission_groups permission_groups;
	mw_permissions grant, deny;
	struct mw_strs partner_certificates; /* SHA-256, lower-case hex without colons */
	bool allow_null_sender;
	bool open_relay_accepted;
	uint64_t max_message_size;           /* octets or MW_UNLIMITED */
	uint64_t max_recipients_per_message;
	uint64_t message_rate_limit;         /* a minute; parsed, enforced by a later version */
	enum mw_rate_source message_rate_source;
	enum mw_header_from header_from;     /* without it: CHECK where ExchangeUsers are permitted, else OFF */
	bool header_from_written;            /* CHECK is for sessions without a login only where it is written */
	enum mw_display_name display_name;
	bool allow_resend;
	bool add_sender;
	struct mw_tls_minimum tls;
	struct mw_enforcement enforcement;
};

struct mw_accepted_domain {
	struct mw_str domain;  /* canonical; for "*.d" just "d" */
	bool subdomains;       /* "*.d": every domain below d, not d */
	enum mw_domain_type type;
	struct mw_strs local_names; /* canonical, as written */
	struct mw_place place, local_names_place;
};

/* A name by which the mail system reaches the mailboxes of an accepted domain: what is addressed to it is judged as that
   domain. Postfix's mydestination, and the literals of inet_interfaces and proxy_interfaces (resolve_local(3)). */
struct mw_local_name {
	struct mw_str name; /* canonical */
	const struct mw_accepted_domain *domain;
};

enum mw_source_tls { MW_SOURCE_TLS_VERIFY = 1, MW_SOURCE_TLS_NONE };
/* Queries of a source that is a database, in the order of their settings. */
enum mw_sql_query {
	MW_SQL_USERS, MW_SQL_GROUPS, MW_SQL_GRANTS, MW_SQL_ADDRESSES, MW_SQL_MEMBERS, MW_SQL_LOGINS, MW_SQL_QUERY_COUNT
};

/* Whose tables an SQL source reads (sync/sql/schema.h). */
enum mw_source_schema { MW_SCHEMA_NONE, MW_SCHEMA_MAILCOW, MW_SCHEMA_IREDMAIL, MW_SCHEMA_POSTFIXADMIN };

struct mw_source_sql {
	struct mw_str host;       /* empty: the socket */
	unsigned port;            /* with a host, and PostgreSQL's of a socket: never 0 */
	struct mw_str socket;     /* PostgreSQL: its folder; MySQL: itself */
	struct mw_str dbname, user, password_file;
	enum mw_source_tls tls;
	struct mw_str tls_ca_file;
	uint64_t statement_timeout; /* seconds */
	enum mw_source_schema schema;
	struct mw_str queries[MW_SQL_QUERY_COUNT]; /* empty: none */
	struct mw_str listen;     /* a channel of PostgreSQL that tells of every change; empty: none */
	struct mw_str changed;    /* a query whose one value is another after each change; empty: none */
};
/* How an LDAP server's entries say what a directory says: defaults for filters and attributes (sync/ldap/map.h). */
enum mw_source_flavour { MW_LDAP_OPENLDAP = 1, MW_LDAP_AD };
enum mw_ldap_bind { MW_LDAP_SIMPLE = 1, MW_LDAP_EXTERNAL, MW_LDAP_GSSAPI, MW_LDAP_ANONYMOUS };
enum mw_ldap_kind { MW_LDAP_USERS, MW_LDAP_GROUPS, MW_LDAP_KIND_COUNT };

/* The rest of its settings are those of a database: user, password_file, tls, tls_ca_file. */
struct mw_source_ldap {
	struct mw_strs url;            /* ldap://, ldaps:// or ldapi://, tried in this order; checked */
	enum mw_source_flavour flavour;
	enum mw_ldap_bind bind;
	struct mw_str base;
	struct {
		struct mw_str base;        /* empty: that of all */
		struct mw_str filter;      /* empty: the flavour's */
		struct mw_strs attributes; /* KEY=ATTRIBUTE; in place of the flavour's for each KEY that is here */
	} kinds[MW_LDAP_KIND_COUNT];
	struct mw_str tls_cert_file, tls_key_file; /* of ours, for EXTERNAL; empty: none */
	struct mw_str keytab_file;     /* for GSSAPI; empty: the tickets that are there */
	bool all_rights_send_as;       /* ad: full control of an entry is Send-As too */
};

enum mw_source_part { MW_PART_USERS = 1, MW_PART_GROUPS = 2, MW_PART_GRANTS = 4 };

struct mw_source {
	struct mw_str name, driver, path;
	struct mw_strs command;  /* exec: the program and its arguments */
	struct mw_str last_line; /* exec: a comment with which a whole output ends; empty: not told */
	uint64_t timeout;        /* exec and ldap: seconds */
	uint32_t parts;          /* enum mw_source_part */
	uint64_t max_shrink;     /* per cent, or MW_UNLIMITED */
	bool complete; /* it has every login of the domains that it names */
	uint64_t interval, full_every; /* seconds; an interval of 0: the driver's own (sync/source.h) */
	struct mw_source_sql sql;
	struct mw_source_ldap ldap;
	struct mw_place place;
};

struct mw_policy {
	struct mw_arena *arena;  /* owns everything below */
	const char *file;
	char digest[17];         /* of the file's text, hex: to tell whether a process has the same */
	struct mw_str hostname;
	struct mw_str recipient_delimiter;
	struct mw_str default_domain; /* canonical or empty */
	bool aliases_grant_send_as;
	bool master_users_submit;     /* a master user may submit mail as the user (default no) */
	enum mw_unlisted_logins unlisted_logins; /* who logs in and is not in the directory */
	enum mw_reply_style replies;

	const struct mw_accepted_domain *accepted_domains;
	size_t accepted_domain_count;
	const struct mw_local_name *local_names;  /* of all accepted domains, sorted */
	size_t local_name_count;
	const struct mw_local_name *folded_names; /* what Postfix's case folding makes of an accepted domain or local name */
	size_t folded_name_count;
	const struct mw_login_rule *login_rules;  /* the built-in one is last */
	size_t login_rule_count;
	const struct mw_connector *connectors;
	size_t connector_count;

	struct {
		struct mw_place place;      /* line 0: the policy has no such section */
		struct mw_strs listen;      /* "unix:PATH" or "inet:ADDRESS:PORT", checked */
		unsigned socket_mode;
		struct mw_str socket_group;
		struct mw_strs peers;       /* users whose processes may ask over the unix socket, beside root and postfix */
		struct mw_ranges peers_networks; /* addresses that may ask over TCP; empty: this host's own */
	} policy_service;
	struct {
		struct mw_strs listen;      /* as policy_service's; empty: no milter */
	} milter;
	struct {
		struct mw_str path;
		const struct mw_source *sources;
		size_t source_count;
	} directory;
	struct { struct mw_str driver, url; } counters;
	struct mw_str metrics_listen;
	struct { struct mw_str facility; bool all_decisions; } log;
};

#endif
