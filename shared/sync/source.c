/* SPDX-License-Identifier: MIT */
#include "sync/source.h"

#include "sync/record/key_source.h"
#include "sync/record/row.h"

#define MW_SOURCE_DRIVER(word) &mw_source_##word,
#define MW_SOURCE_DRIVER_ABSENT(word)
static const struct mw_source_driver *const drivers[] = {
#include "policy/source_driver.def"
};

const struct mw_source_driver *mw_source_driver_find(struct mw_str word)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (mw_str_equal_nocase(mw_str(drivers[i]->name), word))
			return drivers[i];
	}
	return NULL;
}

void mw_source_read(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	const struct mw_source_driver *driver = mw_source_driver_find(source->driver);
	unsigned errors_before = mw_errors_count(records->errors, MW_ERROR);
	size_t first = records->count;
	void *opened;

	if (driver == NULL) {
		mw_errors_add(records->errors, MW_ERROR, source->place.file, source->place.line, 0, NULL,
			      "source \"%.*s\": unknown driver \"%.*s\"", MW_STR_ARG(source->name),
			      MW_STR_ARG(source->driver));
		return;
	}
	opened = driver->open(records, source, default_domain);
	if (opened == NULL)
		return;
	records->complete = source->complete;
	records->allow_nets = source->sql.schema == MW_SCHEMA_IREDMAIL;
	while (driver->next(opened))
		;
	records->complete = records->allow_nets = false;
	driver->close(opened);
	if (mw_errors_count(records->errors, MW_ERROR) > errors_before)
		records->value_count = 0;
	else if (records->reports != NULL)
		mw_records_join(records, first, MW_JOIN_BY_KEY);
	if (!mw_rows_end(records) || !mw_source_keys_end(records, first))
		records->failed = true;
}
