/* Whom a text means: each name that Exchange takes for a recipient ("Set-Mailbox", Identity), and those of permissions. */
#ifndef MW_CLI_IMPORT_EXCHANGE_NAMES_H
#define MW_CLI_IMPORT_EXCHANGE_NAMES_H

#include "import/exchange/model.h"

enum mw_exchange_certainty {
	MW_EXCHANGE_OWN,     /* nobody else can have it: distinguished and canonical names, GUID, SID, addresses */
	MW_EXCHANGE_PRINCIPAL_NAME, /* as sure, but it may be another one's address */
	MW_EXCHANGE_SHARED,  /* several may: name, display name, alias */
	MW_EXCHANGE_ACCOUNT_NAME /* SamAccountName: one in each domain; found behind "DOMAIN\" too */
};

/* NULL: out of memory. */
struct mw_exchange_names *mw_exchange_names_new(struct mw_arena *arena);
/* Empty texts are no names. False: it is somebody else's own, *other_r's. */
bool mw_exchange_names_add(struct mw_exchange_names *names, struct mw_str text, enum mw_exchange_certainty certainty,
			   struct mw_exchange_person *person, struct mw_exchange_person **other_r);

enum mw_exchange_found { MW_EXCHANGE_NOBODY, MW_EXCHANGE_FOUND, MW_EXCHANGE_SEVERAL };

/* Who is meant: whose own it is, else the only one who has it. SEVERAL: all of them are printed, if `candidates` is not NULL,
   each by its address or where it stands. */
enum mw_exchange_found mw_exchange_find(const struct mw_exchange_names *names, struct mw_str text,
					struct mw_exchange_person **person_r, struct mw_buf *candidates);

#endif
