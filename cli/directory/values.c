/* SPDX-License-Identifier: MIT */
#include "directory/values.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
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

/* What a line with this one item says, as a last good copy would have it: the same for all ways to write it. False: it
   cannot be read. */
static bool item_digest(struct mw_editing *editing, enum mw_principal_kind kind, const char *key, struct mw_str item,
			char digest_r[MW_TEXT_DIGEST_SIZE])
{
	static struct mw_text_out out;
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_records records;
	bool read;

	if (errors == NULL)
		return false;
	mw_records_init(&records, editing->arena, errors);
	mw_text_read(&records, "",
		     mw_str(mw_arena_textf(editing->arena, "%s x@example.org %s=%.*s", kind == MW_USER ? "user" : "group", key,
					   MW_STR_ARG(item))), editing->policy->default_domain);
	read = mw_errors_count(errors, MW_ERROR) == 0 && records.count == 1 && mw_text_out_begin(&out, -1) &&
	       mw_text_write(&out, &records, records.items[0].owner) && mw_text_out_end(&out, digest_r) == 0;
	mw_records_deinit(&records);
	mw_errors_free(errors);
	return read;
}

/* Where the item stands in the list; empty: nowhere. */
static struct mw_str find_item(struct mw_editing *editing, const struct mw_values_place *place, const char *key,
			       struct mw_str item, size_t *count_r)
{
	struct mw_str list = mw_text_value(editing->text, place->line, key), one, found = MW_STR_EMPTY;
	char wanted[MW_TEXT_DIGEST_SIZE], digest[MW_TEXT_DIGEST_SIZE];
	bool known = item_digest(editing, place->kind, key, item, wanted);

	*count_r = 0;
	while (!mw_str_empty(list)) {
		one = mw_text_list_next(&list);
		++*count_r;
		if (!mw_str_empty(found))
			continue;
		if (mw_str_equal(one, item) ||
		    (known && item_digest(editing, place->kind, key, one, digest) && strcmp(digest, wanted) == 0))
			found = one;
	}
	return found;
}

bool mw_values_remove(struct mw_editing *editing, const struct mw_values_place *place, const char *key,
		      struct mw_str item, bool *last_r)
{
	size_t count;
	struct mw_str found = find_item(editing, place, key, item, &count);

	*last_r = !mw_str_empty(found) && count == 1;
	if (!mw_str_empty(found) && count > 1)
		editing->text = mw_text_without_item(editing->arena, editing->text, found);
	return !mw_str_empty(found);
}

static int add_value(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change)
{
	struct mw_str rest = change->value, item;
	size_t count;

	if (admits(change->known) && mw_str_empty(mw_text_value(editing->text, place->line, change->key)))
		return mw_usage_error("%s+=: there is no %s= yet, so nobody is left out; to admit %.*s alone: %s=%.*s", change->key,
				      change->key, MW_STR_ARG(change->value), change->key, MW_STR_ARG(change->value));
	while (!mw_str_empty(rest)) {
		item = mw_text_list_next(&rest);
		if (!mw_str_empty(find_item(editing, place, change->key, item, &count)))
			mw_edit_note(editing, "%s= has %.*s", change->key, MW_STR_ARG(item));
		else
			editing->text = mw_text_with_value(editing->arena, editing->text, place->line, change->key, item);
	}
	return EX_OK;
}

static int remove_value(struct mw_editing *editing, const struct mw_values_place *place, const struct change *change)
{
	struct mw_str rest = change->value, item;
	bool last;

	while (!mw_str_empty(rest)) {
		item = mw_text_list_next(&rest);
		if (!mw_values_remove(editing, place, change->key, item, &last))
			mw_edit_note(editing, "%s= does not have %.*s", change->key, MW_STR_ARG(item));
		if (last && admits(change->known))
			return mw_usage_error("%s-=%.*s: it is the last one, and without it nobody would be left out; if that is "
					      "meant: %s=%s", change->key, MW_STR_ARG(item), change->key,
					      strcmp(change->known->word, "senders") == 0 ? ", else: senders=nobody" : "");
		if (last)
			editing->text = mw_text_with_setting(editing->arena, editing->text, place->line, change->key, MW_STR_EMPTY);
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

int mw_values_change(struct mw_editing *editing, const struct mw_values_place *place, const char *text)
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
