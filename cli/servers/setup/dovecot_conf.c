/* SPDX-License-Identifier: MIT */
#include "servers/setup/text.h"

#define BEGIN "# mailwicket setup: begin"
#define END "# mailwicket setup: end"

static bool is_head(struct mw_str line)
{
	line = mw_str_trim(line);
	return mw_postfix_line_is_comment(line) || mw_str_starts_with(line, MW_STR("dovecot_config_version")) ||
	       mw_str_starts_with(line, MW_STR("dovecot_storage_version"));
}

static void add_block(struct mw_buf *out, struct mw_str block)
{
	if (!mw_str_empty(block))
		mw_buf_printf(out, BEGIN "\n%.*s" END "\n", MW_STR_ARG(block));
}

struct mw_str mw_setup_dovecot_conf(struct mw_arena *arena, struct mw_str text, struct mw_str passdb,
				    struct mw_str settings)
{
	size_t size = text.len + passdb.len + settings.len + 256;
	char *memory = mw_arena_alloc(arena, size);
	bool inside = false, placed = false;
	struct mw_str line;
	struct mw_buf out;

	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, size);
	while (mw_postfix_line_next(&text, &line)) {
		if (mw_str_equal(line, MW_STR(BEGIN))) {
			inside = true;
		} else if (mw_str_equal(line, MW_STR(END))) {
			inside = false;
		} else if (!inside) {
			if (!placed && !is_head(line)) {
				add_block(&out, passdb);
				placed = true;
			}
			mw_buf_add(&out, line);
			mw_buf_add_char(&out, '\n');
		}
	}
	if (!placed)
		add_block(&out, passdb);
	add_block(&out, settings);
	return mw_buf_str(&out);
}

unsigned mw_setup_folder_line(struct mw_str text)
{
	struct mw_str line;

	for (unsigned number = 1; mw_postfix_line_next(&text, &line); number++) {
		line = mw_str_trim(line);
		if (mw_str_starts_with(line, MW_STR("!include")) && mw_str_ends_with(line, MW_STR("conf.d/*.conf")))
			return number;
	}
	return 0;
}
