/* SPDX-License-Identifier: MIT */
#include "import/exchange/property.h"

#include <stdint.h>

enum file_bit {
#define MW_EXCHANGE_FILE(id, name, command, needed) id = 1 << MW_EXCHANGE_##id,
#include "import/exchange/property.def"
};

struct property {
	uint32_t files;
	const char *name;
	enum mw_exchange_fate fate;
	uint32_t needed;
	const char *text;
};

#define CARRIED MW_EXCHANGE_CARRIED
#define NO_MEANING MW_EXCHANGE_NO_MEANING
#define DECIDE MW_EXCHANGE_DECIDE

static const struct property properties[] = {
#define MW_PROPERTY(files, name, fate, needed, text) { (uint32_t)(files), (name), (fate), (uint32_t)(needed), (text) },
#include "import/exchange/property.def"
/* Those of receive connectors that the policy explains too. */
#define MW_EXCHANGE_PARAMETER(name, text) { CONNECTOR, (name), NO_MEANING, 0, (text) },
#include "policy/exchange.def"
};

#define COUNT (sizeof(properties) / sizeof(properties[0]))

const struct mw_exchange_file_row mw_exchange_files[MW_EXCHANGE_FILE_COUNT] = {
#define MW_EXCHANGE_FILE(id, name, command, needed) [MW_EXCHANGE_##id] = { (name), (command), (needed) },
#include "import/exchange/property.def"
};

const char *const mw_exchange_fates[] = { "carried over", "no meaning here", "decide", "unknown" };

static bool is_beginning(const char *name)
{
	return name[strlen(name) - 1] == '*';
}

static bool matches(const struct property *property, uint32_t file, struct mw_str name)
{
	struct mw_str wanted = mw_str(property->name);

	if ((property->files & file) == 0)
		return false;
	if (is_beginning(property->name))
		return mw_str_starts_with_nocase(name, mw_str_head(wanted, wanted.len - 1));
	return mw_str_equal_nocase(name, wanted);
}

/* A whole name goes before a beginning. */
static const struct property *find(uint32_t file, struct mw_str name)
{
	for (unsigned beginnings = 0; beginnings < 2; beginnings++) {
		for (size_t i = 0; i < COUNT; i++) {
			if (is_beginning(properties[i].name) == (beginnings == 1) && matches(&properties[i], file, name))
				return &properties[i];
		}
	}
	return NULL;
}

enum mw_exchange_fate mw_exchange_property(enum mw_exchange_file file, struct mw_str name, const char **text_r)
{
	const struct property *property = find(1u << file, name);

	*text_r = property != NULL ? property->text : "";
	return property != NULL ? property->fate : MW_EXCHANGE_UNKNOWN;
}

void mw_exchange_needed(enum mw_exchange_file file, void (*found)(const char *name, void *context), void *context)
{
	for (size_t i = 0; i < COUNT; i++) {
		if ((properties[i].files & properties[i].needed & 1u << file) != 0)
			found(properties[i].name, context);
	}
}

/* What the exporter makes of the others. */
static bool is_added(const char *name)
{
	static const char *const added[] = { "Recipient", "Group", "Connector", "UserSid" };

	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
		if (strcmp(name, added[i]) == 0)
			return true;
	}
	return false;
}

void mw_exchange_print_columns(enum mw_exchange_file file, struct mw_buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < COUNT; i++) {
		struct mw_str name = mw_str(properties[i].name);

		if ((properties[i].files & 1u << file) == 0 || properties[i].fate == NO_MEANING || is_added(properties[i].name))
			continue;
		if (is_beginning(properties[i].name))
			name.len--;
		else if (find(1u << file, name) != &properties[i])
			continue;
		mw_buf_printf(out, "%s'%.*s'", between, MW_STR_ARG(name));
		between = ", ";
	}
}

static void print_file(enum mw_exchange_file file, struct mw_buf *out)
{
	mw_buf_printf(out, "\n## %s.csv\n\nOf `%s`.\n\n| property | what becomes of it |\n|---|---|\n",
		      mw_exchange_files[file].name, mw_exchange_files[file].command);
	for (size_t i = 0; i < COUNT; i++) {
		const struct property *property = &properties[i];

		/* One that an earlier row has already is not printed again. */
		if ((property->files & 1u << file) == 0 ||
		    (!is_beginning(property->name) && find(1u << file, mw_str(property->name)) != property))
			continue;
		mw_buf_printf(out, "| %s | **%s**: %s%s |\n", property->name, mw_exchange_fates[property->fate], property->text,
			      (property->needed & 1u << file) != 0 ? ". The column is needed" : "");
	}
}

void mw_exchange_print_properties(struct mw_buf *out)
{
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++)
		print_file((enum mw_exchange_file)file, out);
}
