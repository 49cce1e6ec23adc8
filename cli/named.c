/* SPDX-License-Identifier: MIT */
#include "named.h"

#include "ui/output.h"
#include "base/text.h"

void mw_named_print_ambiguous(const char *name, const struct mw_named *named, struct mw_buf *out)
{
	mw_text_show(out, mw_str(name));
	mw_buf_add_text(out, named->by_address ? ": an address of " : ": the login name of ");
	mw_text_show(out, named->principal.name);
	mw_buf_add_text(out, named->by_address ? " and the login name of another user, "
					       : " and, with default_domain, of another user, ");
	mw_text_show(out, named->other.name);
	mw_buf_add_text(out, "; name one by the primary address");
}

void mw_named_complain(const char *command, const char *name, const struct mw_named *named)
{
	char memory[2048];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_named_print_ambiguous(name, named, &out);
	mw_complain("%s: %s", command, memory);
}

void mw_named_print_former(const struct mw_directory *directory, const struct mw_directory_view *view,
			   const struct mw_named *named, struct mw_buf *out)
{
	struct mw_former_name former = { 0, 0 };
	struct mw_principal principal;

	while (named->is_address && mw_directory_former_next(directory, named->address.whole, &former)) {
		if (view->by_id(view->context, former.id, &principal) != MW_LOOKUP_FOUND)
			continue;
		mw_buf_add_text(out, principal.kind == MW_USER ? "; user " : "; group ");
		mw_text_show(out, principal.name);
		mw_buf_add_text(out, " was called so formerly");
	}
}

static void add_former(void *context, struct mw_str name, int64_t until)
{
	struct mw_buf *out = context;

	(void)until;
	mw_buf_add_text(out, out->used == 0 ? "" : ", ");
	mw_text_show(out, name);
}

void mw_named_print_formers(const struct mw_policy *policy, struct mw_directory *directory, struct mw_str login,
			    struct mw_buf *out)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	char memory[2048];
	struct mw_buf owners = MW_BUF_OVER(memory);
	struct mw_named named;

	if (mw_identity_named(policy, view, login, &named) == MW_LOOKUP_FOUND && !named.unlisted) {
		mw_directory_each_former(directory, named.principal.id, add_former, out);
		if (out->used > 0)
			mw_buf_printf(out, " (of %.*s)", MW_STR_ARG(named.principal.name));
		return;
	}
	mw_named_print_former(directory, view, &named, &owners);
	if (owners.used == 0)
		return;
	mw_text_show(out, login);
	mw_buf_add_text(out, memory);
}
