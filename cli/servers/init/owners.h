/* Who may send as an address, as Postfix says: smtpd_sender_login_maps, asked as smtpd asks them (smtpd_check.c,
   mail_addr_find(3)), by postmap(1), which reads the tables and neither touches nor needs the Postfix that runs.

   For USER+EXTENSION@DOMAIN the first answer counts of: all of it; USER@DOMAIN; where DOMAIN is myorigin or one of this
   host's own, USER+EXTENSION and USER; @DOMAIN. Each is looked for in all tables, in their order, before the next one;
   patterns are asked for the whole address only. */
#ifndef MW_CLI_INIT_OWNERS_H
#define MW_CLI_INIT_OWNERS_H

#include "servers/init/init.h"

struct mw_owners;

/* What the tables say of a sender. */
struct mw_owned {
	struct mw_str logins; /* as it stands there, divided by commas and blanks; empty: no table has the sender */
	struct mw_str key;    /* that has it; "@DOMAIN": of a whole domain */
	bool unknown;         /* a table that was not asked stands before the first that has it */
};

/* Of the tables of smtpd_sender_login_maps. Those that a source reads in the directory's place (databases.h) are asked only
   if `whole` is set. In the arena of init; NULL: out of memory. */
struct mw_owners *mw_owners_new(struct mw_init *init, struct mw_str tables, bool whole);
/* Asks for these senders (canonical addresses), all at once. A table that cannot be asked is kept as unread, with the reason. */
void mw_owners_ask(struct mw_owners *owners, const struct mw_str *senders, size_t count);
/* Of a sender that was asked for. */
struct mw_owned mw_owners_of(const struct mw_owners *owners, struct mw_str sender);
/* The first table that could not be asked, and why; NULL: all were that no source reads. */
const char *mw_owners_unasked(const struct mw_owners *owners);
/* The first table that was not asked, whatever the reason; NULL: all were. */
const char *mw_owners_silent(const struct mw_owners *owners);

/* The next login, as smtpd divides them: by commas and blanks, whatever quotes there are. False at the end. */
bool mw_owners_next(struct mw_str *rest_io, struct mw_str *login_r);

#endif
