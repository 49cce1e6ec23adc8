/* Whom a text means: each name that Exchange takes for a recipient ("Set-Mailbox", Identity), and those of permissions.
   A text of a form that is one's own (SID, distinguished name, GUID, address ...) is looked for among the names of this form
   alone: where nobody has it, nobody is meant, whatever else somebody is called. */
#ifndef MW_CLI_IMPORT_EXCHANGE_NAMES_H
#define MW_CLI_IMPORT_EXCHANGE_NAMES_H

#include "import/exchange/model.h"

enum mw_exchange_key {
	/* Nobody else can have it. */
	MW_EXCHANGE_DN,
	MW_EXCHANGE_GUID,
	MW_EXCHANGE_SID,
	MW_EXCHANGE_CANONICAL, /* example.org/Users/Anna */
	MW_EXCHANGE_LEGACY_DN, /* /o=Org/cn=anna */
	MW_EXCHANGE_ADDRESS,   /* of SMTP */
	/* As sure, but it may be another one's address. */
	MW_EXCHANGE_PRINCIPAL_NAME,
	MW_EXCHANGE_MASTER, /* an account of another forest, DOMAIN\name, that has the mailbox */
	/* Several may have it. */
	MW_EXCHANGE_ACCOUNT_NAME, /* SamAccountName: one in each domain */
	MW_EXCHANGE_NAME,	  /* or alias */
	MW_EXCHANGE_DISPLAY_NAME /* finds nobody; but whom a name means is not sure if it is another one's display name */
};

/* Which property of a row is which name, from the surest on. Identity and Id are canonical names on Exchange servers; in
   Exchange Online plain ones. */
struct mw_exchange_name_property {
	const char *property;
	enum mw_exchange_key key;
};

#define MW_EXCHANGE_NAME_PROPERTIES 12

extern const struct mw_exchange_name_property mw_exchange_name_properties[MW_EXCHANGE_NAME_PROPERTIES];

/* NULL: out of memory. */
struct mw_exchange_names *mw_exchange_names_new(struct mw_arena *arena);
/* Empty texts are no names. False: it is somebody else's own, *other_r's. */
bool mw_exchange_names_add(struct mw_exchange_names *names, struct mw_str text, enum mw_exchange_key key,
			   struct mw_exchange_person *person, struct mw_exchange_person **other_r);
/* Whether two texts are the same name. */
bool mw_exchange_names_same(const struct mw_exchange_names *names, enum mw_exchange_key key, struct mw_str a, struct mw_str b);
/* A row says that DOMAIN\name has this SID: so the domain is the one of the SID. */
void mw_exchange_names_learn(struct mw_exchange_names *names, struct mw_str account, struct mw_str sid);

enum mw_exchange_found { MW_EXCHANGE_NOBODY, MW_EXCHANGE_FOUND, MW_EXCHANGE_SEVERAL };

/* Which names a text is looked for among, by its form. MASTER: DOMAIN\name; NAME: a plain one. */
enum mw_exchange_key mw_exchange_form(struct mw_str text);
/* Who is meant. SEVERAL: all of them are printed, if `candidates` is not NULL, each by its address or where it stands. */
enum mw_exchange_found mw_exchange_find(const struct mw_exchange_names *names, struct mw_str text,
					struct mw_exchange_person **person_r, struct mw_buf *candidates);
/* The same of a text that is this key, whatever its form. */
enum mw_exchange_found mw_exchange_find_key(const struct mw_exchange_names *names, enum mw_exchange_key key, struct mw_str text,
					    struct mw_exchange_person **person_r, struct mw_buf *candidates);

/* The property of a row that says what nobody else can have: its name, and whose it is. */
struct mw_exchange_owner {
	const char *property; /* that decided; NULL: the row has none of them */
	struct mw_exchange_person *person; /* NULL: nobody who is in the files */
};

/* Whose a row is, by the first of its sure properties that has a value. One that says somebody else is an error, and then
   nobody is found. Two people for one property: an error too. */
struct mw_exchange_owner mw_exchange_owner_of(struct mw_exchange *import, enum mw_exchange_file file,
					      const struct mw_csv_row *row);

#endif
