/* Every address that a Postfix server has, every login, and which login may send as which address by
   smtpd_sender_login_maps: what `init` and `import postfix` make a directory of. */
#ifndef MW_CLI_INIT_SENDER_RULES_H
#define MW_CLI_INIT_SENDER_RULES_H

#include "servers/init/owners.h"
#include "sync/merge/names.h"

#define MW_SENDER_STRANGER "nobody-of-this-server" /* a name that nobody has */
/* Where a login was found that no passdb has, though all were listed. */
#define MW_SENDER_NO_LOGINS MW_SENDER_LOGIN_MAPS " alone: no passdb of Dovecot has these logins, so that nobody uses them"
#define MW_LOGIN_NONE UINT32_MAX
#define MW_DOMAIN_NONE UINT32_MAX

/* Numbers of logins, each once, in order. */
struct mw_login_set {
	const uint32_t *items;
	size_t count;
};

/* Somebody who logs in. Postfix compares the whole name that it gets of the SASL server: of two names by which somebody
   logs in the tables may let each send as something else. */
struct mw_sender_login {
	struct mw_str own;      /* the address that the name completes to, canonical */
	uint32_t own_sender;    /* its number */
	struct mw_strs names;   /* what a directory finds him by, canonical; `own` is one of them */
	struct mw_strs known_as; /* those of them that Postfix gets, as far as is known; at least one */
	bool listed;            /* a passdb has them; else they are what the tables write */
	const char *from;       /* where the first of them was found */
	struct mw_person *person; /* once mw_sender_rules_write() has made it */
};

/* An address. */
struct mw_sender {
	struct mw_str address; /* canonical, as a directory has it */
	const char *from;      /* the setting that has it */
	bool is_mailbox;       /* mail to it is stored here: an account's, or of virtual_mailbox_maps */
	struct mw_owned owned; /* what the tables say of it */
	struct mw_login_set owners; /* who may send as it, by all names that he is known as and that its domain has */
	bool by_domain;        /* by "@DOMAIN" alone */
};

/* A key of smtpd_sender_login_maps that no directory can have. */
struct mw_sender_odd {
	struct mw_str key, domain; /* as it stands there; canonical */
};

/* Another name of a domain (sender_names.h). */
struct mw_sender_name {
	struct mw_str domain, name; /* canonical */
	bool told;
};

struct mw_sender_rules {
	struct mw_init *init;
	struct mw_owners *owners;
	enum mw_comparison comparison;  /* how Postfix compares senders with them: the strictest way of its listeners */
	enum mw_comparison mildest;     /* the mildest way of those that users reach: own addresses go by it */
	const char *unlisted;           /* a table that was not listed, and may have any address; NULL: none */
	struct mw_names login_names;    /* every name and every address that one logs in by: the number of the login */
	struct mw_sender_login *logins;
	uint32_t login_count;
	struct mw_names addresses;
	struct mw_sender *items;         /* by their numbers in `addresses` */
	uint32_t count;
	struct mw_names domains;        /* of all addresses and of this server */
	struct mw_str *domain_logins;   /* by their numbers: what the tables say of any address there that no other key has */
	struct mw_login_set *domain_owners; /* the same as logins */
	struct mw_sender_name *names;
	size_t name_count;
	struct mw_sender_odd *odd;
	size_t odd_count;
};

/* Reads the tables and Dovecot's passdbs. In the arena of init; NULL: out of memory. What cannot be read or carried over is
   kept as unread. */
struct mw_sender_rules *mw_sender_rules_read(struct mw_init *init);
/* Frees what is not in the arena; NULL is allowed. */
void mw_sender_rules_end(struct mw_sender_rules *senders);
/* Who logs in by a name or an address; MW_LOGIN_NONE: nobody. */
uint32_t mw_sender_rules_login(const struct mw_sender_rules *senders, struct mw_str name);
bool mw_login_set_has(const struct mw_login_set *set, uint32_t login);
/* Whom Postfix knows by this name, and by which of the names in known_as; MW_LOGIN_NONE: nobody. */
uint32_t mw_sender_rules_named(const struct mw_sender_rules *senders, struct mw_str text, size_t *name_r);
/* The number of an address's domain in `domains`; MW_DOMAIN_NONE: it is not there. */
uint32_t mw_sender_rules_domain(const struct mw_sender_rules *senders, struct mw_str address);

/* Whether Postfix does not let a login send as its own address at any listener, or only at some. False where that is not
   known. */
bool mw_sender_rules_refuses_own(const struct mw_sender_rules *senders, uint32_t login);
bool mw_sender_rules_refuses_own_at_some(const struct mw_sender_rules *senders, uint32_t login);

/* The number of a name for who may not send as this address: it with MW_INIT_NO_ADDRESS behind it. False: out of memory. */
bool mw_sender_rules_add_nameless(struct mw_sender_rules *senders, struct mw_str address, uint32_t *number_r);

/* Users, groups and grants of it, into init->people. `aliases`: whom an alias leads to may send as it where Postfix lets
   everybody at every listener; else an alias gives no right. */
void mw_sender_rules_write(struct mw_sender_rules *senders, bool aliases);

#endif
