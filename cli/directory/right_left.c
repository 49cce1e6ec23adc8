/* SPDX-License-Identifier: MIT */
#include "directory/right_left.h"

#include "base/clock.h"
#include "decide/identity.h"
#include "directory/right.h"

struct looking {
	struct mw_editing *editing;
	const struct mw_directory_view *view;
	const struct mw_records *records;
	const struct mw_grant_record *grant; /* that was revoked */
	struct mw_principal trustee;
};

/* Whether a grant is for the trustee, or for a group that the trustee is in. */
static bool is_for(const struct looking *looking, const struct mw_grant_record *grant)
{
	struct mw_principal other;

	return looking->view->by_address(looking->view->context, grant->trustee, &other, NULL) == MW_LOOKUP_FOUND &&
	       mw_identity_in(&looking->trustee, (struct mw_ids){ &other.id, 1 });
}

static bool gives_it(const struct looking *looking, const struct mw_grant_record *grant)
{
	/* Send-as is the stronger one. */
	return (!grant->on_behalf || looking->grant->on_behalf) &&
	       (grant->until == 0 || mw_grant_holds(grant->until, looking->records->today)) && is_for(looking, grant) &&
	       mw_right_covers(looking->view, grant, looking->grant);
}

static bool tell_grants(const struct looking *looking)
{
	bool left = false;

	for (size_t i = 0; i < looking->records->grant_count; i++) {
		const struct mw_grant_record *grant = &looking->records->grants[i];
		char memory[2048];
		struct mw_buf line = MW_BUF_OVER(memory);

		if (!gives_it(looking, grant))
			continue;
		left = true;
		mw_right_print(grant, &line);
		mw_edit_note(looking->editing, "%.*s still has the right, by %s: %s", MW_STR_ARG(looking->trustee.name),
			     mw_edit_place(looking->editing, looking->records, grant->origin), memory);
	}
	return left;
}

static const struct mw_record *record_of(const struct mw_records *records, struct mw_str name)
{
	for (size_t i = 0; i < records->count; i++)
		if (mw_str_equal(records->items[i].principal.name, name))
			return &records->items[i];
	return NULL;
}

/* An own address needs no grant. */
static bool tell_own(const struct looking *looking)
{
	const struct mw_policy *policy = looking->editing->policy;
	const struct mw_record *record;
	struct mw_principal owner;
	enum mw_held held;

	if (looking->grant->domain ||
	    looking->view->by_address(looking->view->context, looking->grant->identity, &owner, &held) != MW_LOOKUP_FOUND ||
	    owner.kind != MW_USER || owner.id != looking->trustee.id || held == MW_HELD_RECEIVE ||
	    (held == MW_HELD_ALIAS && !policy->aliases_grant_send_as))
		return false;
	record = record_of(looking->records, owner.name);
	mw_edit_note(looking->editing, "%.*s still has the right: it is its own address%s%s", MW_STR_ARG(owner.name),
		     record != NULL ? ", by " : "",
		     record != NULL ? mw_edit_place(looking->editing, looking->records, record->origin) : "");
	return true;
}

bool mw_right_tell_left(struct mw_editing *editing, const struct mw_grant_record *grant)
{
	struct mw_memory_directory *directory = editing->after != NULL ? editing->after : editing->before;
	struct looking looking = { .editing = editing, .grant = grant };
	bool own;

	if (directory == NULL)
		return false;
	looking.view = mw_memory_directory_view(directory);
	looking.records = mw_memory_directory_records(directory);
	/* Whom the directory does not have has no right. */
	if (looking.view->by_address(looking.view->context, grant->trustee, &looking.trustee, NULL) != MW_LOOKUP_FOUND)
		return false;
	own = tell_own(&looking);
	return tell_grants(&looking) || own;
}
