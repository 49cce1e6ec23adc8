/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

#include <errno.h>

#include "base/clock.h"
#include "base/shell.h"
#include "decide/unlisted.h"
#include "directory/suspensions.h"
#include "directory/writer.h"
#include "mail/address.h"
#include "policy/choose.h"
#include "sync/expand/expand.h"
#include "sync/gather.h"
#include "sync/merge/merge.h"
#include "sync/source.h"
#include "sync/text/field.h"

/* One of a source whose records may be bad is nobody's address, and no more. */
static void report_local_name(const struct mw_records *records, struct mw_origin origin, uint32_t owner,
			      struct mw_str written, const char *expected,
			      const struct mw_accepted_domain *stands_for)
{
	bool strict = mw_merge_is_strict(records, owner);

	mw_errors_add(strict ? records->errors : records->reports, strict ? MW_ERROR : MW_WARNING,
		      mw_origin_file(records, origin), origin.line, 0, expected,
		      "%.*s: its domain is a local name of %.*s (%s:%u)", MW_STR_ARG(mw_text_shown(written)),
		      MW_STR_ARG(stands_for->domain), stands_for->local_names_place.file,
		      stands_for->local_names_place.line);
}

/* An address at a local name is judged at the accepted domain, so that no question would find this one. `record`
   NULL: a grant. */
static void refuse_local_name(const struct mw_policy *policy, const struct mw_records *records, struct mw_origin origin,
			      uint32_t owner, const struct mw_record *record, struct mw_str address)
{
	size_t at = mw_str_find_last(address, '@');
	const struct mw_accepted_domain *stands_for = mw_choose_local_name(policy, mw_str_tail(address, at + 1));
	char text[2 * MW_ADDRESS_MAX];
	struct mw_buf judged = MW_BUF_OVER(text);

	if (stands_for == NULL)
		return;
	mw_buf_printf(&judged, "%.*s@%.*s", (int)at, address.ptr, MW_STR_ARG(stands_for->domain));
	if (record == NULL || !mw_record_has_address(record, mw_buf_str(&judged)))
		report_local_name(records, origin, owner, address, text, stands_for);
}

static void refuse_local_domain(const struct mw_policy *policy, const struct mw_records *records,
				const struct mw_grant_record *grant)
{
	const struct mw_accepted_domain *stands_for = mw_choose_local_name(policy, grant->identity);
	char text[MW_DOMAIN_MAX + 3];
	struct mw_buf expected = MW_BUF_OVER(text);

	if (stands_for == NULL)
		return;
	mw_buf_printf(&expected, "*@%.*s", MW_STR_ARG(stands_for->domain));
	report_local_name(records, grant->origin, grant->owner, grant->identity, text, stands_for);
}

void mw_sync_refuse_local_names(const struct mw_policy *policy, const struct mw_records *records)
{
	if (policy->local_name_count == 0)
		return;
	for (size_t i = 0; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		refuse_local_name(policy, records, record->origin, record->owner, record, record->principal.name);
		for (size_t k = 0; k < record->addresses.count; k++)
			refuse_local_name(policy, records, record->origin, record->owner, record, record->addresses.items[k]);
		for (size_t k = 0; k < record->receives.count; k++)
			refuse_local_name(policy, records, record->origin, record->owner, record, record->receives.items[k]);
	}
	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (grant->domain)
			refuse_local_domain(policy, records, grant);
		else
			refuse_local_name(policy, records, grant->origin, grant->owner, NULL, grant->identity);
	}
}

/* Who has the address, or the login; NULL: nobody. */
static const struct mw_principal *find_name(const struct mw_content *content, const struct mw_name_entry *entries,
					    size_t count, struct mw_str text)
{
	const struct mw_name_entry *entry = mw_content_find(entries, count, sizeof(*entries), text);

	return entry == NULL ? NULL : content->principals[entry->id - 1];
}

/* Who had the address as a name before; NULL: nobody. */
static const struct mw_former_entry *find_former(const struct mw_content *content, struct mw_str address)
{
	return mw_content_find(content->formers, content->former_count, sizeof(content->formers[0]), address);
}

static const struct mw_principal *find_owner(const struct mw_content *content, struct mw_str address)
{
	return find_name(content, content->addresses, content->address_count, address);
}

/* Who has the name no more is enforced for all the same. */
static bool tell_former(const struct mw_connector *connector, const struct mw_content *content, struct mw_str address,
			struct mw_errors *errors)
{
	const struct mw_former_entry *entry = find_former(content, address);

	for (size_t i = 0; entry != NULL && i < entry->count; i++)
		mw_errors_add(errors, MW_WARNING, connector->place.file, connector->place.line, 0, NULL,
			      "connector \"%.*s\": enforce_for: \"%.*s\" holds for %.*s too, who was called so formerly: write "
			      "the new name", MW_STR_ARG(connector->name), MW_STR_ARG(address),
			      MW_STR_ARG(content->principals[entry->items[i].id - 1]->name));
	return entry != NULL;
}

/* For whom a connector is enforced; a name that means nobody is not noticed otherwise. */
static void look_at_enforce_for(const struct mw_policy *policy, const struct mw_content *content,
				struct mw_errors *errors)
{
	struct mw_address address, unlisted;

	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];
		const struct mw_strs *names = &connector->enforcement.enforce_for;

		for (size_t k = 0; k < names->count; k++) {
			bool mailbox = mw_address_parse(names->items[k], &address) == MW_ADDRESS_MAILBOX;

			if ((mailbox && tell_former(connector, content, address.whole, errors)) ||
			    (mailbox && find_owner(content, address.whole) != NULL) ||
			    mw_unlisted_address(policy, names->items[k], &unlisted))
				continue;
			mw_errors_add(errors, MW_WARNING, connector->place.file, connector->place.line, 0, NULL,
				      "connector \"%.*s\": enforce_for: the directory has no user or group \"%.*s\"",
				      MW_STR_ARG(connector->name), MW_STR_ARG(names->items[k]));
		}
	}
}

/* Of a user's name as a word of a command: an octet may become seven characters, behind "-- ". */
#define WORD_MOST (MW_KEY_TEXT_MAX * 7 + 16)

/* A suspension, and what is told of it. */
struct kept {
	const struct mw_content *content;
	const struct mw_suspensions *suspensions;
	const struct mw_suspension *one;
	const char *path;
	struct mw_errors *errors;
};

static const char *option_of(const struct mw_suspension *one)
{
	return one->what == MW_SUSPENDED_ALL ? "--all" : "--sending";
}

/* The user as a word of a command. */
static const char *word_of(const char *user, char memory[WORD_MOST])
{
	struct mw_buf word = mw_buf_over(memory, WORD_MOST);

	mw_shell_operand(&word, mw_str(user));
	return memory;
}

/* True: somebody else than `owner`, who has the address, has a login name that the suspended user had. */
static bool tell_of_logins(const struct kept *kept, const struct mw_principal *owner)
{
	const struct mw_principal *told = NULL;

	char word[WORD_MOST];

	for (size_t i = 0; i < kept->suspensions->name_count; i++) {
		const struct mw_suspended_name *name = &kept->suspensions->names[i];
		const struct mw_principal *user;

		if (strcmp(name->user, kept->one->user) != 0)
			continue;
		user = find_name(kept->content, kept->content->logins, kept->content->login_count, mw_str(name->login));
		if (user == NULL || user == owner || user == told)
			continue;
		told = user;
		mw_errors_add(kept->errors, MW_WARNING, kept->path, 0, 0, NULL,
			      "%s is suspended%s: it holds for %.*s too, who has its login name %s; if that is another "
			      "person: mailwicket resume %s", kept->one->user,
			      owner == NULL ? " and no user has this address any more" : "", MW_STR_ARG(user->name),
			      name->login, word_of(kept->one->user, word));
	}
	return told != NULL;
}

static void tell_of_nobody(const struct kept *kept)
{
	char word[WORD_MOST];

	mw_errors_add(kept->errors, MW_WARNING, kept->path, 0, 0, NULL,
		      "%s is suspended and no user has this address any more, nor a login name that it had: the suspension stays; "
		      "if the user has another address now: mailwicket suspend ADDRESS %s; if not: mailwicket resume %s",
		      kept->one->user, option_of(kept->one), word_of(kept->one->user, word));
}

/* Suspensions are kept beside the sources: a sync never removes one. Nobody needs to be in the directory where unlisted
   logins are let in, but for who was there. */
static void look_at_suspensions(const struct mw_policy *policy, const struct mw_content *content, const char *folder,
				struct mw_errors *errors)
{
	struct mw_address unlisted;
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_suspensions_place place;
	struct mw_suspensions suspensions;
	struct kept kept = { .content = content, .suspensions = &suspensions, .errors = errors };
	struct stat st;
	int64_t next;

	kept.path = mw_suspensions_place_init(&place, folder) ? mw_suspensions_place_look(&place, &st) : NULL;
	if (kept.path == NULL)
		mw_buf_printf(&why, "%s: %s", folder, strerror(errno));
	if (kept.path == NULL || mw_suspensions_read(kept.path, &suspensions, &st, &why) != MW_SNAPSHOT_OPEN) {
		mw_errors_add(errors, MW_WARNING, "", 0, 0, NULL, "it is not known who is suspended: %s", text);
		mw_suspensions_place_deinit(&place);
		return;
	}
	if (mw_suspensions_place_is_doubtful(&place))
		mw_errors_add(errors, MW_WARNING, place.old_path, 0, 0, NULL,
			      "this list of suspensions belongs to another user than root, in a folder of another user, and holds "
			      "nobody; remove it, and suspend again whom it held: mailwicket suspend ADDRESS");
	mw_suspensions_expire(&suspensions, mw_clock_date(), &next);
	for (size_t i = 0; i < suspensions.count; i++) {
		struct mw_str user = mw_str(suspensions.items[i].user);
		const struct mw_principal *owner = find_owner(content, user);

		kept.one = &suspensions.items[i];
		if (owner != NULL && owner->kind != MW_USER)
			owner = NULL;
		if (!tell_of_logins(&kept, owner) && owner == NULL && find_former(content, user) == NULL &&
		    (mw_suspensions_was_listed(&suspensions, user) || !mw_unlisted_address(policy, user, &unlisted)))
			tell_of_nobody(&kept);
	}
	mw_suspensions_free(&suspensions);
	mw_suspensions_place_deinit(&place);
}

static void fill_report(const struct mw_content *content, const char *folder, struct mw_sync_report *report)
{
	struct mw_content_difference difference;

	report->users = content->users;
	report->groups = content->groups;
	report->addresses = content->address_count;
	report->logins = content->login_count;
	report->grants = content->grants;
	mw_content_compare(folder, content, &difference);
	report->added = difference.added;
	report->changed = difference.changed;
	report->removed = difference.removed;
	report->differs = difference.other || difference.added + difference.changed + difference.removed > 0;
}

/* Nothing is published from sources that are wrong. */
struct mw_content *mw_sync_content(const struct mw_policy *policy, const struct mw_text_change *change,
				   struct mw_arena *arena, struct mw_errors *errors, struct mw_records *records_r)
{
	struct mw_gathering gathering = {
		.policy = policy, .change = change, .arena = arena, .errors = errors, .records_r = records_r,
	};

	return mw_gather(&gathering);
}

static bool write_states(const struct mw_gathering *gathering)
{
	for (size_t i = 0; i < gathering->policy->directory.source_count; i++) {
		const struct mw_source_state *state = &gathering->states[i];

		if (state->read_at != 0 && !mw_copies_write_state(gathering->copies, state, gathering->errors))
			return false;
	}
	return true;
}

/* The sources that have a last good copy. */
static struct mw_strs with_copies(const struct mw_policy *policy, struct mw_arena *arena)
{
	struct mw_str *items = MW_ARENA_ARRAY(arena, struct mw_str, policy->directory.source_count + 1);
	size_t count = 0;

	for (size_t i = 0; items != NULL && i < policy->directory.source_count; i++) {
		const struct mw_source_driver *driver = mw_source_driver_find(policy->directory.sources[i].driver);

		if (driver != NULL && !driver->whole)
			items[count++] = policy->directory.sources[i].name;
	}
	return (struct mw_strs){ items, count };
}

static bool commit_copies(const struct mw_gathering *gathering)
{
	return gathering->copies == NULL ||
		(mw_copies_commit(gathering->copies, gathering->errors) && write_states(gathering));
}

/* Of sources that the policy has no more. A policy that cannot be published may be a mistake, and be taken back. */
static bool remove_copies(const struct mw_gathering *gathering)
{
	const struct mw_strs sources = with_copies(gathering->policy, gathering->arena);

	return gathering->copies == NULL || mw_copies_remove_others(gathering->copies, &sources, gathering->errors);
}

/* What a source says now is its last good content before it is published: a right that it took away must not come back
   with the content before, if the source fails after we were stopped in between. */
static bool publish(const struct mw_gathering *gathering, struct mw_publisher *publisher,
		    const struct mw_content *content, bool *published_r)
{
	return commit_copies(gathering) &&
		mw_publisher_publish(publisher, content, mw_clock_date(), gathering->errors, published_r) &&
		remove_copies(gathering);
}

static bool run(struct mw_gathering *gathering, const char *folder, struct mw_publisher *publisher,
		struct mw_sync_report *report)
{
	const struct mw_policy *policy = gathering->policy;
	struct mw_errors *errors = gathering->errors;
	unsigned errors_before = mw_errors_count(errors, MW_ERROR);
	struct mw_content *content = mw_gather(gathering);

	report->old_sources = gathering->old;
	report->held_sources = gathering->held;
	report->unread_sources = gathering->unread;
	if (content == NULL || mw_errors_count(errors, MW_ERROR) > errors_before) {
		/* A right that a source took away must not come back with its copy, when the error elsewhere is mended and
		   this source fails. */
		if (publisher != NULL && !gathering->failed)
			commit_copies(gathering);
		return false;
	}
	fill_report(content, folder, report);
	look_at_suspensions(policy, content, folder, errors);
	look_at_enforce_for(policy, content, errors);
	return publisher == NULL || publish(gathering, publisher, content, &report->published);
}

static bool run_locked(struct mw_gathering *gathering, const char *folder, struct mw_sync_report *report)
{
	const struct mw_policy *policy = gathering->policy;
	struct mw_publisher *publisher = NULL;
	bool dry_run = gathering->dry_run, done = true;

	/* The lock is taken before the reading: an older reading must not be published over a newer one. */
	if (!dry_run && policy->directory.source_count > 0)
		publisher = mw_publisher_open(folder, gathering->errors);
	if (publisher != NULL && (with_copies(policy, gathering->arena).count > 0 || mw_copies_are_there(folder))) {
		gathering->copies = mw_copies_open(folder, gathering->errors);
		done = gathering->copies != NULL;
	}
	done = done && (dry_run || publisher != NULL) && run(gathering, folder, publisher, report);
	mw_copies_close(gathering->copies);
	mw_publisher_close(publisher);
	return done;
}

/* `order` says what is to be done; its arena and states are made here. */
static bool sync_all(const struct mw_gathering *order, struct mw_sync_report *report_r)
{
	const struct mw_policy *policy = order->policy;
	struct mw_errors *errors = order->errors;
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_gathering gathering = *order;
	bool done = false;

	memset(report_r, 0, sizeof(*report_r));
	gathering.arena = arena;
	if (arena != NULL)
		gathering.states = MW_ARENA_ARRAY(arena, struct mw_source_state, policy->directory.source_count + 1);
	if (gathering.states == NULL) {
		mw_errors_add(errors, MW_ERROR, "", 0, 0, NULL, "out of memory");
		mw_arena_free(arena);
		return false;
	}
	if (policy->directory.source_count == 0)
		mw_errors_add(errors, gathering.dry_run ? MW_WARNING : MW_ERROR, policy->file, 0, 0,
			      "directory { source \"NAME\" { driver = text  path = \"FILE\" } }",
			      "the directory has no source");
	done = run_locked(&gathering, mw_arena_text(arena, policy->directory.path), report_r);
	mw_arena_free(arena);
	mw_errors_sort(errors);
	return done;
}

bool mw_sync_run(const struct mw_policy *policy, bool dry_run, struct mw_errors *errors,
		 struct mw_sync_report *report_r)
{
	return sync_all(&(struct mw_gathering){ .policy = policy, .dry_run = dry_run, .errors = errors }, report_r);
}

bool mw_sync_beside(const struct mw_policy *policy, struct mw_errors *errors, struct mw_sync_report *report_r)
{
	return sync_all(&(struct mw_gathering){ .policy = policy, .beside = true, .errors = errors }, report_r);
}

bool mw_sync_some(const struct mw_policy *policy, struct mw_source_turn *turns, struct mw_errors *errors,
		  struct mw_sync_report *report_r)
{
	return sync_all(&(struct mw_gathering){ .policy = policy, .turns = turns, .errors = errors }, report_r);
}

bool mw_sync_look(const struct mw_policy *policy, struct mw_errors *errors, struct mw_sync_report *report_r)
{
	return sync_all(&(struct mw_gathering){ .policy = policy, .dry_run = true, .asks_nobody = true, .errors = errors },
			report_r);
}

bool mw_sync_accept(const struct mw_policy *policy, struct mw_str source, struct mw_str digest,
		    struct mw_errors *errors, struct mw_sync_report *report_r)
{
	return sync_all(&(struct mw_gathering){ .policy = policy, .errors = errors, .accept = source,
						.accept_digest = digest, .beside = true }, report_r);
}
