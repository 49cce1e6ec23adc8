/* SPDX-License-Identifier: MIT */
/* The addresses of recipients. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"
#include "mail/address.h"
#include "sync/text/name.h"

/* An address that the directory may have. */
static bool read_address(struct mw_exchange *import, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	if (mw_address_parse(text, &address) != MW_ADDRESS_MAILBOX || mw_text_name_refused(address.whole) != '\0')
		return false;
	*address_r = mw_arena_copy(import->arena, address.whole);
	return true;
}

/* What is behind "smtp:"; false: it is of another kind. */
static bool smtp_address(struct mw_str item, struct mw_str *address_r)
{
	size_t colon = mw_str_find(item, ':');

	if (mw_str_starts_with_nocase(item, MW_STR("smtp:")))
		*address_r = mw_str_tail(item, 5);
	else
		*address_r = item;
	return colon == item.len || mw_str_starts_with_nocase(item, MW_STR("smtp:"));
}

/* Gives the person an address of its own. */
static void add_address(struct mw_exchange *import, struct mw_exchange_person *person, struct mw_str address)
{
	struct mw_exchange_person *other;
	struct mw_str *items = (struct mw_str *)person->addresses.items;

	if (mw_str_equal(address, person->name))
		return;
	for (size_t i = 0; i < person->addresses.count; i++) {
		if (mw_str_equal(address, items[i]))
			return;
	}
	if (!mw_exchange_names_add(import->names, address, MW_EXCHANGE_ADDRESS, person, &other)) {
		mw_exchange_error(import, person->file, person->row, "EmailAddresses", NULL,
				  "%.*s is of %s.csv, line %u, too", MW_STR_ARG(address), mw_exchange_files[other->file].name,
				  other->row->line);
		return;
	}
	items = mw_exchange_grown(import->arena, items, person->addresses.count, sizeof(*items));
	if (items == NULL)
		return;
	items[person->addresses.count] = address;
	person->addresses = (struct mw_strs){ items, person->addresses.count + 1 };
}

/* "smtp:..." or "X500:...": the kind of an address before it. */
static bool has_kind(struct mw_str text)
{
	size_t colon = mw_str_find(text, ':');

	for (size_t i = 0; i < colon; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
			return false;
	}
	return colon > 0 && colon < text.len;
}

static bool is_smtp(struct mw_str item)
{
	struct mw_address address;
	struct mw_str text;

	return smtp_address(item, &text) && mw_address_parse(text, &address) == MW_ADDRESS_MAILBOX;
}

/* Whether an item is several addresses, joined by a script with one of these. */
static bool is_joined(struct mw_str item, char separator)
{
	struct mw_str part;
	size_t count = 0;

	while (mw_str_split(&item, separator, &part)) {
		part = mw_str_trim(part);
		if (part.len > 0 && !is_smtp(part) && !(has_kind(part) && !mw_str_starts_with_nocase(part, MW_STR("smtp:"))))
			return false;
		count += part.len > 0;
	}
	return count > 1;
}

static void read_item(struct mw_exchange *import, struct mw_exchange_person *person, const char *property,
		      struct mw_str item)
{
	struct mw_str text, address;

	if (item.len == 0)
		return;
	if (!smtp_address(item, &text))
		mw_exchange_count(import, "addresses of X500, SIP and other kinds");
	else if (read_address(import, text, &address))
		add_address(import, person, address);
	else
		mw_exchange_note(import, person->file, person->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(person->name), MW_STR_ARG(mw_text_cut(item, 200))),
				 "the directory cannot have such an address: leave it out, or give the recipient another one");
}

/* Whether an item that is no address looks like several. */
static bool looks_joined(struct mw_str item)
{
	bool other = has_kind(item) && !mw_str_starts_with_nocase(item, MW_STR("smtp:"));

	if (mw_str_find(item, '"') < item.len)
		return false;
	if (!other)
		return !is_smtp(item) && mw_str_find(item, '@') < mw_str_find_last(item, '@');
	for (size_t i = 1; i < item.len; i++) {
		if (mw_str_starts_with_nocase(mw_str_tail(item, i), MW_STR("smtp:")))
			return true;
	}
	return false;
}

void mw_exchange_read_addresses(struct mw_exchange *import, struct mw_exchange_person *person, const char *property)
{
	static const char separators[] = ";,| ";
	struct mw_str rest = mw_exchange_cell(import, person->file, person->row, property), item, part;

	while (mw_exchange_next_item(&rest, &item)) {
		size_t i = 0;

		while (separators[i] != '\0' && (is_smtp(item) || !is_joined(item, separators[i])))
			i++;
		if (separators[i] == '\0' && looks_joined(item))
			mw_exchange_error(import, person->file, person->row, property, "an address a line, as the exporter writes them",
					  "\"%.*s\" is no address", MW_STR_ARG(mw_text_cut(item, 200)));
		else if (separators[i] == '\0')
			read_item(import, person, property, item);
		else
			while (mw_str_split(&item, separators[i], &part))
				read_item(import, person, property, mw_str_trim(part));
	}
}

bool mw_exchange_read_name(struct mw_exchange *import, struct mw_exchange_person *person)
{
	struct mw_str text = mw_exchange_cell(import, person->file, person->row, "PrimarySmtpAddress");
	struct mw_exchange_person *other;

	if (!smtp_address(text, &text) || !read_address(import, text, &person->name)) {
		mw_exchange_error(import, person->file, person->row, "PrimarySmtpAddress", "local@domain",
				  "\"%.*s\" is no address that the directory can have", MW_STR_ARG(mw_text_cut(text, 100)));
		return false;
	}
	if (mw_exchange_names_add(import->names, person->name, MW_EXCHANGE_ADDRESS, person, &other))
		return true;
	mw_exchange_error(import, person->file, person->row, "PrimarySmtpAddress", NULL, "%.*s is of %s.csv, line %u, too",
			  MW_STR_ARG(person->name), mw_exchange_files[other->file].name, other->row->line);
	return false;
}
