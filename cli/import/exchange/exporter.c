/* SPDX-License-Identifier: MIT */
#include "import/exchange/exporter.h"

#include "import/exchange/property.h"

static const struct {
	const char *name, *text;
} exporters[] = {
	{ "server",
#include "import/exchange/exporter_server.inc"
	},
	{ "online",
#include "import/exchange/exporter_online.inc"
	},
};

/* "{{Mailbox}}" stands for the properties of Mailbox.csv. */
static void print_columns(struct mw_str name, struct mw_buf *out)
{
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		if (mw_str_equal(name, mw_str(mw_exchange_files[file].name)))
			mw_exchange_print_columns((enum mw_exchange_file)file, out);
	}
}

bool mw_exchange_print_exporter(struct mw_str name, struct mw_buf *out)
{
	struct mw_str text = MW_STR_EMPTY;

	for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++) {
		if (mw_str_equal(name, mw_str(exporters[i].name)))
			text = mw_str(exporters[i].text);
	}
	if (text.len == 0)
		return false;
	while (text.len > 0) {
		size_t open = mw_str_find_text(text, "{{"), close;

		mw_buf_add(out, mw_str_head(text, open));
		text = mw_str_tail(text, open);
		if (text.len == 0)
			break;
		close = mw_str_find_text(text, "}}");
		print_columns(mw_str_head(mw_str_tail(text, 2), close - 2), out);
		text = mw_str_tail(text, close + 2);
	}
	return true;
}
