/* SPDX-License-Identifier: MIT */
/* Lists of restrictions: the policy's question first, and behind it what is there and is not the policy's affair. */
#include "postfix/facts.h"
#include "servers/check/postfix.h"
#include "servers/check/table.h"
#include "servers/restriction.h"

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

/* What has no place in a list behind the question. In audit mode all that is permitted and refused today stays so. */
static bool goes(const struct mw_postfix_endpoint *endpoint, const char *name, const struct mw_restriction *item)
{
	return is_ours(endpoint, item) ||
	       (strcmp(name, RELAY) == 0 && !endpoint->need.audits && decides_relaying(item));
}

static size_t count_what_goes(const struct mw_postfix_endpoint *endpoint, const char *name, struct mw_str list)
{
	struct mw_restriction item;
	size_t count = 0;

	while (mw_restriction_next(&list, &item))
		count += goes(endpoint, name, &item);
	return count;
}

/* The list as somebody wrote it; as Postfix expands it where nobody did, or where a name in it stands for something
   that has to go. */
static struct mw_str written_list(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	struct mw_str expanded = mw_endpoint_value(endpoint, name), written = mw_endpoint_written(endpoint, name);

	return count_what_goes(endpoint, name, written) == count_what_goes(endpoint, name, expanded) &&
	       !mw_str_empty(written) ? written : expanded;
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

/* Whether what stays of a list refuses to relay. */
static bool still_refuses(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	struct mw_str list = mw_endpoint_value(endpoint, name);
	struct mw_restriction item;
	bool refuses = false;

	while (mw_restriction_next(&list, &item))
		refuses |= !goes(endpoint, name, &item) && refuses_relaying(&item);
	return refuses;
}

/* Where every rule is in audit mode the question tells whether it was an enforced one. Else it tells nothing, and a
   listener for users alone is one that they relay through; on one for strangers too some servers never let them. */
bool mw_endpoint_loses_permit(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str list = mw_endpoint_value(endpoint, RELAY);
	bool enforced = false, permitted = false, audit;
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		(void)context_of(endpoint, &item, &audit);
		enforced |= is_ours(endpoint, &item) && !audit;
		permitted |= mw_str_equal_nocase(item.name, MW_STR("permit_sasl_authenticated"));
	}
	return endpoint->need.audits && endpoint->need.sasl && !permitted && still_refuses(endpoint, RELAY) &&
	       (endpoint->site->wiring->harmless ? enforced : !endpoint->need.strangers);
}

/* In an audit, a refusal before a recipient list that decides about relaying would be one of whom that permits. */
static bool needs_refusal(const struct mw_postfix_endpoint *endpoint)
{
	return !still_refuses(endpoint, RELAY) &&
	       !(endpoint->need.audits && still_refuses(endpoint, "smtpd_recipient_restrictions"));
}

bool mw_endpoint_list_does(struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting)
{
	if (!asks_in_mode(endpoint, mw_endpoint_value(endpoint, setting->name)))
		return false;
	if (strcmp(setting->name, MW_WIRING_SENDER) == 0)
		return asks_everybody(endpoint, mw_endpoint_value(endpoint, MW_WIRING_SENDER));
	return mw_endpoint_list_holds(endpoint, setting->name) &&
	       (strcmp(setting->name, RELAY) != 0 ||
		(mw_endpoint_list_holds(endpoint, "smtpd_policy_service_default_action") && !mw_endpoint_loses_permit(endpoint)));
}

struct mw_str mw_endpoint_list(const struct mw_postfix_endpoint *endpoint, const struct mw_wiring_setting *setting)
{
	struct mw_arena *arena = endpoint->site->arena;
	bool relays = strcmp(setting->name, RELAY) == 0;
	struct mw_str old = written_list(endpoint, setting->name), list = question(endpoint, setting->value.items[0]);
	struct mw_restriction item;

	if (relays && mw_endpoint_loses_permit(endpoint))
		add(arena, &list, MW_STR("permit_sasl_authenticated"));
	while (mw_restriction_next(&old, &item)) {
		if (!goes(endpoint, setting->name, &item))
			add(arena, &list, item.text);
	}
	if (relays && needs_refusal(endpoint))
		add(arena, &list, MW_STR("reject_unauth_destination"));
	return list;
}
