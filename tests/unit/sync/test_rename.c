/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <stdio.h>

#include "sync/merge/rename.h"

static struct mw_arena *arena;
static struct mw_errors *errors;
static struct mw_records records;
static struct mw_slice slice;
static struct mw_renames renames;

static struct mw_record person(const char *name, const char *key)
{
	return (struct mw_record){ .principal = { .kind = MW_USER, .name = mw_str(name) }, .source_key = key };
}

static void begin(const struct mw_record *now, size_t count)
{
	arena = mw_arena_new(0);
	errors = mw_errors_new(10);
	mw_records_init(&records, arena, errors);
	records.reports = errors;
	for (size_t i = 0; i < count; i++)
		mw_records_add(&records, &now[i]);
	slice = (struct mw_slice){ .records = &records };
	memset(&renames, 0, sizeof(renames));
	mw_renames_begin(&renames, &slice);
	ck_assert(!renames.failed);
}

static struct mw_record *called(const char *name)
{
	for (size_t i = 0; i < records.count; i++)
		if (mw_str_equal(records.items[i].principal.name, mw_str(name)))
			return &records.items[i];
	return NULL;
}

static void look(const struct mw_record *old, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mw_renames_look(&renames, &old[i], called(old[i].principal.name.ptr));
	mw_renames_judge(&renames, 50, false);
}

static void end(void)
{
	bool failed = false;

	mw_renames_end(&renames, &failed);
	ck_assert(!failed);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_arena_free(arena);
}

/* The copy has one person more, so that not all have another name. */
static const struct row {
	const char *name, *key;         /* in the copy */
	struct { const char *name, *key; } now[3];
	const char *renamed, *holder;   /* who it is now: under another name, under any; NULL: nobody */
	const char *same;               /* who of that name may be the same person; NULL: nobody */
} rows[] = {
	{ "alice", "k1", { { "alice", "k1" } }, NULL, "alice", "alice" },
	{ "alice", "k1", { { "alicia", "k1" } }, "alicia", "alicia", NULL },
	{ "alice", "k1", { { "alicia", "k1" }, { "alice", "k2" } }, "alicia", "alicia", NULL },
	{ "alice", "k1", { { "alice", "k2" } }, NULL, NULL, NULL },
	{ "alice", NULL, { { "alice", "k2" } }, NULL, NULL, "alice" },
	{ "alice", "k1", { { "alice", NULL } }, NULL, NULL, "alice" },
	{ "alice", "k1", { { "alicia", "k1" }, { "anna", "k1" } }, NULL, NULL, NULL },
	{ "alice", "k1", { { "bob", "k2" } }, NULL, NULL, NULL },
	{ "alice", "K1", { { "alicia", "k1" } }, NULL, NULL, NULL },
};

static void is_called(const struct mw_record *record, const char *name)
{
	if (name == NULL)
		ck_assert_ptr_null(record);
	else
		ck_assert(record != NULL && mw_str_equal(record->principal.name, mw_str(name)));
}

START_TEST(a_key_tells_who_has_another_name)
{
	const struct row *row = &rows[_i];
	const struct mw_record old[] = { person(row->name, row->key), person("else", "k9") };
	struct mw_record now[4] = { person("else", "k9") };
	size_t count = 1;

	for (; count < 4 && row->now[count - 1].name != NULL; count++)
		now[count] = person(row->now[count - 1].name, row->now[count - 1].key);
	begin(now, count);
	look(old, 2);
	ck_assert(renames.counts);
	is_called(mw_renames_find(&renames, &old[0]), row->renamed);
	is_called(mw_renames_holder(&renames, &old[0]), row->holder);
	if (called(row->name) != NULL)
		ck_assert(mw_renames_is_same(&renames, &old[0], called(row->name)) == (row->same != NULL));
	end();
}
END_TEST

START_TEST(somebody_of_another_kind_is_somebody_else)
{
	struct mw_record old[] = { person("alice", "k1"), person("else", "k9") };
	struct mw_record now[] = { person("alicia", "k1"), person("else", "k9") };

	now[0].principal.kind = MW_GROUP;
	begin(now, 2);
	look(old, 2);
	ck_assert_ptr_null(mw_renames_holder(&renames, &old[0]));
	/* It was a user before something of it was held. */
	old[0].held_kind = 1u << MW_GROUP;
	is_called(mw_renames_find(&renames, &old[0]), "alicia");
	end();
}
END_TEST

/* `moved` of 40 have another name, `other` of those that stayed another key. */
static const struct { size_t moved, other; bool counts, many; const char *told; } shares[] = {
	{ 0, 0, true, false, "" },
	{ 9, 0, true, false, "" },
	{ 20, 0, true, false, "" },
	{ 21, 0, false, true, "21 of 40 users and groups have another name now" },
	{ 0, 9, true, false, "" },
	{ 0, 20, true, false, "" },
	{ 0, 21, false, false, "21 of 40 names have another source_key than before" },
	{ 25, 9, false, true, "25 of 40 users and groups have another name now" },
	{ 20, 11, false, false, "11 of 20 names have another source_key than before" },
};

START_TEST(keys_count_as_far_as_they_can_be_believed)
{
	struct mw_record old[40], now[40];
	char names[2][40][8], keys[2][40][8];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(names[0][i], 8, "u%u", i);
		snprintf(names[1][i], 8, "v%u", i);
		snprintf(keys[0][i], 8, "k%u", i);
		snprintf(keys[1][i], 8, "l%u", i);
		old[i] = person(names[0][i], keys[0][i]);
		now[i] = person(names[i < shares[_i].moved][i],
				keys[i >= shares[_i].moved && i < shares[_i].moved + shares[_i].other][i]);
	}
	begin(now, 40);
	look(old, 40);
	ck_assert(renames.counts == shares[_i].counts && renames.many == shares[_i].many);
	mw_renames_tell(&renames, "copy");
	ck_assert_uint_eq(mw_errors_kept(errors), shares[_i].told[0] != '\0');
	if (shares[_i].told[0] != '\0')
		ck_assert_ptr_nonnull(strstr(mw_errors_get(errors, 0)->text, shares[_i].told));
	end();
}
END_TEST

START_TEST(who_is_renamed_gets_the_names_that_nobody_has)
{
	struct mw_str addresses[] = { MW_STR("old.alias"), MW_STR("taken") };
	struct mw_former before[] = { { .name = MW_STR("anna"), .until = 7, .state = MW_FORMER_PASSED },
				      { .name = MW_STR("alice"), .until = 7, .state = MW_FORMER_CLAIMING } };
	struct mw_formers formers = { before, 2 };
	struct mw_record old[] = { person("alice", "k1"), person("else", "k9") };
	const struct mw_record now[] = { person("alicia", "k1"), person("else", "k9") };
	struct mw_names taken = { 0 };
	bool added, failed = false;

	old[0].addresses = (struct mw_strs){ addresses, 2 };
	old[0].formers = &formers;
	mw_names_add(&taken, MW_STR("taken"), &added);
	begin(now, 2);
	look(old, 2);
	ck_assert(mw_renames_give_formers(&renames, &old[0], &records.items[0], &taken));
	ck_assert(mw_renames_give_formers(&renames, &old[1], &records.items[1], &taken));
	ck_assert_ptr_null(records.items[1].formers);
	ck_assert_uint_eq(records.items[0].formers->count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct mw_former *former = &records.items[0].formers->items[i];
		static const char *const names[] = { "anna", "alice", "old.alias" };

		ck_assert(mw_str_equal(former->name, mw_str(names[i])));
		ck_assert(i == 0   ? former->state == MW_FORMER_PASSED && former->until == 7
			  : i == 1 ? former->state == MW_FORMER_CLAIMING && former->until == 7
				   : former->state == MW_FORMER_CARRIED && former->until > 7);
	}
	mw_names_deinit(&taken, &failed);
	ck_assert(!failed);
	end();
}
END_TEST

MW_UNIT_TESTS("rename")
{
	MW_LOOP(tcase, a_key_tells_who_has_another_name, rows);
	tcase_add_test(tcase, somebody_of_another_kind_is_somebody_else);
	MW_LOOP(tcase, keys_count_as_far_as_they_can_be_believed, shares);
	tcase_add_test(tcase, who_is_renamed_gets_the_names_that_nobody_has);
}
