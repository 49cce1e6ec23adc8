/* SPDX-License-Identifier: MIT */
#include "sync/text.h"

#include <unistr.h>

#include "base/table.h"
#include "mail/address.h"
#include "sync/text_field.h"
#include "sync/text_name.h"

enum word { WORD_USER, WORD_GROUP, WORD_GRANT };
enum key {
	KEY_ADDRESS, KEY_LOGIN, KEY_MEMBER, KEY_SENDERS, KEY_IMAP, KEY_POP3, KEY_SIEVE, KEY_SMTP, KEY_RELAY,
	KEY_MESSAGE_RATE_LIMIT, KEY_RECIPIENT_RATE_LIMIT, KEY_MAX_MESSAGE_SIZE, KEY_MAX_RECIPIENTS
};
enum grant_kind { GRANT_SEND_AS, GRANT_SEND_ON_BEHALF };

static const struct mw_word words[] = { { "user", WORD_USER }, { "group", WORD_GROUP }, { "grant", WORD_GRANT } };
static const struct mw_word user_keys[] = {
	{ "address", KEY_ADDRESS }, { "login", KEY_LOGIN }, { "imap", KEY_IMAP }, { "pop3", KEY_POP3 },
	{ "sieve", KEY_SIEVE }, { "smtp", KEY_SMTP }, { "relay", KEY_RELAY }, { "senders", KEY_SENDERS },
	{ "message_rate_limit", KEY_MESSAGE_RATE_LIMIT }, { "recipient_rate_limit", KEY_RECIPIENT_RATE_LIMIT },
	{ "max_message_size", KEY_MAX_MESSAGE_SIZE }, { "max_recipients", KEY_MAX_RECIPIENTS },
};
static const struct mw_word group_keys[] = {
	{ "address", KEY_ADDRESS }, { "member", KEY_MEMBER }, { "senders", KEY_SENDERS },
};
static const struct mw_word senders_words[] = {
	{ "anyone", MW_SENDERS_ANYONE }, { "authenticated", MW_SENDERS_AUTHENTICATED },
	{ "members", MW_SENDERS_MEMBERS },
};
static const struct mw_word grant_words[] = {
	{ "send-as", GRANT_SEND_AS }, { "send-on-behalf", GRANT_SEND_ON_BEHALF },
};

static unsigned column_of(const struct mw_text_reader *reader, struct mw_str at)
{
	return (unsigned)(at.ptr - reader->line) + 1;
}

/* error(reader, WHERE, EXPECTED OR NULL, FORMAT, ...) */
#define ERROR(reader, at, expected, ...) \
	mw_errors_add((reader)->errors, MW_ERROR, (reader)->name, (reader)->origin.line, column_of((reader), (at)), \
		      (expected), __VA_ARGS__)
#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

static const char *table_text(struct mw_table table, struct mw_buf *buf)
{
	mw_table_print(table, buf);
	return buf->data;
}

/* Reports an octet that is refused. True: there is none. */
static bool is_usual(struct mw_text_reader *reader, struct mw_str text, char refused, const char *expected)
{
	if (refused == '\0')
		return true;
	if (refused == '"')
		ERROR(reader, text, "a name without quotes", "\"%.*s\": quotes are no part of a name", SHOW(text));
	else
		ERROR(reader, text, expected, "\"%.*s\": no mail system needs a %c in a name", SHOW(text), refused);
	return false;
}

/* The same for an address that may be none. `canonical` is what it stands for. */
static bool name_is_usual(struct mw_text_reader *reader, struct mw_str text, struct mw_str canonical)
{
	return is_usual(reader, text, mw_text_name_refused(canonical), MW_TEXT_NAME_RIGHT);
}

static bool login_is_usual(struct mw_text_reader *reader, struct mw_str text, struct mw_str canonical)
{
	return is_usual(reader, text, mw_text_login_refused(canonical), MW_TEXT_LOGIN_RIGHT);
}

/* A user's or group's address into the arena; false when it was none. */
static bool read_address(struct mw_text_reader *reader, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	switch (mw_address_parse_completed(text, reader->default_domain, &address)) {
	case MW_ADDRESS_MAILBOX:
		*address_r = mw_arena_copy(reader->records->arena, address.whole);
		return name_is_usual(reader, text, address.whole);
	case MW_ADDRESS_ROUTED:
		ERROR(reader, text, NULL, "\"%.*s\" is a percent or bang path, which is nobody's address", SHOW(text));
		return false;
	default:
		if (name_is_usual(reader, text, text))
			ERROR(reader, text, "local@domain", "\"%.*s\" is no address", SHOW(text));
		return false;
	}
}

static bool read_login(struct mw_text_reader *reader, struct mw_str text, struct mw_str *login_r)
{
	char login[MW_LOGIN_MAX + 1];
	size_t len;

	if (!mw_login_canonical(text, login, sizeof(login), &len)) {
		if (login_is_usual(reader, text, text))
			ERROR(reader, text, NULL, "\"%.*s\" is no login name", SHOW(text));
		return false;
	}
	*login_r = mw_arena_copy(reader->records->arena, (struct mw_str){ login, len });
	return login_is_usual(reader, text, *login_r);
}

static void read_list(struct mw_text_reader *reader, struct mw_str value, struct mw_strs *list_r,
		      bool (*read_item)(struct mw_text_reader *, struct mw_str, struct mw_str *))
{
	size_t count = mw_text_list_count(value), i, good = 0;
	struct mw_str *items = MW_ARENA_ARRAY(reader->records->arena, struct mw_str, count);

	if (items == NULL)
		return;
	for (i = 0; i < count; i++) {
		struct mw_str item = mw_text_list_next(&value);

		if (item.len == 0)
			ERROR(reader, item, NULL, "an item of the list is empty");
		else if (read_item(reader, item, &items[good]))
			good++;
	}
	list_r->items = items;
	list_r->count = good;
}

static bool read_sender(struct mw_text_reader *reader, struct mw_str text, struct mw_str *address_r)
{
	int word;

	if (!mw_table_find(MW_TABLE(senders_words), text, &word))
		return read_address(reader, text, address_r);
	ERROR(reader, text, NULL, "senders: \"%.*s\" stands alone, not in a list", SHOW(text));
	return false;
}

static void read_senders(struct mw_text_reader *reader, struct mw_record *record, struct mw_str value)
{
	int word;

	if (!mw_table_find(MW_TABLE(senders_words), value, &word)) {
		record->principal.senders = MW_SENDERS_LIST;
		read_list(reader, value, &record->senders_list, read_sender);
		return;
	}
	if (word == MW_SENDERS_MEMBERS && record->principal.kind == MW_USER)
		ERROR(reader, value, "anyone, authenticated or a list of users and groups",
		      "senders: a user has no members");
	record->principal.senders = (enum mw_senders)word;
}

static void read_switch(struct mw_text_reader *reader, const char *key, struct mw_str value, bool *on_r)
{
	if (!mw_parse_switch(value, on_r))
		ERROR(reader, value, "yes or no", "%s: bad value \"%.*s\"", key, SHOW(value));
}

static void read_limit(struct mw_text_reader *reader, const char *key, struct mw_str value, uint64_t *limit_r)
{
	if (!mw_parse_limit(value, limit_r))
		ERROR(reader, value, "a number or unlimited", "%s: bad value \"%.*s\"", key, SHOW(value));
}

static void read_rate(struct mw_text_reader *reader, const char *key, struct mw_str value, uint64_t *limit_r)
{
	read_limit(reader, key, value, limit_r);
	if (reader->rates_warned)
		return;
	reader->rates_warned = true;
	mw_errors_add(reader->errors, MW_WARNING, reader->name, reader->origin.line, column_of(reader, value), NULL,
		      "message_rate_limit and recipient_rate_limit are not enforced by this version");
}

static void read_size(struct mw_text_reader *reader, const char *key, struct mw_str value, uint64_t *octets_r)
{
	if (!mw_parse_size(value, octets_r))
		ERROR(reader, value, "a size as 36MB, or unlimited", "%s: bad value \"%.*s\"", key, SHOW(value));
}

static void read_value(struct mw_text_reader *reader, struct mw_record *record, enum key key, const char *word,
		       struct mw_str value)
{
	struct mw_principal *p = &record->principal;

	switch (key) {
	case KEY_ADDRESS: read_list(reader, value, &record->addresses, read_address); break;
	case KEY_LOGIN: read_list(reader, value, &record->logins, read_login); break;
	case KEY_MEMBER: read_list(reader, value, &record->members, read_address); break;
	case KEY_SENDERS: read_senders(reader, record, value); break;
	case KEY_IMAP: read_switch(reader, word, value, &p->imap); break;
	case KEY_POP3: read_switch(reader, word, value, &p->pop3); break;
	case KEY_SIEVE: read_switch(reader, word, value, &p->sieve); break;
	case KEY_SMTP: read_switch(reader, word, value, &p->smtp); break;
	case KEY_RELAY: read_switch(reader, word, value, &p->relay); break;
	case KEY_MESSAGE_RATE_LIMIT: read_rate(reader, word, value, &p->message_rate_limit); break;
	case KEY_RECIPIENT_RATE_LIMIT: read_rate(reader, word, value, &p->recipient_rate_limit); break;
	case KEY_MAX_MESSAGE_SIZE: read_size(reader, word, value, &p->max_message_size); break;
	case KEY_MAX_RECIPIENTS: read_limit(reader, word, value, &p->max_recipients); break;
	}
}

static void read_setting(struct mw_text_reader *reader, struct mw_record *record, struct mw_str field, unsigned *seen)
{
	const struct mw_table keys =
		record->principal.kind == MW_USER ? MW_TABLE(user_keys) : MW_TABLE(group_keys);
	const char *kind = record->principal.kind == MW_USER ? "user" : "group";
	size_t equals = mw_str_find(field, '=');
	struct mw_str name = mw_str_head(field, equals), value;
	char memory[512];
	struct mw_buf buf = MW_BUF_OVER(memory);
	int key;

	if (equals == field.len) {
		ERROR(reader, field, "KEY=VALUE", "\"%.*s\" is no setting of a %s", SHOW(field), kind);
		return;
	}
	value = mw_str_tail(field, equals + 1);
	if (!mw_table_find(keys, name, &key))
		ERROR(reader, field, table_text(keys, &buf), "unknown key \"%.*s\" of a %s", SHOW(name), kind);
	else if ((*seen & (1u << key)) != 0)
		ERROR(reader, field, NULL, "%s= stands here twice", mw_table_word(keys, key));
	else if (value.len == 0)
		ERROR(reader, field, "a value", "%s= has no value", mw_table_word(keys, key));
	else
		read_value(reader, record, (enum key)key, mw_table_word(keys, key), value);
	if (mw_table_find(keys, name, &key))
		*seen |= 1u << key;
}

/* Fields one by one; what is wrong with quotes is said here. */
static bool next_field(struct mw_text_reader *reader, struct mw_str *rest, struct mw_str *field)
{
	switch (mw_text_next(rest, field)) {
	case MW_TEXT_FIELD:
		return true;
	case MW_TEXT_OPEN_QUOTE:
		ERROR(reader, *field, NULL, "a quote is not closed");
		*rest = MW_STR_EMPTY;
		return false;
	case MW_TEXT_END:
		break;
	}
	return false;
}

static void read_principal(struct mw_text_reader *reader, enum mw_principal_kind kind, struct mw_str word,
			   struct mw_str rest)
{
	struct mw_record record = {
		.origin = reader->origin,
		.principal = {
			.kind = kind, .imap = true, .pop3 = true, .sieve = true, .smtp = true, .relay = true,
			.message_rate_limit = MW_NOT_SET, .recipient_rate_limit = MW_NOT_SET,
			.max_message_size = MW_NOT_SET, .max_recipients = MW_NOT_SET,
		},
	};
	struct mw_str field;
	unsigned seen = 0;
	bool named;

	if (!next_field(reader, &rest, &field)) {
		ERROR(reader, word, "an address", "a %s has no name", kind == MW_USER ? "user" : "group");
		return;
	}
	named = read_address(reader, field, &record.principal.name);
	while (next_field(reader, &rest, &field))
		read_setting(reader, &record, field, &seen);
	if (named)
		mw_records_add(reader->records, &record);
}

/* a%b may be a mailbox elsewhere: nobody here receives mail for it, but a user may send as it. */
static bool read_granted(struct mw_text_reader *reader, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	if (mw_address_parse(text, &address) != MW_ADDRESS_ROUTED || address.local.len > MW_LOCAL_PART_MAX)
		return read_address(reader, text, address_r);
	*address_r = mw_arena_copy(reader->records->arena, address.whole);
	return name_is_usual(reader, text, address.whole);
}

static bool read_identity(struct mw_text_reader *reader, struct mw_str text, struct mw_grant_record *grant)
{
	char domain[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_str_starts_with(text, MW_STR("*@")))
		return read_granted(reader, text, &grant->identity);
	grant->domain = true;
	if (!mw_domain_canonical(mw_str_tail(text, 2), domain, &len)) {
		ERROR(reader, text, "*@domain", "\"%.*s\": no domain", SHOW(text));
		return false;
	}
	grant->identity = mw_arena_copy(reader->records->arena, (struct mw_str){ domain, len });
	return true;
}

static void read_grant(struct mw_text_reader *reader, struct mw_str word, struct mw_str rest)
{
	struct mw_grant_record grant = { .origin = reader->origin };
	struct mw_str kind, identity, trustee, more;
	char memory[64];
	struct mw_buf buf = MW_BUF_OVER(memory);
	bool good;
	int value;

	if (!next_field(reader, &rest, &kind) || !next_field(reader, &rest, &identity) ||
	    !next_field(reader, &rest, &trustee)) {
		ERROR(reader, word, "grant send-as|send-on-behalf IDENTITY TRUSTEE", "the grant is not complete");
		return;
	}
	good = mw_table_find(MW_TABLE(grant_words), kind, &value);
	if (!good)
		ERROR(reader, kind, table_text(MW_TABLE(grant_words), &buf), "unknown grant \"%.*s\"", SHOW(kind));
	grant.on_behalf = good && value == GRANT_SEND_ON_BEHALF;
	good = read_identity(reader, identity, &grant) && good;
	good = read_address(reader, trustee, &grant.trustee) && good;
	if (next_field(reader, &rest, &more)) {
		ERROR(reader, more, "one grant a line", "\"%.*s\" is too much for a grant", SHOW(more));
		good = false;
	}
	if (good)
		mw_records_add_grant(reader->records, &grant);
}

/* Reports octets that no line may hold. */
static bool line_is_text(struct mw_text_reader *reader, struct mw_str line)
{
	const uint8_t *bad;
	size_t i;

	if (line.len > MW_TEXT_LINE_MAX) {
		ERROR(reader, line, NULL, "the line is longer than %zu octets", MW_TEXT_LINE_MAX);
		return false;
	}
	for (i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			ERROR(reader, mw_str_tail(line, i), NULL, "a control character (0x%02x)", c);
			return false;
		}
	}
	bad = u8_check((const uint8_t *)line.ptr, line.len);
	if (bad == NULL)
		return true;
	ERROR(reader, mw_str_tail(line, (size_t)((const char *)bad - line.ptr)), NULL, "no valid UTF-8");
	return false;
}

static void read_line(struct mw_text_reader *reader, struct mw_str line)
{
	struct mw_str rest = line, word;
	char memory[64];
	struct mw_buf buf = MW_BUF_OVER(memory);
	int value;

	reader->line = line.ptr;
	if (!line_is_text(reader, line) || !next_field(reader, &rest, &word))
		return;
	if (!mw_table_find(MW_TABLE(words), word, &value)) {
		ERROR(reader, word, table_text(MW_TABLE(words), &buf), "unknown record \"%.*s\"", SHOW(word));
		return;
	}
	switch ((enum word)value) {
	case WORD_USER: read_principal(reader, MW_USER, word, rest); break;
	case WORD_GROUP: read_principal(reader, MW_GROUP, word, rest); break;
	case WORD_GRANT: read_grant(reader, word, rest); break;
	}
}

void mw_text_begin(struct mw_text_reader *reader, struct mw_records *records, const char *name, struct mw_str text,
		   struct mw_str default_domain)
{
	const struct mw_str mark = MW_STR("\xef\xbb\xbf");

	*reader = (struct mw_text_reader){
		.records = records,
		.errors = records->errors,
		.name = name,
		.default_domain = default_domain,
		.rest = mw_str_starts_with(text, mark) ? mw_str_tail(text, mark.len) : text,
		.origin = { .source = mw_records_add_source(records, name), .line = 0 },
	};
}

bool mw_text_next_line(struct mw_text_reader *reader)
{
	struct mw_str line;

	if (!mw_str_split(&reader->rest, '\n', &line))
		return false;
	reader->origin.line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	read_line(reader, line);
	return true;
}

void mw_text_read(struct mw_records *records, const char *name, struct mw_str text, struct mw_str default_domain)
{
	struct mw_text_reader reader;

	mw_text_begin(&reader, records, name, text, default_domain);
	while (mw_text_next_line(&reader))
		;
}
