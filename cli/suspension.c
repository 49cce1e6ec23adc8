/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sysexits.h>

#include "ui/output.h"
#include "base/text.h"
#include "suspension.h"
#include "ui/when.h"

void mw_named_user_find(const struct mw_policy *policy, const struct mw_directory_view *view, const char *name,
			struct mw_named_user *user_r)
{
	struct mw_named *named = &user_r->named;

	user_r->found = mw_identity_named(policy, view, mw_str(name), named);
	user_r->principal = named->principal;
	user_r->by_login = named->by_login;
	user_r->ambiguous = named->ambiguous;
	user_r->is_group = user_r->found == MW_LOOKUP_FOUND && named->principal.kind != MW_USER;
	if (user_r->is_group)
		user_r->found = MW_LOOKUP_NONE;
}

bool mw_suspension_is_lost(const struct mw_policy *policy, const struct mw_directory *directory, size_t index)
{
	const struct mw_suspensions *suspensions = mw_directory_suspensions(directory);
	struct mw_str user = mw_str(suspensions->items[index].user);
	struct mw_address address;

	return mw_directory_suspended_id(directory, index) == 0 &&
	       (mw_suspensions_was_listed(suspensions, user) || !mw_unlisted_address(policy, user, &address));
}

const char *mw_suspension_what(const struct mw_suspension *suspension)
{
	return suspension->what == MW_SUSPENDED_ALL ? "from every login" : "from sending";
}

void mw_suspension_print(const struct mw_suspension *suspension, struct mw_buf *out)
{
	mw_buf_printf(out, "%s since ", mw_suspension_what(suspension));
	mw_when_print(suspension->since, out);
	if (suspension->until != 0) {
		mw_buf_add_text(out, " until ");
		mw_when_print(suspension->until, out);
	}
	mw_buf_add_text(out, " by ");
	mw_text_show(out, mw_str(suspension->by));
	if (suspension->reason[0] != '\0') {
		mw_buf_add_text(out, ": ");
		mw_text_show(out, mw_str(suspension->reason));
	}
}

void mw_suspension_json(const struct mw_suspension *suspension, struct mw_json *json)
{
	mw_json_string(json, "what", suspension->what == MW_SUSPENDED_ALL ? MW_STR("all") : MW_STR("sending"));
	mw_when_json(json, "since", suspension->since);
	mw_when_json(json, "until", suspension->until);
	mw_json_string(json, "by", mw_str(suspension->by));
	mw_json_string(json, "reason", mw_str(suspension->reason));
}

int mw_suspension_failed(const char *command, struct mw_errors *errors, int error)
{
	bool denied = error == EACCES || error == EPERM || error == EROFS;
	const struct mw_error *first = mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0) : NULL;

	if (first == NULL)
		mw_complain("%s: out of memory", command);
	else
		mw_complain("%s: %s%s%s%s", command, first->file, first->file[0] != '\0' ? ": " : "", first->text,
			    denied ? "; it needs to write in that folder: run it as root" : "");
	return denied ? EX_NOPERM : EX_TEMPFAIL;
}
