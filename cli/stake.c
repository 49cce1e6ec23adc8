/* SPDX-License-Identifier: MIT */
#include "stake.h"

#include "setting.h"
#include "sync/sync.h"

/* --- how many have senders= */

static uint64_t count_restricted(const struct mw_directory_view *view)
{
	struct mw_principal principal;
	uint64_t count = 0;

	for (uint32_t id = 1; view->by_id(view->context, id, &principal) == MW_LOOKUP_FOUND; id++)
		count += principal.senders != MW_SENDERS_ANYONE;
	return count;
}

static uint64_t restricted_in_sources(const struct mw_policy *policy, struct mw_arena *arena)
{
	uint64_t count = 0;

	for (size_t i = 0; i < policy->directory.source_count; i++) {
		struct mw_errors *aside = mw_errors_new(1);
		struct mw_memory_directory *directory =
			mw_memory_directory_read(mw_arena_text(arena, policy->directory.sources[i].path),
						 policy->default_domain, aside);

		if (directory != NULL)
			count += count_restricted(mw_memory_directory_view(directory));
		mw_memory_directory_free(directory);
		mw_errors_free(aside);
	}
	return count;
}

static uint64_t restricted(const struct mw_policy *policy, struct mw_arena *arena)
{
	struct mw_directory *directory = mw_setting_directory(policy);
	struct mw_directory_status status = { .open = false };
	uint64_t count;

	if (directory != NULL)
		mw_directory_status(directory, &status);
	count = status.open ? count_restricted(mw_directory_view(directory)) : restricted_in_sources(policy, arena);
	mw_directory_free(directory);
	return count;
}

/* --- who holds which permissions */

struct kind {
	mw_permission_groups groups;
	const char *words;
};

/* From the most numerous on. */
static const struct kind kinds[] = {
	{ MW_ANONYMOUS_USERS, "whoever reaches" },
	{ MW_EXCHANGE_USERS, "the users of" },
	{ MW_ANONYMOUS_USERS | MW_PARTNERS, "the partners of" },
	{ MW_EXCHANGE_USERS | MW_PARTNERS, "users who are partners, at" },
};

static mw_permissions permissions_of(const struct mw_connector *connector, mw_permission_groups groups)
{
	if ((connector->auth_mechanism & MW_AUTH_EXTERNAL_AUTHORITATIVE) != 0)
		groups |= MW_EXCHANGE_SERVERS;
	return (mw_permissions_of_groups(groups & connector->permission_groups) | connector->grant) & ~connector->deny;
}

/* NULL: nobody. */
static const char *who_at(const struct mw_connector *connector, mw_permissions held, mw_permissions lacked)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && connector->enabled; i++) {
		mw_permissions permissions = permissions_of(connector, kinds[i].groups);

		if ((permissions & held) == held && (permissions & lacked) == 0)
			return kinds[i].words;
	}
	return NULL;
}

static const char *who(const struct mw_policy *policy, mw_permissions held, mw_permissions lacked,
		       struct mw_arena *arena)
{
	const char *words = "";

	for (size_t i = 0; i < policy->connector_count; i++) {
		const char *there = who_at(&policy->connectors[i], held, lacked);

		if (there != NULL)
			words = mw_arena_textf(arena, "%s%s%s connector \"%.*s\"", words, words[0] != '\0' ? ", " : "", there,
					       MW_STR_ARG(policy->connectors[i].name));
	}
	return words;
}

static bool has_authoritative(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->accepted_domain_count; i++)
		if (policy->accepted_domains[i].type == MW_AUTHORITATIVE)
			return true;
	return false;
}

struct mw_stake mw_stake_of(const struct mw_policy *policy, struct mw_arena *arena)
{
	struct mw_stake stake = { .restricted = restricted(policy, arena), .to_anybody = "", .as_strangers = "" };

	if (stake.restricted > 0)
		stake.to_anybody = who(policy, MW_SUBMIT | MW_ACCEPT_ANY_RECIPIENT, 0, arena);
	if (has_authoritative(policy))
		stake.as_strangers = who(policy, MW_SUBMIT | MW_ACCEPT_ANY_SENDER, MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER,
					 arena);
	return stake;
}

bool mw_stake_is_nothing(const struct mw_stake *stake)
{
	return stake->to_anybody[0] == '\0' && stake->as_strangers[0] == '\0';
}

const char *mw_stake_words(const struct mw_stake *stake, const char *name, struct mw_arena *arena)
{
	const char *to = "", *from = "";

	if (stake->to_anybody[0] != '\0')
		to = mw_arena_textf(arena, "a recipient <user@%s> gets round senders=, which %llu of the directory %s: open to %s",
				    name, (unsigned long long)stake->restricted, stake->restricted == 1 ? "has" : "have",
				    stake->to_anybody);
	if (stake->as_strangers[0] != '\0')
		from = mw_arena_textf(arena, "a sender <user@%s> gets round type = Authoritative: open to %s", name,
				      stake->as_strangers);
	return mw_arena_textf(arena, "%s%s%s", to, to[0] != '\0' && from[0] != '\0' ? "; " : "", from);
}
