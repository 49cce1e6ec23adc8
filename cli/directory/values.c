/* SPDX-License-Identifier: MIT */
#include "directory/values.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "directory/right.h"
#include "mail/address.h"
#include "sync/merge/keep.h"
#include "sync/merge/names.h"
#include "sync/record/key.h"
#include "sync/record/key_networks.h"
#include "sync/text/edit.h"
#include "sync/text/field.h"
#include "sync/text/text.h"
#include "ui/output.h"

/* One change, taken apart. */
struct change {
	const char *key; /* as it is written */
	char sign;       /* '+', '-' or '=' */
	struct mw_str value;
	const struct mw_record_key *known; /* NULL: the reader will say that it knows none */
};

/* A list without which everybody is admitted. */
static bool admits(const struct mw_record_key *key)
{
	return key->read == mw_networks_read || key->at == offsetof(struct mw_record, senders_list);
}

/* --- items */

/* What the change is about, read once: items of the same are the same. */
struct item {
	struct mw_str text;
	struct mw_str name;                /* as its reader has it; empty: it cannot be read, or is a network */
	char digest[MW_TEXT_DIGEST_SIZE];  /* of networks; empty: none */
};

/* A list in editing->text, with those of its items that are the one that was asked for. */
struct found { struct mw_str text, *items; size_t count, all; };

bool mw_values_name_people(const struct mw_record_key *key)
{
	/* That of networks is in another struct. */
	return key->read_item != NULL &&
	       (key->at == offsetof(struct mw_record, members) || key->at == offsetof(struct mw_record, senders_list) ||
		key->at == offsetof(struct mw_record, senders_denied));
}

/* What a line with this one item says, as a last good copy would have it: the same for all ways to write it. */
static void read_networks(struct mw_editing *editing, const struct mw_values_place *place,
			  const struct mw_record_key *key, struct mw_str text, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_records records;
	struct mw_slice slice = { .records = &records };
	bool failed;

	digest_r[0] = '\0';
	if (errors == NULL) {
		mw_arena_fail(editing->arena);
		return;
	}
	mw_records_init(&records, editing->arena, errors);
	mw_text_read(&records, "",
		     mw_str(mw_arena_textf(editing->arena, "%s x@example.org %s=%.*s", place->kind == MW_USER ? "user" : "group",
					   key->word, MW_STR_ARG(text))), editing->policy->default_domain);
	failed = records.failed;
	if (!failed && mw_errors_count(errors, MW_ERROR) == 0 && records.count == 1)
		failed = !mw_keep_digest(&slice, digest_r);
	if (failed)
		mw_arena_fail(editing->arena);
	mw_records_deinit(&records);
	mw_errors_free(errors);
}

/* A login name is the same with the domain that completes it. */
static struct mw_str completed(struct mw_editing *editing, const struct mw_record_key *key, struct mw_str name)
{
	char memory[MW_ADDRESS_MAX + 2];
	size_t len;

	if (key->at != offsetof(struct mw_record, logins) ||
	    !mw_login_complete(name, editing->policy->default_domain, memory, sizeof(memory), &len))
		return name;
	return mw_arena_copy(editing->arena, (struct mw_str){ memory, len });
}

static struct mw_str read_name(struct mw_editing *editing, struct mw_reading *reading, const struct mw_record_key *key,
			       struct mw_str text)
{
	struct mw_str name;

	return key->read_item(reading, text, &name) ? completed(editing, key, name) : MW_STR_EMPTY;
}

static bool is_same(struct mw_editing *editing, const struct mw_record_key *key, const struct item *a,
		    const struct item *b)
{
	if (mw_str_equal(a->text, b->text))
		return true;
	if (key->read_item == NULL)
		return a->digest[0] != '\0' && strcmp(a->digest, b->digest) == 0;
	if (mw_str_empty(a->name) || mw_str_empty(b->name))
		return false;
	if (mw_values_name_people(key))
		return mw_right_same_name(mw_edit_view(editing), a->name, b->name);
	return mw_str_equal(a->name, b->name);
}

static void read_item(struct mw_editing *editing, struct mw_reading *reading, const struct mw_values_place *place,
		      const struct mw_record_key *key, struct mw_str text, struct item *item_r)
{
	*item_r = (struct item){ .text = text };
	if (key->read_item != NULL)
		item_r->name = read_name(editing, reading, key, text);
	else
		read_networks(editing, place, key, text, item_r->digest);
}

static void find_same(struct mw_editing *editing, struct mw_reading *reading, const struct mw_values_place *place,
		      const struct mw_record_key *key, struct mw_str text, struct found *found)
{
	struct mw_str list = mw_text_value(editing->text, place->line, key->word);
	struct item wanted, one;

	found->text = editing->text;
	found->items = MW_ARENA_ARRAY(editing->arena, struct mw_str, mw_text_list_count(list) + 1);
	read_item(editing, reading, place, key, text, &wanted);
	while (!mw_str_empty(list) && found->items != NULL) {
		read_item(editing, reading, place, key, mw_text_list_next(&list), &one);
		found->all++;
		if (is_same(editing, key, &wanted, &one))
			found->items[found->count++] = one.text;
	}
}

/* Where the item stands in the list, by each of its spellings. */
static struct found find(struct mw_editing *editing, const struct mw_values_place *place,
			 const struct mw_record_key *key, struct mw_str text)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct found found = { .count = 0 };
	struct mw_records records;
	struct mw_reading reading;

	if (errors == NULL) {
		mw_arena_fail(editing->arena);
		return found;
	}
	mw_records_init(&records, editing->arena, errors);
	mw_reading_begin(&reading, &records, "", editing->policy->default_domain);
	find_same(editing, &reading, place, key, text, &found);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	return found;
}

size_t mw_values_remove(struct mw_editing *editing, const struct mw_values_place *place,
			const struct mw_record_key *key, struct mw_str item, bool *last_r)
{
	struct found found = find(editing, place, key, item);

	*last_r = found.count > 0 && found.count == found.all;
	for (size_t i = found.count; i > 0; i--) {
		struct mw_str one = found.items[i - 1];

		if (!mw_str_equal(one, item))
			mw_edit_note(editing, "%s= has %.*s as %.*s", key->word, MW_STR_ARG(item), MW_STR_ARG(one));
		/* From the last to the first: those before stand where they stood. */
		if (!*last_r)
			editing->text = mw_text_without_item(editing->arena, editing->text,
							     (struct mw_str){ editing->text.ptr + (one.ptr - found.text.ptr), one.len });
	}
	return found.count;
}

/* --- changes */

/* What items that are the same share: who is meant, else what is said. */
static struct mw_str meaning_of(struct mw_editing *editing, struct mw_reading *reading,
				const struct mw_values_place *place, const struct mw_record_key *key, struct mw_str text)
{
	struct mw_principal owner;
	struct item item;

	read_item(editing, reading, place, key, text, &item);
	if (item.digest[0] != '\0')
		return mw_arena_copy(editing->arena, mw_str(item.digest));
	if (mw_str_empty(item.name))
		return text;
	return mw_values_name_people(key) && mw_right_owner(mw_edit_view(editing), item.name, &owner) ? owner.name : item.name;
}

/* Those of the change's items that the list does not have, as one value. Each item is read once: a list may have a
   million. False: it has them all, or memory is out. */
static bool new_items(struct mw_editing *editing, struct mw_reading *reading, const struct mw_values_place *place,
		      const struct change *change, struct mw_str *more_r)
{
	struct mw_str list = mw_text_value(editing->text, place->line, change->key), rest = change->value, item;
	size_t size = change->value.len + 2, count = 0;
	char *memory = mw_arena_alloc(editing->arena, size);
	struct mw_names meanings = { 0 };
	bool added, failed = false;
	struct mw_buf out;

	if (memory == NULL)
		return false;
	out = mw_buf_over(memory, size);
	while (!mw_str_empty(list))
		mw_names_add(&meanings, meaning_of(editing, reading, place, change->known, mw_text_list_next(&list)), &added);
	while (!mw_str_empty(rest)) {
		item = mw_text_list_next(&rest);
		mw_names_add(&meanings, meaning_of(editing, reading, place, change->known, item), &added);
		if (!added) {
			mw_edit_note(editing, "%s= has %.*s", change->key, MW_STR_ARG(item));
			continue;
		}
		if (count++ > 0)
			mw_buf_add_char(&out, ',');
		mw_buf_add(&out, item);
	}
	mw_names_deinit(&meanings, &failed);
	if (failed)
		mw_arena_fail(editing->arena);
	*more_r = mw_buf_str(&out);
	return count > 0 && !failed;
}

static int add_value(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change)
{
	struct mw_errors *errors;
	struct mw_records records;
	struct mw_reading reading;
	struct mw_str more;

	if (admits(change->known) && mw_str_empty(mw_text_value(editing->text, place->line, change->key)))
		return mw_usage_error("%s+=: there is no %s= yet, so nobody is left out; to admit %.*s alone: %s=%.*s", change->key,
				      change->key, MW_STR_ARG(change->value), change->key, MW_STR_ARG(change->value));
	errors = mw_errors_new(1);
	if (errors == NULL) {
		mw_arena_fail(editing->arena);
		return EX_OK;
	}
	mw_records_init(&records, editing->arena, errors);
	mw_reading_begin(&reading, &records, "", editing->policy->default_domain);
	if (new_items(editing, &reading, place, change, &more))
		editing->text = mw_text_with_value(editing->arena, editing->text, place->line, change->key, more);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	return EX_OK;
}

/* Something else may give what was taken out. */
static void remember(struct mw_editing *editing, struct mw_values_place *place, const struct change *change,
		     struct mw_str item)
{
	struct mw_values_taken *taken = MW_ARENA_NEW(editing->arena, struct mw_values_taken);
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_records records;
	struct mw_reading reading;
	struct item read;

	if (errors == NULL)
		mw_arena_fail(editing->arena);
	if (taken != NULL && errors != NULL) {
		mw_records_init(&records, editing->arena, errors);
		mw_reading_begin(&reading, &records, "", editing->policy->default_domain);
		read_item(editing, &reading, place, change->known, item, &read);
		*taken = (struct mw_values_taken){ change->known, mw_str_empty(read.name) ? item : read.name, place->taken };
		place->taken = taken;
		mw_records_deinit(&records);
	}
	mw_errors_free(errors);
}

static int remove_value(struct mw_editing *editing, struct mw_values_place *place, const struct change *change)
{
	struct mw_str rest = change->value, item;
	bool last;

	while (!mw_str_empty(rest)) {
		item = mw_text_list_next(&rest);
		if (mw_values_remove(editing, place, change->known, item, &last) == 0) {
			mw_complain("%s-=%.*s: %s= does not have it; nothing was written", change->key, MW_STR_ARG(item),
				    change->key);
			return EX_DATAERR;
		}
		if (last && admits(change->known))
			return mw_usage_error("%s-=%.*s: it is the last one, and without it nobody would be left out; if that is "
					      "meant: %s=%s", change->key, MW_STR_ARG(item), change->key,
					      strcmp(change->known->word, "senders") == 0 ? ", else: senders=nobody" : "");
		if (last)
			editing->text = mw_text_with_setting(editing->arena, editing->text, place->line, change->key, MW_STR_EMPTY);
		remember(editing, place, change, item);
	}
	return EX_OK;
}

static struct change take_apart(struct mw_editing *editing, const struct mw_values_place *place, const char *text)
{
	size_t equals = strcspn(text, "=");
	bool has_sign = equals > 1 && (text[equals - 1] == '+' || text[equals - 1] == '-');
	struct change change = {
		.key = mw_arena_text(editing->arena, (struct mw_str){ text, equals - has_sign }),
		.sign = has_sign ? text[equals - 1] : '=',
		.value = mw_str(text + equals + 1),
	};

	change.known = mw_record_key_find(mw_row_of(place->kind), mw_str(change.key));
	if (change.known != NULL)
		change.key = change.known->word;
	return change;
}

int mw_values_change(struct mw_editing *editing, struct mw_values_place *place, const char *text)
{
	struct change change = take_apart(editing, place, text);

	if (change.sign == '=') {
		if (change.known == NULL && mw_str_empty(change.value))
			return mw_usage_error("%s: a %s has no such key", text, place->kind == MW_USER ? "user" : "group");
		editing->text = mw_text_with_setting(editing->arena, editing->text, place->line, change.key, change.value);
		return EX_OK;
	}
	if (change.known == NULL || (!mw_record_key_is_list(change.known) && !admits(change.known)))
		return mw_usage_error("%s: %s= is no list; expected %s=VALUE", text, change.key, change.key);
	if (mw_str_empty(change.value))
		return mw_usage_error("%s: expected a value", text);
	return change.sign == '+' ? add_value(editing, place, &change) : remove_value(editing, place, &change);
}
