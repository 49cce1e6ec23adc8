/* SPDX-License-Identifier: MIT */
/* Invariant: a text that is good gives a directory in which every id leads somewhere and every name to its owner; one
   that is not gives errors with their lines. */
#include <stdint.h>
#include <stdlib.h>

#include "sync/expand/expand.h"
#include "sync/text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_ids(const struct mw_content *content, struct mw_ids ids)
{
	for (size_t i = 0; i < ids.count; i++) {
		must(ids.items[i] >= 1 && ids.items[i] <= content->principal_count);
		must(i == 0 || ids.items[i - 1] < ids.items[i]);
	}
}

static void check_names(const struct mw_content *content, const struct mw_name_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		must(entries[i].text.len > 0 && entries[i].id >= 1 && entries[i].id <= content->principal_count);
		must(i == 0 || mw_content_compare_text(entries[i - 1].text, entries[i].text) < 0);
		must(entries[i].held != MW_HELD_PRIMARY ||
		     mw_str_equal(content->principals[entries[i].id - 1]->name, entries[i].text));
	}
}

static void check_endings(const struct mw_content *content, struct mw_endings endings, struct mw_ids endless)
{
	for (size_t i = 0; i < endings.count; i++) {
		must(endings.items[i].id >= 1 && endings.items[i].id <= content->principal_count);
		must(endings.items[i].until > 0);
		must(i == 0 || endings.items[i - 1].id < endings.items[i].id);
		for (size_t k = 0; k < endless.count; k++)
			must(endless.items[k] != endings.items[i].id);
	}
}

static void check_grants(const struct mw_content *content, const struct mw_grants *grants)
{
	check_ids(content, grants->send_as);
	check_ids(content, grants->send_on_behalf);
	check_endings(content, grants->send_as_until, grants->send_as);
	check_endings(content, grants->send_on_behalf_until, grants->send_on_behalf);
}

static void check_entries(const struct mw_content *content, const struct mw_grants_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		must(i == 0 || mw_content_compare_text(entries[i - 1].text, entries[i].text) < 0);
		must(entries[i].grants.send_as.count + entries[i].grants.send_on_behalf.count +
		     entries[i].grants.send_as_until.count + entries[i].grants.send_on_behalf_until.count > 0);
		check_grants(content, &entries[i].grants);
	}
}

static void check_content(const struct mw_content *content)
{
	must(content->users + content->groups == content->principal_count);
	for (size_t i = 0; i < content->principal_count; i++) {
		const struct mw_principal *p = content->principals[i];

		must(p->id == i + 1);
		check_ids(content, p->groups);
		for (size_t k = 0; k < p->groups.count; k++)
			must(content->principals[p->groups.items[k] - 1]->kind == MW_GROUP);
		check_ids(content, p->senders_list);
		check_ids(content, p->senders_denied);
		check_grants(content, &p->grants);
	}
	check_names(content, content->addresses, content->address_count);
	check_names(content, content->logins, content->login_count);
	check_entries(content, content->address_grants, content->address_grant_count);
	check_entries(content, content->domain_grants, content->domain_grant_count);
}

static void check_errors(const struct mw_errors *errors, unsigned lines)
{
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		char memory[2000];
		struct mw_buf out = MW_BUF_OVER(memory);

		must(mw_errors_get(errors, i)->line >= 1 && mw_errors_get(errors, i)->line <= lines);
		mw_error_print(mw_errors_get(errors, i), &out);
		must(!out.truncated);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(50);
	struct mw_records records;
	const struct mw_content *content;
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	mw_records_init(&records, arena, errors);
	records.login_domain = MW_STR("example.org");
	mw_text_read(&records, "users", (struct mw_str){ (const char *)data, size }, MW_STR("example.org"));
	content = mw_expand(&records);
	must((content == NULL) == (mw_errors_count(errors, MW_ERROR) > 0));
	check_errors(errors, lines);
	if (content != NULL)
		check_content(content);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_arena_free(arena);
	return 0;
}
