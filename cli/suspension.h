/* What suspend, resume, suspended and lookup share: whom the administrator means, and a suspension in words. */
#ifndef MW_CLI_SUSPENSION_H
#define MW_CLI_SUSPENSION_H

#include "base/errors.h"
#include "directory/directory.h"
#include "mail/address.h"
#include "policy/model.h"
#include "report/json.h"

struct mw_named_user {
	enum mw_lookup found;       /* FOUND: a user */
	struct mw_principal principal; /* where it was found, be it as a group */
	bool is_group;
	bool by_login;              /* the name is one that it logs in with */
	bool ambiguous;             /* one user's address and another's login name; `principal` is the first */
	bool is_address;
	struct mw_address address;  /* what was asked, completed with default_domain */
};

/* By address (aliases and sub-addresses too), else by login name. */
void mw_named_user_find(const struct mw_policy *policy, const struct mw_directory_view *view, const char *name,
			struct mw_named_user *user_r);

/* "from sending", "from every login" */
const char *mw_suspension_what(const struct mw_suspension *suspension);
/* "from sending since ... until ... by ...: REASON" */
void mw_suspension_print(const struct mw_suspension *suspension, struct mw_buf *out);
/* Members what, since, until, by and reason of the open object. */
void mw_suspension_json(const struct mw_suspension *suspension, struct mw_json *json);

/* One line to standard error about why the suspensions could not be changed, and the exit code for it. */
int mw_suspension_failed(const char *command, struct mw_errors *errors, int error);

#endif
