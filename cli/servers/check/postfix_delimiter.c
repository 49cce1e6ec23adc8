/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#define SETTING "recipient_delimiter"

/* What the delivery agents may split an address at: main.cf, and what one of them is told otherwise. */
static struct mw_str delimiters_of(const struct mw_postfix_site *site, const struct mw_postfix_service **service_r)
{
	struct mw_str ours = site->policy->recipient_delimiter;
	struct mw_str united = mw_postfix_site_value(site, SETTING);

	*service_r = NULL;
	for (size_t i = 0; i < site->services.count; i++) {
		const struct mw_str *option = mw_postfix_value_find(&site->services.items[i].options, SETTING);
		size_t before = united.len;

		if (option == NULL)
			continue;
		united = mw_postfix_delimiters(site->arena, united, *option);
		if (united.len > before && mw_str_find(ours, united.ptr[united.len - 1]) == ours.len)
			*service_r = &site->services.items[i];
	}
	return united;
}

static bool has_all(struct mw_str list, struct mw_str characters)
{
	for (size_t i = 0; i < characters.len; i++) {
		if (mw_str_find(list, characters.ptr[i]) == list.len)
			return false;
	}
	return true;
}

static void add(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
		struct mw_finding finding)
{
	finding.file = service != NULL ? site->master_path : site->main_path;
	finding.line = service != NULL ? service->line
				       : mw_postfix_main_line(site->main_cf, MW_STR(SETTING));
	finding.setting = SETTING;
	if (service != NULL)
		finding.setting = mw_arena_textf(site->arena, "%.*s/%.*s/" SETTING, MW_STR_ARG(service->name),
						 MW_STR_ARG(service->type));
	mw_findings_add(site->findings, finding);
}

/* The first character of `theirs` that `ours` lacks. */
static char missing(struct mw_str theirs, struct mw_str ours)
{
	for (size_t i = 0; i < theirs.len; i++) {
		if (mw_str_find(ours, theirs.ptr[i]) == ours.len)
			return theirs.ptr[i];
	}
	return '\0';
}

void mw_check_postfix_delimiter(const struct mw_postfix_site *site)
{
	const struct mw_postfix_service *service;
	struct mw_str ours = site->policy->recipient_delimiter, theirs = delimiters_of(site, &service);
	struct mw_str all = mw_postfix_delimiters(site->arena, ours, theirs);
	const char *what = mw_arena_textf(site->arena, SETTING " is \"%.*s\", the policy's \"%.*s\"", MW_STR_ARG(theirs),
					  MW_STR_ARG(ours));

	if (has_all(ours, theirs) && has_all(theirs, ours))
		return;
	if (has_all(ours, theirs))
		add(site, NULL, (struct mw_finding){ .id = MW_FOUND_DELIMITER_LACKING, .severity = MW_FINDING_WARNING, .what = what,
			.why = "what counts as a user's own address differs from what is delivered to the user",
			.fix = mw_fix_main(site, SETTING, mw_arena_text(site->arena, all)) });
	else
		add(site, service, (struct mw_finding){
			.id = MW_FOUND_DELIMITER, .severity = site->stake.restricted > 0 ? MW_FINDING_ERROR : MW_FINDING_WARNING,
				.what = what,
			.why = site->stake.restricted > 0
				? mw_arena_textf(site->arena, "senders= is got round by everybody it keeps away, without a login too: "
						 "USER%cx@ is delivered to USER and judged as another address",
						 missing(theirs, ours))
				: "what counts as a user's own address differs from what is delivered to the user",
			.fix = mw_fix_words(mw_arena_textf(site->arena, SETTING " = \"%.*s\" in %s; leave Postfix's as it is, "
				"or mail to such addresses bounces", MW_STR_ARG(all), site->policy->file)) });
}
