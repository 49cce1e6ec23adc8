/* SPDX-License-Identifier: MIT */
#include "dovecot_file.h"

static struct mw_str without_quotes(struct mw_str text)
{
	text = mw_str_trim(text);
	if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = mw_str_trim(mw_str_head(mw_str_tail(text, 1), text.len - 2));
	return text;
}

static bool read_line(struct mw_str line, struct mw_dovecot_node *node)
{
	size_t equals;

	if (mw_str_empty(line) || line.ptr[0] == '#')
		return false;
	if (line.ptr[line.len - 1] == '{') {
		size_t blank;

		line = mw_str_trim(mw_str_head(line, line.len - 1));
		blank = mw_str_find(line, ' ');
		node->key = mw_str_head(line, blank);
		node->value = without_quotes(mw_str_tail(line, blank));
		node->is_section = true;
		return true;
	}
	equals = mw_str_find(line, '=');
	node->key = mw_str_trim(mw_str_head(line, equals));
	node->value = without_quotes(mw_str_tail(line, equals + 1));
	return equals < line.len;
}

static struct mw_dovecot_node *append(struct mw_arena *arena, struct mw_dovecot_node *parent,
				      const struct mw_dovecot_node *read)
{
	struct mw_dovecot_node *node = MW_ARENA_NEW(arena, struct mw_dovecot_node);

	if (node == NULL)
		return NULL;
	*node = *read;
	node->parent = parent;
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

const struct mw_dovecot_node *mw_dovecot_parse(struct mw_arena *arena, struct mw_str text)
{
	struct mw_dovecot_node *root = MW_ARENA_NEW(arena, struct mw_dovecot_node), *open = root;

	while (open != NULL && text.len > 0) {
		struct mw_str line = mw_str_trim(mw_str_head(text, mw_str_find(text, '\n')));
		struct mw_dovecot_node read = { 0 }, *node;

		text = mw_str_tail(text, mw_str_find(text, '\n') + 1);
		if (mw_str_equal(line, MW_STR("}"))) {
			open = open->parent;
			continue;
		}
		if (!read_line(line, &read))
			continue;
		node = append(arena, open, &read);
		if (node == NULL)
			return NULL;
		if (node->is_section)
			open = node;
	}
	return open == root ? root : NULL;
}

const struct mw_dovecot_node *mw_dovecot_next(const struct mw_dovecot_node *parent, const struct mw_dovecot_node *after,
					      const char *key)
{
	const struct mw_dovecot_node *node = after != NULL ? after->next : parent->first;

	while (node != NULL && !mw_str_equal(node->key, mw_str(key)))
		node = node->next;
	return node;
}

struct mw_str mw_dovecot_value(const struct mw_dovecot_node *parent, const char *key)
{
	const struct mw_dovecot_node *node = NULL;
	struct mw_str value = MW_STR_EMPTY;

	while ((node = mw_dovecot_next(parent, node, key)) != NULL) {
		if (!node->is_section)
			value = node->value;
	}
	return value;
}

bool mw_dovecot_lists(const struct mw_dovecot_node *parent, const char *key, const char *word)
{
	const struct mw_dovecot_node *node = NULL;
	struct mw_str rest = mw_dovecot_value(parent, key), field;

	while (mw_str_split(&rest, ' ', &field)) {
		if (mw_str_equal(field, mw_str(word)))
			return true;
	}
	while ((node = mw_dovecot_next(parent, node, key)) != NULL) {
		if (node->is_section && mw_str_equal(mw_dovecot_value(node, word), MW_STR("yes")))
			return true;
	}
	return false;
}
