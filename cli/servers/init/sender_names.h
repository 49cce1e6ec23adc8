/* The names that the policy takes for a domain (local_names): Postfix asks smtpd_sender_login_maps for an address under each
   of them apart. A directory has one address for all of them, so that only those get it whom Postfix lets send under all. */
#ifndef MW_CLI_INIT_SENDER_NAMES_H
#define MW_CLI_INIT_SENDER_NAMES_H

#include "servers/init/sender_rules.h"

/* Which of them the tables may have, into senders->names: those of a key, and all where a table was not listed. */
void mw_sender_names_read(struct mw_sender_rules *senders, const struct mw_init_entries *keys);
/* How many of them the domain of an address has. */
size_t mw_sender_names_count(const struct mw_sender_rules *senders, struct mw_str address);
/* The address under the next such name of its domain; *at_io begins at 0. In the arena of init. False: there are no more. */
bool mw_sender_names_next(const struct mw_sender_rules *senders, struct mw_str address, size_t *at_io, struct mw_str *named_r);
/* The logins that the tables have for an address under another name, once that was asked for. Empty: none, or no others than
   for every address there (a pattern, static:), or only the address itself as a login (a pattern). */
struct mw_str mw_sender_names_say(const struct mw_sender_rules *senders, struct mw_str address, struct mw_str named);
/* Who is in both. In the arena of init. */
struct mw_login_set mw_login_set_both(struct mw_arena *arena, struct mw_login_set one, struct mw_login_set other);
/* Keeps as unread that the tables say one thing of an address and another of the same under another name; once for each name. */
void mw_sender_names_differ(struct mw_sender_rules *senders, struct mw_str address, struct mw_str named);

#endif
