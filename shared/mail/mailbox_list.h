/* The strict reader of an originator field's value. Private to shared/mail. */
#ifndef MW_MAIL_MAILBOX_LIST_H
#define MW_MAIL_MAILBOX_LIST_H

#include "mail/originators.h"

/* Reads a list of mailboxes and groups; `found` is called with each address in turn, local@domain as it stands there.
   `domain` completes an address without one; empty: such an address is a fault. */
enum mw_originator_fault mw_mailbox_list_read(struct mw_str value, struct mw_str domain,
					      void (*found)(struct mw_str address, void *context), void *context);

#endif
