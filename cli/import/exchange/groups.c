/* SPDX-License-Identifier: MIT */
/* Members of groups. Exchange's groups may contain each other; those of the directory may not. */
#include <stdlib.h>

#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"

#define SEVERAL_FIX "who is meant gets nothing by it: write his address or distinguished name into the cell"
#define GRANT_FIX                                                                                             \
	"nobody with this name is in the files: leave it out, or export what lacks; if it is several names, write " \
	"each into a line of the cell, as the exporter does"

bool mw_exchange_is_group(const struct mw_exchange_person *person)
{
	return person->kind == MW_EXCHANGE_LIST || person->kind == MW_EXCHANGE_RIGHTS;
}

/* --- names in cells */

void mw_exchange_each_once(struct mw_exchange *import, struct mw_exchange_people *people)
{
	unsigned mark = ++import->walks;
	size_t kept = 0;

	for (size_t i = 0; i < people->count; i++) {
		if (people->items[i]->mark == mark)
			continue;
		people->items[i]->mark = mark;
		people->items[kept++] = people->items[i];
	}
	people->count = kept;
}

/* Whether an item is several, joined by a script: each of its parts is somebody's own name. Adds them. */
static bool add_joined(struct mw_exchange *import, struct mw_str item, struct mw_exchange_people *people)
{
	struct mw_exchange_people found = { NULL, 0 };
	struct mw_exchange_person *person;
	struct mw_str part;

	while (mw_exchange_next_joined(&item, &part)) {
		if (mw_exchange_form(part) >= MW_EXCHANGE_PRINCIPAL_NAME ||
		    mw_exchange_find(import->names, part, &person, NULL) != MW_EXCHANGE_FOUND)
			return false;
		mw_exchange_add_person(import, &found, person);
	}
	for (size_t i = 0; i < found.count; i++)
		mw_exchange_add_person(import, people, found.items[i]);
	return true;
}

struct mw_exchange_people mw_exchange_named(struct mw_exchange *import, enum mw_exchange_file file,
					    const struct mw_csv_row *row, const char *property, const char *whom,
					    bool *unknown_r)
{
	struct mw_str rest = mw_exchange_cell(import, file, row, property), item;
	struct mw_exchange_people people = { NULL, 0 };
	struct mw_exchange_person *person;

	while (mw_exchange_next_item(&rest, &item)) {
		char memory[1024];
		struct mw_buf candidates = MW_BUF_OVER(memory);

		switch (mw_exchange_find(import->names, item, &person, &candidates)) {
		case MW_EXCHANGE_FOUND: mw_exchange_add_person(import, &people, person); break;
		case MW_EXCHANGE_SEVERAL:
			/* Exchange Online prints people by names that others may have: who is not known is nobody, and a
			   denial then holds for everybody. */
			mw_exchange_note(import, file, row, property,
					 mw_arena_textf(import->arena, "%s: %.*s may be %s", whom, MW_STR_ARG(mw_text_cut(item, 200)),
							candidates.data),
					 SEVERAL_FIX);
			if (unknown_r != NULL)
				*unknown_r = true;
			break;
		case MW_EXCHANGE_NOBODY:
			if (add_joined(import, item, &people))
				break;
			mw_exchange_note(import, file, row, property,
					 mw_arena_textf(import->arena, "%s: %.*s", whom, MW_STR_ARG(mw_text_cut(item, 200))), GRANT_FIX);
			if (unknown_r != NULL)
				*unknown_r = true;
			break;
		}
	}
	mw_exchange_each_once(import, &people);
	return people;
}

static int compare_people(const void *left, const void *right)
{
	const struct mw_exchange_person *a = *(struct mw_exchange_person *const *)left;
	const struct mw_exchange_person *b = *(struct mw_exchange_person *const *)right;

	return mw_str_compare(a->name, b->name);
}

void mw_exchange_sort_people(struct mw_exchange_people *people)
{
	if (people->count > 0)
		qsort(people->items, people->count, sizeof(*people->items), compare_people);
}

/* --- members */

/* Whom a row of members means: by what nobody else has; by a name only where it has nothing else. */
static enum mw_exchange_found member_of(struct mw_exchange *import, enum mw_exchange_file file,
					const struct mw_csv_row *row, struct mw_exchange_person **person_r,
					struct mw_buf *candidates)
{
	static const char *const properties[] = { "Identity", "Name", "Alias" };
	struct mw_exchange_owner owner = mw_exchange_owner_of(import, file, row);

	*person_r = owner.person;
	if (owner.property != NULL)
		return owner.person != NULL ? MW_EXCHANGE_FOUND : MW_EXCHANGE_NOBODY;
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		struct mw_str text = mw_exchange_cell(import, file, row, properties[i]);

		if (text.len > 0)
			return mw_exchange_find(import->names, text, person_r, candidates);
	}
	return MW_EXCHANGE_NOBODY;
}

struct missing_row {
	struct mw_str group;
	const struct mw_csv_row *row;
};

/* Rows of members whose group is in no file. */
struct missing {
	struct missing_row *rows;
	size_t count;
};

static void add_missing(struct mw_exchange *import, struct missing *missing, struct mw_str group,
			const struct mw_csv_row *row)
{
	missing->rows = mw_exchange_grown(import->arena, missing->rows, missing->count, sizeof(*missing->rows));
	if (missing->rows != NULL)
		missing->rows[missing->count++] = (struct missing_row){ group, row };
	else
		missing->count = 0;
}

static int compare_missing(const void *left, const void *right)
{
	const struct missing_row *a = left, *b = right;
	int order = mw_str_compare(a->group, b->group);

	return order != 0 ? order : (a->row->line > b->row->line) - (a->row->line < b->row->line);
}

/* Nobody is found by a display name, but a group that is in the files was meant. */
static bool is_display_name(const struct mw_exchange *import, struct mw_str name)
{
	for (size_t i = 0; i < import->people.count; i++) {
		const struct mw_exchange_person *person = import->people.items[i];

		if (mw_exchange_is_group(person) &&
		    mw_str_equal_nocase(mw_exchange_cell(import, person->file, person->row, "DisplayName"), name))
			return true;
	}
	return false;
}

static void tell_missing(struct mw_exchange *import, enum mw_exchange_file file, const struct missing *missing)
{
	size_t next;

	if (missing->count > 0)
		qsort(missing->rows, missing->count, sizeof(*missing->rows), compare_missing);
	for (size_t i = 0; i < missing->count; i = next) {
		struct mw_str group = missing->rows[i].group;

		for (next = i + 1; next < missing->count && mw_str_equal(missing->rows[next].group, group); next++)
			;
		if (group.len == 0 || is_display_name(import, group))
			mw_exchange_error(import, file, missing->rows[i].row, "Group", "the group's distinguished name",
					  "\"%.*s\" is no group in the files", MW_STR_ARG(mw_text_cut(group, 200)));
		else
			mw_exchange_note(import, file, missing->rows[i].row, "Group",
					 mw_arena_textf(import->arena, "%.*s: %zu", MW_STR_ARG(mw_text_cut(group, 200)), next - i),
					 "no group in the files has this name, so its members are left out: export the "
					 "group, or write its distinguished name");
	}
}

/* A group without a row may be one of those that are missing, by a name that it had before or that the files do not
   have: then nobody knows its members. */
static void open_groups_without_rows(struct mw_exchange *import, enum mw_exchange_file of)
{
	for (size_t i = 0; i < import->people.count; i++) {
		struct mw_exchange_person *person = import->people.items[i];

		if (person->kind == MW_EXCHANGE_LIST && person->file == of && person->members.count == 0)
			person->members_unknown = true;
	}
}

static void read_member(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			struct missing *missing)
{
	struct mw_str name = mw_exchange_cell(import, file, row, "Group");
	struct mw_exchange_person *group = NULL, *member = NULL;
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);

	switch (mw_exchange_find(import->names, name, &group, &candidates)) {
	case MW_EXCHANGE_NOBODY:
		add_missing(import, missing, name, row);
		return;
	case MW_EXCHANGE_SEVERAL:
		mw_exchange_error(import, file, row, "Group", "the group's distinguished name", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(name, 200)), candidates.data);
		return;
	case MW_EXCHANGE_FOUND: break;
	}
	if (!mw_exchange_is_group(group)) {
		mw_exchange_error(import, file, row, "Group", "a group", "%.*s is none", MW_STR_ARG(group->name));
		return;
	}
	switch (member_of(import, file, row, &member, &candidates)) {
	case MW_EXCHANGE_NOBODY:
		mw_exchange_count(import, "members of groups who are in no file");
		group->members_unknown |= !mw_exchange_is_single(mw_exchange_cell(import, file, row, "RecipientTypeDetails"));
		break;
	case MW_EXCHANGE_SEVERAL:
		mw_exchange_error(import, file, row, NULL, "a column DistinguishedName or Guid",
				  "this member may be %s", candidates.data);
		break;
	case MW_EXCHANGE_FOUND: mw_exchange_add_person(import, &group->members, member); break;
	}
}

/* --- groups that contain each other */

struct reached {
	struct mw_exchange_people groups;
	struct mw_exchange *import;
};

static void collect_group(struct mw_exchange_person *person, void *context)
{
	struct reached *reached = context;

	if (mw_exchange_is_group(person))
		mw_exchange_add_person(reached->import, &reached->groups, person);
}

struct walk {
	struct mw_exchange_person **waiting;
	size_t count;
	unsigned mark;
	enum mw_exchange_rights least;
};

static void meet(struct walk *walk, const struct mw_exchange_people *people)
{
	for (size_t i = 0; i < people->count; i++) {
		struct mw_exchange_person *person = people->items[i];

		if (person->mark == walk->mark || person->rights > walk->least)
			continue;
		person->mark = walk->mark;
		walk->waiting[walk->count++] = person;
	}
}

static void walk(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_rights least,
		 bool nested, void (*found)(struct mw_exchange_person *person, void *context), void *context)
{
	const struct mw_exchange_people begin = { &person, 1 };
	struct walk walk = { .mark = ++import->walks, .least = least };

	if (import->waiting == NULL)
		import->waiting = MW_ARENA_ARRAY(import->arena, struct mw_exchange_person *, import->people.count);
	walk.waiting = import->waiting;
	if (walk.waiting == NULL)
		return;
	meet(&walk, &begin);
	for (size_t i = 0; i < walk.count; i++) {
		struct mw_exchange_person *next = walk.waiting[i];

		found(next, context);
		meet(&walk, &next->members);
		if (nested)
			meet(&walk, &next->nested);
	}
}

void mw_exchange_walk(struct mw_exchange *import, struct mw_exchange_person *person,
		      void (*found)(struct mw_exchange_person *person, void *context), void *context)
{
	walk(import, person, MW_EXCHANGE_NOT_HELD, false, found, context);
}

void mw_exchange_walk_rights(struct mw_exchange *import, struct mw_exchange_person *person,
			     enum mw_exchange_rights least,
			     void (*found)(struct mw_exchange_person *person, void *context), void *context)
{
	walk(import, person, least, true, found, context);
}

struct looking {
	const struct mw_exchange_person *wanted;
	bool found;
};

static void look_for(struct mw_exchange_person *person, void *context)
{
	struct looking *looking = context;

	for (size_t i = 0; i < person->members.count && !looking->found; i++)
		looking->found = person->members.items[i] == looking->wanted;
}

/* Whether a group is in another, or in one that is in it. */
static bool reaches(struct mw_exchange *import, struct mw_exchange_person *from, const struct mw_exchange_person *to)
{
	struct looking looking = { to, false };

	mw_exchange_walk(import, from, look_for, &looking);
	return looking.found;
}

/* All who are in a circle of groups are in each of its groups. */
static struct mw_exchange_people without_circle(struct mw_exchange *import, struct mw_exchange_person *group)
{
	struct reached reached = { .import = import }, circle = { .import = import };
	struct mw_exchange_people members = { NULL, 0 };
	unsigned mark;

	mw_exchange_walk(import, group, collect_group, &reached);
	for (size_t i = 0; i < reached.groups.count; i++) {
		if (reaches(import, reached.groups.items[i], group))
			mw_exchange_add_person(import, &circle.groups, reached.groups.items[i]);
	}
	mark = ++import->walks;
	for (size_t i = 0; i < circle.groups.count; i++) {
		circle.groups.items[i]->mark = mark;
		group->members_unknown |= circle.groups.items[i]->members_unknown;
	}
	for (size_t i = 0; i < circle.groups.count; i++) {
		const struct mw_exchange_people *some = &circle.groups.items[i]->members;

		for (size_t j = 0; j < some->count; j++) {
			if (some->items[j]->mark == mark)
				continue;
			some->items[j]->mark = mark;
			mw_exchange_add_person(import, &members, some->items[j]);
		}
	}
	return members;
}

static bool has_group(const struct mw_exchange_person *person)
{
	for (size_t i = 0; i < person->members.count; i++) {
		if (mw_exchange_is_group(person->members.items[i]))
			return true;
	}
	return false;
}

void mw_exchange_open_circles(struct mw_exchange *import)
{
	struct mw_exchange_people groups = { NULL, 0 }, *members;

	for (size_t i = 0; i < import->people.count; i++) {
		struct mw_exchange_person *person = import->people.items[i];

		if (has_group(person) && reaches(import, person, person))
			mw_exchange_add_person(import, &groups, person);
	}
	members = MW_ARENA_ARRAY(import->arena, struct mw_exchange_people, groups.count);
	for (size_t i = 0; members != NULL && i < groups.count; i++)
		members[i] = without_circle(import, groups.items[i]);
	for (size_t i = 0; members != NULL && i < groups.count; i++) {
		groups.items[i]->members = members[i];
		mw_exchange_count(import, "groups that contain each other: each has the members of all of them");
	}
	for (size_t i = 0; i < import->people.count; i++)
		mw_exchange_sort_people(&import->people.items[i]->members);
}

/* Get-DistributionGroupMember prints members with an address, Get-Group all of them: who is in a group without an
   address is denied what the group with one is. */
static void read_nested(struct mw_exchange *import, const struct mw_csv_row *row)
{
	struct mw_exchange_person *group = mw_exchange_owner_of(import, MW_EXCHANGE_SECURITY_GROUP, row).person, *member;
	struct mw_str rest = mw_exchange_cell(import, MW_EXCHANGE_SECURITY_GROUP, row, "Members"), item;
	struct mw_exchange_people members = { NULL, 0 };

	if (group == NULL || group->kind != MW_EXCHANGE_LIST)
		return;
	while (mw_exchange_next_item(&rest, &item)) {
		if (mw_exchange_find(import->names, item, &member, NULL) == MW_EXCHANGE_FOUND)
			mw_exchange_add_person(import, &members, member);
		else
			add_joined(import, item, &members);
	}
	for (size_t i = 0; i < members.count; i++) {
		if (members.items[i]->kind == MW_EXCHANGE_RIGHTS)
			mw_exchange_add_person(import, &group->nested, members.items[i]);
	}
}

void mw_exchange_read_members(struct mw_exchange *import)
{
	static const struct {
		enum mw_exchange_file members, groups;
	} files[] = { { MW_EXCHANGE_GROUP_MEMBER, MW_EXCHANGE_GROUP }, { MW_EXCHANGE_DYNAMIC_MEMBER, MW_EXCHANGE_DYNAMIC } };
	const struct mw_csv *groups = &import->tables[MW_EXCHANGE_SECURITY_GROUP].csv;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct mw_csv *csv = &import->tables[files[i].members].csv;
		struct missing missing = { 0 };

		for (size_t row = 0; row < csv->row_count && !mw_arena_failed(import->arena); row++)
			read_member(import, files[i].members, &csv->rows[row], &missing);
		if (missing.count == 0)
			continue;
		tell_missing(import, files[i].members, &missing);
		open_groups_without_rows(import, files[i].groups);
	}
	for (size_t row = 0; row < groups->row_count && !mw_arena_failed(import->arena); row++)
		read_nested(import, &groups->rows[row]);
	for (size_t i = 0; i < import->people.count; i++) {
		struct mw_exchange_person *person = import->people.items[i];

		if (person->kind == MW_EXCHANGE_RIGHTS)
			person->members = mw_exchange_named(import, person->file, person->row, "Members",
							    mw_arena_text(import->arena, mw_exchange_cell(import, person->file, person->row, "Name")),
							    &person->members_unknown);
		else
			mw_exchange_each_once(import, &person->members);
	}
}
