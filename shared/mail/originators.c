/* SPDX-License-Identifier: MIT */
#include "mail/originators.h"

#include "base/buf.h"
#include "mail/claims.h"
#include "mail/mailbox_list.h"

static const struct mw_word fault_words[] = {
	{ "missing", MW_ORIGINATOR_MISSING },
	{ "repeated", MW_ORIGINATOR_REPEATED },
	{ "too-long", MW_ORIGINATOR_TOO_LONG },
	{ "too-many-addresses", MW_ORIGINATOR_TOO_MANY },
	{ "control-character", MW_ORIGINATOR_CONTROL },
	{ "not-utf-8", MW_ORIGINATOR_UTF8 },
	{ "syntax", MW_ORIGINATOR_SYNTAX },
	{ "empty-group", MW_ORIGINATOR_EMPTY_GROUP },
	{ "no-domain", MW_ORIGINATOR_NO_DOMAIN },
	{ "encoded-word", MW_ORIGINATOR_ENCODED_WORD },
	{ "comment", MW_ORIGINATOR_COMMENT },
	{ "route", MW_ORIGINATOR_ROUTE },
	{ "path", MW_ORIGINATOR_PATH },
};
const struct mw_table mw_originator_faults = MW_TABLE(fault_words);

size_t mw_originator_count(const struct mw_originator *originator)
{
	struct mw_str rest = originator->addresses, address;
	size_t count = 0;

	while (mw_originator_next(&rest, &address))
		count++;
	return count;
}

void mw_originators_begin(struct mw_originators_reader *reader, struct mw_arena *arena)
{
	memset(reader, 0, sizeof(*reader));
	reader->arena = arena;
}

/* --- lists of addresses */

static bool list_has(struct mw_str list, struct mw_str address)
{
	struct mw_str one;

	while (mw_originator_next(&list, &one))
		if (mw_str_equal_nocase(one, address))
			return true;
	return false;
}

/* A list while it is collected. */
struct collected {
	struct mw_buf text;
	bool once; /* each address only once */
	size_t count;
	bool more; /* than there is room for */
};

static void collect(struct mw_str address, void *context)
{
	struct collected *list = context;

	if (list->once && list_has(mw_buf_str(&list->text), address))
		return;
	if (list->count == MW_ORIGINATOR_ADDRESSES_MAX || list->text.used + 1 + address.len >= list->text.size) {
		list->more = true;
		return;
	}
	if (list->count++ > 0)
		mw_buf_add_char(&list->text, ',');
	mw_buf_add(&list->text, address);
}

static struct mw_str keep(struct mw_originators_reader *reader, struct mw_str text)
{
	return mw_str_empty(text) ? MW_STR_EMPTY : mw_arena_copy(reader->arena, text);
}

/* --- the fields */

static void add_originator(struct mw_originators_reader *reader, struct mw_str value, unsigned *count,
			   struct mw_originator *originator)
{
	char memory[MW_ORIGINATOR_MAX];
	struct collected list = { .text = MW_BUF_OVER(memory) };

	if ((*count)++ > 0) {
		originator->fault = MW_ORIGINATOR_REPEATED;
		originator->addresses = MW_STR_EMPTY;
		*count = 2;
		return;
	}
	originator->fault = mw_mailbox_list_read(value, reader->domain, collect, &list);
	if (originator->fault == MW_ORIGINATOR_OK)
		originator->addresses = keep(reader, mw_buf_str(&list.text));
}

/* So many From fields are looked at: more are hardly one message of one person, and would take long. */
#define CLAIM_FIELDS_MAX 8

static void add_claims(struct mw_originators_reader *reader, struct mw_str value)
{
	struct collected list = { .text = reader->claims, .once = true, .count = reader->claim_count };

	if (reader->claims.data == NULL) {
		char *memory = mw_arena_alloc(reader->arena, MW_ORIGINATOR_MAX);

		if (memory == NULL)
			return;
		list.text = mw_buf_over(memory, MW_ORIGINATOR_MAX);
	}
	if (reader->looked_at++ == CLAIM_FIELDS_MAX || !mw_claims_find(value, collect, &list) || list.more)
		reader->read.claims_cut = true;
	reader->claims = list.text;
	reader->claim_count = list.count;
}

static bool is_sender_name(struct mw_str name)
{
	return mw_str_equal_nocase(name, MW_STR("sender"));
}

static struct mw_str trim(struct mw_str text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL)
		text = mw_str_tail(text, 1);
	while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL)
		text.len--;
	return text;
}

/* The h= tag of RFC 6376 3.5: names with colons and blanks between them. */
static bool signs_sender(struct mw_str signature)
{
	struct mw_str tag, name;

	while (mw_str_split(&signature, ';', &tag)) {
		size_t equals = mw_str_find(tag, '=');
		struct mw_str names = mw_str_tail(tag, equals + 1);

		if (!mw_str_equal_nocase(trim(mw_str_head(tag, equals)), MW_STR("h")))
			continue;
		while (mw_str_split(&names, ':', &name))
			if (is_sender_name(trim(name)))
				return true;
	}
	return false;
}

void mw_originators_add(struct mw_originators_reader *reader, struct mw_str name, struct mw_str value)
{
	struct mw_originators *read = &reader->read;

	name = trim(name);
	reader->stray |= mw_str_find(value, '\r') < value.len;
	if (mw_str_equal_nocase(name, MW_STR("from"))) {
		add_originator(reader, value, &reader->from_count, &read->from);
		if (!read->claims_cut)
			add_claims(reader, value);
	} else if (is_sender_name(name)) {
		add_originator(reader, value, &reader->sender_count, &read->sender);
	} else if (mw_str_equal_nocase(name, MW_STR("resent-from"))) {
		if (reader->resent_from_count == 0)
			add_originator(reader, value, &reader->resent_from_count, &read->resent_from);
		else
			reader->resent_from_count = 2;
	} else if (mw_str_equal_nocase(name, MW_STR("resent-sender"))) {
		if (reader->resent_from_count < 2)
			add_originator(reader, value, &reader->resent_sender_count, &read->resent_sender);
	} else if (mw_str_equal_nocase(name, MW_STR("dkim-signature"))) {
		read->sender_signed = read->sender_signed || signs_sender(value);
	}
}

/* The claims that are none of From's own addresses. */
static struct mw_str others(struct mw_originators_reader *reader)
{
	char memory[MW_ORIGINATOR_MAX];
	struct collected list = { .text = MW_BUF_OVER(memory) };
	struct mw_str rest = mw_buf_str(&reader->claims), address;

	while (mw_originator_next(&rest, &address))
		if (!list_has(reader->read.from.addresses, address))
			collect(address, &list);
	return keep(reader, mw_buf_str(&list.text));
}

bool mw_originators_end(struct mw_originators_reader *reader, struct mw_originators *originators_r)
{
	if (reader->from_count == 0)
		reader->read.from.fault = MW_ORIGINATOR_MISSING;
	else if (reader->stray && reader->read.from.fault == MW_ORIGINATOR_OK)
		reader->read.from = (struct mw_originator){ .fault = MW_ORIGINATOR_CONTROL };
	reader->read.claims = reader->claims.data == NULL ? MW_STR_EMPTY : others(reader);
	*originators_r = reader->read;
	return !mw_arena_failed(reader->arena);
}
