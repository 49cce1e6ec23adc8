/* SPDX-License-Identifier: MIT */
#include "sync/record/key.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/table.h"
#include "mail/address.h"
#include "sync/merge/merge.h"
#include "sync/record/key_copy.h"
#include "sync/record/key_networks.h"
#include "sync/record/key_source.h"
#include "sync/text/field.h"
#include "sync/text/name.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

static const struct mw_word senders_words[] = {
	{ "anyone", MW_SENDERS_ANYONE }, { "authenticated", MW_SENDERS_AUTHENTICATED },
	{ "members", MW_SENDERS_MEMBERS }, { "nobody", MW_SENDERS_LIST }, /* a list without anybody */
};

/* --- what is wrong */

void mw_reading_begin(struct mw_reading *reading, struct mw_records *records, const char *name,
		      struct mw_str default_domain)
{
	*reading = (struct mw_reading){
		.records = records,
		.name = name,
		.default_domain = default_domain,
		.origin = { .source = mw_records_add_source(records, name), .line = 0 },
	};
}

void mw_reading_error(struct mw_reading *reading, struct mw_str at, const char *expected, const char *format, ...)
{
	struct mw_records *records = reading->records;
	unsigned column = reading->line == NULL ? 0 : (unsigned)(at.ptr - reading->line) + 1;
	char text[2048] = "";
	int used = 0;
	va_list args;

	if (reading->entry.len > 0)
		used = snprintf(text, sizeof(text), "\"%.*s\": ", SHOW(reading->entry));
	va_start(args, format);
	vsnprintf(text + used, sizeof(text) - (size_t)used, format, args);
	va_end(args);
	if (reading->bad == NULL)
		reading->bad = mw_arena_text(records->arena, mw_str(text));
	mw_errors_add(records->reports == NULL ? records->errors : records->reports,
		      records->reports == NULL ? MW_ERROR : MW_WARNING, reading->name, reading->origin.line, column,
		      expected, "%s", text);
}

#define ERROR(reading, at, expected, ...) mw_reading_error((reading), (at), (expected), __VA_ARGS__)

/* Reports an octet that is refused. True: there is none. */
static bool is_usual(struct mw_reading *reading, struct mw_str text, char refused, const char *expected)
{
	if (refused == '\0')
		return true;
	if (refused == '"')
		ERROR(reading, text, "a name without quotes", "\"%.*s\": quotes are no part of a name", SHOW(text));
	else
		ERROR(reading, text, expected, "\"%.*s\": no mail system needs a %c in a name", SHOW(text), refused);
	return false;
}

/* The same for an address that may be none. `canonical` is what it stands for. */
bool mw_name_is_usual(struct mw_reading *reading, struct mw_str text, struct mw_str canonical)
{
	return is_usual(reading, text, mw_text_name_refused(canonical), MW_TEXT_NAME_RIGHT);
}

static bool login_is_usual(struct mw_reading *reading, struct mw_str text, struct mw_str canonical)
{
	return is_usual(reading, text, mw_text_login_refused(canonical), MW_TEXT_LOGIN_RIGHT);
}

/* --- values */

/* A user's or group's address into the arena; false when it was none. */
bool mw_read_address(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	switch (mw_address_parse_completed(text, reading->default_domain, &address)) {
	case MW_ADDRESS_MAILBOX:
		*address_r = mw_arena_copy(reading->records->arena, address.whole);
		return mw_name_is_usual(reading, text, address.whole);
	case MW_ADDRESS_ROUTED:
		ERROR(reading, text, NULL, "\"%.*s\" is a percent or bang path, which is nobody's address", SHOW(text));
		return false;
	default:
		if (mw_name_is_usual(reading, text, text))
			ERROR(reading, text, "local@domain", "\"%.*s\" is no address", SHOW(text));
		return false;
	}
}

bool mw_read_own_address(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	struct mw_str domain;

	if (!mw_read_address(reading, text, address_r))
		return false;
	domain = mw_str_tail(*address_r, mw_str_find_last(*address_r, '@') + 1);
	/* A last good copy has the names that were made there. */
	if (reading->records->copy || !mw_str_equal(domain, MW_STR(MW_NAMELESS_DOMAIN)))
		return true;
	ERROR(reading, text, "another domain",
	      "\"%.*s\": " MW_NAMELESS_DOMAIN " is the domain of groups without an address", SHOW(text));
	return false;
}

static bool read_login(struct mw_reading *reading, struct mw_str text, struct mw_str *login_r)
{
	char login[MW_LOGIN_MAX + 1];
	size_t len;

	if (!mw_login_canonical(text, login, sizeof(login), &len)) {
		if (login_is_usual(reading, text, text))
			ERROR(reading, text, NULL, "\"%.*s\" is no login name", SHOW(text));
		return false;
	}
	*login_r = mw_arena_copy(reading->records->arena, (struct mw_str){ login, len });
	/* In text both end it; a row may have them. */
	if (login[0] != '"' && (memchr(login, ' ', len) != NULL || memchr(login, ',', len) != NULL)) {
		ERROR(reading, text, "a name without blanks and commas", "\"%.*s\" is no login name", SHOW(text));
		return false;
	}
	return login_is_usual(reading, text, *login_r);
}

static bool read_sender(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	int word;

	if (!mw_table_find(MW_TABLE(senders_words), text, &word))
		return mw_read_address(reading, text, address_r);
	ERROR(reading, text, NULL, "senders: \"%.*s\" stands alone, not in a list", SHOW(text));
	return false;
}

static bool read_denied(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	int word;

	if (!mw_table_find(MW_TABLE(senders_words), text, &word))
		return mw_read_address(reading, text, address_r);
	ERROR(reading, text, "users and groups; a group's name means its members",
	      "senders_denied: \"%.*s\" is a word of senders=", SHOW(text));
	return false;
}

static void read_items(struct mw_reading *reading, const struct mw_record_key *key, struct mw_str value,
		       struct mw_strs *list_r)
{
	size_t count = mw_text_list_count(value), i, good = 0;
	struct mw_str *items = MW_ARENA_ARRAY(reading->records->arena, struct mw_str, count);

	if (items == NULL)
		return;
	for (i = 0; i < count; i++) {
		struct mw_str item = mw_text_list_next(&value);

		if (item.len == 0)
			ERROR(reading, item, NULL, "an item of the list is empty");
		else if (key->read_item(reading, item, &items[good]))
			good++;
	}
	*list_r = (struct mw_strs){ items, good };
}

void *mw_record_key_field(const struct mw_record_key *key, struct mw_record *record)
{
	return (char *)record + key->at;
}

static void read_list(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		      struct mw_str value)
{
	read_items(reading, key, value, mw_record_key_field(key, record));
}

static void read_senders(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			 struct mw_str value)
{
	int word;

	if (!mw_table_find(MW_TABLE(senders_words), value, &word)) {
		record->principal.senders = MW_SENDERS_LIST;
		read_items(reading, key, value, mw_record_key_field(key, record));
		return;
	}
	if (word == MW_SENDERS_MEMBERS && record->principal.kind == MW_USER)
		ERROR(reading, value, "anyone, authenticated or a list of users and groups",
		      "senders: a user has no members");
	record->principal.senders = (enum mw_senders)word;
}

bool mw_row_switch(struct mw_str value, bool *on_r)
{
	const char c = value.len == 1 ? value.ptr[0] : ' ';

	if (mw_parse_switch(value, on_r))
		return true;
	*on_r = c == '1' || c == 't' || c == 'T' || c == 'y' || c == 'Y';
	return *on_r || c == '0' || c == 'f' || c == 'F' || c == 'n' || c == 'N';
}

static void read_switch(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			struct mw_str value)
{
	bool *on = mw_record_key_field(key, record);

	if (reading->line != NULL ? !mw_parse_switch(value, on) : !mw_row_switch(value, on))
		ERROR(reading, value, "yes or no", "%s: bad value \"%.*s\"", key->word, SHOW(value));
}

static void read_limit(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		       struct mw_str value)
{
	if (!mw_parse_limit(value, mw_record_key_field(key, record)))
		ERROR(reading, value, "a number or unlimited", "%s: bad value \"%.*s\"", key->word, SHOW(value));
}

static void read_rate(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		      struct mw_str value)
{
	read_limit(reading, key, record, value);
	if (reading->rates_warned)
		return;
	reading->rates_warned = true;
	mw_errors_add(reading->records->errors, MW_WARNING, reading->name, reading->origin.line,
		      reading->line == NULL ? 0 : (unsigned)(value.ptr - reading->line) + 1, NULL,
		      "message_rate_limit and recipient_rate_limit are not enforced by this version");
}

static void read_size(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		      struct mw_str value)
{
	if (!mw_parse_size(value, mw_record_key_field(key, record)))
		ERROR(reading, value, "a size as 36MB, or unlimited", "%s: bad value \"%.*s\"", key->word, SHOW(value));
}

/* --- values as text */

static const void *value_of(const struct mw_record_key *key, const struct mw_record *record)
{
	return (const char *)record + key->at;
}

static void write_items(struct mw_text_out *out, const char *word, const struct mw_strs *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i == 0)
			mw_text_out_key(out, word);
		else
			mw_text_out_add(out, MW_STR(","));
		mw_text_out_add(out, list->items[i]);
	}
}

static void write_list(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	write_items(out, key->word, value_of(key, record));
}

static void write_senders(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	const struct mw_strs *list = value_of(key, record);

	if (record->principal.senders == MW_SENDERS_LIST && list->count > 0) {
		write_items(out, key->word, list);
		return;
	}
	if (out->brief && record->principal.senders == MW_SENDERS_ANYONE)
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, mw_str(mw_table_word(MW_TABLE(senders_words), (int)record->principal.senders)));
}

static void write_switch(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (out->brief && *(const bool *)value_of(key, record))
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, *(const bool *)value_of(key, record) ? MW_STR("yes") : MW_STR("no"));
}

static void write_limit(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	const uint64_t *limit = value_of(key, record);
	char memory[32];
	struct mw_buf number = MW_BUF_OVER(memory);

	if (*limit == MW_NOT_SET)
		return;
	mw_print_limit(*limit, &number);
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, mw_buf_str(&number));
}

/* --- the table */

#define USER (1u << MW_ROW_USER)
#define GROUP (1u << MW_ROW_GROUP)
#define AT(field) offsetof(struct mw_record, field)
#define NETWORKS_AT(field) offsetof(struct mw_record_networks, field)

const struct mw_record_key mw_record_keys[] = {
	{ "address", USER | GROUP | 1u << MW_ROW_ADDRESS, AT(addresses), mw_read_own_address, read_list, write_list },
	{ "receive", USER | GROUP | 1u << MW_ROW_ADDRESS, AT(receives), mw_read_own_address, read_list, write_list },
	{ "login", USER | 1u << MW_ROW_LOGIN, AT(logins), read_login, read_list, write_list },
	{ "member", GROUP | 1u << MW_ROW_MEMBER, AT(members), mw_read_address, read_list, write_list },
	{ "source_key", USER | GROUP, AT(source_key), NULL, mw_source_key_read, mw_source_key_write },
	{ "bound", 1u << MW_ROW_COPY, AT(bound), mw_read_address, read_list, write_list },
	{ "imap", USER, AT(principal.imap), NULL, read_switch, write_switch },
	{ "pop3", USER, AT(principal.pop3), NULL, read_switch, write_switch },
	{ "sieve", USER, AT(principal.sieve), NULL, read_switch, write_switch },
	{ "smtp", USER, AT(principal.smtp), NULL, read_switch, write_switch },
	{ "relay", USER, AT(principal.relay), NULL, read_switch, write_switch },
	{ "senders", USER | GROUP, AT(senders_list), read_sender, read_senders, write_senders },
	{ "senders_denied", USER | GROUP, AT(senders_denied), read_denied, read_list, write_list },
	{ "message_rate_limit", USER, AT(principal.message_rate_limit), NULL, read_rate, write_limit },
	{ "recipient_rate_limit", USER, AT(principal.recipient_rate_limit), NULL, read_rate, write_limit },
	{ "max_message_size", USER, AT(principal.max_message_size), NULL, read_size, write_limit },
	{ "max_recipients", USER, AT(principal.max_recipients), NULL, read_limit, write_limit },
	{ "networks", USER | GROUP, NETWORKS_AT(all), NULL, mw_networks_read, mw_networks_write },
	{ "imap_networks", USER | GROUP, NETWORKS_AT(of[MW_SERVICE_IMAP]), NULL, mw_networks_read, mw_networks_write },
	{ "pop3_networks", USER | GROUP, NETWORKS_AT(of[MW_SERVICE_POP3]), NULL, mw_networks_read, mw_networks_write },
	{ "sieve_networks", USER | GROUP, NETWORKS_AT(of[MW_SERVICE_SIEVE]), NULL, mw_networks_read, mw_networks_write },
	{ "smtp_networks", USER | GROUP, NETWORKS_AT(of[MW_SERVICE_SMTP]), NULL, mw_networks_read, mw_networks_write },
	{ "former", 1u << MW_ROW_COPY, AT(formers), NULL, mw_formers_read, mw_formers_write },
	{ "held", 1u << MW_ROW_COPY, AT(held_kind), NULL, mw_held_read, mw_held_write },
	{ "gone", 1u << MW_ROW_COPY, AT(held), NULL, mw_flag_read, mw_flag_write },
	{ "no_login", 1u << MW_ROW_COPY, AT(no_login), NULL, mw_flag_read, mw_flag_write },
	{ "unconfirmed", 1u << MW_ROW_COPY, AT(unconfirmed), NULL, mw_unconfirmed_read, mw_unconfirmed_write },
	{ "blocked", 1u << MW_ROW_COPY, AT(bad), NULL, mw_blocked_read, mw_blocked_write },
};
const size_t mw_record_key_count = sizeof(mw_record_keys) / sizeof(mw_record_keys[0]);

const struct mw_record_key *mw_record_key_find(enum mw_row kind, struct mw_str word)
{
	for (size_t i = 0; i < mw_record_key_count; i++) {
		if ((mw_record_keys[i].rows & 1u << kind) != 0 && mw_str_equal_nocase(mw_str(mw_record_keys[i].word), word))
			return &mw_record_keys[i];
	}
	return NULL;
}

bool mw_record_key_is_list(const struct mw_record_key *key)
{
	return key->read == read_list || key->read == mw_networks_read;
}

static const char *keys_text(enum mw_row kind, struct mw_buf *buf)
{
	struct mw_word words[sizeof(mw_record_keys) / sizeof(mw_record_keys[0])];
	size_t count = 0;

	for (size_t i = 0; i < mw_record_key_count; i++) {
		if ((mw_record_keys[i].rows & 1u << kind) != 0)
			words[count++] = (struct mw_word){ mw_record_keys[i].word, (int)i };
	}
	mw_table_print((struct mw_table){ words, count }, buf);
	return buf->data;
}

/* --- records */

enum mw_row mw_row_of(enum mw_principal_kind kind)
{
	return kind == MW_USER ? MW_ROW_USER : MW_ROW_GROUP;
}

void mw_record_begin(struct mw_reading *reading, enum mw_principal_kind kind, struct mw_record *record_r)
{
	*record_r = (struct mw_record){
		.origin = reading->origin,
		.principal = {
			.kind = kind, .imap = true, .pop3 = true, .sieve = true, .smtp = true, .relay = true,
			.message_rate_limit = MW_NOT_SET, .recipient_rate_limit = MW_NOT_SET,
			.max_message_size = MW_NOT_SET, .max_recipients = MW_NOT_SET,
		},
	};
}

/* Nobody can tell which of two values is right: the stricter one counts. */
static void read_again(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		       struct mw_str at, struct mw_str value)
{
	struct mw_record second = *record;

	ERROR(reading, at, NULL, "%s= stands here twice", key->word);
	if (reading->records->reports == NULL || value.len == 0)
		return;
	key->read(reading, key, &second, value);
	mw_merge_stricter(reading->records->arena, record, &second);
	record->networks = second.networks;
}

void mw_record_read(struct mw_reading *reading, struct mw_record *record, struct mw_str at, struct mw_str value,
		    uint64_t *seen_io)
{
	const struct mw_record_key *key = mw_record_key_find(mw_row_of(record->principal.kind), at);
	char memory[512];
	struct mw_buf buf = MW_BUF_OVER(memory);
	uint64_t bit;

	if (key == NULL && reading->records->copy)
		key = mw_record_key_find(MW_ROW_COPY, at);
	if (key == NULL) {
		ERROR(reading, at, keys_text(mw_row_of(record->principal.kind), &buf),
		      "unknown key \"%.*s\" of a %s", SHOW(at), mw_record_kind(record));
		return;
	}
	bit = (uint64_t)1 << (key - mw_record_keys);
	if ((*seen_io & bit) != 0)
		read_again(reading, key, record, at, value);
	else if (value.len == 0)
		ERROR(reading, at, "a value", "%s= has no value", key->word);
	else
		key->read(reading, key, record, value);
	*seen_io |= bit;
}

void mw_record_end(struct mw_reading *reading, struct mw_record *record, bool named)
{
	struct mw_records *records = reading->records;

	if (record->bad == NULL)
		record->bad = reading->bad;
	if (!named && (record->source_key == NULL || records->reports == NULL)) {
		records->unnamed++;
		return;
	}
	if (!named) {
		/* Memory of its own, by which it can be told. */
		record->principal.name = mw_arena_copy(records->arena, MW_STR("?"));
		record->principal.name.len = 0;
		if (record->bad == NULL)
			record->bad = "its name cannot be read";
		records->unnamed_keyed++;
	}
	mw_records_add(reading->records, record);
}
