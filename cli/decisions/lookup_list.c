/* SPDX-License-Identifier: MIT */
#include "decisions/lookup_list.h"

struct mw_str mw_lookup_name(const struct mw_lookup_answer *answer, uint32_t id)
{
	struct mw_principal principal;

	if (answer->view->by_id(answer->view->context, id, &principal) != MW_LOOKUP_FOUND)
		return MW_STR("?");
	return principal.name;
}

void mw_lookup_list_begin(const struct mw_lookup_writer *to, const char *key, const char *title)
{
	if (to->json != NULL)
		mw_json_array(to->json, key);
	else
		mw_buf_printf(to->out, "%s", title);
}

void mw_lookup_list_item(const struct mw_lookup_writer *to, struct mw_str item)
{
	if (to->json != NULL)
		mw_json_string(to->json, NULL, item);
	else
		mw_buf_printf(to->out, " %.*s", MW_STR_ARG(item));
}

void mw_lookup_list_end(const struct mw_lookup_writer *to, bool empty)
{
	if (to->json != NULL)
		mw_json_end_array(to->json);
	else
		mw_buf_add_text(to->out, empty ? " nobody\n" : "\n");
}

size_t mw_lookup_list_ids(const struct mw_lookup_writer *to, struct mw_ids ids)
{
	for (size_t i = 0; i < ids.count; i++)
		mw_lookup_list_item(to, mw_lookup_name(to->answer, ids.items[i]));
	return ids.count;
}
