/* SPDX-License-Identifier: MIT */
#include "decisions/audit/change.h"

#include <stdlib.h>

static const struct mw_word kind_words[] = {
	{ "grant", MW_AUDIT_GRANT },
	{ "address", MW_AUDIT_ADDRESS },
	{ "login", MW_AUDIT_LOGIN },
	{ "user", MW_AUDIT_USER },
	{ "connector", MW_AUDIT_CONNECTOR },
};
const struct mw_table mw_audit_kinds = MW_TABLE(kind_words);

#define NEW_ID UINT32_MAX /* above all ids of a directory: behind them in every sorted list */

struct mw_audit_world {
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	struct mw_directory_view view; /* the directory with the change */
	struct mw_policy changed;      /* the policy with it */
	struct mw_connector *connectors; /* the policy's, and room for one more */
	/* The change that is looked at. */
	const struct mw_audit_change *change;
	struct mw_principal user; /* whom it gives a name or a right */
	uint32_t *ids;            /* of trustees, with one more */
	size_t ids_size;
};

/* A function of the view that is not forwarded below would be missing in every decision. */
_Static_assert(sizeof(struct mw_directory_view) == 11 * sizeof(void *), "every function of a view is answered here");

/* The trustees of a grant with the user among them. */
static struct mw_ids with_user(struct mw_audit_world *world, struct mw_ids ids)
{
	size_t count = 0;

	if (ids.count + 1 > world->ids_size) {
		uint32_t *larger = reallocarray(world->ids, ids.count + 64, sizeof(*larger));

		if (larger == NULL)
			return ids;
		world->ids = larger;
		world->ids_size = ids.count + 64;
	}
	while (count < ids.count && ids.items[count] < world->user.id) {
		world->ids[count] = ids.items[count];
		count++;
	}
	world->ids[count] = world->user.id;
	for (size_t i = count; i < ids.count; i++)
		world->ids[i + 1] = ids.items[i];
	return (struct mw_ids){ world->ids, ids.count + 1 };
}

static bool is_kind(const struct mw_audit_world *world, enum mw_audit_kind kind)
{
	return world->change->kind == kind;
}

/* A grant on any address of a user or group is one on the user or group. */
static enum mw_lookup patched(struct mw_audit_world *world, enum mw_lookup found, struct mw_principal *principal)
{
	if (found == MW_LOOKUP_FOUND && is_kind(world, MW_AUDIT_GRANT) &&
	    mw_str_equal(principal->name, world->change->value))
		principal->grants.send_as = with_user(world, principal->grants.send_as);
	return found;
}

static enum mw_lookup by_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	struct mw_audit_world *world = context;
	const struct mw_audit_change *change = world->change;
	bool is_user = is_kind(world, MW_AUDIT_USER) && mw_str_equal(login, change->user);

	if (is_user || ((is_kind(world, MW_AUDIT_USER) || is_kind(world, MW_AUDIT_LOGIN)) && !mw_str_empty(change->value) &&
			mw_str_equal(login, change->value))) {
		*user_r = world->user;
		return MW_LOOKUP_FOUND;
	}
	return patched(world, world->directory->by_login(world->directory->context, login, user_r), user_r);
}

static enum mw_lookup by_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 enum mw_held *held_r)
{
	struct mw_audit_world *world = context;
	const struct mw_audit_change *change = world->change;
	bool is_name = is_kind(world, MW_AUDIT_USER) && mw_str_equal(address, change->user);
	bool is_other = (is_kind(world, MW_AUDIT_ADDRESS) && mw_str_equal(address, change->value)) ||
			(is_kind(world, MW_AUDIT_USER) && !mw_str_empty(change->alias) && mw_str_equal(address, change->alias));

	if (is_name || is_other) {
		*principal_r = world->user;
		if (held_r != NULL)
			*held_r = is_name ? MW_HELD_PRIMARY : MW_HELD_ALIAS;
		return MW_LOOKUP_FOUND;
	}
	return patched(world, world->directory->by_address(world->directory->context, address, principal_r, held_r),
		       principal_r);
}

static enum mw_lookup grants_on_address(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	struct mw_audit_world *world = context;
	enum mw_lookup found = world->directory->grants_on_address(world->directory->context, address, grants_r);

	if (!is_kind(world, MW_AUDIT_GRANT) || !mw_str_equal(address, world->change->value) ||
	    found == MW_LOOKUP_UNAVAILABLE)
		return found;
	if (found == MW_LOOKUP_NONE)
		memset(grants_r, 0, sizeof(*grants_r));
	grants_r->send_as = with_user(world, grants_r->send_as);
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup grants_on_domain(void *context, struct mw_str domain, struct mw_grants *grants_r)
{
	const struct mw_directory_view *directory = ((struct mw_audit_world *)context)->directory;

	return directory->grants_on_domain(directory->context, domain, grants_r);
}

static enum mw_lookup networks(void *context, uint32_t number, struct mw_networks *networks_r)
{
	const struct mw_directory_view *directory = ((struct mw_audit_world *)context)->directory;

	return directory->networks(directory->context, number, networks_r);
}

static enum mw_lookup formerly(void *context, struct mw_str name, size_t index, uint32_t *id_r)
{
	struct mw_audit_world *world = context;

	return world->directory->formerly == NULL ? MW_LOOKUP_NONE
						   : world->directory->formerly(world->directory->context, name, index, id_r);
}

static enum mw_lookup by_id(void *context, uint32_t id, struct mw_principal *principal_r)
{
	struct mw_audit_world *world = context;

	if (is_kind(world, MW_AUDIT_USER) && id == NEW_ID) {
		*principal_r = world->user;
		return MW_LOOKUP_FOUND;
	}
	return patched(world, world->directory->by_id(world->directory->context, id, principal_r), principal_r);
}

static enum mw_lookup complete_domain(void *context, struct mw_str domain)
{
	const struct mw_directory_view *directory = ((struct mw_audit_world *)context)->directory;

	return directory->complete_domain(directory->context, domain);
}

static enum mw_lookup suspended(void *context, struct mw_str login, struct mw_principal *user_r)
{
	const struct mw_directory_view *directory = ((struct mw_audit_world *)context)->directory;

	return directory->suspended != NULL ? directory->suspended(directory->context, login, user_r) : MW_LOOKUP_UNAVAILABLE;
}

static bool nobody_suspended(void *context)
{
	const struct mw_directory_view *directory = ((struct mw_audit_world *)context)->directory;

	return directory->nobody_suspended != NULL && directory->nobody_suspended(directory->context);
}

struct mw_audit_world *mw_audit_world_new(const struct mw_policy *policy, const struct mw_directory_view *directory)
{
	struct mw_audit_world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		return NULL;
	world->connectors = calloc(policy->connector_count + 1, sizeof(*world->connectors));
	if (world->connectors == NULL) {
		free(world);
		return NULL;
	}
	for (size_t i = 0; i < policy->connector_count; i++)
		world->connectors[i] = policy->connectors[i];
	world->policy = policy;
	world->directory = directory;
	world->changed = *policy;
	world->changed.connectors = world->connectors;
	world->changed.connector_count = policy->connector_count + 1;
	world->view = (struct mw_directory_view){
		.context = world,
		.by_login = by_login,
		.by_address = by_address,
		.grants_on_address = grants_on_address,
		.grants_on_domain = grants_on_domain,
		.networks = networks,
		.by_id = by_id,
		.formerly = formerly,
		.complete_domain = complete_domain,
		.suspended = suspended,
		.nobody_suspended = nobody_suspended,
	};
	return world;
}

void mw_audit_world_free(struct mw_audit_world *world)
{
	if (world == NULL)
		return;
	free(world->connectors);
	free(world->ids);
	free(world);
}

const struct mw_policy *mw_audit_world_policy(const struct mw_audit_world *world)
{
	return world->policy;
}

const struct mw_directory_view *mw_audit_world_directory(const struct mw_audit_world *world)
{
	return world->directory;
}

struct mw_connector mw_audit_connector(const struct mw_audit_change *change, const struct mw_range *client)
{
	struct mw_connector connector = *change->connector;

	connector.bindings = (struct mw_bindings){ &change->binding, 1 };
	connector.remote = (struct mw_ranges){ client, 1 };
	if (change->anonymous)
		connector.permission_groups |= MW_ANONYMOUS_USERS;
	connector.grant |= change->permissions;
	return connector;
}

static void decide_with_connector(struct mw_audit_world *world, const struct mw_logged *logged,
				  struct mw_verdict *verdict_r)
{
	struct mw_range client = { world->change->client, world->change->client };

	world->connectors[world->policy->connector_count] = mw_audit_connector(world->change, &client);
	mw_recorded_decide(&world->changed, world->directory, logged, verdict_r);
	verdict_r->connector = world->change->connector;
}

/* Who is given something: the new user, or one that is there. */
static bool find_user(struct mw_audit_world *world)
{
	if (is_kind(world, MW_AUDIT_USER)) {
		world->user = (struct mw_principal){
			.id = NEW_ID, .kind = MW_USER, .name = world->change->user,
			.imap = true, .pop3 = true, .sieve = true, .smtp = true, .relay = true,
			.message_rate_limit = MW_NOT_SET, .recipient_rate_limit = MW_NOT_SET,
			.max_message_size = MW_NOT_SET, .max_recipients = MW_NOT_SET,
		};
		return true;
	}
	return world->directory->by_address(world->directory->context, world->change->user, &world->user, NULL) ==
		       MW_LOOKUP_FOUND && world->user.kind == MW_USER;
}

void mw_audit_world_decide(struct mw_audit_world *world, const struct mw_audit_change *change,
			   const struct mw_logged *logged, struct mw_verdict *verdict_r)
{
	world->change = change;
	if (is_kind(world, MW_AUDIT_CONNECTOR)) {
		decide_with_connector(world, logged, verdict_r);
	} else if (find_user(world)) {
		mw_recorded_decide(world->policy, &world->view, logged, verdict_r);
	} else {
		memset(verdict_r, 0, sizeof(*verdict_r));
		verdict_r->outcome = MW_UNDECIDED;
	}
}
