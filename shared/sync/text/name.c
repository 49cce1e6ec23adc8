/* SPDX-License-Identifier: MIT */
#include "sync/text/name.h"

static const char refused[] = { '"', '`', '$', '(', ')', ';', '|', '<', '>', '\\', '*', '?' };

char mw_text_name_refused(struct mw_str name)
{
	size_t end = mw_str_find_last(name, '@');

	/* A domain has none of them. */
	if (end < name.len && name.ptr[0] == '"')
		return '\0';
	for (size_t i = 0; i < end; i++) {
		if (memchr(refused, name.ptr[i], sizeof(refused)) != NULL)
			return name.ptr[i];
	}
	return '\0';
}

char mw_text_login_refused(struct mw_str login)
{
	size_t at = mw_str_find(login, '\\');
	struct mw_str user = mw_str_tail(login, at + 1);
	char octet;

	/* With an "@" it is an address. */
	if (at == 0 || mw_str_empty(user) || mw_str_find(login, '@') < login.len)
		return mw_text_name_refused(login);
	octet = mw_text_name_refused(mw_str_head(login, at));
	return octet != '\0' ? octet : mw_text_name_refused(user);
}
