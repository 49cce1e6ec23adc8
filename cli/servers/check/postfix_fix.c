/* SPDX-License-Identifier: MIT */
/* Lines to write into main.cf and master.cf. */
#include "servers/check/postfix.h"

struct mw_fix mw_fix_main(const struct mw_postfix_site *site, const char *name, const char *value)
{
	unsigned line = mw_postfix_main_line(site->main_cf, mw_str(name));

	return mw_fix_lines(line > 0 ? MW_FIX_REPLACE : MW_FIX_END, site->main_path, line,
			    mw_arena_textf(site->arena, "%s =%s%s", name, value[0] == '\0' ? "" : " ", value));
}

/* In braces an option may have blanks. */
static bool has_blank(const char *value)
{
	return strpbrk(value, " \t") != NULL;
}

struct mw_fix mw_fix_option(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			    const char *name, const char *value)
{
	return mw_fix_lines(MW_FIX_BELOW, site->master_path, service->line,
			    mw_arena_textf(site->arena, has_blank(value) ? "  -o { %s = %s }" : "  -o %s=%s", name, value));
}

struct mw_fix mw_fix_setting(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			     const char *name, const char *value)
{
	return mw_postfix_value_find(&service->options, name) != NULL ? mw_fix_option(site, service, name, value)
								      : mw_fix_main(site, name, value);
}

struct mw_fix mw_fix_shown(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	const struct mw_wiring_setting *row = mw_wiring_setting(endpoint->site->wiring, name);
	struct mw_arena *arena = endpoint->site->arena;
	const char *value = "";

	if (row == NULL)
		return MW_NO_FIX;
	for (size_t i = 0; i < row->value.count; i++)
		value = mw_arena_textf(arena, "%s%s%.*s", value, i > 0 ? ", " : "", MW_STR_ARG(row->value.items[i]));
	return mw_fix_setting(endpoint->site, endpoint->service, name, value);
}
