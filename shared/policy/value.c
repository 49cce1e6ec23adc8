/* SPDX-License-Identifier: MIT */
#include "policy/value.h"

#include "mail/domain.h"
#include "policy/model.h"

#define TLS_BITS_MAX 1024
#define UNIX_PATH_MAX_LEN 107 /* sun_path without its NUL */
#define DELIMITERS_MAX 16

void mw_value_bad(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		  const char *expected, const char *what)
{
	char memory[400];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_quote(value->text, &text);
	mw_reader_error(reader, value->spot, expected, "%s: %s %s", setting->name, text.data, what);
}

void mw_value_bad_because(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			  const char *expected, const char *what, const char *why)
{
	char memory[200];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_printf(&text, "%s (%s)", what, why);
	mw_value_bad(reader, setting, value, expected, text.data);
}

bool mw_value_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		   int *word_r)
{
	char expected_memory[512], what_memory[128];
	struct mw_buf expected = MW_BUF_OVER(expected_memory), what = MW_BUF_OVER(what_memory);
	const char *nearest;

	if (mw_table_find(*setting->table, value->text, word_r))
		return true;
	mw_table_print(*setting->table, &expected);
	mw_buf_add_text(&what, "is not one of its values");
	nearest = mw_table_nearest(*setting->table, value->text);
	if (nearest != NULL)
		mw_buf_printf(&what, ", did you mean %s?", nearest);
	mw_value_bad(reader, setting, value, expected.data, what.data);
	return false;
}

static struct mw_str keep(struct mw_reader *reader, struct mw_str text)
{
	return mw_str_empty(text) ? MW_STR_EMPTY : mw_arena_copy(reader->arena, text);
}

static void read_text(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	(void)setting;
	*(struct mw_str *)field = keep(reader, value->text);
}

static void read_domain(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			void *field)
{
	char domain[MW_DOMAIN_MAX + 1];
	size_t len;

	if (mw_str_empty(value->text))
		*(struct mw_str *)field = MW_STR_EMPTY;
	else if (mw_domain_canonical(value->text, domain, &len))
		*(struct mw_str *)field = keep(reader, (struct mw_str){ domain, len });
	else
		mw_value_bad(reader, setting, value, "a domain such as mail.example.org", "is not a domain");
}

static void read_delimiter(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			   void *field)
{
	for (size_t i = 0; i < value->text.len; i++) {
		unsigned char c = (unsigned char)value->text.ptr[i];

		if (c <= 0x20 || c >= 0x7f || strchr("@\"\\<>()[],;:", c) != NULL) {
			mw_value_bad(reader, setting, value, "characters such as + or -",
				     "has a character that cannot separate");
			return;
		}
	}
	if (value->text.len > DELIMITERS_MAX)
		mw_value_bad(reader, setting, value, "at most 16 characters", "is too long");
	else
		read_text(reader, setting, value, field);
}

/* One place has one name: a slash at its end says nothing. */
static struct mw_str without_slashes(struct mw_str path)
{
	while (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	return path;
}

static void read_path(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	if (!mw_str_starts_with(value->text, MW_STR("/")))
		mw_value_bad(reader, setting, value, "a path that begins with /", "is not an absolute path");
	else
		*(struct mw_str *)field = keep(reader, without_slashes(value->text));
}

bool mw_value_check_name(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value)
{
	bool good = !mw_str_empty(value->text) && value->text.len <= 64;

	for (size_t i = 0; good && i < value->text.len; i++) {
		char c = value->text.ptr[i];

		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		       c == '-' || c == '.';
	}
	if (!good)
		mw_value_bad(reader, setting, value, "letters, digits, _, - and .", "is not a name");
	return good;
}

static void read_group(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		       void *field)
{
	if (mw_str_empty(value->text) || mw_value_check_name(reader, setting, value))
		read_text(reader, setting, value, field);
}

static void read_driver(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			void *field)
{
	int absent;

	if (!mw_value_word(reader, setting, value, &absent))
		return;
	if (absent != 0)
		mw_value_bad(reader, setting, value, setting->table->words[0].word, "is not built into this version");
	for (size_t i = 0; i < setting->table->count && absent == 0; i++)
		if (mw_str_equal_nocase(mw_str(setting->table->words[i].word), value->text))
			*(struct mw_str *)field = mw_str(setting->table->words[i].word);
}

static void read_facility(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			  void *field)
{
	int word;

	if (mw_value_word(reader, setting, value, &word))
		*(struct mw_str *)field = mw_str(mw_table_word(*setting->table, word));
}

bool mw_value_check_listener(struct mw_reader *reader, const struct mw_setting *setting,
			     const struct mw_value *value)
{
	const char *why = "neither unix: nor inet:";
	struct mw_binding binding;

	if (mw_str_starts_with(value->text, MW_STR("unix:"))) {
		struct mw_str path = mw_str_tail(value->text, 5);

		if (setting->type == MW_TYPE_LISTENERS && mw_str_starts_with(path, MW_STR("/")) &&
		    path.len <= UNIX_PATH_MAX_LEN)
			return true;
		why = setting->type == MW_TYPE_LISTENERS ? "the path is relative" : "only inet: here";
		if (path.len > UNIX_PATH_MAX_LEN)
			why = "the path is too long";
	} else if (mw_str_starts_with(value->text, MW_STR("inet:")) &&
		   mw_binding_parse(mw_str_tail(value->text, 5), &binding, &why)) {
		return true;
	}
	mw_value_bad_because(reader, setting, value,
			     setting->type == MW_TYPE_LISTENERS ? "unix:/PATH (at most 107 octets) or inet:ADDRESS:PORT"
								: "inet:ADDRESS:PORT",
			     "is not a listener", why);
	return false;
}

static void read_listener(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			  void *field)
{
	if (mw_str_empty(value->text) || mw_value_check_listener(reader, setting, value))
		read_text(reader, setting, value, field);
}

static void read_switch(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			void *field)
{
	if (!mw_parse_switch(value->text, field))
		mw_value_bad(reader, setting, value, "yes or no", "is neither yes nor no");
}

static void read_flag(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	int word;

	if (mw_value_word(reader, setting, value, &word))
		*(bool *)field = word != 0;
}

static void read_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	int word;

	if (mw_value_word(reader, setting, value, &word))
		memcpy(field, &word, sizeof(word));
}

_Static_assert(sizeof(enum mw_mode) == sizeof(int), "read_word() and the printer take an enum for an int");

static void read_duration(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			  void *field)
{
	if (!mw_parse_duration(value->text, field))
		mw_value_bad(reader, setting, value, "a time from 1s to 366d: 30s, 5m, 1h", "is not a time");
}

static void read_size(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	uint64_t octets;

	if (!mw_parse_size(value->text, &octets))
		mw_value_bad(reader, setting, value, "a size such as 36MB, or unlimited", "is not a size");
	else if (octets == 0)
		mw_value_bad(reader, setting, value, "1 or more, or unlimited", "would let nothing through");
	else
		*(uint64_t *)field = octets;
}

static void read_limit(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		       void *field)
{
	uint64_t limit;

	if (!mw_parse_limit(value->text, &limit))
		mw_value_bad(reader, setting, value, "a number, or unlimited", "is not a number");
	else if (limit == 0)
		mw_value_bad(reader, setting, value, "1 or more, or unlimited", "would let nothing through");
	else
		*(uint64_t *)field = limit;
}

static void read_bits(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	uint64_t bits;

	if (!mw_parse_number(value->text, &bits) || bits > TLS_BITS_MAX)
		mw_value_bad(reader, setting, value, "a number from 0 to 1024", "is not a number of bits");
	else
		*(unsigned *)field = (unsigned)bits;
}

static void read_port(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	uint64_t port;

	if (!mw_parse_number(value->text, &port) || port == 0 || port > UINT16_MAX)
		mw_value_bad(reader, setting, value, "a number from 1 to 65535", "is not a port");
	else
		*(unsigned *)field = (unsigned)port;
}

static void read_socket_mode(struct mw_reader *reader, const struct mw_setting *setting,
			     const struct mw_value *value, void *field)
{
	unsigned mode = 0;
	bool good = value->text.len >= 3 && value->text.len <= 4;

	for (size_t i = 0; good && i < value->text.len; i++) {
		good = value->text.ptr[i] >= '0' && value->text.ptr[i] <= '7';
		mode = mode * 8 + (unsigned)(value->text.ptr[i] - '0');
	}
	if (!good || mode > 0777)
		mw_value_bad(reader, setting, value, "octal permissions such as 0660", "is not a mode");
	else
		*(unsigned *)field = mode;
}

static void read_date(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      void *field)
{
	struct mw_enforcement *enforcement = field;

	if (mw_parse_date(value->text, &enforcement->audit_until))
		enforcement->has_audit_until = true;
	else
		mw_value_bad(reader, setting, value, "a day as YYYY-MM-DD", "is not a day");
}

typedef void read_function(struct mw_reader *, const struct mw_setting *, const struct mw_value *, void *);

static read_function *const readers[] = {
	[MW_TYPE_TEXT] = read_text,         [MW_TYPE_DOMAIN] = read_domain,
	[MW_TYPE_DELIMITER] = read_delimiter, [MW_TYPE_PATH] = read_path,
	[MW_TYPE_GROUP] = read_group,       [MW_TYPE_DRIVER] = read_driver,
	[MW_TYPE_FACILITY] = read_facility, [MW_TYPE_LISTENER] = read_listener,
	[MW_TYPE_QUERY] = read_text,        [MW_TYPE_PORT] = read_port,
	[MW_TYPE_SWITCH] = read_switch,     [MW_TYPE_FLAG] = read_flag,
	[MW_TYPE_WORD] = read_word,         [MW_TYPE_SIZE] = read_size,
	[MW_TYPE_DURATION] = read_duration,
	[MW_TYPE_LIMIT] = read_limit,       [MW_TYPE_BITS] = read_bits,
	[MW_TYPE_SOCKET_MODE] = read_socket_mode, [MW_TYPE_DATE] = read_date,
};

void mw_value_read(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_statement *statement,
		   void *base)
{
	void *field = (char *)base + setting->offset;

	if (mw_setting_is_list(setting->type)) {
		mw_value_read_list(reader, setting, statement, field);
	} else if (statement->is_list) {
		mw_reader_error(reader, statement->spot, "one value, without { }", "%s takes no list", setting->name);
	} else if (statement->values != NULL) {
		readers[setting->type](reader, setting, statement->values, field);
	}
}
