/* SPDX-License-Identifier: MIT */
#include "decisions/lookup_list.h"

#include "mail/local_part.h"

#define PREFIXES_MOST MW_LOCAL_PART_MAX

/* All grants that cover the name that was asked for. */
struct covering {
	const struct mw_lookup_writer *to;
	const struct mw_grants *all[MW_LOOKUP_GRANTED_ON + PREFIXES_MOST];
	size_t count;
	struct mw_grants prefixes[PREFIXES_MOST];
};

/* Those on the principal, the address and the domain, and on addresses that begin as this one does. */
static void find_covering(const struct mw_lookup_writer *to, struct covering *covering)
{
	const struct mw_lookup_answer *answer = to->answer;
	size_t len = answer->named.address.local.len, prefixes = 0;

	covering->to = to;
	covering->count = mw_lookup_granted_on(answer, covering->all);
	if (answer->has_principal || !answer->named.is_address)
		return;
	while (prefixes < PREFIXES_MOST && mw_identity_prefix(answer->view, &answer->named.address, &len,
							      &covering->prefixes[prefixes]) == MW_LOOKUP_FOUND)
		covering->all[covering->count++] = &covering->prefixes[prefixes++];
}

static struct mw_ids ids_of(const struct mw_grants *grants, bool on_behalf)
{
	return on_behalf ? grants->send_on_behalf : grants->send_as;
}

static struct mw_endings endings_of(const struct mw_grants *grants, bool on_behalf)
{
	return on_behalf ? grants->send_on_behalf_until : grants->send_as_until;
}

/* Whether one of the first `count` has the trustee without an end. */
static bool is_endless(const struct covering *covering, size_t count, uint32_t id, bool on_behalf)
{
	for (size_t i = 0; i < count; i++)
		if (mw_identity_in(&(struct mw_principal){ .id = id }, ids_of(covering->all[i], on_behalf)))
			return true;
	return false;
}

/* Whether another one ends later, or as late and comes first. */
static bool is_later(const struct covering *covering, size_t at, const struct mw_ending *ending, bool on_behalf)
{
	for (size_t i = 0; i < covering->count; i++) {
		int64_t until = mw_identity_until(&(struct mw_principal){ .id = ending->id },
						  endings_of(covering->all[i], on_behalf));

		if (until > ending->until || (until == ending->until && i < at))
			return true;
	}
	return false;
}

/* Each trustee once, with the end of its right in text: the one without an end, else the latest. */
static size_t list_covering(const struct covering *covering, bool on_behalf, uint32_t listed)
{
	const struct mw_lookup_writer *to = covering->to;
	size_t count = 0;

	for (size_t i = 0; i < covering->count; i++) {
		struct mw_ids ids = ids_of(covering->all[i], on_behalf);

		for (size_t k = 0; k < ids.count; k++) {
			if (ids.items[k] == listed || is_endless(covering, i, ids.items[k], on_behalf))
				continue;
			mw_lookup_list_item(to, mw_lookup_name(to->answer, ids.items[k]));
			count++;
		}
	}
	for (size_t i = 0; i < covering->count; i++) {
		struct mw_endings endings = endings_of(covering->all[i], on_behalf);

		for (size_t k = 0; k < endings.count; k++) {
			const struct mw_ending *ending = &endings.items[k];

			if (!mw_grant_holds(ending->until, to->answer->today) || ending->id == listed ||
			    is_endless(covering, covering->count, ending->id, on_behalf) ||
			    is_later(covering, i, ending, on_behalf))
				continue;
			count++;
			mw_lookup_list_item(to, mw_lookup_name(to->answer, ending->id));
			if (to->json != NULL)
				continue;
			mw_buf_add_text(to->out, " (until ");
			mw_print_date(ending->until, to->out);
			mw_buf_add_char(to->out, ')');
		}
	}
	return count;
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

static void write_ends(const struct covering *covering)
{
	const struct mw_lookup_writer *to = covering->to;
	bool begun = false;

	if (to->json != NULL)
		mw_json_array(to->json, "grants_until");
	for (size_t i = 0; i < covering->count; i++) {
		if (to->json != NULL) {
			write_endings_json(to, "send-as", covering->all[i]->send_as_until);
			write_endings_json(to, "send-on-behalf", covering->all[i]->send_on_behalf_until);
		} else {
			write_ended(to, "send-as", covering->all[i]->send_as_until, &begun);
			write_ended(to, "send-on-behalf", covering->all[i]->send_on_behalf_until, &begun);
		}
	}
	if (to->json != NULL || begun)
		mw_lookup_list_end(to, false);
}

void mw_lookup_write_trustees(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	bool own = !mw_lookup_is_apart(answer) && answer->principal.kind == MW_USER;
	struct covering covering;
	size_t count;

	find_covering(to, &covering);
	mw_lookup_list_begin(to, "send_as", "may send as it:        ");
	if (own)
		mw_lookup_list_item(to, answer->principal.name);
	count = list_covering(&covering, false, own ? answer->principal.id : 0);
	mw_lookup_list_end(to, count == 0 && !own);
	mw_lookup_list_begin(to, "send_on_behalf", "may send on behalf:    ");
	mw_lookup_list_end(to, list_covering(&covering, true, 0) == 0);
	write_ends(&covering);
}
