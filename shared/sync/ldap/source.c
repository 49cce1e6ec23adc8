/* SPDX-License-Identifier: MIT */
#include "sync/source.h"

#include <stdlib.h>
#include <xxhash.h>

#include "sync/ldap/reader.h"
#include "sync/text/field.h"

#define WHY_MAX 1024

static const struct mw_ldap_flavour *flavour_of(const struct mw_source *source)
{
	static const struct mw_ldap_flavour *const flavours[] = {
		[MW_LDAP_OPENLDAP] = &mw_ldap_openldap,
		[MW_LDAP_AD] = &mw_ldap_ad,
	};

	return flavours[source->ldap.flavour];
}

/* The source could not be read to its end. */
static void report(const struct mw_ldap_reader *reader, const char *expected, const char *text)
{
	const struct mw_place *place = &reader->source->place;

	mw_errors_add(reader->records->errors, MW_ERROR, place->file, place->line, 0, expected, "source \"%.*s\": %s",
		      MW_STR_ARG(reader->source->name), text);
}

static void warn(const struct mw_ldap_reader *reader, const char *text)
{
	const struct mw_place *place = &reader->source->place;

	mw_errors_add(reader->records->errors, MW_WARNING, place->file, place->line, 0, NULL, "source \"%.*s\": %s",
		      MW_STR_ARG(reader->source->name), text);
}

static void reader_free(struct mw_ldap_reader *reader)
{
	if (reader->flavour->deinit != NULL && reader->data != NULL)
		reader->flavour->deinit(reader);
	mw_ldap_close(reader->session);
	mw_ldap_resolve_deinit(reader);
	mw_arena_free(reader->arena);
	free(reader);
}

/* --- before the first entry */

static bool make_maps(struct mw_ldap_reader *reader)
{
	char memory[WHY_MAX], keys[WHY_MAX];
	bool good = true;

	for (int kind = 0; kind < MW_LDAP_KIND_COUNT; kind++) {
		struct mw_buf why = MW_BUF_OVER(memory), expected = MW_BUF_OVER(keys);

		if (mw_ldap_map_init(reader, (enum mw_ldap_kind)kind, &why, &expected))
			continue;
		report(reader, expected.used > 0 ? keys : NULL, why.used > 0 ? memory : "out of memory");
		good = false;
	}
	return good;
}

static bool check_bases(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	static const char *const settings[] = { [MW_LDAP_USERS] = "users_base", [MW_LDAP_GROUPS] = "groups_base" };
	const struct mw_source_ldap *ldap = &reader->source->ldap;
	bool good = mw_ldap_check_base(reader, ldap->base, "base", why);

	for (int kind = 0; good && kind < MW_LDAP_KIND_COUNT; kind++)
		if (!mw_str_empty(ldap->kinds[kind].base))
			good = mw_ldap_check_base(reader, ldap->kinds[kind].base, settings[kind], why);
	return good;
}

static bool connect_and_check(struct mw_ldap_reader *reader)
{
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);
	const unsigned seconds = (unsigned)(reader->source->timeout < 3600 ? reader->source->timeout : 3600);

	reader->session = mw_ldap_open(reader->source, seconds, &why);
	if (reader->session != NULL && check_bases(reader, &why) && mw_ldap_check_attributes(reader, &why) &&
	    (reader->flavour->begin == NULL || reader->flavour->begin(reader, reader->session, &why)))
		return true;
	report(reader, NULL, memory);
	return false;
}

static void *ldap_open(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	struct mw_ldap_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		records->failed = true;
		return NULL;
	}
	reader->records = records;
	reader->source = source;
	reader->default_domain = default_domain;
	reader->flavour = flavour_of(source);
	reader->arena = mw_arena_new(0);
	reader->first_record = records->count;
	if (reader->arena == NULL)
		records->failed = true;
	else if (make_maps(reader) && connect_and_check(reader))
		return reader;
	reader_free(reader);
	return NULL;
}

/* --- entries */

static bool begin_search(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	enum mw_ldap_kind kind = reader->kind;

	reader->search = (struct mw_ldap_search){
		.base = mw_ldap_base(reader, kind),
		.filter = mw_ldap_filter(reader, kind),
		.attributes = reader->maps[kind].attributes,
		.dacl = reader->flavour->dacl,
	};
	reader->entries_of_kind = reader->named_of_kind = 0;
	mw_reading_begin(&reader->reading, reader->records,
			 mw_arena_textf(reader->records->arena, "source \"%.*s\", %s",
					MW_STR_ARG(reader->source->name), mw_ldap_kind_word(kind)),
			 reader->default_domain);
	reader->searching = mw_ldap_search(reader->session, &reader->search, why);
	return reader->searching;
}

static bool services_end(const struct mw_ldap_reader *reader, struct mw_buf *why)
{
	char memory[WHY_MAX];
	struct mw_buf warning = MW_BUF_OVER(memory);

	if (!mw_ldap_services_end(reader, why, &warning))
		return false;
	if (warning.used > 0)
		warn(reader, memory);
	return true;
}

/* A bind without rights succeeds and shows nothing: that no users are left is never the truth. */
static bool found_users(const struct mw_ldap_reader *reader, struct mw_buf *why)
{
	struct mw_str who = mw_ldap_who(reader->session), base = mw_ldap_base(reader, MW_LDAP_USERS);

	if (reader->kind != MW_LDAP_USERS)
		return true;
	if (reader->named_of_kind > 0)
		return services_end(reader, why);
	if (reader->entries_of_kind == 0)
		mw_buf_printf(why,
			      "users_filter %s finds nobody below \"%.*s\": it is not the right one, or %.*s has no "
			      "right to read "
			      "these entries",
			      reader->search.filter, MW_STR_ARG(mw_str_head(base, 200)), MW_STR_ARG(who));
	else
		mw_buf_printf(why,
			      "none of the %zu users has an address that %.*s may read: users_attributes names "
			      "another attribute, "
			      "or a right is missing",
			      reader->entries_of_kind, MW_STR_ARG(who));
	return false;
}

static void tell_counted(const struct mw_ldap_reader *reader)
{
	char memory[WHY_MAX];

	for (size_t i = 0; i < MW_LDAP_COUNTED_MAX && reader->counted[i].what != NULL; i++) {
		struct mw_buf text = MW_BUF_OVER(memory);

		mw_buf_printf(&text, "%zu %s", reader->counted[i].count, reader->counted[i].what);
		if (reader->counted[i].first.len > 0)
			mw_buf_printf(&text, "; the first is \"%.*s\"",
				      MW_STR_ARG(mw_text_shown(reader->counted[i].first)));
		warn(reader, memory);
	}
}

static void tell_references(const struct mw_ldap_reader *reader)
{
	struct mw_str first;
	size_t count = mw_ldap_references(reader->session, &first);
	char memory[WHY_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (count == 0 || reader->source->ldap.flavour == MW_LDAP_AD)
		return;
	mw_buf_printf(&text, "%zu references to other servers are not followed, what these have is missing: \"%.*s\"",
		      count, MW_STR_ARG(first));
	warn(reader, memory);
}

static bool fail(struct mw_ldap_reader *reader, const char *why)
{
	char memory[WHY_MAX + 64];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_printf(&text, "%s: %s", mw_ldap_kind_word(reader->kind), why);
	report(reader, NULL, memory);
	return false;
}

static bool end_all(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	if (!mw_ldap_resolve(reader, why))
		return fail(reader, why->data);
	tell_counted(reader);
	tell_references(reader);
	return false;
}

/* The end of users, or of groups. False: of all, or it failed. */
static bool end_kind(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	reader->searching = false;
	if (!found_users(reader, why))
		return fail(reader, why->data);
	if (reader->kind == MW_LDAP_GROUPS)
		return end_all(reader, why);
	reader->kind = MW_LDAP_GROUPS;
	return true;
}

static bool ldap_next(void *opened)
{
	struct mw_ldap_reader *reader = opened;
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);
	struct mw_ldap_entry entry;

	if (!reader->searching && !begin_search(reader, &why))
		return fail(reader, memory);
	switch (mw_ldap_next(reader->session, &entry, &why)) {
	case MW_LDAP_ENTRY: mw_ldap_read_one(reader, &entry); return !reader->failed || fail(reader, "out of memory");
	case MW_LDAP_END: return end_kind(reader, &why);
	case MW_LDAP_FAILED: break;
	}
	return fail(reader, memory);
}

static void ldap_close(void *opened)
{
	reader_free(opened);
}

/* --- the watch: it connects each time, and compares what the server says of its last change */

struct ldap_watch {
	const struct mw_source *source;
	uint64_t state; /* a hash */
};

static bool ask(struct ldap_watch *watch, uint64_t *state_r, struct mw_buf *why)
{
	const struct mw_ldap_flavour *flavour = flavour_of(watch->source);
	struct mw_ldap_session *session = mw_ldap_open(watch->source, MW_LDAP_WATCH_TIMEOUT, why);
	char memory[16384];
	struct mw_buf state = MW_BUF_OVER(memory);
	bool has_one;

	if (session == NULL)
		return false;
	has_one = flavour->state(session, watch->source, &state, why);
	mw_ldap_close(session);
	*state_r = XXH3_64bits(state.data, state.used);
	return has_one;
}

static void *watch_open(const struct mw_source *source, struct mw_buf *why)
{
	struct ldap_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	watch->source = source;
	if (ask(watch, &watch->state, why))
		return watch;
	free(watch);
	return NULL;
}

static int watch_fd(void *watch)
{
	(void)watch;
	return MW_SOURCE_UNWATCHED;
}

static enum mw_source_change watch_ask(void *opened, struct mw_buf *why)
{
	struct ldap_watch *watch = opened;
	uint64_t before = watch->state;

	if (!ask(watch, &watch->state, why))
		return MW_SOURCE_LOST;
	return watch->state == before ? MW_SOURCE_SAME : MW_SOURCE_CHANGED;
}

static void watch_close(void *watch)
{
	free(watch);
}

const struct mw_source_driver mw_source_ldap = {
	.name = "ldap",
	.open = ldap_open,
	.next = ldap_next,
	.close = ldap_close,
	.watch_open = watch_open,
	.watch_fd = watch_fd,
	.watch_ask = watch_ask,
	.watch_close = watch_close,
	.interval = 60,
};
