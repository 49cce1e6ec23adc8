/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "sync/merge/former.h"
#include "sync/merge/merge.h"

static struct mw_arena *arena;
static struct mw_errors *errors;
static struct mw_records records;

/* Source 0 is a text, 1 and 2 are read with their copies' keys. */
static void begin(const char *const texts[3])
{
	static const bool lenient[] = { false, true, true };

	arena = mw_arena_new(0);
	errors = mw_errors_new(20);
	mw_records_init(&records, arena, errors);
	for (uint32_t i = 0; i < 3; i++) {
		records.owner = i;
		records.copy = i > 0;
		if (texts[i] != NULL)
			mw_text_read(&records, mw_arena_textf(arena, "source%u", i), mw_str(texts[i]), MW_STR("x"));
	}
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 0);
	records.lenient = lenient;
	records.reports = errors;
}

static void end(void)
{
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_arena_free(arena);
}

static const struct mw_record *called(const char *name)
{
	for (size_t i = 0; i < records.count; i++)
		if (mw_str_equal(records.items[i].principal.name, mw_str(name)))
			return &records.items[i];
	ck_abort_msg("no %s", name);
	return NULL;
}

static const char *names(struct mw_strs list)
{
	static char memory[1000];
	struct mw_buf out = MW_BUF_OVER(memory);

	for (size_t i = 0; i < list.count; i++)
		mw_buf_printf(&out, "%s%.*s", i == 0 ? "" : " ", MW_STR_ARG(list.items[i]));
	return memory;
}

/* alicia@x was alice@x in source 1; the text has a group that names alice@x. */
static const struct row {
	const char *texts[3];
	enum mw_former_state state; /* of alicia's former name, when all is read */
	const char *members, *bound, *senders, *denied;
} rows[] = {
	/* Nobody has the name. */
	{ { "user b@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=carried:1:alice@x\n" },
	  MW_FORMER_CARRIED, "alicia@x b@x", "", "alicia@x", "alicia@x" },
	/* Somebody of the same source has it. */
	{ { "user b@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=carried:1:alice@x\nuser alice@x\n" },
	  MW_FORMER_PASSED, "b@x", "alice@x alicia@x", "", "alice@x alicia@x" },
	/* Somebody of another source, by an alias. */
	{ { "user b@x\ngroup g@x member=alice@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=carried:1:alice@x\n", "user eve@x address=alice@x\n" },
	  MW_FORMER_PASSED, "", "alice@x alicia@x", "", "alice@x alicia@x" },
	/* Somebody had it since, and left: it comes back to nobody. */
	{ { "group g@x member=alice@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=passed:1:alice@x\n" },
	  MW_FORMER_PASSED, "", "alicia@x", "", "alicia@x" },
	/* Nobody names it: a line that is written later does not mean her. */
	{ { "group g@x\n", "user alicia@x former=carried:1:alice@x\n" }, MW_FORMER_SPENT, "", "", "", "" },
	{ { "user b@x\ngroup g@x member=alice@x,b@x senders=b@x\n", "user alicia@x former=spent:1:alice@x\n" },
	  MW_FORMER_SPENT, "b@x", "", "b@x", "" },
	/* Two had it: nobody can tell which of them is meant. */
	{ { "group g@x member=alice@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=carried:1:alice@x\nuser anna@x former=carried:2:alice@x\n" },
	  MW_FORMER_PASSED, "", "alicia@x anna@x", "", "anna@x alicia@x" },
	/* Another source had it before her: rights are that one's, what binds holds for her too. */
	{ { "user b@x\nuser eve@x address=alice@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=claimed:1:alice@x\n" },
	  MW_FORMER_CLAIMED, "alice@x b@x", "alicia@x", "alice@x", "alice@x alicia@x" },
	/* That one left: no right comes to her. */
	{ { "user b@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=claimed:1:alice@x\n" },
	  MW_FORMER_CLAIMED, "b@x", "alicia@x", "", "alicia@x" },
	/* It had the name before her while she called herself so, too. */
	{ { "user b@x\nuser eve@x address=alice@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=claiming:1:alice@x\n" },
	  MW_FORMER_CLAIMED, "alice@x b@x", "alicia@x", "alice@x", "alice@x alicia@x" },
	/* She calls herself so, in vain: a right and a denial are that one's. */
	{ { "user b@x\nuser eve@x address=alice@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x address=alice@x source_key=k former=claiming:1:alice@x\n" },
	  MW_FORMER_CLAIMING, "alice@x b@x", "", "alice@x", "alice@x" },
	/* She had it until that one came. */
	{ { "user b@x\nuser eve@x address=alice@x\ngroup g@x member=alice@x,b@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x former=carried:1:alice@x\n" },
	  MW_FORMER_PASSED, "b@x", "alice@x alicia@x", "", "alice@x alicia@x" },
	/* She has it still, as an address. */
	{ { "group g@x member=alice@x senders=alice@x senders_denied=alice@x\n",
	    "user alicia@x address=alice@x former=carried:1:alice@x\n" },
	  MW_FORMER_CARRIED, "alice@x", "", "alice@x", "alice@x" },
};

START_TEST(a_former_name_means_who_had_it_or_nobody)
{
	const struct row *row = &rows[_i];
	bool changed[3] = { false };
	const struct mw_record *group;

	begin(row->texts);
	ck_assert(mw_formers_settle(&records, false, changed));
	ck_assert_int_eq(called("alicia@x")->formers->items[0].state, row->state);
	ck_assert(!changed[0] && !changed[2]);
	ck_assert(mw_merge(&records));
	group = called("g@x");
	ck_assert_str_eq(names(group->members), row->members);
	ck_assert_str_eq(names(group->senders_list), row->senders);
	ck_assert_str_eq(names(group->senders_denied), row->denied);
	for (size_t i = 0; i < group->bound.count; i++)
		ck_assert_ptr_nonnull(strstr(row->bound, mw_arena_text(arena, group->bound.items[i])));
	ck_assert_uint_eq(group->bound.count > 0, row->bound[0] != '\0');
	end();
}
END_TEST

static const struct {
	const char *source; /* 1 */
	const char *grants; /* that are left, of those of the text */
} granted[] = {
	{ "user alicia@x former=carried:1:alice@x\n", "alicia@x>b@x b@x>alicia@x" },
	{ "user alicia@x former=carried:1:alice@x\nuser alice@x\n", "" },
	{ "user alicia@x former=spent:1:alice@x\nuser alice@x\n", "alice@x>b@x b@x>alice@x" },
};

START_TEST(a_grant_goes_with_the_name_or_to_nobody)
{
	const char *texts[] = { "user b@x\ngrant send-as alice@x b@x\ngrant send-as b@x alice@x\n", granted[_i].source, NULL };
	bool changed[3] = { false };
	char memory[200];
	struct mw_buf out = MW_BUF_OVER(memory);

	begin(texts);
	ck_assert(mw_formers_settle(&records, false, changed) && mw_merge(&records));
	for (size_t i = 0; i < records.grant_count; i++)
		mw_buf_printf(&out, "%s%.*s>%.*s", i == 0 ? "" : " ", MW_STR_ARG(records.grants[i].identity),
			      MW_STR_ARG(records.grants[i].trustee));
	ck_assert_str_eq(memory, granted[_i].grants);
	end();
}
END_TEST

START_TEST(the_name_that_somebody_has_is_no_former_one)
{
	const char *texts[] = { NULL, "user alice@x former=carried:1:alicia@x,passed:1:alice@x\n", NULL };
	bool changed[3] = { false };

	begin(texts);
	ck_assert(mw_formers_settle(&records, false, changed));
	ck_assert_uint_eq(called("alice@x")->formers->count, 1);
	ck_assert(changed[1]);
	end();
}
END_TEST

/* What the next sync has to know of who calls himself as an earlier source calls somebody, and what it must not lose
   where a source is not read. */
static const struct {
	const char *texts[3];
	bool unread;
	const char *formers; /* of alice@x, in source 1 */
	bool changed;
} claims[] = {
	{ { "group alice@x\ngroup g@x member=alice@x\n", "user alice@x source_key=k\n" }, false, "claiming:alice@x", true },
	{ { "group alice@x\ngroup g@x member=alice@x\n", "user alice@x source_key=k former=claiming:1:alice@x\n" }, false,
	  "claiming:alice@x", false },
	/* Nobody names it so, or no key would tell of a rename. */
	{ { "group alice@x\n", "user alice@x source_key=k\n" }, false, "", false },
	{ { "group alice@x\ngroup g@x member=alice@x\n", "user alice@x\n" }, false, "", false },
	/* A later source names it: the first has it. */
	{ { "group g@x member=alice@x\n", "user alice@x source_key=k\n", "user alice@x\n" }, false, "", false },
	/* It was somebody's here before: that is not forgotten. */
	{ { "group alice@x\ngroup g@x member=alice@x\n", "user alice@x source_key=k former=passed:1:alice@x\n" }, false,
	  "passed:alice@x", false },
	/* The earlier source gave it up. */
	{ { "group g@x member=alice@x\n", "user alice@x source_key=k former=claiming:1:alice@x\n" }, false, "", true },
	/* Nobody knows whether it did. */
	{ { NULL, "user alice@x source_key=k former=claiming:1:alice@x\n" }, true, "claiming:alice@x", false },
	{ { NULL, "user alice@x source_key=k former=carried:1:al@x\n" }, true, "carried:al@x", false },
	{ { NULL, "user alice@x source_key=k former=carried:1:al@x\nuser al@x\n" }, true, "passed:al@x", true },
};

START_TEST(a_claim_is_known_as_long_as_it_matters)
{
	static const char *const words[] = { "carried", "passed", "claimed", "spent", "claiming" };
	const struct mw_formers *formers;
	bool changed[3] = { false };
	char memory[200] = "";
	struct mw_buf out = MW_BUF_OVER(memory);

	begin(claims[_i].texts);
	ck_assert(mw_formers_settle(&records, claims[_i].unread, changed));
	for (size_t i = 0; i < records.count; i++) {
		formers = records.items[i].owner == 1 ? records.items[i].formers : NULL;
		for (size_t k = 0; formers != NULL && k < formers->count; k++)
			mw_buf_printf(&out, "%s:%.*s", words[formers->items[k].state], MW_STR_ARG(formers->items[k].name));
	}
	ck_assert_str_eq(memory, claims[_i].formers);
	ck_assert_int_eq(changed[1], claims[_i].changed);
	end();
}
END_TEST

MW_UNIT_TESTS("former")
{
	MW_LOOP(tcase, a_former_name_means_who_had_it_or_nobody, rows);
	MW_LOOP(tcase, a_grant_goes_with_the_name_or_to_nobody, granted);
	MW_LOOP(tcase, a_claim_is_known_as_long_as_it_matters, claims);
	tcase_add_test(tcase, the_name_that_somebody_has_is_no_former_one);
}
