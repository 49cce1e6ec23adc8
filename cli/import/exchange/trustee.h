/* Who a permission is for, where that is no account: a group that every Windows has. */
#ifndef MW_CLI_IMPORT_EXCHANGE_TRUSTEE_H
#define MW_CLI_IMPORT_EXCHANGE_TRUSTEE_H

#include "base/str.h"

enum mw_exchange_trustee {
	MW_EXCHANGE_PEOPLE,    /* a user or group, whether or not he is in the files */
	MW_EXCHANGE_SELF,      /* whoever has the mailbox */
	MW_EXCHANGE_EVERYBODY, /* who logs in, and others with them */
	MW_EXCHANGE_LOGGED_IN, /* exactly who logs in: Authenticated Users */
	MW_EXCHANGE_ANONYMOUS, /* who does not log in */
	MW_EXCHANGE_WINDOWS,   /* a group of Windows, whose members are in no file */
	MW_EXCHANGE_SYSTEM     /* what nobody logs in as */
};

/* By the SID, where there is one; else by the name, as Windows in English, German or French prints it. */
enum mw_exchange_trustee mw_exchange_trustee(struct mw_str name, struct mw_str sid);

#endif
