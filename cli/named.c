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
