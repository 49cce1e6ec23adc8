/* SPDX-License-Identifier: MIT */
#include "decisions/audit/print.h"

#include "ui/output.h"
#include "ui/when.h"

static void write_time(struct mw_json *json, const char *key, int64_t time)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (time > 0)
		mw_when_print_exact(time, &text);
	mw_json_string(json, key, mw_buf_str(&text));
}

static void write_client(struct mw_json *json, const struct mw_ip *client)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (client->family != MW_FAMILY_UNKNOWN)
		mw_ip_print(client, &text);
	mw_json_string(json, "client", mw_buf_str(&text));
}

static void write_proposal(struct mw_json *json, const struct mw_audit_day *day, const struct mw_audit_entry *entry)
{
	const struct mw_audit_change *change = &entry->change;
	char memory[2048];
	struct mw_buf why = MW_BUF_OVER(memory);

	mw_audit_sentence(day, entry, &why);
	mw_json_object(json, NULL);
	mw_json_number(json, "number", entry->number);
	mw_json_string(json, "kind", mw_str(mw_table_word(mw_audit_kinds, (int)change->kind)));
	mw_json_number(json, "fixes", entry->fixed);
	mw_json_number(json, "events", entry->events);
	mw_json_bool(json, "needs_grant", mw_audit_needs_grant(change));
	mw_json_string(json, "write", mw_str(entry->text));
	mw_json_string(json, "file", mw_audit_where(day, entry));
	mw_json_string(json, "user", change->user);
	mw_json_string(json, "value", change->value);
	mw_json_string(json, "owner", change->owner);
	if (change->kind == MW_AUDIT_CONNECTOR)
		write_client(json, &change->client);
	mw_json_string(json, "why", mw_buf_str(&why));
	mw_json_end_object(json);
}

static void write_row(struct mw_json *json, const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	char memory[4096];
	struct mw_buf fix = MW_BUF_OVER(memory);
	bool proposed = row->proposal != MW_AUDIT_NONE && day->tally.entries[row->proposal].number > 0;

	mw_json_object(json, NULL);
	mw_json_number(json, "events", row->events);
	mw_json_number(json, "accepted", row->accepted);
	mw_json_string(json, "user", row->login);
	write_client(json, &row->client);
	mw_json_string(json, "service", mw_str(mw_table_word(mw_protocols, (int)row->protocol)));
	mw_json_string(json, "reason", mw_str(mw_reason_name(row->reason)));
	mw_json_string(json, "sender", row->sender);
	mw_json_bool(json, "many_senders", row->many);
	if (proposed) {
		mw_json_number(json, "proposal", day->tally.entries[row->proposal].number);
	} else {
		mw_json_null(json, "proposal");
		mw_audit_row_fix(day, row, &fix);
	}
	mw_json_string(json, mw_audit_part(day, row) == MW_AUDIT_APART ? "why" : "fix", mw_buf_str(&fix));
	mw_json_end_object(json);
}

static void write_rows(struct mw_json *json, const struct mw_audit_answer *answer, const char *key,
		       enum mw_audit_part part)
{
	const struct mw_audit_day *day = answer->day;
	size_t count = 0;

	mw_json_array(json, key);
	for (size_t i = 0; i < day->order_count && count < answer->limit; i++) {
		const struct mw_audit_row *row = &day->tally.rows[day->order[i]];

		if (mw_audit_part(day, row) != part)
			continue;
		count++;
		write_row(json, day, row);
	}
	mw_json_end_array(json);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct mw_audit_answer *answer = *(struct mw_audit_answer *const *)context;
	const struct mw_audit_day *day = answer->day;
	char memory[1024];
	struct mw_buf note = MW_BUF_OVER(memory);

	write_time(json, "since", day->choice->since);
	mw_json_number(json, "decisions", day->decisions);
	mw_json_number(json, "users_seen", day->users_seen);
	mw_json_number(json, "locked_out", day->locked_out);
	mw_json_number(json, "losing_mail", day->losing);
	mw_json_number(json, "printers", day->printers);
	mw_json_number(json, "devices", day->devices);
	mw_json_number(json, "events", day->events);
	mw_json_number(json, "fixed", day->fixed);
	mw_json_number(json, "events_apart", day->apart);
	mw_json_number(json, "events_not_taken", day->not_taken);
	mw_json_number(json, "events_of_strangers", day->strangers);
	mw_json_number(json, "accepted_of_strangers", day->strangers_accepted);
	mw_json_number(json, "refused_already", day->enforced);
	mw_json_object(json, "not_decided");
	mw_json_number(json, "old", day->old);
	mw_json_number(json, "cut", day->cut);
	mw_json_number(json, "damaged", day->malformed);
	mw_json_end_object(json);
	mw_json_number(json, "decisions_without_row", day->tally.without_row);
	mw_json_array(json, "proposals");
	for (size_t i = 0; i < day->proposal_count && i < answer->limit; i++)
		write_proposal(json, day, &day->tally.entries[day->proposals[i]]);
	mw_json_end_array(json);
	write_rows(json, answer, "rows", MW_AUDIT_OURS);
	write_rows(json, answer, "apart", MW_AUDIT_APART);
	write_rows(json, answer, "strangers", MW_AUDIT_STRANGERS);
	mw_json_array(json, "notes");
	for (size_t i = 0; mw_audit_note(day, i, &note); i++) {
		if (note.used > 0)
			mw_json_string(json, NULL, mw_buf_str(&note));
		mw_buf_reset(&note);
	}
	mw_json_end_array(json);
}

bool mw_audit_print_json(struct mw_audit_answer *answer)
{
	struct mw_audit_answer *context = answer;

	return mw_output_json(write_members, &context);
}
