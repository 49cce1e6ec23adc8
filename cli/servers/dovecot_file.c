/* SPDX-License-Identifier: MIT */
#include "servers/dovecot_file.h"

/* --- a line, as doveconf's doveconf.c writes it (config_dump_human_output, config_dump_filter_begin) */

/* Without the backslashes of Dovecot's str_escape(). */
static struct mw_str unescaped(struct mw_arena *arena, struct mw_str text)
{
	char *copy = mw_str_find(text, '\\') < text.len ? mw_arena_alloc(arena, text.len) : NULL;
	size_t len = 0;

	if (copy == NULL)
		return text;
	for (size_t i = 0; i < text.len; i++) {
		i += text.ptr[i] == '\\' && i + 1 < text.len;
		copy[len++] = text.ptr[i];
	}
	return (struct mw_str){ copy, len };
}

static bool is_quoted(struct mw_str text)
{
	return text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
}

static struct mw_str inside(struct mw_arena *arena, struct mw_str quoted)
{
	return unescaped(arena, mw_str_head(mw_str_tail(quoted, 1), quoted.len - 2));
}

/* A value is put in quotes for a # in it and for blanks at its ends alone: other quotes are its own. */
static struct mw_str value_of(struct mw_arena *arena, struct mw_str text)
{
	struct mw_str bare;

	text = mw_str_trim(text);
	if (!is_quoted(text))
		return text;
	bare = inside(arena, text);
	if (mw_str_find(bare, '#') == bare.len && mw_str_trim(bare).len == bare.len)
		return text;
	return mw_str_trim(bare);
}

static struct mw_str title_of(struct mw_arena *arena, struct mw_str text)
{
	text = mw_str_trim(text);
	return is_quoted(text) ? mw_str_trim(inside(arena, text)) : text;
}

/* The key at the beginning of a line: a word; that of a setting in quotes where 2.4 finds it odd. */
static struct mw_str take_key(struct mw_arena *arena, struct mw_str *rest_io)
{
	size_t len = 1;
	struct mw_str key;

	if (rest_io->len == 0 || rest_io->ptr[0] != '"') {
		key = mw_str_head(*rest_io, mw_str_find(*rest_io, ' '));
		*rest_io = mw_str_trim(mw_str_tail(*rest_io, key.len));
		return key;
	}
	while (len < rest_io->len && rest_io->ptr[len] != '"')
		len += rest_io->ptr[len] == '\\' ? 2 : 1;
	key = mw_str_head(*rest_io, len + 1);
	*rest_io = mw_str_trim(mw_str_tail(*rest_io, key.len));
	return is_quoted(key) ? inside(arena, key) : key;
}

/* Whether a line is a setting or the beginning of a section. The "=" behind the name tells them apart, as a value may
   end in a brace; opens: the next line is indented deeper, which tells `namespace "=" {`, printed without its quotes,
   from a setting that is a brace. */
static bool read_line(struct mw_arena *arena, struct mw_str line, bool opens, struct mw_dovecot_node *node)
{
	struct mw_str rest = line;
	size_t brace;

	*node = (struct mw_dovecot_node){ .key = take_key(arena, &rest) };
	if (mw_str_empty(rest))
		return false;
	if (mw_str_equal(mw_str_head(rest, mw_str_find(rest, ' ')), MW_STR("=")) &&
	    !(opens && mw_str_equal(rest, MW_STR("= {")))) {
		node->value = value_of(arena, mw_str_tail(rest, 1));
		return true;
	}
	brace = rest.len - 1;
	node->is_section = line.ptr[0] != '"' && rest.ptr[brace] == '{' && (brace == 0 || rest.ptr[brace - 1] == ' ');
	node->value = title_of(arena, mw_str_head(rest, brace));
	return node->is_section;
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

static struct mw_str take_line(struct mw_str *rest_io)
{
	struct mw_str line = mw_str_head(*rest_io, mw_str_find(*rest_io, '\n'));

	*rest_io = mw_str_tail(*rest_io, line.len + 1);
	return line;
}

static size_t indent_of(struct mw_str line)
{
	size_t count = 0;

	while (count < line.len && line.ptr[count] == ' ')
		count++;
	return count;
}

const struct mw_dovecot_node *mw_dovecot_parse(struct mw_arena *arena, struct mw_str text)
{
	struct mw_dovecot_node *root = MW_ARENA_NEW(arena, struct mw_dovecot_node), *open = root;
	size_t depth = 0; /* of `open`: doveconf indents by two blanks for each section */

	while (open != NULL && text.len > 0) {
		struct mw_str line = take_line(&text), next = text;
		struct mw_dovecot_node read, *node;
		size_t indent = indent_of(line);

		line = mw_str_trim(line);
		if (mw_str_equal(line, MW_STR("}")) && (depth == 0 || indent == 2 * (depth - 1))) {
			open = open->parent;
			depth--;
			continue;
		}
		/* Anything else is a comment, or more of a value with newlines. */
		if (indent != 2 * depth || (depth == 0 && mw_str_starts_with(line, MW_STR("#"))) ||
		    !read_line(arena, line, indent_of(take_line(&next)) > indent, &read))
			continue;
		node = append(arena, open, &read);
		if (node == NULL)
			return NULL;
		if (node->is_section) {
			open = node;
			depth++;
		}
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

struct mw_str mw_dovecot_driver(const struct mw_dovecot_node *block)
{
	bool passdb = mw_str_equal(block->key, MW_STR("passdb"));
	struct mw_str driver = mw_dovecot_value(block, "driver");
	const struct mw_dovecot_node *root = block;

	while (root->parent != NULL)
		root = root->parent;
	if (mw_str_empty(driver))
		driver = mw_dovecot_value(root, passdb ? "passdb_driver" : "userdb_driver");
	return mw_str_empty(driver) ? block->value : driver;
}

bool mw_dovecot_passdb_is_ours(const struct mw_dovecot_node *passdb)
{
	return mw_str_equal(mw_dovecot_driver(passdb), MW_STR("mailwicket"));
}

struct mw_str mw_dovecot_path_of_args(struct mw_str args)
{
	struct mw_str word, last = MW_STR_EMPTY;

	while (mw_str_split(&args, ' ', &word))
		last = mw_str_empty(word) ? last : word;
	return last;
}

bool mw_dovecot_has_word(struct mw_str list, const char *word)
{
	struct mw_str field;

	while (mw_str_split(&list, ' ', &field)) {
		if (mw_str_equal(field, mw_str(word)))
			return true;
	}
	return false;
}

bool mw_dovecot_lists(const struct mw_dovecot_node *parent, const char *key, const char *word)
{
	const struct mw_dovecot_node *node = NULL;

	if (mw_dovecot_has_word(mw_dovecot_value(parent, key), word))
		return true;
	while ((node = mw_dovecot_next(parent, node, key)) != NULL) {
		if (node->is_section && mw_str_equal(mw_dovecot_value(node, word), MW_STR("yes")))
			return true;
	}
	return false;
}

bool mw_dovecot_size_parse(struct mw_str text, uint64_t *octets_r)
{
	static const char units[] = "BKMGT";
	size_t digits = 0;
	unsigned shift = 0;
	const char *unit;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	if (!mw_parse_number(mw_str_head(text, digits), octets_r))
		return false;
	text = mw_str_trim(mw_str_tail(text, digits));
	if (mw_str_empty(text))
		return true;
	unit = memchr(units, text.ptr[0] & ~0x20, sizeof(units) - 1);
	if (unit == NULL)
		return false;
	shift = 10 * (unsigned)(unit - units);
	text = mw_str_tail(text, 1);
	if (!mw_str_empty(text) && (shift == 0 || (!mw_str_equal_nocase(text, MW_STR("B")) &&
						    !mw_str_equal_nocase(text, MW_STR("i")) &&
						    !mw_str_equal_nocase(text, MW_STR("iB")))))
		return false;
	if (shift > 0 && *octets_r >> (64 - shift) != 0)
		return false;
	*octets_r <<= shift;
	return true;
}
