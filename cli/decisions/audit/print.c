/* SPDX-License-Identifier: MIT */
#include "decisions/audit/print.h"

#include "ui/output.h"
#include "ui/terminal.h"
#include "ui/when.h"

enum mw_audit_part mw_audit_part(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	if (row->apart)
		return MW_AUDIT_APART;
	if (row->stranger)
		return MW_AUDIT_STRANGERS;
	return mw_audit_not_taken(day, row) ? MW_AUDIT_NOT_TAKEN : MW_AUDIT_OURS;
}

static const char *plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

#define COUNTED(count, one, many) (unsigned long long)(count), plural((count), (one), (many))

void mw_audit_headline(const struct mw_audit_day *day, struct mw_buf *out)
{
	mw_buf_printf(out, "%llu %s seen, %llu would be locked out", COUNTED(day->users_seen, "user", "users"),
		      (unsigned long long)day->locked_out);
	if (day->losing > 0)
		mw_buf_printf(out, ", %llu could not send %s", (unsigned long long)day->losing,
			      day->losing == 1 ? "all of its mail" : "all of their mail");
	if (day->printers > 0)
		mw_buf_printf(out, ", %llu %s would lose relaying", COUNTED(day->printers, "printer", "printers"));
	if (day->devices > 0)
		mw_buf_printf(out, ", %llu %s would be refused",
			      COUNTED(day->devices, "device without a login", "devices without a login"));
}

void mw_audit_sums(const struct mw_audit_day *day, struct mw_buf *out)
{
	mw_buf_printf(out, "%llu %s", COUNTED(day->decisions, "decision", "decisions"));
	if (day->choice->since > 0) {
		mw_buf_add_text(out, " since ");
		mw_when_print(day->choice->since, out);
	}
	mw_buf_printf(out, "; %llu %s would be refused", COUNTED(day->events, "event", "events"));
	if (day->proposal_count > 0)
		mw_buf_printf(out, ", and what is proposed fixes %llu", (unsigned long long)day->fixed);
	if (day->apart > 0)
		mw_buf_printf(out, "; %llu %s set apart", (unsigned long long)day->apart, day->apart == 1 ? "is" : "are");
	if (day->not_taken > 0)
		mw_buf_printf(out, "; %llu %s did not take either", COUNTED(day->not_taken, "message that Postfix",
									     "messages that Postfix"));
	if (day->strangers > 0)
		mw_buf_printf(out, "; %llu %s of strangers would be refused", COUNTED(day->strangers, "message", "messages"));
}

bool mw_audit_note(const struct mw_audit_day *day, size_t number, struct mw_buf *out)
{
	uint64_t lost = day->old + day->cut + day->malformed;

	if (number < day->choice->note_count) {
		mw_buf_add_text(out, day->choice->notes[number]);
		return true;
	}
	switch (number - day->choice->note_count) {
	case 0:
		if (day->permitted == 0 && day->decisions > 0)
			mw_buf_add_text(out, "the log has no permitted decision: who is fine is not counted, and whether Postfix "
					"took a message is not known; log { decisions = all } records them");
		return true;
	case 1:
		if (!day->login_lines && day->decisions > 0)
			mw_buf_add_text(out, "no line of Dovecot's says who logged in, so unknown names at IMAP, POP3 and "
					"ManageSieve may be guesses: none of them is proposed");
		return true;
	case 2:
		if (day->enforced > 0)
			mw_buf_printf(out, "%llu %s refused already, by what is enforced",
				      COUNTED(day->enforced, "decision was", "decisions were"));
		return true;
	case 3:
		if (lost > 0)
			mw_buf_printf(out, "%llu %s cannot be taken again: %llu of a version that did not log all facts, %llu with "
				      "a value too long for the log, %llu damaged", COUNTED(lost, "decision", "decisions"),
				      (unsigned long long)day->old, (unsigned long long)day->cut,
				      (unsigned long long)day->malformed);
		return true;
	case 4:
		if (day->tally.without_row > 0)
			mw_buf_printf(out, "%llu more refused %s found no room; ask for less with --since",
				      COUNTED(day->tally.without_row, "decision", "decisions"));
		return true;
	default:
		return false;
	}
}

void mw_audit_client(const struct mw_ip *client, struct mw_buf *out)
{
	if (client->family != MW_FAMILY_UNKNOWN)
		mw_ip_print(client, out);
	else
		mw_buf_add_char(out, '-');
}

void mw_audit_sentence(const struct mw_audit_day *day, const struct mw_audit_entry *entry, struct mw_buf *out)
{
	const struct mw_audit_change *change = &entry->change;
	const struct mw_audit_row *row = &day->tally.rows[entry->example];

	switch (change->kind) {
	case MW_AUDIT_GRANT:
		mw_buf_printf(out, "%.*s sends as %.*s", MW_STR_ARG(change->user), MW_STR_ARG(row->sender));
		if (!mw_str_empty(change->owner))
			mw_buf_printf(out, ", which is user %.*s's own", MW_STR_ARG(change->owner));
		else if (change->foreign)
			mw_buf_add_text(out, ", which is in no accepted domain");
		break;
	case MW_AUDIT_ADDRESS:
		mw_buf_printf(out, "%.*s sends as %.*s, which nobody has", MW_STR_ARG(change->user), MW_STR_ARG(change->value));
		break;
	case MW_AUDIT_LOGIN:
		mw_buf_printf(out, "%.*s logs in and %s of user %.*s", MW_STR_ARG(row->login),
			      mw_str_empty(change->owner) ? "is an address" : "sends as an address", MW_STR_ARG(change->user));
		break;
	case MW_AUDIT_USER:
		mw_buf_printf(out, "%.*s logs in and is not in the directory", MW_STR_ARG(row->login));
		break;
	case MW_AUDIT_CONNECTOR:
		mw_audit_client(&change->client, out);
		mw_buf_printf(out, " sends on port %u without a login", change->binding.port);
		break;
	}
	mw_buf_printf(out, " (%s)", mw_reason_name(row->reason));
}

void mw_audit_what(const struct mw_audit_entry *entry, struct mw_buf *out)
{
	const struct mw_audit_change *change = &entry->change;

	if (change->kind == MW_AUDIT_ADDRESS || change->kind == MW_AUDIT_LOGIN)
		mw_buf_printf(out, "%s=%.*s in the line of user %.*s", change->kind == MW_AUDIT_LOGIN ? "login" : "address",
			      MW_STR_ARG(change->value), MW_STR_ARG(change->user));
	else
		mw_buf_add_text(out, entry->text);
}

struct mw_str mw_audit_where(const struct mw_audit_day *day, const struct mw_audit_entry *entry)
{
	const struct mw_policy *policy = day->policy;

	if (entry->change.kind == MW_AUDIT_CONNECTOR)
		return mw_str(policy->file);
	return policy->directory.source_count == 1 ? policy->directory.sources[0].path : MW_STR("the directory's source");
}

static bool has_number(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	return row->proposal != MW_AUDIT_NONE && day->tally.entries[row->proposal].number > 0;
}

void mw_audit_row_fix(const struct mw_audit_day *day, const struct mw_audit_row *row, struct mw_buf *out)
{
	if (has_number(day, row))
		mw_buf_printf(out, "%u", day->tally.entries[row->proposal].number);
	else if (row->apart)
		mw_buf_add_text(out, mw_audit_apart(day, row));
	else
		mw_buf_add_text(out, row->fix);
}

/* --- text */

static bool print_proposals(const struct mw_audit_answer *answer, struct mw_buf *out)
{
	static const char *const titles[] = { "number", "fixes", "write", "into", "why" };
	const struct mw_audit_day *day = answer->day;
	struct mw_grid *grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));
	bool whole;

	if (grid == NULL)
		return false;
	for (size_t i = 0; i < day->proposal_count && i < answer->limit; i++) {
		const struct mw_audit_entry *entry = &day->tally.entries[day->proposals[i]];
		char memory[2048];
		struct mw_buf text = MW_BUF_OVER(memory);
		bool section = entry->change.kind == MW_AUDIT_CONNECTOR;

		mw_grid_cellf(grid, MW_STRONG, "%u", entry->number);
		mw_grid_cellf(grid, MW_GOOD, "%llu of %llu", (unsigned long long)entry->fixed, (unsigned long long)entry->events);
		if (section)
			mw_buf_add_text(&text, "the connector below");
		else
			mw_audit_what(entry, &text);
		if (mw_audit_needs_grant(&entry->change))
			mw_buf_add_text(&text, " (needs --grant)");
		mw_grid_cell(grid, MW_STRONG, mw_buf_str(&text));
		mw_grid_cell(grid, MW_FAINT, mw_audit_where(day, entry));
		mw_buf_reset(&text);
		mw_audit_sentence(day, entry, &text);
		mw_grid_cell(grid, MW_PLAIN, mw_buf_str(&text));
	}
	whole = mw_grid_print(grid, out);
	mw_grid_free(grid);
	return whole;
}

static void print_connectors(const struct mw_audit_answer *answer, struct mw_buf *out)
{
	const struct mw_audit_day *day = answer->day;

	for (size_t i = 0; i < day->proposal_count && i < answer->limit; i++) {
		const struct mw_audit_entry *entry = &day->tally.entries[day->proposals[i]];

		if (entry->change.kind != MW_AUDIT_CONNECTOR)
			continue;
		mw_buf_printf(out, "\n%u, into %s, where it is as \"%.*s\" for this address alone, and permits what is refused:\n",
			      entry->number, day->policy->file, MW_STR_ARG(entry->change.connector->name));
		mw_buf_add_text(out, entry->text);
	}
}

static void add_row(struct mw_grid *grid, const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_grid_cellf(grid, MW_STRONG, "%llu", (unsigned long long)row->events);
	mw_grid_cell(grid, MW_PLAIN, mw_str_empty(row->login) ? MW_STR("-") : row->login);
	mw_audit_client(&row->client, &text);
	mw_grid_cell(grid, MW_PLAIN, mw_buf_str(&text));
	mw_grid_cellf(grid, MW_PLAIN, "%s", mw_table_word(mw_protocols, (int)row->protocol));
	mw_grid_cellf(grid, MW_BAD, "%s", mw_reason_name(row->reason));
	mw_grid_cell(grid, MW_PLAIN, row->many ? MW_STR("(many)") : mw_str_empty(row->sender) ? MW_STR("-") : row->sender);
	mw_buf_reset(&text);
	if (has_number(day, row))
		mw_buf_add_text(&text, "proposal ");
	mw_audit_row_fix(day, row, &text);
	mw_grid_cell(grid, MW_PLAIN, text.used > 0 ? mw_buf_str(&text) : MW_STR("-"));
}

static bool print_rows(const struct mw_audit_answer *answer, enum mw_audit_part part, const char *title,
		       struct mw_buf *out)
{
	static const char *const titles[] = { "events", "user", "client", "service", "reason", "sender", "fix" };
	const struct mw_audit_day *day = answer->day;
	struct mw_grid *grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));
	size_t count = 0;
	bool whole;

	if (grid == NULL)
		return false;
	for (size_t i = 0; i < day->order_count; i++) {
		const struct mw_audit_row *row = &day->tally.rows[day->order[i]];

		/* Of strangers, what Postfix took until now is news; the rest would have been refused anyway. */
		if (mw_audit_part(day, row) != part || (part == MW_AUDIT_STRANGERS && row->accepted == 0))
			continue;
		if (count++ < answer->limit)
			add_row(grid, day, row);
	}
	if (count > 0)
		mw_buf_printf(out, "\n%s\n", title);
	whole = count == 0 || answer->limit == 0 || mw_grid_print(grid, out);
	if (count > answer->limit)
		mw_buf_printf(out, "and %zu more rows\n", count - answer->limit);
	mw_grid_free(grid);
	return whole;
}

static void print(struct mw_buf *out, const void *context)
{
	struct mw_audit_answer *answer = *(struct mw_audit_answer *const *)context;
	const struct mw_audit_day *day = answer->day;
	char memory[1024];
	struct mw_buf note = MW_BUF_OVER(memory);

	mw_audit_headline(day, out);
	mw_buf_add_char(out, '\n');
	mw_audit_sums(day, out);
	mw_buf_add_char(out, '\n');
	if (day->proposal_count > 0) {
		mw_buf_add_text(out, "\nProposed (--write NUMBER,... writes into the directory's text source):\n");
		answer->failed |= !print_proposals(answer, out);
		if (day->proposal_count > answer->limit)
			mw_buf_printf(out, "and %zu more proposals\n", day->proposal_count - answer->limit);
		print_connectors(answer, out);
	}
	answer->failed |= !print_rows(answer, MW_AUDIT_OURS, "Would be refused:", out) ||
			  !print_rows(answer, MW_AUDIT_APART, "Set apart, and never proposed (it looks like forging or guessing):",
				      out) ||
			  !print_rows(answer, MW_AUDIT_STRANGERS, "Without a login, from outside, and taken by Postfix until now:",
				      out);
	for (size_t i = 0; mw_audit_note(day, i, &note); i++) {
		if (note.used > 0)
			mw_buf_printf(out, "note: %s\n", memory);
		mw_buf_reset(&note);
	}
}

bool mw_audit_print(struct mw_audit_answer *answer)
{
	struct mw_audit_answer *context = answer;

	return mw_output(print, &context) && !answer->failed;
}
