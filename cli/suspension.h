/* What suspend, resume, suspended and lookup share: whom the administrator means, and a suspension in words. */
#ifndef MW_CLI_SUSPENSION_H
#define MW_CLI_SUSPENSION_H

#include "base/errors.h"
#include "decide/identity.h"
#include "directory/directory.h"
#include "policy/model.h"
#include "report/json.h"

struct mw_named_user {
	enum mw_lookup found;       /* FOUND: a user */
	struct mw_principal principal; /* what was found, be it a group */
	bool is_group;
	bool by_login;              /* the name is one that it logs in with */
	bool ambiguous;             /* it means two: `named` has both; then `found` is NONE */
	struct mw_named named;
};

/* A user by login name or address, as mw_identity_named() has it. */
void mw_named_user_find(const struct mw_policy *policy, const struct mw_directory_view *view, const char *name,
			struct mw_named_user *user_r);

/* Whether the directory, which is open, has nobody any more for whom the suspension at `index` holds: its user was there
   when it was suspended, or no unlisted login can be meant. Then it holds for these names alone. */
bool mw_suspension_is_lost(const struct mw_policy *policy, const struct mw_directory *directory, size_t index);

/* "from sending", "from every login" */
const char *mw_suspension_what(const struct mw_suspension *suspension);
/* "from sending since ... until ... by ...: REASON" */
void mw_suspension_print(const struct mw_suspension *suspension, struct mw_buf *out);
/* Members what, since, until, by and reason of the open object. */
void mw_suspension_json(const struct mw_suspension *suspension, struct mw_json *json);

/* One line to standard error about why the suspensions could not be changed, and the exit code for it. */
int mw_suspension_failed(const char *command, struct mw_errors *errors, int error);

#endif
