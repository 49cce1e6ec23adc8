/* SPDX-License-Identifier: MIT */
#include "decisions/facts_log.h"

static bool read_values(const struct mw_logline *line, struct mw_logged *logged)
{
	for (enum mw_logfield_id i = 0; i < MW_FIELD_COUNT; i++)
		if (mw_logline_has(line, i) && !mw_logfield_read(&mw_logfields[i], line->values[i], logged))
			return false;
	return true;
}

static bool lost_a_value(const struct mw_logged *logged)
{
	struct mw_str rest = logged->cut, key;

	while (mw_str_split(&rest, ',', &key)) {
		size_t field = mw_logfield_find(key, 0);

		/* A field of tomorrow is taken for one of a submission. */
		if (field == MW_FIELD_COUNT ? logged->decision == MW_DECISION_SUBMISSION :
		    (mw_logfields[field].decisions >> logged->decision & 1) != 0)
			return true;
	}
	return false;
}

enum mw_logged_state mw_facts_from_log(struct mw_str text, struct mw_logline *line, struct mw_logged *logged_r)
{
	struct mw_facts *facts = &logged_r->facts;

	memset(logged_r, 0, sizeof(*logged_r));
	facts->stage = MW_STAGE_UNKNOWN;
	if (!mw_logline_read(text, line) || line->repeated || !read_values(line, logged_r) ||
	    !mw_logline_has(line, MW_FIELD_VERDICT) || !mw_logline_has(line, MW_FIELD_REASON) ||
	    !mw_logline_has(line, MW_FIELD_PROTOCOL))
		return MW_LOGGED_MALFORMED;
	if (!mw_logline_has(line, MW_FIELD_DECISION))
		return MW_LOGGED_OLD;
	/* Behind all facts stands one of these: without any, something was lost on the way. */
	if (!mw_logline_has(line, MW_FIELD_REPLY) && !mw_logline_has(line, MW_FIELD_RULE) &&
	    !mw_logline_has(line, MW_FIELD_HINT))
		return MW_LOGGED_MALFORMED;
	if (lost_a_value(logged_r))
		return MW_LOGGED_CUT;
	facts->no_instance = mw_logline_has(line, MW_FIELD_INSTANCE) && mw_str_empty(facts->instance);
	if (mw_logline_has(line, MW_FIELD_TLS_ORIGIN) && !mw_logline_has(line, MW_FIELD_TLS))
		mw_tls_assume(&facts->tls);
	return MW_LOGGED_WHOLE;
}
