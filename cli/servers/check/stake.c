/* SPDX-License-Identifier: MIT */
#include "servers/check/stake.h"

#include "mail/address.h"
#include "setting.h"
#include "sync/sync.h"

/* --- who has senders= */

/* The published directory, or where there is none its sources, one by one. */
static void visit(const struct mw_policy *policy, void (*look)(const struct mw_directory_view *view, void *context),
		  void *context)
{
	struct mw_directory *directory = mw_setting_directory(policy);
	struct mw_directory_status status = { .open = false };

	if (directory != NULL)
		mw_directory_status(directory, &status);
	if (status.open)
		look(mw_directory_view(directory), context);
	for (size_t i = 0; i < policy->directory.source_count && !status.open; i++) {
		struct mw_errors *aside = mw_errors_new(1);
		struct mw_memory_directory *source =
			mw_memory_directory_read(&policy->directory.sources[i], policy->default_domain, aside);

		if (source != NULL)
			look(mw_memory_directory_view(source), context);
		mw_memory_directory_free(source);
		mw_errors_free(aside);
	}
	mw_directory_free(directory);
}

/* The next of them from *id_io on. */
static bool next_restricted(const struct mw_directory_view *view, uint32_t *id_io, struct mw_principal *principal_r)
{
	while (view->by_id(view->context, (*id_io)++, principal_r) == MW_LOOKUP_FOUND)
		if (principal_r->senders != MW_SENDERS_ANYONE || principal_r->senders_denied.count > 0)
			return true;
	return false;
}

static void count_restricted(const struct mw_directory_view *view, void *context)
{
	struct mw_principal principal;

	for (uint32_t id = 1; next_restricted(view, &id, &principal);)
		++*(uint64_t *)context;
}

static void count_networks(const struct mw_directory_view *view, void *context)
{
	struct mw_principal principal;

	for (uint32_t id = 1; view->by_id(view->context, id, &principal) == MW_LOOKUP_FOUND; id++)
		*(uint64_t *)context += principal.networks != 0;
}

uint64_t mw_stake_networks(const struct mw_policy *policy)
{
	uint64_t count = 0;

	visit(policy, count_networks, &count);
	return count;
}

struct shared {
	const struct mw_str *domains;
	size_t count;
	uint64_t *open_r;
};

static bool has_address(const struct mw_directory_view *view, const struct mw_principal *principal, struct mw_str local,
			struct mw_str domain)
{
	char text[2 * MW_ADDRESS_MAX];
	struct mw_buf address = MW_BUF_OVER(text);
	struct mw_principal owner;
	enum mw_held held;

	mw_buf_printf(&address, "%.*s@%.*s", MW_STR_ARG(local), MW_STR_ARG(domain));
	return view->by_address(view->context, mw_buf_str(&address), &owner, &held) == MW_LOOKUP_FOUND &&
	       owner.id == principal->id;
}

static void count_open(const struct mw_directory_view *view, void *context)
{
	const struct shared *shared = context;
	struct mw_principal principal;

	for (uint32_t id = 1; next_restricted(view, &id, &principal);) {
		size_t at = mw_str_find_last(principal.name, '@');
		struct mw_str domain = mw_str_tail(principal.name, at + 1);
		bool here = false;

		for (size_t i = 0; i < shared->count; i++)
			here |= mw_str_equal(shared->domains[i], domain);
		for (size_t i = 0; i < shared->count && here; i++)
			shared->open_r[i] += !has_address(view, &principal, mw_str_head(principal.name, at), shared->domains[i]);
	}
}

void mw_stake_apart(const struct mw_policy *policy, const struct mw_str *domains, size_t count, uint64_t *open_r)
{
	struct shared shared = { domains, count, open_r };

	memset(open_r, 0, count * sizeof(*open_r));
	visit(policy, count_open, &shared);
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

/* NULL: nobody. */
static const char *who_at(const struct mw_connector *connector, mw_permissions held, mw_permissions lacked)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && connector->enabled; i++) {
		mw_permissions permissions = mw_permissions_at(connector, kinds[i].groups);

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
	struct mw_stake stake = { .to_anybody = "", .as_strangers = "" };

	visit(policy, count_restricted, &stake.restricted);
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
