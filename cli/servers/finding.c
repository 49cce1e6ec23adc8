/* SPDX-License-Identifier: MIT */
#include "servers/finding.h"

#include <stdlib.h>

#include "base/arena.h"
#include "ui/terminal.h"

struct item {
	struct mw_finding finding;
	struct item *next;
};

struct mw_findings {
	struct mw_arena *arena;
	struct item *first[MW_FINDING_BEYOND + 1], **last[MW_FINDING_BEYOND + 1];
	unsigned counts[MW_FINDING_BEYOND + 1];
};

struct mw_findings *mw_findings_new(void)
{
	struct mw_findings *findings = calloc(1, sizeof(*findings));

	if (findings == NULL)
		return NULL;
	findings->arena = mw_arena_new(0);
	for (int i = 0; i <= MW_FINDING_BEYOND; i++)
		findings->last[i] = &findings->first[i];
	if (findings->arena != NULL)
		return findings;
	free(findings);
	return NULL;
}

void mw_findings_free(struct mw_findings *findings)
{
	if (findings == NULL)
		return;
	mw_arena_free(findings->arena);
	free(findings);
}

struct mw_arena *mw_findings_arena(struct mw_findings *findings)
{
	return findings->arena;
}

static bool is_same(const struct mw_finding *a, const struct mw_finding *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0 && strcmp(a->setting, b->setting) == 0 &&
	       strcmp(a->what, b->what) == 0;
}

void mw_findings_add(struct mw_findings *findings, struct mw_finding finding)
{
	struct item *item;

	for (item = findings->first[finding.severity]; item != NULL; item = item->next) {
		if (is_same(&item->finding, &finding))
			return;
	}
	item = MW_ARENA_NEW(findings->arena, struct item);
	findings->counts[finding.severity]++;
	if (item == NULL)
		return;
	item->finding = finding;
	*findings->last[finding.severity] = item;
	findings->last[finding.severity] = &item->next;
}

unsigned mw_findings_count(const struct mw_findings *findings, enum mw_finding_severity severity)
{
	return findings->counts[severity];
}

static bool is_stricter(enum mw_finding_id id)
{
	return id == MW_FOUND_CLEARTEXT_REFUSED || id == MW_FOUND_DOVECOT_REQUIRES_TLS || id == MW_FOUND_AUTH_OVER_TLS_ONLY;
}

unsigned mw_findings_laxer(const struct mw_findings *findings)
{
	unsigned count = 0;

	for (size_t i = 0; i < mw_findings_kept(findings); i++) {
		const struct mw_finding *finding = mw_findings_get(findings, i);

		count += finding->severity == MW_FINDING_ERROR && !is_stricter(finding->id);
	}
	return count;
}

size_t mw_findings_kept(const struct mw_findings *findings)
{
	size_t count = 0;

	while (mw_findings_get(findings, count) != NULL)
		count++;
	return count;
}

const struct mw_finding *mw_findings_get(const struct mw_findings *findings, size_t index)
{
	for (int i = 0; i <= MW_FINDING_NOTE; i++) {
		for (const struct item *item = findings->first[i]; item != NULL; item = item->next) {
			if (index-- == 0)
				return &item->finding;
		}
	}
	return NULL;
}

bool mw_findings_complete(const struct mw_findings *findings)
{
	return !mw_arena_failed(findings->arena);
}

/* --- fixes */

struct mw_fix mw_fix_words(const char *text)
{
	return (struct mw_fix){ .how = MW_FIX_WORDS, .text = text };
}

struct mw_fix mw_fix_run(const char *command)
{
	return (struct mw_fix){ .how = MW_FIX_RUN, .text = command };
}

struct mw_fix mw_fix_lines(enum mw_fix_how how, const char *file, unsigned line, const char *text)
{
	return (struct mw_fix){ .how = how, .file = file, .line = line, .text = text };
}

struct mw_fix mw_fix_or(struct mw_fix fix, const char *alternative)
{
	fix.alternative = alternative;
	return fix;
}

/* --- output */

static const char *const names[] = {
#define MW_FOUND(id, name) [MW_FOUND_##id] = (name),
#include "servers/finding.def"
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

static void print_part(struct mw_buf *out, const char *title, const char *text, enum mw_colour colour)
{
	if (text[0] == '\0')
		return;
	mw_buf_printf(out, "  %s ", title);
	mw_coloured(out, colour, mw_str(text));
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

/* Lines to paste begin at the left margin: a blank before a setting of main.cf would make it a part of the one
   above. */
static void print_fix(struct mw_buf *out, const struct mw_fix *fix)
{
	struct mw_str rest = mw_str(fix->text != NULL ? fix->text : ""), line;

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

static void print_finding(const struct mw_finding *finding, struct mw_buf *out)
{
	static const enum mw_colour colours[] = { MW_BAD, MW_DOUBTFUL, MW_FAINT, MW_FAINT };

	mw_coloured(out, colours[finding->severity], mw_str(severities[finding->severity]));
	mw_buf_add_text(out, ": ");
	if (finding->file[0] != '\0') {
		mw_coloured(out, MW_STRONG, mw_str(finding->file));
		mw_buf_add_text(out, finding->line > 0 ? ":" : ": ");
	}
	if (finding->line > 0)
		mw_buf_printf(out, "%u: ", finding->line);
	if (finding->setting[0] != '\0') {
		mw_coloured(out, MW_STRONG, mw_str(finding->setting));
		mw_buf_add_text(out, ": ");
	}
	mw_coloured(out, MW_PLAIN, mw_str(finding->what));
	mw_buf_add_char(out, '\n');
	print_part(out, "why:  ", finding->why, MW_PLAIN);
	print_fix(out, &finding->fix);
}

void mw_findings_print(const struct mw_findings *findings, struct mw_buf *out)
{
	for (int i = 0; i <= MW_FINDING_BEYOND; i++) {
		for (const struct item *item = findings->first[i]; item != NULL; item = item->next)
			print_finding(&item->finding, out);
	}
}

static void add_fix(struct mw_json *json, const struct mw_fix *fix)
{
	mw_json_string(json, "fix", mw_str(fix->text != NULL ? fix->text : ""));
	if (fix->how > MW_FIX_WORDS) {
		mw_json_object(json, "place");
		mw_json_string(json, "how", mw_str(ways[fix->how]));
		mw_json_string(json, "file", mw_str(fix->file != NULL ? fix->file : ""));
		mw_json_number(json, "line", fix->line);
		mw_json_end_object(json);
	} else {
		mw_json_null(json, "place");
	}
	mw_json_string(json, "alternative", mw_str(fix->alternative != NULL ? fix->alternative : ""));
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
	mw_json_string(json, "why", mw_str(finding->why));
	add_fix(json, &finding->fix);
	mw_json_end_object(json);
}

static void add_findings(struct mw_json *json, const char *name, const struct mw_findings *findings,
			 enum mw_finding_severity from, enum mw_finding_severity to)
{
	mw_json_array(json, name);
	for (int i = (int)from; i <= (int)to; i++) {
		for (const struct item *item = findings->first[i]; item != NULL; item = item->next)
			add_finding(json, &item->finding);
	}
	mw_json_end_array(json);
}

void mw_findings_json(const struct mw_findings *findings, struct mw_json *json)
{
	add_findings(json, "findings", findings, MW_FINDING_ERROR, MW_FINDING_NOTE);
	add_findings(json, "not_judged", findings, MW_FINDING_BEYOND, MW_FINDING_BEYOND);
}
