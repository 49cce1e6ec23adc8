/* SPDX-License-Identifier: MIT */
#include "decisions/lookup_list.h"

/* Those of them that permit today; in text with their ends. */
static size_t list_endings(const struct mw_lookup_writer *to, struct mw_endings endings)
{
	size_t count = 0;

	for (size_t i = 0; i < endings.count; i++) {
		const struct mw_ending *ending = &endings.items[i];

		if (!mw_grant_holds(ending->until, to->answer->today))
			continue;
		count++;
		mw_lookup_list_item(to, mw_lookup_name(to->answer, ending->id));
		if (to->json != NULL)
			continue;
		mw_buf_add_text(to->out, " (until ");
		mw_print_date(ending->until, to->out);
		mw_buf_add_char(to->out, ')');
	}
	return count;
}

static size_t list_granted(const struct mw_lookup_writer *to, const struct mw_grants *grants, bool on_behalf)
{
	return mw_lookup_list_ids(to, on_behalf ? grants->send_on_behalf : grants->send_as) +
	       list_endings(to, on_behalf ? grants->send_on_behalf_until : grants->send_as_until);
}

static void write_ended(const struct mw_lookup_writer *to, const char *kind, struct mw_endings endings, bool *begun)
{
	for (size_t i = 0; i < endings.count; i++) {
		const struct mw_ending *ending = &endings.items[i];

		if (mw_grant_holds(ending->until, to->answer->today))
			continue;
		mw_buf_add_text(to->out, *begun ? "" : "ended grants:          ");
		*begun = true;
		mw_lookup_list_item(to, mw_lookup_name(to->answer, ending->id));
		mw_buf_printf(to->out, " (%s, until ", kind);
		mw_print_date(ending->until, to->out);
		mw_buf_add_char(to->out, ')');
	}
}

static void write_endings_json(const struct mw_lookup_writer *to, const char *kind, struct mw_endings endings)
{
	for (size_t i = 0; i < endings.count; i++) {
		char memory[32];
		struct mw_buf until = MW_BUF_OVER(memory);

		mw_print_date(endings.items[i].until, &until);
		mw_json_object(to->json, NULL);
		mw_json_string(to->json, "grant", mw_str(kind));
		mw_json_string(to->json, "trustee", mw_lookup_name(to->answer, endings.items[i].id));
		mw_json_string(to->json, "until", mw_buf_str(&until));
		mw_json_bool(to->json, "ended", !mw_grant_holds(endings.items[i].until, to->answer->today));
		mw_json_end_object(to->json);
	}
}

static void write_ends(const struct mw_lookup_writer *to)
{
	const struct mw_grants *grants[MW_LOOKUP_GRANTED_ON];
	size_t count = mw_lookup_granted_on(to->answer, grants);
	bool begun = false;

	if (to->json != NULL)
		mw_json_array(to->json, "grants_until");
	for (size_t i = 0; i < count; i++) {
		if (to->json != NULL) {
			write_endings_json(to, "send-as", grants[i]->send_as_until);
			write_endings_json(to, "send-on-behalf", grants[i]->send_on_behalf_until);
		} else {
			write_ended(to, "send-as", grants[i]->send_as_until, &begun);
			write_ended(to, "send-on-behalf", grants[i]->send_on_behalf_until, &begun);
		}
	}
	if (to->json != NULL || begun)
		mw_lookup_list_end(to, false);
}

/* Of grants on addresses that begin as this one does. */
static size_t list_prefixes(const struct mw_lookup_writer *to, bool on_behalf)
{
	const struct mw_lookup_answer *answer = to->answer;
	size_t len = answer->named.address.local.len, count = 0;
	struct mw_grants grants;

	if (answer->has_principal || !answer->named.is_address)
		return 0;
	while (mw_identity_prefix(answer->view, &answer->named.address, &len, &grants) == MW_LOOKUP_FOUND)
		count += list_granted(to, &grants, on_behalf);
	return count;
}

void mw_lookup_write_trustees(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	const struct mw_grants *grants[MW_LOOKUP_GRANTED_ON];
	size_t on = mw_lookup_granted_on(answer, grants), count = 0;

	mw_lookup_list_begin(to, "send_as", "may send as it:        ");
	if (!mw_lookup_is_apart(answer) && answer->principal.kind == MW_USER) {
		mw_lookup_list_item(to, answer->principal.name);
		count++;
	}
	for (size_t i = 0; i < on; i++)
		count += list_granted(to, grants[i], false);
	count += list_prefixes(to, false);
	mw_lookup_list_end(to, count == 0);
	count = 0;
	mw_lookup_list_begin(to, "send_on_behalf", "may send on behalf:    ");
	for (size_t i = 0; i < on; i++)
		count += list_granted(to, grants[i], true);
	count += list_prefixes(to, true);
	mw_lookup_list_end(to, count == 0);
	write_ends(to);
}
