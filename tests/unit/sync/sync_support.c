/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

static struct mw_arena *arena;
static struct mw_errors *errors;

void mw_test_end(void)
{
	mw_arena_free(arena);
	mw_errors_free(errors);
	arena = NULL;
	errors = NULL;
}

const struct mw_content *mw_test_content(const char *text)
{
	struct mw_records records;
	const struct mw_content *content;

	mw_test_end();
	arena = mw_arena_new(0);
	errors = mw_errors_new(100);
	mw_records_init(&records, arena, errors);
	records.login_domain = MW_STR("example.test");
	mw_text_read(&records, "users", mw_str(text), MW_STR("example.test"));
	content = mw_expand(&records);
	mw_records_deinit(&records);
	return content;
}

const char *mw_test_messages(void)
{
	static char memory[20000];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_errors_sort(errors);
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		mw_error_print(mw_errors_get(errors, i), &out);
		mw_buf_add_char(&out, '\n');
	}
	return memory;
}

const struct mw_principal *mw_test_principal(const struct mw_content *content, const char *name)
{
	for (size_t i = 0; i < content->principal_count; i++)
		if (mw_str_equal(content->principals[i]->name, mw_str(name)))
			return content->principals[i];
	ck_abort_msg("no %s", name);
	return NULL;
}

const char *mw_test_names(const struct mw_content *content, struct mw_ids ids)
{
	static char memory[2000];
	struct mw_buf out = MW_BUF_OVER(memory);

	for (size_t i = 0; i < ids.count; i++) {
		ck_assert(i == 0 || ids.items[i] > ids.items[i - 1]);
		if (i > 0)
			mw_buf_add_char(&out, ' ');
		mw_buf_add(&out, content->principals[ids.items[i] - 1]->name);
	}
	return memory;
}
