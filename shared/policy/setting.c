/* SPDX-License-Identifier: MIT */
#include "policy/setting.h"

#include "policy/model.h"

#define MW_SECTION(kind, name, titled, sentence) [MW_SECTION_##kind] = { name, titled, sentence },
#define MW_SETTING(section, name, type, owner, field, table, preset, sentence)
const struct mw_section_info mw_sections[MW_SECTION_COUNT] = {
#include "policy/setting.def"
};

#define MW_SECTION(kind, name, titled, sentence)
#define MW_SETTING(section, name, type, owner, field, table, preset, sentence)                                  \
	{ MW_SECTION_##section, #name, MW_TYPE_##type, offsetof(struct owner, field), table, preset, sentence },
const struct mw_setting mw_settings[] = {
#include "policy/setting.def"
};

const size_t mw_setting_count = sizeof(mw_settings) / sizeof(mw_settings[0]);

bool mw_setting_is_list(enum mw_setting_type type)
{
	return type >= MW_TYPE_SET;
}

size_t mw_setting_find(enum mw_section_kind section, struct mw_str name)
{
	size_t i;

	for (i = 0; i < mw_setting_count; i++)
		if (mw_settings[i].section == section && mw_str_equal(mw_str(mw_settings[i].name), name))
			break;
	return i;
}

static bool stands_in(enum mw_section_kind section, enum mw_section_kind parent)
{
	if (section == MW_SECTION_TOP)
		return false;
	return parent == (section == MW_SECTION_SOURCE ? MW_SECTION_DIRECTORY : MW_SECTION_TOP);
}

enum mw_section_kind mw_section_find(enum mw_section_kind parent, struct mw_str name)
{
	for (int i = 0; i < MW_SECTION_COUNT; i++)
		if (stands_in((enum mw_section_kind)i, parent) && mw_str_equal(mw_str(mw_sections[i].name), name))
			return (enum mw_section_kind)i;
	return MW_SECTION_COUNT;
}

size_t mw_setting_words(enum mw_section_kind section, struct mw_word *words, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < mw_setting_count && count < most; i++)
		if (mw_settings[i].section == section)
			words[count++] = (struct mw_word){ mw_settings[i].name, (int)i };
	for (int i = 0; i < MW_SECTION_COUNT && count < most; i++)
		if (stands_in((enum mw_section_kind)i, section))
			words[count++] = (struct mw_word){ mw_sections[i].name, i };
	return count;
}
