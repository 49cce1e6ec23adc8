/* SPDX-License-Identifier: MIT */
#include "report/json.h"

#include "base/text.h"
#include "report/prose.h"

struct mw_json mw_json_over(struct mw_buf *out)
{
	return (struct mw_json){ .out = out };
}

static void add_character(struct mw_buf *out, struct mw_str character)
{
	unsigned char c = (unsigned char)character.ptr[0];

	if (c == '"' || c == '\\') {
		mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, (char)c);
	} else if (mw_text_harmless(character) == 0) {
		/* Who looks at the JSON has a terminal, too; none of these characters is beyond U+FFFF. */
		mw_buf_printf(out, "\\u%04x", (unsigned)mw_text_code(character));
	} else {
		mw_buf_add(out, character);
	}
}

static void add_quoted(struct mw_buf *out, struct mw_str value)
{
	mw_buf_add_char(out, '"');
	while (value.len > 0) {
		size_t len = mw_text_character(value);

		if (len == 0) {
			mw_buf_add(out, MW_STR("\xef\xbf\xbd"));
			len = 1;
		} else {
			add_character(out, mw_str_head(value, len));
		}
		value = mw_str_tail(value, len);
	}
	mw_buf_add_char(out, '"');
}

static void begin(struct mw_json *json, const char *key)
{
	if (json->comma)
		mw_buf_add_char(json->out, ',');
	json->comma = true;
	if (key == NULL)
		return;
	add_quoted(json->out, mw_str(key));
	mw_buf_add_char(json->out, ':');
}

static void begin_with(struct mw_json *json, const char *key, char bracket)
{
	begin(json, key);
	mw_buf_add_char(json->out, bracket);
	json->comma = false;
}

static void end_with(struct mw_json *json, char bracket)
{
	mw_buf_add_char(json->out, bracket);
	json->comma = true;
}

void mw_json_object(struct mw_json *json, const char *key)
{
	begin_with(json, key, '{');
}

void mw_json_end_object(struct mw_json *json)
{
	end_with(json, '}');
}

void mw_json_array(struct mw_json *json, const char *key)
{
	begin_with(json, key, '[');
}

void mw_json_end_array(struct mw_json *json)
{
	end_with(json, ']');
}

void mw_json_string(struct mw_json *json, const char *key, struct mw_str value)
{
	begin(json, key);
	add_quoted(json->out, value);
}

void mw_json_number(struct mw_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	mw_buf_add_number(json->out, value);
}

void mw_json_bool(struct mw_json *json, const char *key, bool value)
{
	begin(json, key);
	mw_buf_add_text(json->out, value ? "true" : "false");
}

void mw_json_null(struct mw_json *json, const char *key)
{
	begin(json, key);
	mw_buf_add_text(json->out, "null");
}

static void write_rule(struct mw_json *json, const struct mw_verdict *verdict)
{
	struct mw_place place = mw_verdict_rule_place(verdict);

	if (verdict->connector == NULL && verdict->login_rule == NULL) {
		mw_json_null(json, "rule");
		return;
	}
	mw_json_object(json, "rule");
	mw_json_string(json, "kind", verdict->connector != NULL ? MW_STR("connector") : MW_STR("login"));
	mw_json_string(json, "name", mw_verdict_rule_name(verdict));
	if (verdict->alike_count > 0) {
		mw_json_array(json, "alike");
		for (unsigned i = 0; i < verdict->alike_count; i++)
			mw_json_string(json, NULL, verdict->alike[i]->name);
		mw_json_end_array(json);
	}
	mw_json_string(json, "file", mw_str(place.file));
	mw_json_number(json, "line", place.line);
	mw_json_end_object(json);
}

static void write_permissions(struct mw_json *json, mw_permissions permissions)
{
	mw_json_array(json, "permissions");
	for (size_t i = 0; i < mw_permission_names.count; i++)
		if ((permissions & (mw_permissions)mw_permission_names.words[i].value) != 0)
			mw_json_string(json, NULL, mw_str(mw_permission_names.words[i].word));
	mw_json_end_array(json);
}

static void write_step(struct mw_json *json, const struct mw_step *step)
{
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_json_object(json, NULL);
	mw_json_string(json, "check", mw_str(mw_table_word(mw_checks, step->check)));
	mw_json_string(json, "outcome", mw_str(mw_table_word(mw_check_outcomes, step->outcome)));
	mw_prose_step(step, &text);
	mw_json_string(json, "sentence", mw_buf_str(&text));
	mw_json_end_object(json);
}

void mw_json_verdict(struct mw_json *json, const struct mw_verdict *verdict)
{
	char memory[2048];
	struct mw_buf hint = MW_BUF_OVER(memory);

	mw_json_string(json, "verdict", mw_str(mw_table_word(mw_outcomes, verdict->outcome)));
	mw_json_string(json, "mode", mw_str(mw_table_word(mw_modes, verdict->mode)));
	mw_json_string(json, "reason", mw_str(mw_reason_name(verdict->reason)));
	mw_json_string(json, "reply", mw_str(verdict->reply));
	write_rule(json, verdict);
	write_permissions(json, verdict->permissions);
	mw_json_array(json, "trace");
	for (unsigned i = 0; i < verdict->trace.count; i++)
		write_step(json, &verdict->trace.steps[i]);
	mw_json_end_array(json);
	mw_prose_hint(verdict, &hint);
	mw_json_string(json, "hint", mw_buf_str(&hint));
}
