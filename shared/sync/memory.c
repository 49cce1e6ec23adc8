/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sync/expand/expand.h"
#include "sync/source.h"
#include "sync/sync.h"
#include "sync/text/text.h"

struct mw_memory_directory {
	struct mw_arena *arena;
	const struct mw_content *content;
	struct mw_records records; /* of mw_memory_directory_of() */
	struct mw_directory_view view;
};

static enum mw_lookup by_id(void *context, uint32_t id, struct mw_principal *principal_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;

	if (id == 0 || id > content->principal_count)
		return MW_LOOKUP_NONE;
	*principal_r = *content->principals[id - 1];
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup by_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;
	const struct mw_name_entry *entry =
		mw_content_find(content->logins, content->login_count, sizeof(*entry), login);

	return entry == NULL ? MW_LOOKUP_NONE : by_id(context, entry->id, user_r);
}

static enum mw_lookup by_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 enum mw_held *held_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;
	const struct mw_name_entry *entry =
		mw_content_find(content->addresses, content->address_count, sizeof(*entry), address);

	if (entry == NULL)
		return MW_LOOKUP_NONE;
	if (held_r != NULL)
		*held_r = entry->held;
	return by_id(context, entry->id, principal_r);
}

static enum mw_lookup found_grants(const struct mw_grants_entry *entry, struct mw_grants *grants_r)
{
	if (entry == NULL)
		return MW_LOOKUP_NONE;
	*grants_r = entry->grants;
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup grants_on_address(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;

	return found_grants(mw_content_find(content->address_grants, content->address_grant_count,
				 sizeof(struct mw_grants_entry), address), grants_r);
}

static enum mw_lookup grants_on_domain(void *context, struct mw_str domain, struct mw_grants *grants_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;

	return found_grants(mw_content_find(content->domain_grants, content->domain_grant_count,
				 sizeof(struct mw_grants_entry), domain), grants_r);
}

static enum mw_lookup networks(void *context, uint32_t number, struct mw_networks *networks_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;

	if (number == 0 || number > content->network_count)
		return MW_LOOKUP_NONE;
	*networks_r = content->networks[number - 1];
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup complete_domain(void *context, struct mw_str domain)
{
	const struct mw_strs *domains = &((const struct mw_memory_directory *)context)->content->complete_domains;

	return mw_content_find(domains->items, domains->count, sizeof(domains->items[0]), domain) != NULL
		       ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

/* Suspensions are no part of the sources. */
static enum mw_lookup suspended(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)context, (void)login, (void)user_r;
	return MW_LOOKUP_NONE;
}

static enum mw_lookup formerly(void *context, struct mw_str name, size_t index, uint32_t *id_r)
{
	const struct mw_content *content = ((const struct mw_memory_directory *)context)->content;
	const struct mw_former_entry *entry =
		mw_content_find(content->formers, content->former_count, sizeof(content->formers[0]), name);

	if (entry == NULL || index >= entry->count)
		return MW_LOOKUP_NONE;
	*id_r = entry->items[index].id;
	return MW_LOOKUP_FOUND;
}

static bool nobody_suspended(void *context)
{
	(void)context;
	return true;
}

static struct mw_memory_directory *begin(void)
{
	struct mw_memory_directory *directory = calloc(1, sizeof(*directory));

	if (directory == NULL)
		return NULL;
	directory->arena = mw_arena_new(0);
	if (directory->arena != NULL)
		return directory;
	free(directory);
	return NULL;
}

/* Once it has its content; NULL where it has none. */
static struct mw_memory_directory *end(struct mw_memory_directory *directory)
{
	if (directory == NULL || directory->content == NULL) {
		mw_memory_directory_free(directory);
		return NULL;
	}
	directory->view = (struct mw_directory_view){
		.context = directory,
		.by_login = by_login,
		.by_address = by_address,
		.grants_on_address = grants_on_address,
		.grants_on_domain = grants_on_domain,
		.networks = networks,
		.complete_domain = complete_domain,
		.by_id = by_id,
		.formerly = formerly,
		.suspended = suspended,
		.nobody_suspended = nobody_suspended,
	};
	return directory;
}

/* From text of this name, or from `source`. */
static struct mw_memory_directory *make(const char *name, struct mw_str text, const struct mw_source *source,
					struct mw_str default_domain, struct mw_errors *errors)
{
	struct mw_memory_directory *directory = begin();
	struct mw_records records;

	if (directory == NULL)
		return NULL;
	mw_records_init(&records, directory->arena, errors);
	records.login_domain = default_domain;
	records.copy = source == NULL;
	if (source == NULL)
		mw_text_read(&records, name, text, default_domain);
	else
		mw_source_read(&records, source, default_domain);
	directory->content = mw_expand(&records);
	mw_records_deinit(&records);
	return end(directory);
}

struct mw_memory_directory *mw_memory_directory_new(const char *name, struct mw_str text, struct mw_str default_domain,
						    struct mw_errors *errors)
{
	return make(name, text, NULL, default_domain, errors);
}

struct mw_memory_directory *mw_memory_directory_read(const struct mw_source *source, struct mw_str default_domain,
						     struct mw_errors *errors)
{
	return make(NULL, MW_STR_EMPTY, source, default_domain, errors);
}

struct mw_memory_directory *mw_memory_directory_of(const struct mw_policy *policy, const struct mw_text_change *change,
						   struct mw_errors *errors)
{
	struct mw_memory_directory *directory = begin();

	if (directory != NULL)
		directory->content = mw_sync_content(policy, change, directory->arena, errors, &directory->records);
	return end(directory);
}

const struct mw_records *mw_memory_directory_records(const struct mw_memory_directory *directory)
{
	return &directory->records;
}

const struct mw_directory_view *mw_memory_directory_view(struct mw_memory_directory *directory)
{
	return &directory->view;
}

void mw_memory_directory_free(struct mw_memory_directory *directory)
{
	if (directory == NULL)
		return;
	mw_records_deinit(&directory->records);
	mw_arena_free(directory->arena);
	free(directory);
}
