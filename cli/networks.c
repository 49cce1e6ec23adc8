/* SPDX-License-Identifier: MIT */
#include "networks.h"

static const struct { const char *word, *title; } services[] = {
	[MW_SERVICE_IMAP] = { "imap", "imap from:             " },
	[MW_SERVICE_POP3] = { "pop3", "pop3 from:             " },
	[MW_SERVICE_SIEVE] = { "sieve", "sieve from:            " },
	[MW_SERVICE_SMTP] = { "smtp", "smtp from:             " },
};

static bool same(struct mw_ranges a, struct mw_ranges b)
{
	return a.count == b.count && (a.count == 0 || memcmp(a.items, b.items, a.count * sizeof(a.items[0])) == 0);
}

static void print(const char *title, struct mw_ranges ranges, struct mw_buf *out)
{
	if (ranges.count == 0)
		return;
	mw_buf_add_text(out, title);
	for (size_t i = 0; i < ranges.count; i++) {
		mw_buf_add_char(out, ' ');
		mw_range_print(&ranges.items[i], out);
	}
	mw_buf_add_char(out, '\n');
}

void mw_networks_print(const struct mw_networks *networks, struct mw_buf *out)
{
	bool all = true;

	for (size_t i = 1; i < MW_SERVICE_COUNT; i++)
		all = all && same(networks->of[0], networks->of[i]);
	if (all) {
		print("logs in from:          ", networks->of[0], out);
		return;
	}
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++)
		print(services[i].title, networks->of[i], out);
}

void mw_networks_json(const struct mw_networks *networks, struct mw_json *json)
{
	char text[100];

	mw_json_object(json, "networks");
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		if (networks->of[i].count == 0)
			continue;
		mw_json_array(json, services[i].word);
		for (size_t j = 0; j < networks->of[i].count; j++) {
			struct mw_buf range = MW_BUF_OVER(text);

			mw_range_print(&networks->of[i].items[j], &range);
			mw_json_string(json, NULL, mw_buf_str(&range));
		}
		mw_json_end_array(json);
	}
	mw_json_end_object(json);
}
