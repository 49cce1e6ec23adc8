/* The permissions of Send-As on one recipient. */
#ifndef MW_CLI_IMPORT_EXCHANGE_ACE_H
#define MW_CLI_IMPORT_EXCHANGE_ACE_H

#include "import/exchange/model.h"

/* In the order of Windows: explicit before inherited, and in each deny before allow. */
enum { MW_EXPLICIT_DENY = 1, MW_EXPLICIT_ALLOW = 2, MW_INHERITED_DENY = 4, MW_INHERITED_ALLOW = 8 };

#define MW_DENIALS (unsigned)(MW_EXPLICIT_DENY | MW_INHERITED_DENY)

struct mw_exchange_ace {
	unsigned bit;
	struct mw_exchange_person *trustee; /* NULL: everybody */
	struct mw_exchange_ace *next;
};

/* Adds the grants on a recipient, and sets `refused` of one who may not send as itself. */
void mw_exchange_judge(struct mw_exchange *import, struct mw_exchange_person *identity);

#endif
