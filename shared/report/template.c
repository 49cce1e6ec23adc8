/* SPDX-License-Identifier: MIT */
#include "report/template.h"

#include "base/shell.h"
#include "base/text.h"

#define VALUE_MAX 254

void mw_template_set(struct mw_template_values *values, const char *name, struct mw_str text)
{
	if (values->count == MW_TEMPLATE_VALUES_MAX)
		return;
	values->items[values->count].name = name;
	values->items[values->count].text = text;
	values->count++;
}

static struct mw_str find(const struct mw_template_values *values, struct mw_str name)
{
	for (size_t i = 0; i < values->count; i++)
		if (mw_str_equal(name, mw_str(values->items[i].name)))
			return values->items[i].text;
	return MW_STR_EMPTY;
}

/* `name` as it stands between < and >. False: the value is empty. */
static bool write_value(struct mw_str name, const struct mw_template_values *values, struct mw_buf *out)
{
	bool is_word = name.len > 2 && name.ptr[0] == '\'';
	struct mw_str value = find(values, is_word ? mw_str_tail(mw_str_head(name, name.len - 1), 1) : name);

	if (is_word)
		mw_shell_operand(out, value);
	else
		mw_text_show(out, mw_text_cut(value, VALUE_MAX));
	return !mw_str_empty(value);
}

/* False: a value in it is empty. */
static bool write_part(struct mw_str part, const struct mw_template_values *values, struct mw_buf *out)
{
	bool complete = true;

	while (part.len > 0) {
		size_t open = mw_str_find(part, '<');
		size_t close = mw_str_find(part, '>');

		mw_buf_add(out, mw_str_head(part, open));
		if (open == part.len)
			break;
		complete = write_value(mw_str_tail(mw_str_head(part, close), open + 1), values, out) && complete;
		part = mw_str_tail(part, close + 1);
	}
	return complete;
}

void mw_template_write(const char *sentence, const struct mw_template_values *values, struct mw_buf *out)
{
	struct mw_str rest = mw_str(sentence);

	while (rest.len > 0) {
		size_t open = mw_str_find(rest, '[');
		size_t close = mw_str_find(rest, ']');
		size_t before;

		write_part(mw_str_head(rest, open), values, out);
		if (open == rest.len)
			return;
		before = out->used;
		if (!write_part(mw_str_tail(mw_str_head(rest, close), open + 1), values, out)) {
			out->used = before;
			out->data[before] = '\0';
		}
		rest = mw_str_tail(rest, close + 1);
	}
}
