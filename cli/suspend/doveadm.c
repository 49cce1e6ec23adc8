/* SPDX-License-Identifier: MIT */
#include "suspend/doveadm.h"

#include "base/shell.h"

bool mw_doveadm_is_user(struct mw_str name)
{
	return !mw_str_empty(name) && mw_str_find(name, '*') == name.len && mw_str_find(name, '?') == name.len;
}

static bool consists_of(struct mw_str text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\0' || strchr(characters, text.ptr[i]) == NULL)
			return false;
	}
	return true;
}

/* One of up to four numbers of an IPv4 address, as inet_aton(3) reads them: 10, 012, 0xa. */
static bool is_number(struct mw_str part)
{
	bool hex = part.len > 1 && part.ptr[0] == '0' && (part.ptr[1] == 'x' || part.ptr[1] == 'X');

	return hex ? consists_of(mw_str_tail(part, 2), "0123456789abcdefABCDEF") :
		     part.len > 0 && consists_of(part, "0123456789");
}

/* Rather too often: an IPv6 address is taken for one by its colon. What follows a blank is nothing to inet_aton(3). */
static bool reads_as_address(struct mw_str name)
{
	size_t len = 0;
	struct mw_str part;

	if (mw_str_find(name, ':') < name.len)
		return true;
	/* doveadm takes a number alone for a user. */
	if (consists_of(name, "0123456789"))
		return false;
	while (len < name.len && strchr("/ \t\n\v\f\r", name.ptr[len]) == NULL)
		len++;
	name = mw_str_head(name, len);
	while (mw_str_split(&name, '.', &part)) {
		if (!is_number(part))
			return false;
	}
	return len > 0;
}

bool mw_doveadm_kick(struct mw_buf *out, struct mw_str name)
{
	if (!mw_doveadm_is_user(name) || reads_as_address(name))
		return false;
	mw_buf_add_text(out, "doveadm kick ");
	mw_shell_operand(out, name);
	return true;
}

bool mw_doveadm_deactivate(struct mw_buf *out, struct mw_str name)
{
	if (!mw_doveadm_is_user(name))
		return false;
	mw_buf_add_text(out, "doveadm sieve deactivate -u ");
	mw_shell_word(out, name);
	return true;
}
