/* SPDX-License-Identifier: MIT */
#include "policy/value.h"

#include "mail/domain.h"
#include "policy/exchange.h"
#include "policy/model.h"

#define FINGERPRINT_LEN 64 /* SHA-256 as hex */

static void refuse_empty(struct mw_reader *reader, const struct mw_setting *setting,
			 const struct mw_statement *statement)
{
	if (statement->is_list && statement->value_count == 0)
		mw_reader_error(reader, statement->spot, "at least one value, or the line left out",
				"%s: an empty list would match nothing", setting->name);
}

static void read_set(struct mw_reader *reader, const struct mw_setting *setting,
		     const struct mw_statement *statement, void *field)
{
	const struct mw_value *none = NULL;
	uint32_t set = 0;

	for (const struct mw_value *value = statement->values; value != NULL; value = value->next) {
		int bit;

		if (mw_exchange_word(reader, setting, value, &bit)) {
			set |= (uint32_t)bit;
			continue;
		}
		if (!mw_value_word(reader, setting, value, &bit))
			continue;
		set |= (uint32_t)bit;
		if (bit == 0)
			none = value;
	}
	if (none != NULL && statement->value_count > 1)
		mw_value_bad(reader, setting, none, NULL, "cannot stand beside others");
	*(uint32_t *)field = set;
}

static void read_protocols(struct mw_reader *reader, const struct mw_setting *setting,
			   const struct mw_statement *statement, void *field)
{
	bool *protocols = field;

	refuse_empty(reader, setting, statement);
	for (const struct mw_value *value = statement->values; value != NULL; value = value->next) {
		int protocol;

		if (mw_value_word(reader, setting, value, &protocol))
			protocols[protocol] = true;
	}
}

/* An empty list may be what the setting has by default: nobody, and not anybody. */
static void read_ranges(struct mw_reader *reader, const struct mw_setting *setting,
			const struct mw_statement *statement, void *field)
{
	struct mw_range *items = MW_ARENA_ARRAY(reader->arena, struct mw_range, statement->value_count + 1);
	size_t count = 0;

	if (items == NULL)
		return;
	if (strcmp(setting->preset, "{ }") != 0)
		refuse_empty(reader, setting, statement);
	for (const struct mw_value *value = statement->values; value != NULL; value = value->next) {
		const char *why = "no address";

		if (mw_range_parse(value->text, &items[count], &why))
			count++;
		else
			mw_value_bad_because(reader, setting, value,
					     "192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or 192.0.2.10-192.0.2.20",
					     "is not an address range", why);
	}
	*(struct mw_ranges *)field = (struct mw_ranges){ items, count };
}

static void read_bindings(struct mw_reader *reader, const struct mw_setting *setting,
			  const struct mw_statement *statement, void *field)
{
	struct mw_binding *items = MW_ARENA_ARRAY(reader->arena, struct mw_binding, statement->value_count + 1);
	size_t count = 0;

	if (items == NULL)
		return;
	refuse_empty(reader, setting, statement);
	for (const struct mw_value *value = statement->values; value != NULL; value = value->next) {
		const char *why = "no port";

		if (mw_binding_parse(value->text, &items[count], &why))
			count++;
		else
			mw_value_bad_because(reader, setting, value,
					     "*:587, 0.0.0.0:587, [::]:587, 192.0.2.1:587 or [2001:db8::1]:587",
					     "is not a listener", why);
	}
	*(struct mw_bindings *)field = (struct mw_bindings){ items, count };
}

/* 64 hexadecimal digits, with or without colons between the octets. */
static bool fingerprint(struct mw_str text, char out[FINGERPRINT_LEN])
{
	bool colons = text.len == FINGERPRINT_LEN / 2 * 3 - 1;
	size_t len = 0;

	if (!colons && text.len != FINGERPRINT_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (colons && i % 3 == 2) {
			if (text.ptr[i] != ':')
				return false;
		} else if (mw_hex_digit(text.ptr[i]) < 0) {
			return false;
		} else {
			out[len++] = "0123456789abcdef"[mw_hex_digit(text.ptr[i])];
		}
	}
	return len == FINGERPRINT_LEN;
}

static bool check_fingerprint(struct mw_reader *reader, const struct mw_setting *setting,
			      const struct mw_value *value, struct mw_str *name_r)
{
	char hex[FINGERPRINT_LEN];

	if (!fingerprint(value->text, hex)) {
		mw_value_bad(reader, setting, value, "64 hexadecimal digits, with or without colons",
			     "is not a SHA-256 fingerprint");
		return false;
	}
	*name_r = mw_arena_copy(reader->arena, (struct mw_str){ hex, sizeof(hex) });
	return true;
}

static bool check_domain(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			 struct mw_str *name_r)
{
	char canonical[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_canonical(value->text, canonical, &len)) {
		mw_value_bad(reader, setting, value, "localhost, mail.example.org, [192.0.2.1] or [IPv6:2001:db8::1]",
			     "is neither a domain nor an address in brackets");
		return false;
	}
	*name_r = mw_arena_copy(reader->arena, (struct mw_str){ canonical, len });
	return true;
}

/* Letters of other scripts are left to whoever compares the address: login processes link nothing that folds them. */
static bool is_local_part(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || strchr("\"%!\\()<>[],;:@\x7f", text.ptr[i]) != NULL)
			return false;
	return text.len > 0;
}

static bool check_principal(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
			    struct mw_str *name_r)
{
	size_t at = mw_str_find_last(value->text, '@'), len;
	struct mw_str local = mw_str_head(value->text, at), domain = reader->policy->default_domain;
	char memory[MW_DOMAIN_MAX + 1];

	if (at < value->text.len) {
		if (!mw_domain_canonical(mw_str_tail(value->text, at + 1), memory, &len))
			len = 0;
		domain = (struct mw_str){ memory, len };
	}
	if (!is_local_part(local) || mw_str_empty(domain)) {
		mw_value_bad(reader, setting, value, "sales@example.org, or sales with a default_domain",
			     "is not the address of a user or group");
		return false;
	}
	*name_r = mw_str(mw_arena_textf(reader->arena, "%.*s@%.*s", MW_STR_ARG(local), MW_STR_ARG(domain)));
	return true;
}

static bool check_item(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		       struct mw_str *item_r)
{
	if (setting->type == MW_TYPE_FINGERPRINTS)
		return check_fingerprint(reader, setting, value, item_r);
	if (setting->type == MW_TYPE_PRINCIPALS)
		return check_principal(reader, setting, value, item_r);
	if (setting->type == MW_TYPE_DOMAINS)
		return check_domain(reader, setting, value, item_r);
	if (setting->type == MW_TYPE_WORDS) {
		*item_r = mw_arena_copy(reader->arena, value->text);
		return true;
	}
	if (setting->type == MW_TYPE_LISTENERS ? !mw_value_check_listener(reader, setting, value)
					       : !mw_value_check_name(reader, setting, value))
		return false;
	*item_r = mw_arena_copy(reader->arena, value->text);
	return true;
}

static void read_strings(struct mw_reader *reader, const struct mw_setting *setting,
			 const struct mw_statement *statement, void *field)
{
	struct mw_str *items = MW_ARENA_ARRAY(reader->arena, struct mw_str, statement->value_count + 1);
	size_t count = 0;

	if (items == NULL)
		return;
	if (setting->type == MW_TYPE_LISTENERS)
		refuse_empty(reader, setting, statement);
	for (const struct mw_value *value = statement->values; value != NULL; value = value->next)
		if (check_item(reader, setting, value, &items[count]))
			count++;
	*(struct mw_strs *)field = (struct mw_strs){ items, count };
}

void mw_value_read_list(struct mw_reader *reader, const struct mw_setting *setting,
			const struct mw_statement *statement, void *field)
{
	switch (setting->type) {
	case MW_TYPE_SET:
		read_set(reader, setting, statement, field);
		break;
	case MW_TYPE_PROTOCOLS:
		read_protocols(reader, setting, statement, field);
		break;
	case MW_TYPE_RANGES:
		read_ranges(reader, setting, statement, field);
		break;
	case MW_TYPE_BINDINGS:
		read_bindings(reader, setting, statement, field);
		break;
	default:
		read_strings(reader, setting, statement, field);
		break;
	}
}
