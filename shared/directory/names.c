/* SPDX-License-Identifier: MIT */
#include "directory/directory.h"
#include "directory/snapshot.h"

static bool each_name(const struct mw_directory *directory, enum mw_key_kind kind, uint32_t id, bool receive,
		      void (*found)(void *context, struct mw_str name), void *context)
{
	const struct mw_snapshot *snapshot = mw_directory_snapshot(directory);

	return snapshot != NULL && mw_snapshot_each_name(snapshot, kind, id, receive, found, context);
}

bool mw_directory_each_address(const struct mw_directory *directory, uint32_t id, bool receive,
			       void (*found)(void *context, struct mw_str address), void *context)
{
	return each_name(directory, MW_KEY_ADDRESS, id, receive, found, context);
}

bool mw_directory_each_login(const struct mw_directory *directory, uint32_t id,
			     void (*found)(void *context, struct mw_str login), void *context)
{
	return each_name(directory, MW_KEY_LOGIN, id, false, found, context);
}

struct each_address {
	void (*found)(void *context, struct mw_str address, uint32_t id, enum mw_held held);
	void *context;
};

static bool take_address(void *context, struct mw_str address, struct mw_value value)
{
	const struct each_address *each = context;
	enum mw_held held;
	uint32_t id;

	if (mw_value_address_read(value, &id, &held))
		each->found(each->context, address, id, held);
	return true;
}

bool mw_directory_all_addresses(const struct mw_directory *directory,
				void (*found)(void *context, struct mw_str address, uint32_t id, enum mw_held held),
				void *context)
{
	const struct mw_snapshot *snapshot = mw_directory_snapshot(directory);
	struct each_address each = { found, context };

	return snapshot != NULL && mw_snapshot_each(snapshot, MW_KEY_ADDRESS, take_address, &each);
}

struct each_grants {
	void (*found)(void *context, struct mw_str on, const struct mw_grants *grants);
	void *context;
};

static bool take_grants(void *context, struct mw_str on, struct mw_value value)
{
	const struct each_grants *each = context;
	struct mw_grants grants;

	if (mw_value_grants_read(value, &grants))
		each->found(each->context, on, &grants);
	return true;
}

bool mw_directory_each_grants(const struct mw_directory *directory, bool domains,
			      void (*found)(void *context, struct mw_str on, const struct mw_grants *grants), void *context)
{
	const struct mw_snapshot *snapshot = mw_directory_snapshot(directory);
	struct each_grants each = { found, context };

	return snapshot != NULL &&
		mw_snapshot_each(snapshot, domains ? MW_KEY_DOMAIN_GRANTS : MW_KEY_ADDRESS_GRANTS, take_grants, &each);
}

bool mw_directory_former_next(const struct mw_directory *directory, struct mw_str name,
			      struct mw_former_name *former_io)
{
	const struct mw_snapshot *snapshot = mw_directory_snapshot(directory);
	struct mw_value value;
	uint32_t id;
	int64_t until;

	if (snapshot == NULL || mw_snapshot_former(snapshot, name, &value) != MW_LOOKUP_FOUND)
		return false;
	for (size_t i = 0; mw_value_former_read(value, i, &id, &until); i++) {
		if (id <= former_io->id)
			continue;
		*former_io = (struct mw_former_name){ id, until };
		return true;
	}
	return false;
}

struct formers {
	uint32_t id; /* 0: anybody's */
	void (*found)(void *context, struct mw_str name, int64_t until);
	void *context;
};

static bool take_former(void *context, struct mw_str name, struct mw_value value)
{
	const struct formers *formers = context;
	uint32_t id;
	int64_t until;

	for (size_t i = 0; mw_value_former_read(value, i, &id, &until); i++) {
		if (formers->id == 0 || id == formers->id)
			formers->found(formers->context, name, until);
	}
	return true;
}

bool mw_directory_each_former(const struct mw_directory *directory, uint32_t id,
			      void (*found)(void *context, struct mw_str name, int64_t until), void *context)
{
	const struct mw_snapshot *snapshot = mw_directory_snapshot(directory);
	struct formers formers = { id, found, context };

	return snapshot != NULL && mw_snapshot_each(snapshot, MW_KEY_FORMER, take_former, &formers);
}
