/* SPDX-License-Identifier: MIT */
#include "ui/output.h"
#include "decisions/replay.h"
#include "ui/terminal.h"

struct answer {
	const struct mw_replay *replay;
	const struct mw_replay_row *rows;
	size_t count, shown;
	bool failed;
};

static struct mw_str or_dash(struct mw_str text)
{
	return mw_str_empty(text) ? MW_STR("-") : text;
}

static struct mw_str client_of(const struct mw_replay_row *row, struct mw_buf *out)
{
	mw_buf_reset(out);
	if (row->client.family != MW_FAMILY_UNKNOWN)
		mw_ip_print(&row->client, out);
	return mw_buf_str(out);
}

/* "Client (new.conf:12)", "built-in". */
static struct mw_str rule_of(const struct mw_replay_row *row, struct mw_buf *out)
{
	struct mw_verdict verdict = { .connector = row->connector, .login_rule = row->login_rule };
	struct mw_str name = mw_verdict_rule_name(&verdict);
	struct mw_place place = mw_verdict_rule_place(&verdict);
	struct mw_str file = mw_str(place.file);

	mw_buf_reset(out);
	if (row->connector == NULL && row->login_rule == NULL)
		return MW_STR_EMPTY;
	if (mw_str_find_last(file, '/') < file.len)
		file = mw_str_tail(file, mw_str_find_last(file, '/') + 1);
	mw_buf_add(out, name);
	if (place.line > 0)
		mw_buf_printf(out, "%s(%.*s:%u)", out->used > 0 ? " " : "", MW_STR_ARG(file), place.line);
	else if (mw_str_empty(name))
		mw_buf_add(out, file);
	return mw_buf_str(out);
}

static void add_result(struct mw_grid *grid, struct mw_replay_result result)
{
	mw_grid_cellf(grid, MW_PLAIN, "%s%s", mw_reason_name(result.reason),
		      result.verdict == MW_LOGGED_WOULD_REFUSE ? " (audit)" : "");
}

static void add_row(struct mw_grid *grid, const struct mw_replay_row *row)
{
	static const enum mw_colour colours[] = {
		[MW_REPLAY_REFUSED] = MW_BAD,
		[MW_REPLAY_AUDITED] = MW_DOUBTFUL,
		[MW_REPLAY_PERMITTED] = MW_GOOD,
		[MW_REPLAY_REASON] = MW_PLAIN,
	};
	char memory[512];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_grid_cellf(grid, colours[row->change], "%s", mw_table_word(mw_replay_changes, (int)row->change));
	mw_grid_cellf(grid, MW_STRONG, "%llu", (unsigned long long)row->count);
	mw_grid_cell(grid, MW_PLAIN, or_dash(row->login));
	mw_grid_cell(grid, MW_PLAIN, or_dash(client_of(row, &text)));
	mw_grid_cellf(grid, MW_PLAIN, "%s %s", mw_table_word(mw_protocols, (int)row->protocol),
		      mw_table_word(mw_decisions, (int)row->decision));
	mw_grid_cell(grid, MW_PLAIN, or_dash(row->sender));
	add_result(grid, row->before);
	add_result(grid, row->after);
	mw_grid_cell(grid, MW_FAINT, or_dash(rule_of(row, &text)));
}

static bool write_rows(const struct answer *answer, struct mw_buf *out)
{
	static const char *const titles[] = {
		"change", "count", "login", "client", "decision", "sender", "before", "after", "rule",
	};
	struct mw_grid *grid;
	bool whole;

	if (answer->shown == 0)
		return true;
	grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));
	if (grid == NULL)
		return false;
	for (size_t i = 0; i < answer->shown; i++)
		add_row(grid, &answer->rows[i]);
	whole = mw_grid_print(grid, out);
	mw_grid_free(grid);
	return whole;
}

static void write_sums(const struct mw_replay *replay, struct mw_buf *out)
{
	uint64_t lost = replay->old + replay->cut + replay->malformed;
	uint64_t again = mw_replay_total(replay) - lost;

	mw_buf_printf(out, "%llu decision%s taken again: %llu newly refused, %llu newly refused in audit mode, "
		      "%llu newly permitted, %llu refused for another reason, %llu unchanged\n",
		      (unsigned long long)again, again == 1 ? "" : "s",
		      (unsigned long long)replay->changes[MW_REPLAY_REFUSED],
		      (unsigned long long)replay->changes[MW_REPLAY_AUDITED],
		      (unsigned long long)replay->changes[MW_REPLAY_PERMITTED],
		      (unsigned long long)replay->changes[MW_REPLAY_REASON],
		      (unsigned long long)replay->changes[MW_REPLAY_UNCHANGED]);
	if (lost > 0)
		mw_buf_printf(out, "%llu cannot be taken again: %llu of a version that did not log all facts, %llu with a "
			      "value too long for the log, %llu damaged\n", (unsigned long long)lost,
			      (unsigned long long)replay->old, (unsigned long long)replay->cut,
			      (unsigned long long)replay->malformed);
}

static void write_text(struct mw_buf *out, const void *context)
{
	struct answer *answer = *(struct answer *const *)context;

	if (!write_rows(answer, out))
		answer->failed = true;
	if (answer->count > answer->shown && answer->shown > 0)
		mw_buf_printf(out, "and %zu more rows\n", answer->count - answer->shown);
	if (answer->replay->without_row > 0)
		mw_buf_printf(out, "and %llu more decisions: only the first %d rows are kept\n",
			      (unsigned long long)answer->replay->without_row, MW_REPLAY_ROWS_MAX);
	write_sums(answer->replay, out);
}

static void write_result(struct mw_json *json, const char *key, struct mw_replay_result result)
{
	mw_json_object(json, key);
	mw_json_string(json, "verdict", mw_str(mw_table_word(mw_logged_verdicts, (int)result.verdict)));
	mw_json_string(json, "reason", mw_str(mw_reason_name(result.reason)));
	mw_json_end_object(json);
}

static void write_row(struct mw_json *json, const struct mw_replay_row *row)
{
	char memory[512];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_json_object(json, NULL);
	mw_json_string(json, "change", mw_str(mw_table_word(mw_replay_changes, (int)row->change)));
	mw_json_number(json, "count", row->count);
	mw_json_string(json, "login", row->login);
	mw_json_string(json, "client", client_of(row, &text));
	mw_json_string(json, "protocol", mw_str(mw_table_word(mw_protocols, (int)row->protocol)));
	mw_json_string(json, "decision", mw_str(mw_table_word(mw_decisions, (int)row->decision)));
	mw_json_string(json, "sender", row->sender);
	write_result(json, "before", row->before);
	write_result(json, "after", row->after);
	mw_json_string(json, "rule", rule_of(row, &text));
	mw_json_end_object(json);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct answer *answer = *(struct answer *const *)context;
	const struct mw_replay *replay = answer->replay;

	mw_json_number(json, "decisions", mw_replay_total(replay));
	mw_json_number(json, "newly_refused", replay->changes[MW_REPLAY_REFUSED]);
	mw_json_number(json, "newly_audited", replay->changes[MW_REPLAY_AUDITED]);
	mw_json_number(json, "newly_permitted", replay->changes[MW_REPLAY_PERMITTED]);
	mw_json_number(json, "other_reason", replay->changes[MW_REPLAY_REASON]);
	mw_json_number(json, "unchanged", replay->changes[MW_REPLAY_UNCHANGED]);
	mw_json_object(json, "not_decided");
	mw_json_number(json, "old", replay->old);
	mw_json_number(json, "cut", replay->cut);
	mw_json_number(json, "damaged", replay->malformed);
	mw_json_end_object(json);
	mw_json_array(json, "rows");
	for (size_t i = 0; i < answer->shown; i++)
		write_row(json, &answer->rows[i]);
	mw_json_end_array(json);
	mw_json_number(json, "more_rows", answer->count - answer->shown);
	mw_json_number(json, "decisions_without_row", replay->without_row);
}

bool mw_replay_print(struct mw_replay *replay, bool json, size_t limit)
{
	struct answer answer = { .replay = replay };
	struct answer *context = &answer;

	answer.rows = mw_replay_rows_sorted(replay->rows, &answer.count);
	answer.shown = answer.count < limit ? answer.count : limit;
	if (!(json ? mw_output_json(write_members, &context) : mw_output(write_text, &context)))
		return false;
	if (answer.failed)
		mw_complain("out of memory");
	return !answer.failed;
}
