/* Grants as they stand in the sources, compared by what they are about and not by how it is written. */
#ifndef MW_CLI_DIRECTORY_RIGHT_H
#define MW_CLI_DIRECTORY_RIGHT_H

#include "decide/directory_view.h"
#include "policy/model.h"
#include "sync/record/record.h"

/* Whom a name in a source means: who has the address, or, where nobody has it, the one who was called so formerly, as sync takes
   it. `held_r` may be NULL. */
enum mw_lookup mw_right_find(const struct mw_directory_view *view, struct mw_str address,
			     struct mw_principal *principal_r, enum mw_held *held_r);
/* The user or group that an address of a record leads to, but for an address of receive=; false: none. `view` NULL: none. */
bool mw_right_owner(const struct mw_directory_view *view, struct mw_str address, struct mw_principal *owner_r);
/* Whose the identity of a grant is, if any: an address, of receive= too and with an extension, or the beginning of one. False: it
   is nobody's. */
bool mw_right_identity_owner(const struct mw_policy *policy, const struct mw_directory_view *view,
			     const struct mw_grant_record *grant, struct mw_principal *owner_r);
/* Whether two addresses of records are one user's or group's, or the same text. */
bool mw_right_same_name(const struct mw_directory_view *view, struct mw_str a, struct mw_str b);
/* Whether two grants are of one kind, on the same and for the same; until= may differ. */
bool mw_right_same_grant(const struct mw_directory_view *view, const struct mw_grant_record *a,
			 const struct mw_grant_record *b);
/* Whether an address, or a longer prefix, begins as "prefix-*@domain" says. */
bool mw_right_begins_so(struct mw_str prefix, struct mw_str identity);
/* Whether a grant covers all of a pattern, which is "*@domain" or "prefix-*@domain". */
bool mw_right_covers(const struct mw_grant_record *grant, const struct mw_grant_record *pattern);

/* "grant send-as IDENTITY TRUSTEE[ until=DATE]" */
void mw_right_print(const struct mw_grant_record *grant, struct mw_buf *out);

#endif
