/* SPDX-License-Identifier: MIT */
#include "servers/check/table.h"

/* check_relay_domains permits what mynetworks and relay_domains name. */
bool mw_restriction_permits(struct mw_str name)
{
	return mw_str_equal_nocase(name, MW_STR("permit")) || mw_str_starts_with_nocase(name, MW_STR("permit_")) ||
	       mw_str_equal_nocase(name, MW_STR("check_relay_domains"));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool mw_action_has_code(struct mw_str action)
{
	return action.len > 4 && (action.ptr[0] == '4' || action.ptr[0] == '5') && is_digit(action.ptr[1]) &&
	       is_digit(action.ptr[2]) && (action.ptr[3] == ' ' || action.ptr[3] == '\t');
}

/* access(5): what ends the list. */
bool mw_action_permits(struct mw_str action)
{
	size_t digits = 0;

	if (mw_action_has_code(action))
		return false;
	action = mw_str_head(action, mw_str_find(action, ' '));
	action = mw_str_head(action, mw_str_find(action, '\t'));
	action = mw_str_head(action, mw_str_find(action, ','));
	while (digits < action.len && is_digit(action.ptr[digits]))
		digits++;
	return mw_str_equal_nocase(action,
		MW_STR("OK")) || mw_restriction_permits(action) || (digits > 0 && digits == action.len);
}

static bool parts_table(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '{' || c == '}' || c == '=';
}

/* By the first word of an action, which is all of static's and stands behind "=" in inline's. */
bool mw_table_permits(struct mw_str table)
{
	bool constant = mw_str_starts_with_nocase(table, MW_STR("static:"));
	bool begins = constant; /* an action */
	size_t len;

	if (!constant && !mw_str_starts_with_nocase(table, MW_STR("inline:")))
		return false;
	for (size_t i = sizeof("static:") - 1; i < table.len; i += len) {
		char c = table.ptr[i];

		len = 1;
		if (parts_table(c)) {
			begins = c == '=' || (begins && c != ',' && c != '}');
			continue;
		}
		while (i + len < table.len && !parts_table(table.ptr[i + len]))
			len++;
		if (begins && mw_action_permits(mw_str_head(mw_str_tail(table, i), len)))
			return true;
		begins = false;
	}
	return false;
}

bool mw_action_refuses(struct mw_str action)
{
	static const char *const words[] = { "reject", "defer", "defer_if_permit" };
	size_t len = 0;

	while (len < action.len && action.ptr[len] != ' ' && action.ptr[len] != '\t')
		len++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(mw_str_head(action, len), mw_str(words[i])))
			return true;
	}
	return mw_action_has_code(action);
}

bool mw_table_refuses(struct mw_str table)
{
	return mw_str_starts_with_nocase(table, MW_STR("static:")) &&
	       mw_action_refuses(mw_str_trim(mw_str_tail(table, strlen("static:"))));
}
