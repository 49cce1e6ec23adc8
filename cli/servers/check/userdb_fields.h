/* What a userdb of Dovecot's says about the name of a user: the fields user, username and domain, which change it
   (auth-request.c, get_updated_username()). Pure. */
#ifndef MW_CLI_USERDB_FIELDS_H
#define MW_CLI_USERDB_FIELDS_H

#include "base/str.h"

/* Whether a field changes the user's name. */
bool mw_userdb_names_user(struct mw_str field);
/* Whether a value leaves the name as it is, but for upper case: the variable of the same part of it, of either
   generation. */
bool mw_userdb_keeps_user(struct mw_str field, struct mw_str value);

/* The column of an SQL query's answer that changes the name, or empty. */
struct mw_str mw_userdb_query_sets(struct mw_str query);
/* The same of LDAP's user_attrs: "attribute=field,=field=template". */
struct mw_str mw_userdb_attributes_set(struct mw_str attributes);
/* Whether a line of a passwd-file changes its user's name into another (userdb_user=NAME). The texts point into it. */
bool mw_userdb_entry_sets(struct mw_str line, struct mw_str *user_r, struct mw_str *field_r, struct mw_str *value_r);

#endif
