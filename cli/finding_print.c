/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include "ui/own_command.h"
#include "ui/terminal.h"

#define TEXT_MOST 8192

static const char *const names[] = {
#define MW_FOUND(id, name) [MW_FOUND_##id] = (name),
#include "finding.def"
};

/* For scripts. */
static const char *const ways[] = {
	[MW_FIX_RUN] = "run", [MW_FIX_REPLACE] = "replace", [MW_FIX_BELOW] = "below", [MW_FIX_ABOVE] = "above",
	[MW_FIX_WITHIN] = "within", [MW_FIX_END] = "end",
};

static const char *const severities[] = {
	[MW_FINDING_ERROR] = "error", [MW_FINDING_WARNING] = "warning", [MW_FINDING_NOTE] = "note",
	[MW_FINDING_BEYOND] = "not judged",
};

const char *mw_finding_name(enum mw_finding_id id)
{
	return names[id];
}

/* --- for a person */

static void print_part(struct mw_buf *out, const char *title, const char *text, enum mw_colour colour)
{
	char memory[TEXT_MOST];
	struct mw_buf room = MW_BUF_OVER(memory);

	if (text[0] == '\0')
		return;
	mw_buf_printf(out, "  %s ", title);
	mw_coloured(out, colour, mw_own_commands_in(&room, mw_str(text)));
	mw_buf_add_char(out, '\n');
}

static void print_place(struct mw_buf *out, const struct mw_fix *fix)
{
	static const char *const words[] = {
		[MW_FIX_REPLACE] = "in place of what begins at", [MW_FIX_BELOW] = "at the end of what begins at",
		[MW_FIX_ABOVE] = "above", [MW_FIX_WITHIN] = "within the braces that begin at",
	};

	mw_buf_add_text(out, "  fix:   ");
	if (fix->how == MW_FIX_RUN)
		mw_buf_add_text(out, "run");
	else if (fix->how == MW_FIX_END)
		mw_buf_add_text(out, "at the end of ");
	else
		mw_buf_printf(out, "%s line %u of ", words[fix->how], fix->line);
	if (fix->how != MW_FIX_RUN)
		mw_coloured(out, MW_STRONG, mw_str(fix->file));
	mw_buf_add_text(out, ":\n");
}

/* Lines of files stay as they are. */
static struct mw_str text_of(const struct mw_fix *fix, struct mw_buf *room)
{
	struct mw_str text = mw_str(fix->text != NULL ? fix->text : "");

	return fix->how == MW_FIX_WORDS || fix->how == MW_FIX_RUN ? mw_own_commands_in(room, text) : text;
}

/* Lines to paste begin at the left margin: a blank before a setting of main.cf would make it a part of the one
   above. */
static void print_fix(struct mw_buf *out, const struct mw_fix *fix)
{
	char memory[TEXT_MOST];
	struct mw_buf room = MW_BUF_OVER(memory);
	struct mw_str rest = text_of(fix, &room), line;

	if (fix->how == MW_FIX_WORDS)
		print_part(out, "fix:  ", fix->text, MW_GOOD);
	else if (fix->how != MW_FIX_NONE)
		print_place(out, fix);
	while (fix->how > MW_FIX_WORDS && mw_str_split(&rest, '\n', &line)) {
		mw_coloured(out, MW_GOOD, line);
		mw_buf_add_char(out, '\n');
	}
	if (fix->alternative != NULL)
		print_part(out, "or:   ", fix->alternative, MW_GOOD);
}

static void print_strong(struct mw_buf *out, const char *text)
{
	if (text[0] == '\0')
		return;
	mw_coloured(out, MW_STRONG, mw_str(text));
	mw_buf_add_text(out, ": ");
}

static void print_line_of_file(struct mw_buf *out, const struct mw_finding *finding)
{
	if (finding->file[0] != '\0') {
		mw_coloured(out, MW_STRONG, mw_str(finding->file));
		mw_buf_add_text(out, finding->line > 0 ? ":" : ": ");
	}
	if (finding->line > 0)
		mw_buf_printf(out, "%u: ", finding->line);
	print_strong(out, finding->setting);
}

void mw_finding_print(const struct mw_finding *finding, const char *ports, struct mw_buf *out)
{
	static const enum mw_colour colours[] = { MW_BAD, MW_DOUBTFUL, MW_FAINT, MW_FAINT };

	mw_coloured(out, colours[finding->severity], mw_str(severities[finding->severity]));
	mw_buf_add_text(out, ": ");
	print_line_of_file(out, finding);
	print_strong(out, ports);
	mw_coloured(out, MW_PLAIN, mw_str(finding->what));
	if (finding->detail[0] != '\0') {
		mw_buf_add_text(out, ": ");
		mw_coloured(out, MW_PLAIN, mw_str(finding->detail));
	}
	mw_buf_printf(out, " [%s]\n", names[finding->id]);
	print_part(out, "why:  ", finding->why, MW_PLAIN);
	print_fix(out, &finding->fix);
}

void mw_findings_print(const struct mw_findings *findings, struct mw_buf *out)
{
	const struct mw_finding *finding;

	for (size_t i = 0; (finding = mw_findings_get(findings, i)) != NULL; i++)
		mw_finding_print(finding, "", out);
}

/* --- for scripts */

static void add_fix(struct mw_json *json, const struct mw_fix *fix)
{
	char memory[TEXT_MOST];
	struct mw_buf room = MW_BUF_OVER(memory);

	mw_json_string(json, "fix", text_of(fix, &room));
	if (fix->how > MW_FIX_WORDS) {
		mw_json_object(json, "place");
		mw_json_string(json, "how", mw_str(ways[fix->how]));
		mw_json_string(json, "file", mw_str(fix->file != NULL ? fix->file : ""));
		mw_json_number(json, "line", fix->line);
		mw_json_end_object(json);
	} else {
		mw_json_null(json, "place");
	}
	mw_buf_reset(&room);
	mw_json_string(json, "alternative",
		       mw_own_commands_in(&room, mw_str(fix->alternative != NULL ? fix->alternative : "")));
}

static void add_finding(struct mw_json *json, const struct mw_finding *finding)
{
	mw_json_object(json, NULL);
	mw_json_string(json, "id", mw_str(names[finding->id]));
	mw_json_string(json, "severity", mw_str(severities[finding->severity]));
	mw_json_string(json, "file", mw_str(finding->file));
	mw_json_number(json, "line", finding->line);
	mw_json_string(json, "setting", mw_str(finding->setting));
	mw_json_string(json, "what", mw_str(finding->what));
	mw_json_string(json, "detail", mw_str(finding->detail));
	mw_json_string(json, "why", mw_str(finding->why));
	add_fix(json, &finding->fix);
	mw_json_end_object(json);
}

static void add_findings(struct mw_json *json, const char *name, const struct mw_findings *findings, bool beyond)
{
	const struct mw_finding *finding;

	mw_json_array(json, name);
	for (size_t i = 0; (finding = mw_findings_get(findings, i)) != NULL; i++) {
		if ((finding->severity == MW_FINDING_BEYOND) == beyond)
			add_finding(json, finding);
	}
	mw_json_end_array(json);
}

void mw_findings_json(const struct mw_findings *findings, struct mw_json *json)
{
	add_findings(json, "findings", findings, false);
}

void mw_findings_json_not_judged(const struct mw_findings *findings, struct mw_json *json)
{
	add_findings(json, "not_judged", findings, true);
}
