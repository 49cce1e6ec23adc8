/* SPDX-License-Identifier: MIT */
#include "policy/exchange.h"
#include "policy/build.h"

#include "policy/value.h"

struct mw_written *mw_written_new(struct mw_reader *reader)
{
	return MW_ARENA_NEW(reader->scratch, struct mw_written);
}

struct mw_spot mw_written_at(const struct mw_written *written, enum mw_section_kind section, const char *name,
			     struct mw_place place)
{
	size_t index = mw_setting_find(section, mw_str(name));

	if (index < mw_setting_count && written->spots[index].line != 0)
		return written->spots[index];
	return (struct mw_spot){ place.line, 0 };
}

struct mw_place mw_build_place(struct mw_reader *reader, const struct mw_statement *statement)
{
	return (struct mw_place){ reader->policy->file, statement->spot.line };
}

static const char *home_of(struct mw_str name)
{
	for (int i = 0; i < MW_SECTION_COUNT; i++)
		if (mw_setting_find((enum mw_section_kind)i, name) < mw_setting_count)
			return i == MW_SECTION_TOP ? "the top level" : mw_sections[i].name;
	return NULL;
}

static void unknown_name(struct mw_reader *reader, enum mw_section_kind section,
			 const struct mw_statement *statement)
{
	char name_memory[400], expected_memory[1024], hint_memory[200];
	struct mw_buf name = MW_BUF_OVER(name_memory), expected = MW_BUF_OVER(expected_memory),
		      hint = MW_BUF_OVER(hint_memory);
	struct mw_word words[MW_SETTINGS_MAX];
	struct mw_table table = { words, mw_setting_words(section, words, MW_SETTINGS_MAX) };
	const char *nearest = mw_table_nearest(table, statement->name), *home = home_of(statement->name);
	const bool secret = section == MW_SECTION_SOURCE && mw_str_equal_nocase(statement->name, MW_STR("password"));
	const char *exchange = section == MW_SECTION_CONNECTOR ? mw_exchange_parameter(statement->name) : NULL;

	if (secret) {
		mw_reader_error(reader, statement->spot, "password_file = \"/...\"",
				"password: a secret does not stand in the policy; write it into a file that is closed to others");
		return;
	}
	mw_quote(statement->name, &name);
	mw_table_print(table, &expected);
	if (exchange != NULL)
		mw_buf_printf(&hint, "; %s", exchange);
	else if (nearest != NULL)
		mw_buf_printf(&hint, ", did you mean %s?", nearest);
	else if (home != NULL)
		mw_buf_printf(&hint, "; it belongs in %s", home);
	mw_reader_error(reader, statement->spot, expected.data, "unknown %s %s in %s%s",
			statement->is_section ? "section" : "setting", name.data,
			section == MW_SECTION_TOP ? "the top level" : mw_sections[section].name, hint.data);
}

/* False: it is neither a setting nor a section that may stand here. */
static bool check_kind(struct mw_reader *reader, enum mw_section_kind section, const struct mw_statement *statement)
{
	bool is_setting = mw_setting_find(section, statement->name) < mw_setting_count;
	bool is_section = mw_section_find(section, statement->name) < MW_SECTION_COUNT;

	if (statement->is_section ? is_section : is_setting)
		return true;
	if (is_section)
		mw_reader_error(reader, statement->spot, "{", "%.*s is a section, not a setting",
				MW_STR_ARG(statement->name));
	else if (is_setting)
		mw_reader_error(reader, statement->spot, "=", "%.*s is a setting, not a section",
				MW_STR_ARG(statement->name));
	else
		unknown_name(reader, section, statement);
	return false;
}

static void build_written(struct mw_reader *reader, enum mw_section_kind section,
			  const struct mw_statement *statement, void *base, struct mw_written *written)
{
	size_t index = mw_setting_find(section, statement->name);
	struct mw_spot *spot;

	if (!check_kind(reader, section, statement) || statement->is_section)
		return;
	spot = &written->spots[index];
	if (spot->line != 0) {
		mw_reader_error(reader, statement->spot, NULL, "%s is written twice, first in line %u",
				mw_settings[index].name, spot->line);
		return;
	}
	*spot = statement->spot;
	mw_value_read(reader, &mw_settings[index], statement, base);
}

static void build_default(struct mw_reader *reader, const struct mw_setting *setting, void *base)
{
	struct mw_statement statement = { .name = mw_str(setting->name), .spot = { 1, 1 } };
	struct mw_str preset = mw_str(setting->preset);
	struct mw_value value;

	if (mw_str_empty(preset))
		return;
	if (preset.ptr[0] == '{') {
		mw_parse_value(reader, preset, &statement);
	} else {
		/* A plain word, or a quoted text without escapes, is taken without the parser: there are many, and
		   each login process reads them. */
		value = (struct mw_value){ .text = preset, .spot = { 1, 1 } };
		if (preset.ptr[0] == '"')
			value.text = (struct mw_str){ preset.ptr + 1, preset.len - 2 };
		statement.values = &value;
		statement.value_count = 1;
	}
	mw_value_read(reader, setting, &statement, base);
}

void mw_build_settings(struct mw_reader *reader, enum mw_section_kind section, const struct mw_statement *children,
		       void *base, struct mw_written **written_r)
{
	struct mw_written *written = *written_r = mw_written_new(reader);

	if (written == NULL)
		return;
	for (; children != NULL && !mw_reader_gave_up(reader); children = children->next)
		build_written(reader, section, children, base, written);
	for (size_t i = 0; i < mw_setting_count; i++)
		if (mw_settings[i].section == section && written->spots[i].line == 0)
			build_default(reader, &mw_settings[i], base);
}
