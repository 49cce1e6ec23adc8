/* SPDX-License-Identifier: MIT */
/* Lists of restrictions: the policy's question first, and behind it what is there and is not the policy's affair. */
#include <sysexits.h>

#include "postfix/facts.h"
#include "servers/check/table.h"
#include "servers/restriction.h"
#include "servers/setup/lacks.h"

#define RELAY "smtpd_relay_restrictions"

static bool is_ours(const struct mw_postfix_endpoint *endpoint, const struct mw_restriction *item)
{
	const char *path;

	return mw_str_equal_nocase(item->name, MW_STR("check_policy_service")) &&
	       mw_endpoint_asks_us(endpoint, mw_policy_call_parse(item->argument).server, &path);
}

/* What relaying was decided by until now: the policy has its own. */
static bool decides_relaying(const struct mw_restriction *item)
{
	static const char *const words[] = { "permit_mynetworks", "permit_sasl_authenticated", "permit_tls_clientcerts",
					     "permit_tls_all_clientcerts", "permit_auth_destination", "permit_mx_backup",
					     "permit", "check_relay_domains", "reject", "defer" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(item->name, mw_str(words[i])))
			return true;
	}
	return false;
}

static bool refuses_relaying(const struct mw_restriction *item)
{
	static const char *const words[] = { "reject_unauth_destination", "defer_unauth_destination", "reject", "defer" };
	bool refuses = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		refuses |= !item->only_warns && mw_str_equal_nocase(item->name, mw_str(words[i]));
	return refuses;
}

static bool permits(const struct mw_restriction *item)
{
	return mw_str_equal_nocase(item->name, MW_STR("permit")) || mw_str_starts_with_nocase(item->name, MW_STR("permit_"));
}

static enum mw_context context_of(const struct mw_postfix_endpoint *endpoint, const struct mw_restriction *item,
				  bool *audit_r)
{
	struct mw_str context = mw_policy_call_parse(item->argument).context;

	if (mw_str_empty(context))
		context = mw_endpoint_value(endpoint, "smtpd_policy_service_policy_context");
	return mw_context_read(context, audit_r);
}

static bool is_about_senders(const struct mw_postfix_endpoint *endpoint, const struct mw_restriction *item)
{
	bool audit;

	return !item->only_warns && context_of(endpoint, item, &audit) == MW_CONTEXT_SENDER;
}

/* Whether our questions of the list are those of an audit, all of them or none, as they have to be. */
static bool asks_in_mode(const struct mw_postfix_endpoint *endpoint, struct mw_str list)
{
	bool harmless = endpoint->site->wiring->harmless, audit;
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		struct mw_str action = mw_policy_call_parse(item.argument).default_action;

		if (!is_ours(endpoint, &item))
			continue;
		(void)context_of(endpoint, &item, &audit);
		if (audit != harmless ||
		    (harmless && !mw_str_equal_nocase(action, MW_STR(MW_WIRING_AUDIT_ACTION))))
			return false;
	}
	return true;
}

/* About senders: whether the question is asked of everybody. */
static bool asks_everybody(const struct mw_postfix_endpoint *endpoint, struct mw_str list)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (is_ours(endpoint, &item))
			return is_about_senders(endpoint, &item);
		if (permits(&item))
			return false;
	}
	return false;
}

static bool has_lax_action(const struct mw_postfix_endpoint *endpoint)
{
	return !mw_action_refuses(mw_endpoint_value(endpoint, "smtpd_policy_service_default_action"));
}

bool mw_setup_list_does(struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting)
{
	if (!asks_in_mode(endpoint, mw_endpoint_value(endpoint, setting->name)))
		return false;
	if (strcmp(setting->name, MW_WIRING_SENDER) == 0)
		return asks_everybody(endpoint, mw_endpoint_value(endpoint, MW_WIRING_SENDER));
	return mw_endpoint_list_holds(endpoint, setting->name) &&
	       (strcmp(setting->name, RELAY) != 0 ||
		mw_endpoint_list_holds(endpoint, "smtpd_policy_service_default_action"));
}

/* The list as somebody wrote it; as Postfix expands it where a name in it stands for something that has to go. */
static int written_list(struct mw_postfix_endpoint *endpoint, const char *name, struct mw_str *list_r)
{
	const struct mw_str *option = mw_postfix_value_find(&endpoint->service->options, name);
	struct mw_str expanded = mw_endpoint_value(endpoint, name), rest = expanded;
	struct mw_restriction item;
	int status = EX_OK;

	if (option != NULL)
		*list_r = *option;
	else
		status = mw_postconf(endpoint->site, (const char *const[]){ "-h", name }, 2, list_r);
	*list_r = mw_str_trim(*list_r);
	if (status != EX_OK || mw_str_find(*list_r, '$') == list_r->len)
		return status;
	while (mw_restriction_next(&rest, &item)) {
		if (is_ours(endpoint, &item) || (strcmp(name, RELAY) == 0 && decides_relaying(&item)))
			*list_r = expanded;
	}
	return EX_OK;
}

/* The question; with an action of its own for when mailwicketd is away, where the usual one lets mail through. */
static struct mw_str question(const struct mw_postfix_endpoint *endpoint, struct mw_str item)
{
	struct mw_str body = mw_str_head(item, mw_str_find_last(item, '}'));
	struct mw_str argument = mw_str_tail(item, mw_str_find(item, '{'));

	if (!has_lax_action(endpoint) || body.len == item.len ||
	    !mw_str_empty(mw_policy_call_parse(argument).default_action))
		return item;
	return mw_str(mw_arena_textf(endpoint->site->arena, "%.*s, { default_action = " MW_WIRING_ACTION " } }",
				     MW_STR_ARG(mw_str_trim(body))));
}

static void add(struct mw_arena *arena, struct mw_str *list_io, struct mw_str item)
{
	*list_io = mw_str(mw_arena_textf(arena, "%.*s%s%.*s", MW_STR_ARG(*list_io), mw_str_empty(*list_io) ? "" : ", ",
					 MW_STR_ARG(item)));
}

/* Whether the question of the old list was an enforced one, which answered OK to users who relay, and nothing behind it
   permits that in an audit, where the answer is never OK. */
static bool loses_permit(const struct mw_postfix_endpoint *endpoint, struct mw_str old)
{
	bool enforced = false, permitted = false, audit;
	struct mw_restriction item;

	while (mw_restriction_next(&old, &item)) {
		(void)context_of(endpoint, &item, &audit);
		enforced |= is_ours(endpoint, &item) && !audit;
		permitted |= mw_str_equal_nocase(item.name, MW_STR("permit_sasl_authenticated"));
	}
	return endpoint->site->wiring->harmless && endpoint->need.sasl && enforced && !permitted;
}

int mw_setup_list(struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting, struct mw_str *list_r)
{
	struct mw_arena *arena = endpoint->site->arena;
	bool relays = strcmp(setting->name, RELAY) == 0, refused = false;
	struct mw_restriction item;
	struct mw_str old;
	int status = written_list(endpoint, setting->name, &old);

	*list_r = question(endpoint, setting->value.items[0]);
	if (status == EX_OK && relays && loses_permit(endpoint, old))
		add(arena, list_r, MW_STR("permit_sasl_authenticated"));
	while (status == EX_OK && mw_restriction_next(&old, &item)) {
		/* In audit mode all that is permitted and refused today stays so. */
		if (is_ours(endpoint, &item) || (relays && !endpoint->need.audits && decides_relaying(&item)))
			continue;
		refused |= refuses_relaying(&item);
		add(arena, list_r, item.text);
	}
	if (relays && !refused)
		add(arena, list_r, MW_STR("reject_unauth_destination"));
	return status;
}
