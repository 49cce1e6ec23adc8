/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <stdlib.h>

#include "directory/snapshot.h"

#define MANY 3000
static char text[MANY * 60];

static struct mw_snapshot snapshot;

/* Users with a further login, or an alias; a group; grants on what nobody has. */
static void publish_many(void)
{
	struct mw_buf out = MW_BUF_OVER(text);
	char memory[400];
	struct mw_buf why = MW_BUF_OVER(memory);

	for (unsigned i = 0; i < MANY; i++)
		mw_buf_printf(&out, "user u%u%s%u\n", i, i % 3 == 1 ? " login=l" : " address=a", i);
	mw_buf_add_text(&out, "group g member=u1\ngrant send-as role@example.test u1\ngrant send-as *@example.org u2\n");
	ck_assert(!out.truncated);
	mw_test_publish(text);
	ck_assert_msg(mw_snapshot_open(&snapshot, mw_test_path, &why) == MW_SNAPSHOT_OPEN, "%s", memory);
	ck_assert(snapshot.index.principals >= MANY + 1);
}

/* What LMDB alone says. */
static struct mw_snapshot without_index(void)
{
	struct mw_snapshot plain = snapshot;

	plain.index = (struct mw_index){ .buckets = NULL };
	return plain;
}

static void compare_name(enum mw_key_kind kind, struct mw_str name)
{
	struct mw_snapshot plain = without_index();
	struct mw_value a, b;
	enum mw_lookup found = mw_snapshot_get(&plain, kind, name, &b);

	ck_assert_int_eq(mw_snapshot_get(&snapshot, kind, name, &a), found);
	if (found == MW_LOOKUP_FOUND)
		ck_assert(a.ptr == b.ptr && a.size == b.size);
}

static void compare_principal(enum mw_key_kind kind, struct mw_str name)
{
	struct mw_snapshot plain = without_index();
	struct mw_principal a, b;
	enum mw_held held_a, held_b;
	enum mw_lookup found = mw_snapshot_named(&plain, kind, name, &b, &held_b);

	ck_assert_int_eq(mw_snapshot_named(&snapshot, kind, name, &a, &held_a), found);
	if (found != MW_LOOKUP_FOUND)
		return;
	ck_assert_uint_eq(a.id, b.id);
	ck_assert(a.name.ptr == b.name.ptr && (kind == MW_KEY_LOGIN || held_a == held_b));
}

static void compare_all(struct mw_str name)
{
	static const enum mw_key_kind kinds[] = { MW_KEY_ADDRESS, MW_KEY_LOGIN, MW_KEY_ADDRESS_GRANTS, MW_KEY_DOMAIN_GRANTS,
						  MW_KEY_COMPLETE_DOMAIN };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		compare_name(kinds[i], name);
	compare_principal(MW_KEY_ADDRESS, name);
	compare_principal(MW_KEY_LOGIN, name);
}

/* Every name of the content, and as many that are none. */
static void compare_names(void)
{
	static const struct { const char *before, *behind; } forms[] = {
		{ "u", "@example.test" }, { "l", "" },  { "l", "@example.test" }, { "a", "@example.test" },
		{ "u", "" },              { "no", "" },
	};
	static const char *const others[] = {
		"g@example.test", "role@example.test", "example.org", "example.test", "", "u1\n",
	};
	char memory[100];

	for (unsigned i = 0; i < MANY; i++) {
		for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
			struct mw_buf name = MW_BUF_OVER(memory);

			mw_buf_printf(&name, "%s%u%s", forms[form].before, i, forms[form].behind);
			compare_all(mw_buf_str(&name));
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		compare_all(mw_str(others[i]));
}

START_TEST(it_says_what_lmdb_says)
{
	struct mw_snapshot plain;
	struct mw_principal a, b;
	uint32_t id = UINT32_MAX;
	enum mw_held held;

	publish_many();
	compare_names();
	plain = without_index();
	for (uint32_t i = 0; i < MANY + 10; i++) {
		enum mw_lookup found = mw_snapshot_principal(&plain, i, &b, NULL);

		ck_assert_int_eq(mw_snapshot_principal(&snapshot, i, &a, NULL), found);
		ck_assert(found != MW_LOOKUP_FOUND || (a.name.ptr == b.name.ptr && a.id == b.id));
	}
	/* And it was asked. */
	ck_assert_int_eq(mw_index_name(&snapshot.index, MW_KEY_LOGIN, MW_STR("u1@example.test"), &id), MW_LOOKUP_FOUND);
	ck_assert_int_eq(mw_snapshot_named(&snapshot, MW_KEY_LOGIN, MW_STR("u1@example.test"), &a, &held),
			 MW_LOOKUP_FOUND);
	ck_assert(held == MW_HELD_PRIMARY && a.id == id);
	ck_assert_int_eq(mw_index_name(&snapshot.index, MW_KEY_LOGIN, MW_STR("l1"), &id), MW_LOOKUP_FOUND);
	ck_assert_uint_eq(id, 0);
	ck_assert_int_eq(mw_index_name(&snapshot.index, MW_KEY_LOGIN, MW_STR("g@example.test"), &id), MW_LOOKUP_NONE);
	mw_snapshot_close(&snapshot);
}
END_TEST

/* A copy that may be changed; freed by the caller, with what aligned_alloc() gave. */
static void *copy_index(struct mw_value value, struct mw_index *index_r)
{
	size_t at = (uintptr_t)value.ptr % MW_INDEX_ALIGNMENT;
	char *memory = aligned_alloc(MW_INDEX_ALIGNMENT, (at + value.size + MW_INDEX_ALIGNMENT - 1) & ~(size_t)63);

	memcpy(memory + at, value.ptr, value.size);
	ck_assert(mw_index_read((struct mw_value){ memory + at, value.size }, snapshot.index.first, index_r));
	return memory;
}

/* As if two names had one hash: the record tells, and LMDB is asked. */
START_TEST(a_wrong_id_does_no_harm)
{
	struct mw_snapshot plain;
	struct mw_value value;
	uint32_t *words, id = 0, before;
	void *memory;

	publish_many();
	plain = without_index();
	ck_assert_int_eq(mw_snapshot_get(&plain, MW_KEY_INDEX, MW_INDEX_NAME, &value), MW_LOOKUP_FOUND);
	mw_index_name(&snapshot.index, MW_KEY_LOGIN, MW_STR("u1@example.test"), &before);
	memory = copy_index(value, &snapshot.index);
	words = (uint32_t *)(uintptr_t)snapshot.index.buckets;
	/* Eight tags, then eight ids. */
	for (uint64_t i = 0; i < snapshot.index.bucket_count * 16; i++) {
		if (i % 16 >= 8 && words[i] != 0)
			words[i] = words[i] % snapshot.index.principals + 1;
	}
	mw_index_name(&snapshot.index, MW_KEY_LOGIN, MW_STR("u1@example.test"), &id);
	ck_assert_uint_eq(id, before + 1);
	compare_names();
	free(memory);
	mw_snapshot_close(&snapshot);
}
END_TEST

static const void *no_record(void *context, uint32_t id)
{
	return id < 3 ? context : NULL;
}

static const void *far_record(void *context, uint32_t id)
{
	return (const char *)context + (uint64_t)(id - 1) * (UINT64_C(1) << 33);
}

START_TEST(what_is_no_index_is_not_used)
{
	static const struct mw_index none;
	_Alignas(MW_INDEX_ALIGNMENT) char memory[1024] = { 0 };
	const struct mw_content *content = mw_test_content("user a\nuser b\nuser c\n");
	struct mw_value value = { memory, mw_index_size(content) };
	struct mw_index index;
	uint32_t id;

	ck_assert_uint_lt(value.size, sizeof(memory));
	ck_assert_int_eq(mw_index_name(&none, MW_KEY_LOGIN, MW_STR("a@example.test"), &id), MW_LOOKUP_UNAVAILABLE);
	ck_assert_ptr_null(mw_index_record(&none, 1));
	ck_assert(!mw_index_read(value, memory, &index)); /* zero bytes */
	ck_assert(!mw_index_write(content, memory, no_record, memory));
	ck_assert(!mw_index_read(value, memory, &index));
	ck_assert(!mw_index_write(content, memory, far_record, memory));
	ck_assert(!mw_index_read(value, memory, &index));
}
END_TEST

START_TEST(a_cut_index_is_not_used)
{
	struct mw_index index;
	struct mw_value value;
	struct mw_snapshot plain;

	publish_many();
	plain = without_index();
	ck_assert_int_eq(mw_snapshot_get(&plain, MW_KEY_INDEX, MW_INDEX_NAME, &value), MW_LOOKUP_FOUND);
	ck_assert(mw_index_read(value, snapshot.index.first, &index));
	for (size_t size = 0; size < value.size - MW_INDEX_ALIGNMENT; size += 97)
		ck_assert(!mw_index_read((struct mw_value){ value.ptr, size }, snapshot.index.first, &index));
	mw_snapshot_close(&snapshot);
}
END_TEST

/* Nobody is in it: every name is answered, and no record. */
START_TEST(an_empty_directory_has_one)
{
	char memory[400];
	struct mw_buf why = MW_BUF_OVER(memory);
	struct mw_principal user;
	enum mw_held held;

	mw_test_publish("");
	ck_assert_msg(mw_snapshot_open(&snapshot, mw_test_path, &why) == MW_SNAPSHOT_OPEN, "%s", memory);
	ck_assert_uint_eq(snapshot.index.bucket_count, 1);
	ck_assert_int_eq(mw_snapshot_named(&snapshot, MW_KEY_LOGIN, MW_STR("a@example.test"), &user, &held),
			 MW_LOOKUP_NONE);
	ck_assert_int_eq(mw_snapshot_principal(&snapshot, 1, &user, NULL), MW_LOOKUP_NONE);
	mw_snapshot_close(&snapshot);
}
END_TEST

MW_UNIT_TESTS("index")
{
	tcase_add_checked_fixture(tcase, mw_test_make, mw_test_end);
	tcase_add_test(tcase, it_says_what_lmdb_says);
	tcase_add_test(tcase, a_wrong_id_does_no_harm);
	tcase_add_test(tcase, what_is_no_index_is_not_used);
	tcase_add_test(tcase, a_cut_index_is_not_used);
	tcase_add_test(tcase, an_empty_directory_has_one);
}
