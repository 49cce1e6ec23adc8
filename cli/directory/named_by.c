/* SPDX-License-Identifier: MIT */
#include "directory/named_by.h"

#include "directory/right.h"
#include "directory/values.h"
#include "sync/text/edit.h"
#include "ui/output.h"

#define TOLD_MOST 20

struct naming {
	struct mw_editing *editing;
	struct mw_str name;
	const struct mw_record *record; /* that is removed, as the text has it */
	unsigned line;
	bool force;
	bool *gone;    /* [line]: lines of grants, of editing->file, that go */
	size_t others; /* that stay and name it */
};

static const struct { const char *word; size_t at; } lists[] = {
	{ "member", offsetof(struct mw_record, members) },
	{ "senders", offsetof(struct mw_record, senders_list) },
	{ "senders_denied", offsetof(struct mw_record, senders_denied) },
};

static bool has(const struct mw_strs *list, struct mw_str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (mw_str_equal(list->items[i], name))
			return true;
	return false;
}

/* Also where sync would refuse the directory, and nobody can be looked up. */
static bool is_it(const struct naming *naming, struct mw_str name)
{
	return mw_right_same_name(mw_edit_view(naming->editing), name, naming->name) ||
	       (naming->record != NULL && has(&naming->record->addresses, name));
}

/* A grant on any of its addresses would be one on an address of nobody. */
static bool is_about_it(const struct naming *naming, const struct mw_grant_record *grant)
{
	struct mw_principal owner;

	if (mw_right_identity_owner(naming->editing->policy, mw_edit_view(naming->editing), grant, &owner))
		return mw_str_equal(owner.name, naming->name);
	return !grant->domain && (is_it(naming, grant->identity) ||
				  (naming->record != NULL && has(&naming->record->receives, grant->identity)));
}

static void tell(struct naming *naming, const struct mw_records *records, struct mw_origin origin, const char *what)
{
	if (naming->others++ < TOLD_MOST)
		mw_complain("%s: %s", mw_edit_place(naming->editing, records, origin), what);
}

/* An item of a list. */
static void take_item(struct naming *naming, const struct mw_record *record, const char *word, struct mw_str item)
{
	struct mw_editing *editing = naming->editing;
	const struct mw_values_place place = { .kind = record->principal.kind, .line = record->origin.line };
	struct mw_str without = mw_str_equal(mw_str(word), MW_STR("senders")) ? MW_STR("nobody") : MW_STR_EMPTY;
	bool last;

	if (mw_arena_failed(editing->arena) ||
	    mw_values_remove(editing, &place, mw_record_key_find(mw_row_of(place.kind), mw_str(word)), item, &last) == 0)
		return;
	if (last)
		editing->text = mw_text_with_setting(editing->arena, editing->text, record->origin.line, word, without);
	mw_edit_note(editing, "%s:%u: %.*s is out of %s=%s%.*s", editing->file->path, record->origin.line,
		     MW_STR_ARG(item), word, last && without.len > 0 ? ", which is now " : "",
		     MW_STR_ARG(last ? without : MW_STR_EMPTY));
}

static void look_at_record(struct naming *naming, const struct mw_records *records, const struct mw_record *record,
			   bool may_change)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct mw_strs *list = (const void *)((const char *)record + lists[i].at);

		for (size_t k = 0; k < list->count; k++) {
			if (!is_it(naming, list->items[k]))
				continue;
			if (may_change)
				take_item(naming, record, lists[i].word, list->items[k]);
			else
				tell(naming, records, record->origin,
				     mw_arena_textf(naming->editing->arena, "%s= of %.*s names it", lists[i].word,
						    MW_STR_ARG(record->principal.name)));
		}
	}
}

static void look_at_grant(struct naming *naming, const struct mw_records *records, const struct mw_grant_record *grant,
			  bool may_change)
{
	char memory[2048];
	struct mw_buf line = MW_BUF_OVER(memory);

	if (!is_it(naming, grant->trustee) && !is_about_it(naming, grant))
		return;
	if (may_change) {
		naming->gone[grant->origin.line] = true;
		return;
	}
	mw_right_print(grant, &line);
	tell(naming, records, grant->origin, memory);
}

static void look_at_text(struct naming *naming, const struct mw_text_file *file)
{
	const struct mw_records *records = &file->records;
	bool may_change = naming->force && file == naming->editing->file;

	for (size_t i = 0; i < records->count; i++)
		if (file != naming->editing->file || records->items[i].origin.line != naming->line)
			look_at_record(naming, records, &records->items[i], may_change);
	for (size_t i = 0; i < records->grant_count; i++)
		look_at_grant(naming, records, &records->grants[i], may_change);
}

/* Sources that are no text: what they say of nobody is left out by sync, but a grant on an address of nobody counts. */
static void look_at_others(struct naming *naming)
{
	struct mw_editing *editing = naming->editing;
	const struct mw_records *records = editing->before != NULL ? mw_memory_directory_records(editing->before) : NULL;

	for (size_t i = 0; records != NULL && i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (!mw_source_is_text(&editing->policy->directory.sources[grant->owner]) && is_about_it(naming, grant))
			look_at_grant(naming, records, grant, false);
	}
}

static unsigned count_lines(struct mw_str text)
{
	unsigned count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

static int remove_lines(struct naming *naming)
{
	struct mw_editing *editing = naming->editing;
	struct mw_str rest = editing->text, text;

	naming->gone[naming->line] = true;
	for (unsigned line = 1; mw_str_split(&rest, '\n', &text); line++) {
		if (naming->gone[line])
			mw_edit_note(editing, "removed %s:%u: %.*s", editing->file->path, line, MW_STR_ARG(mw_text_line(text, 1)));
	}
	editing->text = mw_text_without_lines(editing->arena, editing->text, naming->gone);
	if (!mw_arena_failed(editing->arena))
		return EX_OK;
	mw_complain("out of memory");
	return EX_OSERR;
}

int mw_named_by(struct mw_editing *editing, struct mw_str name, unsigned line, bool force)
{
	unsigned count = count_lines(editing->text);
	struct naming naming = {
		.editing = editing, .name = name, .line = line, .force = force,
		.gone = MW_ARENA_ARRAY(editing->arena, bool, count + 1),
	};

	if (naming.gone == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	for (size_t i = 0; i < editing->file->records.count; i++)
		if (editing->file->records.items[i].origin.line == line)
			naming.record = &editing->file->records.items[i];
	for (size_t i = 0; i < editing->files.count; i++)
		look_at_text(&naming, &editing->files.items[i]);
	look_at_others(&naming);
	if (naming.others == 0)
		return remove_lines(&naming);
	if (naming.others > TOLD_MOST)
		mw_complain("and %zu more", naming.others - TOLD_MOST);
	mw_complain("%.*s is named there; nothing was written%s", MW_STR_ARG(name),
		    force ? ": change these first" : "; to take it out of this text, too: --force");
	return EX_DATAERR;
}
