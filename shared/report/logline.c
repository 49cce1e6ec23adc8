/* SPDX-License-Identifier: MIT */
#include "report/logline.h"

#include "base/text.h"
#include "report/prose.h"

#define CUT_MAX 128
#define HINT_MAX 1024
#define NAMES_MAX (4 * MW_LOGFIELD_VALUE_MAX)
#define RULE_MAX (MW_LOGFIELD_VALUE_MAX + 16)

static bool needs_quotes(struct mw_str value)
{
	return mw_text_harmless_head(value, ' ', '"') < value.len || mw_str_find(value, '=') < value.len;
}

static void write_quoted(struct mw_buf *out, struct mw_str value)
{
	mw_buf_add_char(out, '"');
	while (value.len > 0) {
		size_t len = mw_text_harmless_head(value, '"', '\\');

		mw_buf_add(out, mw_str_head(value, len));
		value = mw_str_tail(value, len);
		if (mw_str_empty(value))
			break;
		if (value.ptr[0] == '"' || value.ptr[0] == '\\') {
			mw_buf_add_char(out, '\\');
			mw_buf_add_char(out, value.ptr[0]);
		} else {
			mw_text_escape_byte(out, value.ptr[0]);
		}
		value = mw_str_tail(value, 1);
	}
	mw_buf_add_char(out, '"');
}

/* An empty value is written too. */
static void add_value(struct mw_buf *out, struct mw_str key, struct mw_str value)
{
	size_t before = out->used;

	if (before > 0)
		mw_buf_add_char(out, ' ');
	mw_buf_add(out, key);
	mw_buf_add_char(out, '=');
	if (mw_str_empty(value) || needs_quotes(value))
		write_quoted(out, value);
	else
		mw_buf_add(out, value);
	if (!out->truncated)
		return;
	/* A field that does not fit is left out whole: half of it would be another value. */
	out->used = before;
	out->data[before] = '\0';
}

void mw_logline_field(struct mw_buf *out, const char *key, struct mw_str value)
{
	if (!mw_str_empty(value))
		add_value(out, mw_str(key), mw_text_cut(value, MW_LOGFIELD_VALUE_MAX));
}

static void print_rule(const struct mw_verdict *verdict, struct mw_buf *out)
{
	struct mw_place place = mw_verdict_rule_place(verdict);
	struct mw_str file = mw_str(place.file);

	/* No place when several connectors are alike: one of them would look like the cause. */
	if ((verdict->connector == NULL && verdict->login_rule == NULL) || verdict->alike_count > 0)
		return;
	if (mw_str_find_last(file, '/') < file.len)
		file = mw_str_tail(file, mw_str_find_last(file, '/') + 1);
	mw_buf_add(out, mw_text_cut(file, MW_LOGFIELD_VALUE_MAX - 16));
	if (place.line > 0) {
		mw_buf_add_char(out, ':');
		mw_buf_add_number(out, place.line);
	}
}

/* The address that an unlisted login stands for: no directory tells it later. */
static struct mw_str unlisted_user(const struct mw_verdict *verdict)
{
	const struct mw_step *step = mw_trace_step(&verdict->trace, MW_CHECK_LOGIN);

	return step != NULL && step->note == MW_NOTE_LOGIN_UNLISTED ? step->other : MW_STR_EMPTY;
}

/* What the line is to tell, but for cut=. */
static struct mw_logged logged_of(const struct mw_facts *facts, const struct mw_verdict *verdict, bool exposed,
				  struct mw_buf *names, struct mw_buf *rule, struct mw_buf *hint)
{
	mw_verdict_rule_names(verdict, names);
	print_rule(verdict, rule);
	/* The hint may repeat the login at its full length. */
	if (!exposed)
		mw_prose_hint(verdict, hint);
	return (struct mw_logged){
		.version = MW_STR("1"),
		.decision = verdict->decision,
		.verdict = mw_logged_verdict_of(verdict),
		.reason = verdict->reason,
		.mode = mw_str(mw_table_word(mw_modes, verdict->mode)),
		.facts = *facts,
		.connector = verdict->connector != NULL ? mw_buf_str(names) : MW_STR_EMPTY,
		.login_rule = verdict->connector == NULL ? mw_verdict_rule_name(verdict) : MW_STR_EMPTY,
		.user = unlisted_user(verdict),
		.reply = mw_str(mw_verdict_stops(verdict) ? verdict->reply : ""),
		.rule = mw_buf_str(rule),
		.hint = mw_buf_str(hint),
		.credential = mw_str(exposed ? "exposed" : ""),
	};
}

/* False: the value tells nothing and is left out. */
static bool is_told(enum mw_logfield_id field, const struct mw_facts *facts)
{
	switch (field) {
	case MW_FIELD_STAGE:
		return facts->endpoints.protocol == MW_PROTOCOL_SMTP;
	case MW_FIELD_TLS:
	case MW_FIELD_CIPHER:
	case MW_FIELD_BITS:
		return !facts->tls.assumed;
	case MW_FIELD_TLS_ORIGIN:
		return !mw_str_empty(facts->tls.version);
	default:
		return true;
	}
}

/* The login of an exposed credential may be the password, typed into the wrong field. */
static size_t longest(enum mw_logfield_id field, const struct mw_logged *logged)
{
	return field == MW_FIELD_LOGIN && !mw_str_empty(logged->credential) ? MW_LOGFIELD_WORD_MAX : mw_logfields[field].most;
}

static void write_line(struct mw_buf *out, const struct mw_facts *facts, const struct mw_verdict *verdict, bool exposed)
{
	char names_memory[NAMES_MAX], rule_memory[RULE_MAX], hint_memory[HINT_MAX], cut_memory[CUT_MAX];
	struct mw_buf names = MW_BUF_OVER(names_memory), rule = MW_BUF_OVER(rule_memory);
	struct mw_buf hint = MW_BUF_OVER(hint_memory), cut = MW_BUF_OVER(cut_memory);
	struct mw_logged logged = logged_of(facts, verdict, exposed, &names, &rule, &hint);
	char memory[MW_LOGFIELD_WORD_MAX];

	for (enum mw_logfield_id i = 0; i < MW_FIELD_COUNT; i++) {
		const struct mw_logfield *field = &mw_logfields[i];
		struct mw_buf text = MW_BUF_OVER(memory);
		struct mw_str value;

		if (!is_told(i, facts))
			continue;
		value = mw_logfield_write(field, &logged, &text);
		if (value.len > longest(i, &logged) && field->decisions != 0) {
			mw_buf_printf(&cut, "%s%s", cut.used > 0 ? "," : "", field->key.ptr);
			logged.cut = mw_buf_str(&cut);
		}
		/* The decision depends on the missing instance. */
		if (!mw_str_empty(value) || (i == MW_FIELD_INSTANCE && verdict->reason == MW_REASON_NO_TRANSACTION))
			add_value(out, field->key, mw_text_cut(value, longest(i, &logged)));
	}
}

void mw_logline_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	write_line(out, facts, verdict, false);
}

void mw_logline_write_exposed(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	write_line(out, facts, verdict, true);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What a backslash begins. Returns how many bytes it took, 0 for none that is known. */
static size_t read_escape(struct mw_str text, struct mw_buf *value)
{
	if (text.len >= 2 && (text.ptr[1] == '"' || text.ptr[1] == '\\')) {
		mw_buf_add_char(value, text.ptr[1]);
		return 2;
	}
	if (text.len < 4 || text.ptr[1] != 'x' || digit(text.ptr[2]) < 0 || digit(text.ptr[3]) < 0)
		return 0;
	mw_buf_add_char(value, (char)(digit(text.ptr[2]) * 16 + digit(text.ptr[3])));
	return 4;
}

/* Returns the length of the quoted value with its quotes, 0 where it does not end. */
static size_t read_quoted(struct mw_str text, struct mw_buf *value)
{
	size_t at = 1;

	while (at < text.len && text.ptr[at] != '"') {
		struct mw_str here = mw_str_tail(text, at);
		size_t len = mw_text_harmless_head(here, '"', '\\');

		mw_buf_add(value, mw_str_head(here, len));
		if (here.ptr[0] == '\\')
			len = read_escape(here, value);
		if (len == 0)
			return 0;
		at += len;
	}
	return at < text.len ? at + 1 : 0;
}

static bool is_key(struct mw_str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || c == '_'))
			return false;
	}
	return key.len > 0;
}

bool mw_logline_next(struct mw_str *rest_io, struct mw_str *key_r, struct mw_buf *value)
{
	size_t equals = mw_str_find(*rest_io, '=');
	struct mw_str text = mw_str_tail(*rest_io, equals + 1);
	size_t len;

	mw_buf_reset(value);
	*key_r = mw_str_head(*rest_io, equals);
	if (mw_str_empty(text) || !is_key(*key_r))
		return false;
	if (text.ptr[0] == '"') {
		len = read_quoted(text, value);
	} else {
		len = mw_str_find(text, ' ');
		if (needs_quotes(mw_str_head(text, len)))
			return false;
		mw_buf_add(value, mw_str_head(text, len));
	}
	/* One blank, and another field behind it. */
	if (len == 0 || (len < text.len && (text.ptr[len] != ' ' || len + 1 == text.len)))
		return false;
	*rest_io = mw_str_tail(text, len + 1);
	return true;
}

bool mw_logline_read(struct mw_str line, struct mw_logline *line_r)
{
	struct mw_buf memory = MW_BUF_OVER(line_r->memory);
	struct mw_str key;

	memset(line_r, 0, offsetof(struct mw_logline, memory));
	for (size_t field = 0; memory.used < memory.size; field++) {
		struct mw_buf value = mw_buf_over(memory.data + memory.used, memory.size - memory.used);

		if (!mw_logline_next(&line, &key, &value))
			return mw_str_empty(line) && mw_str_equal(line_r->values[MW_FIELD_VERSION], MW_STR("1"));
		if (value.truncated)
			return false;
		field = mw_logfield_find(key, field);
		if (field == MW_FIELD_COUNT)
			continue;
		line_r->repeated = line_r->repeated || mw_logline_has(line_r, (enum mw_logfield_id)field);
		line_r->values[field] = mw_buf_str(&value);
		memory.used += value.used + 1;
	}
	return false;
}
