/* SPDX-License-Identifier: MIT */
/* Lines to write into main.cf and master.cf. */
#include "servers/check/postfix.h"

struct mw_fix mw_fix_main(const struct mw_postfix_site *site, const char *name, const char *value)
{
	unsigned line = mw_postfix_main_line(site->main_cf, mw_str(name));

	return mw_fix_lines(line > 0 ? MW_FIX_REPLACE : MW_FIX_END, site->main_path, line,
			    mw_arena_textf(site->arena, "%s =%s%s", name, value[0] == '\0' ? "" : " ", value));
}

struct mw_fix mw_fix_option(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			    const char *name, const char *value)
{
	return mw_fix_lines(MW_FIX_BELOW, site->master_path, service->line,
			    mw_arena_textf(site->arena, mw_postfix_has_blank(mw_str(value)) ? "  -o { %s = %s }" : "  -o %s=%s",
					   name, value));
}

struct mw_fix mw_fix_setting(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			     const char *name, const char *value)
{
	return mw_postfix_value_find(&service->options, name) != NULL ? mw_fix_option(site, service, name, value)
								      : mw_fix_main(site, name, value);
}

/* The items of a list but for our questions, one behind the other. */
static const char *without_questions(const struct mw_postfix_endpoint *endpoint, struct mw_str list)
{
	struct mw_restriction item;
	const char *rest = "", *path;

	while (mw_restriction_next(&list, &item)) {
		if (!mw_str_equal_nocase(item.name, MW_STR("check_policy_service")) ||
		    !mw_endpoint_asks_us(endpoint, mw_policy_call_parse(item.argument).server, &path))
			rest = mw_arena_textf(endpoint->site->arena, "%s%.*s, ", rest, MW_STR_ARG(item.text));
	}
	return rest;
}

/* Whether a list has other restrictions then, as it is written or as Postfix expands it. */
static bool changes(const struct mw_postfix_endpoint *endpoint, const char *name, const char *value)
{
	const char *then = without_questions(endpoint, mw_str(value));

	return strcmp(then, without_questions(endpoint, mw_endpoint_value(endpoint, name))) != 0 &&
	       strcmp(then, without_questions(endpoint, mw_endpoint_written(endpoint, name))) != 0;
}

/* Whether another listener has this setting of main.cf and must keep it: one without a connector and, where more than
   our questions changes, one of a connector in audit mode, or one where Postfix alone compares senders. */
static bool others_keep(const struct mw_postfix_endpoint *endpoint, const char *name, bool changes_more)
{
	struct mw_postfix_site *site = endpoint->site;
	bool leaves = mw_binding_leaves_senders(site->policy, &endpoint->binding);

	for (size_t i = 0; i < site->services.count; i++) {
		const struct mw_postfix_service *smtpd = mw_postfix_smtpd_of(site, &site->services.items[i]);
		struct mw_wiring_listener need;
		struct mw_binding binding;

		if (smtpd == NULL || smtpd == endpoint->service ||
		    mw_postfix_value_find(&smtpd->options, name) != NULL ||
		    !mw_postfix_binding(site->services.items[i].name, &binding))
			continue;
		need = mw_wiring_listener_of(site->policy, &binding);
		if (!need.connected)
			return true;
		if (changes_more && (need.audits || (!leaves && mw_binding_leaves_senders(site->policy, &binding))))
			return true;
	}
	return false;
}

struct mw_fix mw_fix_list(const struct mw_postfix_endpoint *endpoint, const char *name, const char *value)
{
	if (others_keep(endpoint, name, changes(endpoint, name, value)))
		return mw_fix_option(endpoint->site, endpoint->service, name, value);
	return mw_fix_setting(endpoint->site, endpoint->service, name, value);
}

void mw_list_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
		     enum mw_finding_severity severity,
		     const char *list, const char *what, const char *why, struct mw_fix fix)
{
	if (fix.how == MW_FIX_BELOW)
		mw_endpoint_option_finding(endpoint, id, severity, list, what, why, fix);
	else
		mw_endpoint_finding(endpoint, id, severity, list, what, why, fix);
}

const char *mw_shown_list(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	const struct mw_wiring_setting *row = mw_wiring_setting(endpoint->site->wiring, name);
	struct mw_arena *arena = endpoint->site->arena;
	const char *value = "";

	for (size_t i = 0; row != NULL && i < row->value.count; i++)
		value = mw_arena_textf(arena, "%s%s%.*s", value, i > 0 ? ", " : "", MW_STR_ARG(row->value.items[i]));
	return value;
}

static bool is_list(const char *name)
{
	return mw_str_ends_with(mw_str(name), MW_STR("_restrictions"));
}

struct mw_fix mw_fix_shown(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	const struct mw_wiring_setting *row = mw_wiring_setting(endpoint->site->wiring, name);
	struct mw_arena *arena = endpoint->site->arena;

	if (row == NULL)
		return MW_NO_FIX;
	if (is_list(name))
		return mw_fix_list(endpoint, name, mw_arena_text(arena, mw_endpoint_list(endpoint, row)));
	return mw_fix_setting(endpoint->site, endpoint->service, name, mw_arena_text(arena, row->value.items[0]));
}
