/* SPDX-License-Identifier: MIT */
#include "decisions/audit/print.h"

#include "ui/markup.h"
#include "ui/output.h"

static const char style[] =
	"\n"
	":root { color-scheme: light dark; --page: #f3f5f8; --card: #fff; --text: #1c2430; --soft: #5b6675;\n"
	"  --line: #dde2e9; --value: #eef2f7; --good: #17653a; --bad: #b3261e; --bad-back: #fdecea; }\n"
	"@media (prefers-color-scheme: dark) { :root { --page: #12161c; --card: #1b212a; --text: #e6eaf0;\n"
	"  --soft: #9aa6b5; --line: #2e3743; --value: #252d38; --good: #7fd6a3; --bad: #ffb4ab; --bad-back: #3b1d1b; } }\n"
	"* { box-sizing: border-box; }\n"
	"body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }\n"
	"main { max-width: 78rem; margin: 0 auto; padding: 1.25rem 1rem 2.5rem; }\n"
	"h1 { font-size: 1.6rem; line-height: 1.25; margin: .25rem 0; }\n"
	"h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }\n"
	"p { margin: .35rem 0; }\n"
	".soft { color: var(--soft); }\n"
	".figures { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr));\n"
	"  margin: 1.25rem 0; }\n"
	".figure { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .75rem 1rem; }\n"
	".figure b { display: block; font-size: 2rem; line-height: 1.1; }\n"
	".figure.bad b { color: var(--bad); }\n"
	".wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }\n"
	"table { border-collapse: collapse; width: 100%; }\n"
	"th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-top: 1px solid var(--line);\n"
	"  overflow-wrap: anywhere; }\n"
	"thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 500; white-space: nowrap; }\n"
	".number { text-align: right; white-space: nowrap; overflow-wrap: normal; }\n"
	".client { white-space: nowrap; }\n"
	"code { font: .9rem/1.5 ui-monospace, monospace; background: var(--value); border-radius: .35rem; }\n"
	"code { padding: .1rem .4rem; -webkit-box-decoration-break: clone; box-decoration-break: clone; }\n"
	"code.line { display: block; border-radius: 0; white-space: pre-wrap; }\n"
	".name { min-width: 13rem; } .words { min-width: 15rem; } .write { min-width: 27rem; } .reason { display: block; }\n"
	".grant { color: var(--bad); background: var(--bad-back); border-radius: .35rem; padding: .1rem .4rem; }\n"
	"@media print { body { background: none; } tr, .figure { break-inside: avoid; } }\n";

static void add(struct mw_markup *markup, const char *element, const char *class, struct mw_str text)
{
	mw_markup_begin(markup, element);
	if (class != NULL)
		mw_markup_attribute(markup, "class", mw_str(class));
	mw_markup_text(markup, text);
	mw_markup_end(markup);
}

static void add_number(struct mw_markup *markup, const char *element, const char *class, uint64_t number)
{
	char memory[32];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add_number(&text, number);
	add(markup, element, class, mw_buf_str(&text));
}

static void add_figure(struct mw_markup *markup, uint64_t number, const char *one, const char *many, bool bad)
{
	mw_markup_begin(markup, "div");
	mw_markup_attribute(markup, "class", bad && number > 0 ? MW_STR("figure bad") : MW_STR("figure"));
	add_number(markup, "b", NULL, number);
	mw_markup_element(markup, "span", mw_str(number == 1 ? one : many));
	mw_markup_end(markup);
}

static void add_figures(struct mw_markup *markup, const struct mw_audit_day *day)
{
	mw_markup_begin(markup, "div");
	mw_markup_attribute(markup, "class", MW_STR("figures"));
	add_figure(markup, day->users_seen, "user seen", "users seen", false);
	add_figure(markup, day->locked_out, "would be locked out", "would be locked out", true);
	add_figure(markup, day->losing, "could not send all of its mail", "could not send all of their mail", true);
	add_figure(markup, day->printers, "printer would lose relaying", "printers would lose relaying", true);
	if (day->devices > 0)
		add_figure(markup, day->devices, "other device would be refused", "other devices would be refused", true);
	add_figure(markup, day->proposal_count, "proposal", "proposals", false);
	mw_markup_end(markup);
}

static void begin_table(struct mw_markup *markup, const char *const *titles, size_t count)
{
	mw_markup_begin(markup, "div");
	mw_markup_attribute(markup, "class", MW_STR("wide"));
	mw_markup_begin(markup, "table");
	mw_markup_begin(markup, "thead");
	mw_markup_begin(markup, "tr");
	for (size_t i = 0; i < count; i++)
		mw_markup_element(markup, "th", mw_str(titles[i]));
	mw_markup_end(markup);
	mw_markup_end(markup);
	mw_markup_begin(markup, "tbody");
}

static void end_table(struct mw_markup *markup)
{
	mw_markup_end(markup);
	mw_markup_end(markup);
	mw_markup_end(markup);
}

static void add_lines(struct mw_markup *markup, struct mw_str text)
{
	struct mw_str line;

	while (mw_str_split(&text, '\n', &line))
		add(markup, "code", "line", line);
}

static void add_proposal(struct mw_markup *markup, const struct mw_audit_day *day, const struct mw_audit_entry *entry)
{
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_markup_begin(markup, "tr");
	add_number(markup, "td", "number", entry->number);
	mw_audit_sentence(day, entry, &text);
	mw_markup_begin(markup, "td");
	mw_markup_attribute(markup, "class", MW_STR("words"));
	mw_markup_element(markup, "span", mw_buf_str(&text));
	if (mw_audit_needs_grant(&entry->change))
		add(markup, "span", "grant", MW_STR("gives somebody else's address: needs --grant"));
	mw_markup_end(markup);
	mw_buf_reset(&text);
	mw_buf_printf(&text, "%llu of %llu", (unsigned long long)entry->fixed, (unsigned long long)entry->events);
	add(markup, "td", "number", mw_buf_str(&text));
	mw_markup_begin(markup, "td");
	mw_markup_attribute(markup, "class", MW_STR("write"));
	if (entry->change.kind == MW_AUDIT_CONNECTOR) {
		add_lines(markup, mw_str(entry->text));
	} else {
		mw_buf_reset(&text);
		mw_audit_what(entry, &text);
		mw_markup_element(markup, "code", mw_buf_str(&text));
	}
	mw_buf_reset(&text);
	mw_buf_printf(&text, "into %.*s", MW_STR_ARG(mw_audit_where(day, entry)));
	add(markup, "div", "soft", mw_buf_str(&text));
	mw_markup_end(markup);
	mw_markup_end(markup);
}

static void add_proposals(struct mw_markup *markup, const struct mw_audit_answer *answer)
{
	static const char *const titles[] = { "Number", "Why", "Fixes", "Write" };
	const struct mw_audit_day *day = answer->day;

	if (day->proposal_count == 0)
		return;
	mw_markup_element(markup, "h2", MW_STR("What is proposed"));
	add(markup, "p", "soft", MW_STR("Each was tried: the recorded decisions were taken again with this one change. "
					"Decide each by itself; mailwicket audit --write NUMBER writes it."));
	begin_table(markup, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < day->proposal_count && i < answer->limit; i++)
		add_proposal(markup, day, &day->tally.entries[day->proposals[i]]);
	end_table(markup);
}

static void add_row(struct mw_markup *markup, const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);
	bool proposed = row->proposal != MW_AUDIT_NONE && day->tally.entries[row->proposal].number > 0;

	mw_markup_begin(markup, "tr");
	add_number(markup, "td", "number", row->events);
	add(markup, "td", "name", mw_str_empty(row->login) ? MW_STR("-") : row->login);
	mw_audit_client(&row->client, &text);
	add(markup, "td", "client", mw_buf_str(&text));
	mw_markup_element(markup, "td", mw_str(mw_table_word(mw_protocols, (int)row->protocol)));
	mw_markup_begin(markup, "td");
	mw_markup_attribute(markup, "class", MW_STR("words"));
	mw_markup_element(markup, "span", mw_str(mw_reason_sentence(row->reason)));
	add(markup, "span", "soft reason", mw_str(mw_reason_name(row->reason)));
	mw_markup_end(markup);
	add(markup, "td", "name", row->many ? MW_STR("(many)") : mw_str_empty(row->sender) ? MW_STR("-") : row->sender);
	mw_buf_reset(&text);
	if (proposed)
		mw_buf_add_text(&text, "Proposal ");
	mw_audit_row_fix(day, row, &text);
	add(markup, "td", "words", mw_buf_str(&text));
	mw_markup_end(markup);
}

static void add_rows(struct mw_markup *markup, const struct mw_audit_answer *answer, enum mw_audit_part part,
		     const char *title, const char *last)
{
	const char *const titles[] = { "Events", "User", "Client", "Service", "Reason", "Sender", last };
	const struct mw_audit_day *day = answer->day;
	size_t count = 0;

	for (size_t i = 0; i < day->order_count; i++) {
		const struct mw_audit_row *row = &day->tally.rows[day->order[i]];

		if (mw_audit_part(day, row) != part || (part == MW_AUDIT_STRANGERS && row->accepted == 0))
			continue;
		if (count == 0) {
			mw_markup_element(markup, "h2", mw_str(title));
			begin_table(markup, titles, sizeof(titles) / sizeof(titles[0]));
		}
		if (count++ < answer->limit)
			add_row(markup, day, row);
	}
	if (count > 0)
		end_table(markup);
	if (count > answer->limit)
		add(markup, "p", "soft", MW_STR("More rows are left out; --limit unlimited shows them."));
}

static void add_notes(struct mw_markup *markup, const struct mw_audit_day *day)
{
	char memory[1024];
	struct mw_buf note = MW_BUF_OVER(memory);

	for (size_t i = 0; mw_audit_note(day, i, &note); i++) {
		if (note.used > 0)
			add(markup, "p", "soft", mw_buf_str(&note));
		mw_buf_reset(&note);
	}
}

static void add_head(struct mw_markup *markup)
{
	mw_markup_begin(markup, "head");
	mw_markup_begin(markup, "meta");
	mw_markup_attribute(markup, "charset", MW_STR("utf-8"));
	mw_markup_end_void(markup);
	mw_markup_begin(markup, "meta");
	mw_markup_attribute(markup, "name", MW_STR("viewport"));
	mw_markup_attribute(markup, "content", MW_STR("width=device-width, initial-scale=1"));
	mw_markup_end_void(markup);
	mw_markup_element(markup, "title", MW_STR("Mailwicket audit"));
	mw_markup_begin(markup, "style");
	mw_markup_raw(markup, style);
	mw_markup_end(markup);
	mw_markup_end(markup);
}

static void print(struct mw_buf *out, const void *context)
{
	const struct mw_audit_answer *answer = *(struct mw_audit_answer *const *)context;
	struct mw_markup markup = mw_markup_over(out);
	char memory[512];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add_text(out, "<!DOCTYPE html>\n");
	mw_markup_begin(&markup, "html");
	mw_markup_attribute(&markup, "lang", MW_STR("en"));
	add_head(&markup);
	mw_markup_begin(&markup, "body");
	mw_markup_begin(&markup, "main");
	mw_markup_element(&markup, "h1", MW_STR("What would change when the policy is enforced"));
	mw_audit_headline(answer->day, &text);
	mw_markup_element(&markup, "p", mw_buf_str(&text));
	mw_buf_reset(&text);
	mw_audit_sums(answer->day, &text);
	add(&markup, "p", "soft", mw_buf_str(&text));
	add_figures(&markup, answer->day);
	add_proposals(&markup, answer);
	add_rows(&markup, answer, MW_AUDIT_OURS, "Who would be refused", "What to do");
	add_rows(&markup, answer, MW_AUDIT_APART, "Set apart: it looks like forging or guessing", "Why");
	add_rows(&markup, answer, MW_AUDIT_STRANGERS, "Without a login, from outside, and taken by Postfix until now", "");
	add_notes(&markup, answer->day);
	mw_markup_end(&markup);
	mw_markup_end(&markup);
	mw_markup_end(&markup);
	mw_buf_add_char(out, '\n');
}

bool mw_audit_print_html(struct mw_audit_answer *answer)
{
	struct mw_audit_answer *context = answer;

	return mw_output(print, &context);
}
