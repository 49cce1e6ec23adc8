/* Lists in what `mailwicket lookup` prints. Private to lookup_print.c and lookup_trustees.c. */
#ifndef MW_CLI_LOOKUP_LIST_H
#define MW_CLI_LOOKUP_LIST_H

#include "decisions/lookup_answer.h"
#include "ui/output.h"

/* Text and JSON are written by the same walk: `json` NULL writes text. */
struct mw_lookup_writer {
	const struct mw_lookup_answer *answer;
	struct mw_buf *out;
	struct mw_json *json;
};

/* The name of the user or group with this id; it lives in the directory. */
struct mw_str mw_lookup_name(const struct mw_lookup_answer *answer, uint32_t id);

/* A list is begun with its key of JSON and its title as text, has items, and is ended. */
void mw_lookup_list_begin(const struct mw_lookup_writer *to, const char *key, const char *title);
void mw_lookup_list_item(const struct mw_lookup_writer *to, struct mw_str item);
void mw_lookup_list_end(const struct mw_lookup_writer *to, bool empty);
/* Returns how many there are. */
size_t mw_lookup_list_ids(const struct mw_lookup_writer *to, struct mw_ids ids);

/* lookup_trustees.c: who may send as what was asked for, and until when. */
void mw_lookup_write_trustees(const struct mw_lookup_writer *to);

#endif
