/* SPDX-License-Identifier: MIT */
#include "sync/merge/claiming.h"

#include "sync/merge/names.h"

static bool add_claiming(struct mw_records *records, struct mw_record *record, struct mw_str name)
{
	size_t count = record->formers == NULL ? 0 : record->formers->count;
	struct mw_formers *formers = MW_ARENA_NEW(records->arena, struct mw_formers);
	struct mw_former *items = MW_ARENA_ARRAY(records->arena, struct mw_former, count + 1);

	if (formers == NULL || items == NULL)
		return false;
	if (count > 0)
		memcpy(items, record->formers->items, count * sizeof(items[0]));
	items[count] = (struct mw_former){ .name = name, .state = MW_FORMER_CLAIMING, .until = MW_CLAIMING_NEW };
	*formers = (struct mw_formers){ items, count + 1 };
	record->formers = formers;
	return true;
}

/* `before`: what all sources but the last have, and the first that has it. */
static bool note_claim(struct mw_records *records, struct mw_names *before, bool last, struct mw_record *record,
		       struct mw_str name)
{
	const uint32_t *first = mw_names_find(before, name);
	uint32_t *value;
	bool added;

	if (first != NULL && *first < record->owner)
		return record->source_key == NULL || mw_formers_has(record->formers, name) ||
		       add_claiming(records, record, name);
	if (first != NULL || last)
		return true;
	value = mw_names_add(before, name, &added);
	if (value != NULL)
		*value = record->owner;
	return value != NULL;
}

bool mw_claiming_note(struct mw_records *records)
{
	uint32_t last = records->count == 0 ? 0 : records->items[records->count - 1].owner;
	struct mw_names before = { 0 };
	bool failed = false;

	for (size_t i = 0; i < records->count && records->items[0].owner != last && !failed; i++) {
		struct mw_record *record = &records->items[i];
		bool of_last = record->owner == last;

		failed = !note_claim(records, &before, of_last, record, record->principal.name);
		for (size_t k = 0; k < record->addresses.count && !failed; k++)
			failed = !note_claim(records, &before, of_last, record, record->addresses.items[k]);
	}
	mw_names_deinit(&before, &failed);
	return !failed;
}
