/* SPDX-License-Identifier: MIT */
#include "why/print.h"

#include "ui/output.h"
#include "why/words.h"

#define WORDS_MAX 4096

static bool has_exposed(const struct mw_why_told *told)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->entries[i].exposed)
			return true;
	return false;
}

static void write_head(const struct mw_why_answer *answer, struct mw_buf *out)
{
	mw_coloured(out, MW_STRONG, mw_str(answer->told.user));
	if (strcmp(answer->told.user, answer->asked) != 0) {
		mw_buf_add_text(out, " (asked for: ");
		mw_coloured(out, MW_PLAIN, mw_str(answer->asked));
		mw_buf_add_char(out, ')');
	}
	if (answer->since != 0) {
		mw_buf_add_text(out, ", since ");
		mw_why_time(answer->since, out);
	}
	mw_buf_add_text(out, "\n\n");
}

static const char *mark_of(const struct mw_why_entry *entry)
{
	if (entry->kind == MW_WHY_SILENT || entry->kind == MW_WHY_BANNED)
		return "";
	return entry->by_sender ? " **" : entry->by_address ? " *" : "";
}

static bool write_story(const struct mw_why_told *told, struct mw_buf *out)
{
	static const char *const titles[] = { "when", "service", "from", "what" };
	struct mw_grid *grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));
	bool whole;

	if (grid == NULL)
		return false;
	for (size_t i = 0; i < told->count; i++) {
		const struct mw_why_entry *entry = &told->entries[i];
		char when[32], service[64], what[WORDS_MAX];
		struct mw_buf when_text = MW_BUF_OVER(when), service_text = MW_BUF_OVER(service), what_text = MW_BUF_OVER(what);

		mw_why_time(entry->first, &when_text);
		mw_why_service(entry, &service_text);
		mw_why_words(entry, &what_text);
		mw_grid_cell(grid, MW_FAINT, mw_buf_str(&when_text));
		mw_grid_cell(grid, MW_PLAIN, mw_buf_str(&service_text));
		mw_grid_cellf(grid, MW_PLAIN, "%s%s", entry->client, mark_of(entry));
		mw_grid_cell(grid, mw_why_colour(entry), mw_buf_str(&what_text));
	}
	whole = mw_grid_print(grid, out);
	mw_grid_free(grid);
	return whole;
}

static void write_labelled(struct mw_buf *out, const char *label, enum mw_colour colour,
			   void (*write)(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out),
			   const struct mw_why_answer *answer)
{
	char memory[WORDS_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);

	write(&answer->told, &answer->causes[0], &text);
	if (text.used == 0)
		return;
	mw_buf_printf(out, "%s: ", label);
	mw_coloured(out, colour, mw_buf_str(&text));
	mw_buf_add_char(out, '\n');
}

static void explain(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out)
{
	(void)told;
	mw_why_cause_explain(cause, out);
}

static void write_causes(const struct mw_why_answer *answer, struct mw_buf *out)
{
	const char *label = answer->causes[0].trouble ? "likeliest cause" : "found";

	write_labelled(out, label, MW_STRONG, mw_why_cause_text, answer);
	write_labelled(out, "fix", MW_PLAIN, mw_why_cause_fix, answer);
	write_labelled(out, "to see every check", MW_PLAIN, explain, answer);
	write_labelled(out, "to send to the user", MW_PLAIN, mw_why_cause_for_user, answer);
	if (answer->cause_count > 1)
		mw_buf_add_text(out, "also seen:");
	for (size_t i = 1; i < answer->cause_count; i++)
		mw_buf_printf(out, "%s %s", i > 1 ? "," : "", answer->causes[i].id);
	if (answer->cause_count > 1)
		mw_buf_add_char(out, '\n');
}

static void write_notes(const struct mw_why_answer *answer, struct mw_buf *out)
{
	for (size_t i = 0; i < answer->note_count; i++) {
		mw_buf_add_text(out, "note: ");
		mw_coloured(out, MW_FAINT, mw_str(answer->notes[i]));
		mw_buf_add_char(out, '\n');
	}
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct mw_why_answer *answer = context;

	write_head(answer, out);
	if (!write_story(&answer->told, out))
		mw_complain("out of memory");
	mw_buf_add_char(out, '\n');
	if (has_exposed(&answer->told)) {
		mw_coloured(out, MW_BAD, MW_STR("A password crossed the wire in clear: have it changed."));
		mw_buf_add_char(out, '\n');
	}
	write_causes(answer, out);
	write_notes(answer, out);
}

bool mw_why_print(const struct mw_why_answer *answer)
{
	return mw_output(write_text, answer);
}

/* --- JSON */

static void json_optional(struct mw_json *json, const char *key, const char *value)
{
	if (value[0] != '\0')
		mw_json_string(json, key, mw_str(value));
}

static void json_time(struct mw_json *json, const char *key, int64_t time)
{
	char memory[32];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_why_time(time, &text);
	mw_json_string(json, key, mw_buf_str(&text));
}

static void json_entry(struct mw_json *json, const struct mw_why_entry *entry)
{
	char memory[WORDS_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_json_object(json, NULL);
	mw_json_string(json, "kind", mw_str(mw_why_kind_name(entry->kind)));
	json_time(json, "first", entry->first);
	json_time(json, "last", entry->last);
	mw_json_number(json, "count", entry->count);
	mw_json_string(json, "protocol", mw_str(mw_table_word(mw_protocols, entry->protocol)));
	mw_json_string(json, "client", mw_str(entry->client));
	mw_json_bool(json, "by_address", entry->by_address);
	if (entry->by_sender)
		mw_json_bool(json, "by_sender", true);
	if (entry->wide)
		mw_json_bool(json, "whole_server", true);
	if (!entry->tls_unknown)
		mw_json_bool(json, "tls", entry->tls);
	if (entry->exposed)
		mw_json_bool(json, "exposed", true);
	json_optional(json, "port", entry->port);
	json_optional(json, "mechanism", entry->mechanism);
	json_optional(json, "login", entry->login);
	json_optional(json, "sender", entry->sender);
	json_optional(json, "recipient", entry->recipient);
	json_optional(json, "queue", entry->queue);
	json_optional(json, "verdict", entry->verdict);
	json_optional(json, "reason", entry->reason);
	json_optional(json, "rule_name", entry->rule_name);
	json_optional(json, "rule", entry->rule);
	json_optional(json, "reply", entry->reply);
	mw_why_words(entry, &text);
	mw_json_string(json, "text", mw_buf_str(&text));
	mw_json_end_object(json);
}

static void json_cause(struct mw_json *json, const char *key, const struct mw_why_answer *answer,
		       const struct mw_why_cause *cause)
{
	static const struct {
		const char *key;
		void (*write)(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out);
	} parts[] = {
		{ "text", mw_why_cause_text }, { "fix", mw_why_cause_fix }, { "for_user", mw_why_cause_for_user },
		{ "explain", explain },
	};

	mw_json_object(json, key);
	mw_json_string(json, "id", mw_str(cause->id));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char memory[WORDS_MAX];
		struct mw_buf text = MW_BUF_OVER(memory);

		parts[i].write(&answer->told, cause, &text);
		json_optional(json, parts[i].key, memory);
	}
	mw_json_end_object(json);
}

static void json_texts(struct mw_json *json, const char *key, const char *const *texts, size_t count)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < count; i++)
		mw_json_string(json, NULL, mw_str(texts[i]));
	mw_json_end_array(json);
}

static void write_json(struct mw_json *json, const void *context)
{
	const struct mw_why_answer *answer = context;

	mw_json_string(json, "user", mw_str(answer->told.user));
	mw_json_string(json, "asked", mw_str(answer->asked));
	if (answer->since != 0)
		json_time(json, "since", answer->since);
	json_texts(json, "logs", answer->logs, answer->log_count);
	mw_json_array(json, "events");
	for (size_t i = 0; i < answer->told.count; i++)
		json_entry(json, &answer->told.entries[i]);
	mw_json_end_array(json);
	mw_json_bool(json, "exposed", has_exposed(&answer->told));
	json_cause(json, "cause", answer, &answer->causes[0]);
	mw_json_array(json, "also");
	for (size_t i = 1; i < answer->cause_count; i++)
		json_cause(json, NULL, answer, &answer->causes[i]);
	mw_json_end_array(json);
	json_texts(json, "notes", answer->notes, answer->note_count);
}

bool mw_why_print_json(const struct mw_why_answer *answer)
{
	return mw_output_json(write_json, answer);
}
