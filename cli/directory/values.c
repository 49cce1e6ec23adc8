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

static void read_item(struct mw_editing *editing, struct mw_reading *reading, const struct mw_values_place *place,
		      const struct mw_record_key *key, struct mw_str text, struct item *item_r)
{
	*item_r = (struct item){ .text = text };
	if (key->read_item != NULL)
		item_r->name = read_name(editing, reading, key, text);
	else
		read_networks(editing, place, key, text, item_r->digest);
}

/* --- lists */

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

/* The items of a list, with those that are the same one behind the other, and what reads more of them. */
struct present {
	struct mw_errors *errors;
	struct mw_records records;
	struct mw_reading reading;
	struct mw_names meanings; /* number of the first + 1 */
	struct mw_str *items;
	uint32_t *next;           /* number + 1; 0: it is the last */
	bool *gone;
	size_t count, left;
};

/* False when memory is out. */
static bool read_present(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change,
			 struct present *present)
{
	struct mw_str list = mw_text_value(editing->text, place->line, change->key);
	size_t most = mw_text_list_count(list) + 1;

	present->items = MW_ARENA_ARRAY(editing->arena, struct mw_str, most);
	present->next = MW_ARENA_ARRAY(editing->arena, uint32_t, most);
	present->gone = MW_ARENA_ARRAY(editing->arena, bool, most);
	if (present->items == NULL || present->next == NULL || present->gone == NULL)
		return false;
	while (!mw_str_empty(list)) {
		struct mw_str item = mw_text_list_next(&list);
		bool added;
		uint32_t *first = mw_names_add(&present->meanings,
					       meaning_of(editing, &present->reading, place, change->known, item), &added);

		if (first == NULL)
			return false;
		present->next[present->count] = *first;
		present->items[present->count++] = item;
		*first = (uint32_t)present->count;
	}
	present->left = present->count;
	return true;
}

/* False when memory is out. Ends with present_deinit(). */
static bool present_init(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change,
			 struct present *present)
{
	*present = (struct present){ .errors = mw_errors_new(1) };
	if (present->errors == NULL)
		return false;
	mw_records_init(&present->records, editing->arena, present->errors);
	mw_reading_begin(&present->reading, &present->records, "", editing->policy->default_domain);
	return read_present(editing, place, change, present);
}

/* `failed`: memory is out. */
static void present_deinit(struct mw_editing *editing, struct present *present, bool failed)
{
	mw_names_deinit(&present->meanings, &failed);
	mw_records_deinit(&present->records);
	mw_errors_free(present->errors);
	if (failed)
		mw_arena_fail(editing->arena);
}

/* Takes it out however and how often it is written; false: it is not there. */
static bool take_out(struct mw_editing *editing, const struct change *change, struct present *present,
		     struct mw_str meaning, struct mw_str item)
{
	uint32_t *first = mw_names_find(&present->meanings, meaning), number = first == NULL ? 0 : *first;

	for (uint32_t i = number; i > 0; i = present->next[i - 1]) {
		if (!mw_str_equal(present->items[i - 1], item))
			mw_edit_note(editing, "%s= has %.*s as %.*s", change->key, MW_STR_ARG(item),
				     MW_STR_ARG(present->items[i - 1]));
		present->gone[i - 1] = true;
		present->left--;
	}
	if (first != NULL)
		*first = 0;
	return number > 0;
}

/* The list without what is gone. */
static void write_left(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change,
		       const struct present *present)
{
	size_t size = mw_text_value(editing->text, place->line, change->key).len + 1;
	char *memory = mw_arena_alloc(editing->arena, size);
	struct mw_buf out;

	if (memory == NULL)
		return;
	out = mw_buf_over(memory, size);
	for (size_t i = 0; i < present->count; i++) {
		if (present->gone[i])
			continue;
		if (out.used > 0)
			mw_buf_add_char(&out, ',');
		mw_buf_add(&out, present->items[i]);
	}
	editing->text = mw_text_with_setting(editing->arena, editing->text, place->line, change->key, mw_buf_str(&out));
}

size_t mw_values_remove(struct mw_editing *editing, const struct mw_values_place *place,
			const struct mw_record_key *key, struct mw_str item, bool *last_r)
{
	const struct change change = { .key = key->word, .known = key };
	struct present present;
	bool read = present_init(editing, place, &change, &present), found;

	found = read && take_out(editing, &change, &present, meaning_of(editing, &present.reading, place, key, item), item);
	*last_r = found && present.left == 0;
	if (found && !*last_r)
		write_left(editing, place, &change, &present);
	present_deinit(editing, &present, !read);
	return found ? present.count - present.left : 0;
}

/* --- changes */

/* Those of the change's items that the list does not have, as one value. False: it has them all. */
static bool new_items(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change,
		      struct present *present, struct mw_buf *more)
{
	struct mw_str rest = change->value, item;
	size_t count = 0;

	while (!mw_str_empty(rest)) {
		bool added;

		item = mw_text_list_next(&rest);
		mw_names_add(&present->meanings, meaning_of(editing, &present->reading, place, change->known, item), &added);
		if (!added) {
			mw_edit_note(editing, "%s= has %.*s", change->key, MW_STR_ARG(item));
			continue;
		}
		if (count++ > 0)
			mw_buf_add_char(more, ',');
		mw_buf_add(more, item);
	}
	return count > 0;
}

static int add_value(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change)
{
	size_t size = change->value.len + 2;
	struct present present;
	struct mw_buf more;
	char *memory;
	bool read;

	if (admits(change->known) && mw_str_empty(mw_text_value(editing->text, place->line, change->key)))
		return mw_usage_error("%s+=: there is no %s= yet, so nobody is left out; to admit %.*s alone: %s=%.*s", change->key,
				      change->key, MW_STR_ARG(change->value), change->key, MW_STR_ARG(change->value));
	memory = mw_arena_alloc(editing->arena, size);
	read = present_init(editing, place, change, &present) && memory != NULL;
	if (read) {
		more = mw_buf_over(memory, size);
		if (new_items(editing, place, change, &present, &more))
			editing->text = mw_text_with_value(editing->arena, editing->text, place->line, change->key, mw_buf_str(&more));
	}
	present_deinit(editing, &present, !read);
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

static int remove_each(struct mw_editing *editing, struct mw_values_place *place, const struct change *change,
		       struct present *present)
{
	struct mw_str rest = change->value, item;

	while (!mw_str_empty(rest)) {
		item = mw_text_list_next(&rest);
		if (!take_out(editing, change, present, meaning_of(editing, &present->reading, place, change->known, item), item)) {
			mw_complain("%s-=%.*s: %s= does not have it; nothing was written", change->key, MW_STR_ARG(item),
				    change->key);
			return EX_DATAERR;
		}
		if (present->left == 0 && admits(change->known))
			return mw_usage_error("%s-=%.*s: it is the last one, and without it nobody would be left out; if that is "
					      "meant: %s=%s", change->key, MW_STR_ARG(item), change->key,
					      strcmp(change->known->word, "senders") == 0 ? ", else: senders=nobody" : "");
		remember(editing, place, change, item);
	}
	write_left(editing, place, change, present);
	return EX_OK;
}

static int remove_value(struct mw_editing *editing, struct mw_values_place *place, const struct change *change)
{
	struct present present;
	bool read = present_init(editing, place, change, &present);
	int code = read ? remove_each(editing, place, change, &present) : EX_OK;

	present_deinit(editing, &present, !read);
	return code;
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
