/* SPDX-License-Identifier: MIT */
/* Invariant: what was read of doveconf's output, printed as doveconf prints it, is read as the same; every node hangs
   where its links say. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "servers/dovecot_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* Dovecot's str_escape() in quotes, with a blank at each end where wanted. */
static void print_quoted(struct mw_str text, const char *blank, struct mw_buf *out)
{
	mw_buf_printf(out, "\"%s", blank);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\' || text.ptr[i] == '\'')
			mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, text.ptr[i]);
	}
	mw_buf_printf(out, "%s\"", blank);
}

static bool has_any(struct mw_str text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\0' && strchr(characters, text.ptr[i]) != NULL)
			return true;
	}
	return false;
}

/* The reader trims: a value that looks quoted without the need had blanks around it. */
static void print_value(struct mw_str text, struct mw_buf *out)
{
	if (mw_str_find(text, '#') < text.len)
		print_quoted(text, "", out);
	else if (text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		print_quoted(text, " ", out);
	else
		mw_buf_add(out, text);
}

static void print_word(struct mw_str text, const char *odd, struct mw_buf *out)
{
	if (mw_str_empty(text) || has_any(text, odd))
		print_quoted(text, "", out);
	else
		mw_buf_add(out, text);
}

static void print_children(const struct mw_dovecot_node *parent, unsigned depth, struct mw_buf *out);

static void print_node(const struct mw_dovecot_node *node, unsigned depth, struct mw_buf *out)
{
	for (unsigned i = 0; i < depth; i++)
		mw_buf_add_text(out, "  ");
	print_word(node->key, node->is_section ? "" : " \t\"'#={", out);
	if (!node->is_section) {
		mw_buf_add_text(out, " = ");
		print_value(node->value, out);
		mw_buf_add_char(out, '\n');
		return;
	}
	if (!mw_str_empty(node->value)) {
		mw_buf_add_char(out, ' ');
		print_word(node->value, " \"{=<'$", out);
	}
	mw_buf_add_text(out, " {\n");
	print_children(node, depth + 1, out);
	for (unsigned i = 0; i < depth; i++)
		mw_buf_add_text(out, "  ");
	mw_buf_add_text(out, "}\n");
}

static void print_children(const struct mw_dovecot_node *parent, unsigned depth, struct mw_buf *out)
{
	for (const struct mw_dovecot_node *node = parent->first; node != NULL; node = node->next)
		print_node(node, depth, out);
}

static void compare(const struct mw_dovecot_node *a, const struct mw_dovecot_node *b)
{
	const struct mw_dovecot_node *one = a->first, *other = b->first;

	for (; one != NULL && other != NULL; one = one->next, other = other->next) {
		must(one->parent == a && other->parent == b && (one->next != NULL || a->last == one));
		must(mw_str_equal(one->key, other->key) && mw_str_equal(one->value, other->value));
		must(one->is_section == other->is_section);
		must(mw_str_find(one->value, '\n') == one->value.len);
		compare(one, other);
	}
	must(one == NULL && other == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_str text = { (const char *)data, size };
	const struct mw_dovecot_node *root = mw_dovecot_parse(arena, text);
	static char memory[1024 * 1024];
	struct mw_buf out = MW_BUF_OVER(memory);

	if (root != NULL)
		print_children(root, 0, &out);
	if (root != NULL && !out.truncated) {
		const struct mw_dovecot_node *again = mw_dovecot_parse(arena, mw_buf_str(&out));

		must(again != NULL);
		compare(root, again);
	}
	mw_arena_free(arena);
	return 0;
}
