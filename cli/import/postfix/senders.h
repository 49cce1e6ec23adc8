/* Every address that a Postfix server has, every login, and which login may send as which address by
   smtpd_sender_login_maps: what a directory is made of. */
#ifndef MW_CLI_IMPORT_SENDERS_H
#define MW_CLI_IMPORT_SENDERS_H

#include "import/postfix/owners.h"
#include "sync/merge/names.h"

#define MW_LOGIN_NONE UINT32_MAX

/* Numbers of logins, each once, in order. */
struct mw_login_set {
	const uint32_t *items;
	size_t count;
};

/* Somebody who logs in. */
struct mw_sender_login {
	struct mw_str own;      /* the address that the name completes to, canonical */
	uint32_t own_sender;    /* its number */
	struct mw_strs names;   /* by which he logs in, canonical; `own` may be one of them */
	const char *from;       /* where the first of them was found */
	struct mw_person *person; /* once mw_sender_rules_write() has made it */
};

/* An address. */
struct mw_sender {
	struct mw_str address; /* canonical, as a directory has it */
	const char *from;      /* the setting that has it */
	bool is_mailbox;       /* mail to it is stored here: an account's, or of virtual_mailbox_maps */
	struct mw_login_set owners; /* who may send as it; empty: no table has it, or one with nobody that is known here */
	bool by_domain;        /* by "@DOMAIN" alone */
};

struct mw_sender_rules {
	struct mw_init *init;
	struct mw_owners *owners;
	struct mw_names login_names;    /* every name and every address that one logs in by: the number of the login */
	struct mw_sender_login *logins;
	uint32_t login_count;
	struct mw_names addresses;
	struct mw_sender *items;         /* by their numbers in `addresses` */
	uint32_t count;
	struct mw_names domains;        /* of all addresses and of this server */
	struct mw_login_set *domain_owners; /* by their numbers: who may send as any address there that no other key has */
};

/* Reads the tables and Dovecot's passdbs. In the arena of init; NULL: out of memory. */
struct mw_sender_rules *mw_sender_rules_read(struct mw_init *init);
/* Frees what is not in the arena; NULL is allowed. */
void mw_sender_rules_end(struct mw_sender_rules *senders);
/* Who logs in by a name or an address; MW_LOGIN_NONE: nobody. */
uint32_t mw_sender_rules_login(const struct mw_sender_rules *senders, struct mw_str name);
bool mw_login_set_has(const struct mw_login_set *set, uint32_t login);
/* The number of an address's domain in `domains`. */
uint32_t mw_sender_rules_domain(const struct mw_sender_rules *senders, struct mw_str address);

/* Users, groups and grants of it, into init->people. */
void mw_sender_rules_write(struct mw_sender_rules *senders);

#endif
