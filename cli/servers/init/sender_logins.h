/* Who logs in at a Postfix server: part of sender_rules.h, private to its files. */
#ifndef MW_CLI_INIT_SENDER_LOGINS_H
#define MW_CLI_INIT_SENDER_LOGINS_H

#include "servers/init/sender_rules.h"

/* The accounts of Dovecot's passdbs. */
void mw_sender_logins_read(struct mw_sender_rules *senders);
/* Where a passdb lists nobody, somebody may log in by the address of a mailbox. */
void mw_sender_logins_take_mailbox(struct mw_sender_rules *senders, struct mw_str address);
/* The logins of a table's answer become known. What is no login is kept as unread. */
void mw_sender_logins_take(struct mw_sender_rules *senders, struct mw_str logins);
/* Once no more come: each is known by a name. */
void mw_sender_logins_settle(struct mw_sender_rules *senders);

/* The address, which is added once, with what has it. NULL: out of memory. Valid until the next one is added. */
struct mw_sender *mw_sender_rules_add(struct mw_sender_rules *senders, struct mw_str address, const char *from);

#endif
