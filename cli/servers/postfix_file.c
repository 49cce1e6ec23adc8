/* SPDX-License-Identifier: MIT */
#include "servers/postfix_file.h"

#include <netdb.h>
#include <stdio.h>

#include "base/units.h"

struct mw_postfix_text mw_postfix_text_over(struct mw_str text)
{
	return (struct mw_postfix_text){ .rest = text, .line = 1 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t blanks(struct mw_str text)
{
	size_t count = 0;

	while (count < text.len && is_blank(text.ptr[count]))
		count++;
	return count;
}

bool mw_postfix_line_is_comment(struct mw_str line)
{
	size_t at = blanks(line);

	return at == line.len || line.ptr[at] == '#';
}

bool mw_postfix_line_next(struct mw_str *rest_io, struct mw_str *line_r)
{
	size_t len = mw_str_find(*rest_io, '\n');

	if (rest_io->len == 0)
		return false;
	*line_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len + 1);
	return true;
}

/* How many bytes and lines the entry at the beginning has. Comments are inside only where a continuation follows. */
static size_t entry_length(struct mw_str text, unsigned *lines_r)
{
	struct mw_str rest = text, line;
	size_t length = 0;
	unsigned lines = 0;

	while (mw_postfix_line_next(&rest, &line)) {
		bool comment = mw_postfix_line_is_comment(line);

		if (length > 0 && !comment && !is_blank(line.ptr[0]))
			break;
		lines++;
		if (comment)
			continue;
		length = text.len - rest.len;
		*lines_r = lines;
	}
	return length;
}

bool mw_postfix_text_next(struct mw_postfix_text *text, struct mw_postfix_piece *piece_r)
{
	struct mw_str rest = text->rest, line;
	unsigned lines = 1;
	size_t length;

	if (!mw_postfix_line_next(&rest, &line))
		return false;
	piece_r->line = text->line;
	piece_r->is_entry = !mw_postfix_line_is_comment(line);
	length = piece_r->is_entry ? entry_length(text->rest, &lines) : text->rest.len - rest.len;
	piece_r->text = mw_str_head(text->rest, length);
	text->rest = mw_str_tail(text->rest, length);
	text->line += lines;
	return true;
}

struct mw_str mw_postfix_entry_name(struct mw_str entry)
{
	return mw_str_trim(mw_str_head(entry, mw_str_find(entry, '=')));
}

struct mw_str mw_postfix_word(struct mw_str *rest_io)
{
	struct mw_str word;
	size_t depth = 0, len = 0;

	*rest_io = mw_str_tail(*rest_io, blanks(*rest_io));
	while (len < rest_io->len && (depth > 0 || !is_blank(rest_io->ptr[len]))) {
		depth += rest_io->ptr[len] == '{';
		depth -= depth > 0 && rest_io->ptr[len] == '}';
		len++;
	}
	word = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return word;
}

unsigned mw_postfix_main_line(struct mw_str main_cf, struct mw_str name)
{
	struct mw_postfix_text text = mw_postfix_text_over(main_cf);
	struct mw_postfix_piece piece;
	unsigned line = 0;

	while (mw_postfix_text_next(&text, &piece)) {
		if (piece.is_entry && mw_str_equal(mw_postfix_entry_name(piece.text), name))
			line = piece.line;
	}
	return line;
}

unsigned mw_postfix_master_line(struct mw_str master_cf, struct mw_str service, struct mw_str type)
{
	struct mw_postfix_text text = mw_postfix_text_over(master_cf);
	struct mw_postfix_piece piece;

	while (mw_postfix_text_next(&text, &piece)) {
		struct mw_str rest = piece.text;

		if (piece.is_entry && mw_str_equal(mw_postfix_word(&rest), service) &&
		    mw_str_equal(mw_postfix_word(&rest), type))
			return piece.line;
	}
	return 0;
}

struct mw_str mw_postfix_delimiters(struct mw_arena *arena, struct mw_str a, struct mw_str b)
{
	struct mw_str parts[] = { a, b };
	char *text = mw_arena_alloc(arena, a.len + b.len + 1);
	struct mw_str united = { text, 0 };

	if (text == NULL)
		return MW_STR_EMPTY;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < parts[i].len; k++) {
			if (mw_str_find(united, parts[i].ptr[k]) == united.len)
				text[united.len++] = parts[i].ptr[k];
		}
	}
	return united;
}

/* --- listeners */

static bool port_of(struct mw_str name, uint16_t *port_r)
{
	char text[64];
	uint64_t number;
	const struct servent *entry;

	if (mw_parse_number(name, &number)) {
		*port_r = (uint16_t)number;
		return number > 0 && number <= UINT16_MAX;
	}
	snprintf(text, sizeof(text), "%.*s", MW_STR_ARG(name));
	entry = getservbyname(text, "tcp");
	if (entry != NULL)
		*port_r = (uint16_t)((unsigned)entry->s_port >> 8 | ((unsigned)entry->s_port & 0xff) << 8);
	/* Older systems know 465 by another name, or by none. */
	else if (mw_str_equal(name, MW_STR("submissions")) || mw_str_equal(name, MW_STR("smtps")))
		*port_r = 465;
	else
		return false;
	return true;
}

bool mw_postfix_binding(struct mw_str service, struct mw_binding *binding_r)
{
	size_t colon = mw_str_find_last(service, ':');
	struct mw_str host = colon < service.len ? mw_str_head(service, colon) : MW_STR_EMPTY;
	struct mw_str port = colon < service.len ? mw_str_tail(service, colon + 1) : service;
	char text[128];
	const char *why;

	*binding_r = (struct mw_binding){ .kind = MW_BINDING_ANY };
	if (!port_of(port, &binding_r->port))
		return false;
	if (mw_str_empty(host))
		return true;
	if (mw_str_equal(host, MW_STR("localhost")))
		host = MW_STR("127.0.0.1");
	snprintf(text, sizeof(text), "%.*s:%u", MW_STR_ARG(host), binding_r->port);
	return mw_binding_parse(mw_str(text), binding_r, &why);
}

/* --- what postconf prints */

static size_t count_lines(struct mw_str text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

struct mw_postfix_values mw_postfix_values_parse(struct mw_arena *arena, struct mw_str text)
{
	struct mw_postfix_value *items = MW_ARENA_ARRAY(arena, struct mw_postfix_value, count_lines(text));
	struct mw_postfix_values values = { items, 0 };
	struct mw_str line;

	while (items != NULL && mw_postfix_line_next(&text, &line)) {
		size_t equals = mw_str_find(line, '=');

		if (equals == line.len)
			continue;
		items[values.count].name = mw_str_trim(mw_str_head(line, equals));
		items[values.count++].value = mw_str_trim(mw_str_tail(line, equals + 1));
	}
	return values;
}

const struct mw_str *mw_postfix_value_find(const struct mw_postfix_values *values, const char *name)
{
	struct mw_str wanted = mw_str(name);

	for (size_t i = values->count; i > 0; i--) {
		if (mw_str_equal(values->items[i - 1].name, wanted))
			return &values->items[i - 1].value;
	}
	return NULL;
}

/* Of "SERVICE/TYPE/NAME", the names that belong to this service. A service's name may have slashes itself. */
static struct mw_postfix_values options_of(struct mw_arena *arena, const struct mw_postfix_values *all,
					   const struct mw_postfix_service *service)
{
	struct mw_postfix_value *items = MW_ARENA_ARRAY(arena, struct mw_postfix_value, all->count);
	struct mw_postfix_values options = { items, 0 };
	struct mw_str prefix = mw_str(mw_arena_textf(arena, "%.*s/%.*s/", MW_STR_ARG(service->name),
						     MW_STR_ARG(service->type)));

	for (size_t i = 0; i < all->count && items != NULL; i++) {
		if (mw_str_starts_with(all->items[i].name, prefix))
			items[options.count++] = (struct mw_postfix_value){
				mw_str_tail(all->items[i].name, prefix.len), all->items[i].value };
	}
	return options;
}

static bool parse_service(struct mw_str line, struct mw_postfix_service *service_r)
{
	struct mw_str fields[8];

	for (size_t i = 0; i < 8; i++)
		fields[i] = mw_postfix_word(&line);
	*service_r = (struct mw_postfix_service){ .name = fields[0], .type = fields[1], .open = fields[2], .chroot = fields[4],
						  .command = fields[7] };
	return !mw_str_empty(fields[7]);
}

struct mw_postfix_services mw_postfix_services_parse(struct mw_arena *arena, struct mw_str services,
						     struct mw_str options)
{
	struct mw_postfix_values all = mw_postfix_values_parse(arena, options);
	struct mw_postfix_service *items = MW_ARENA_ARRAY(arena, struct mw_postfix_service, count_lines(services));
	struct mw_postfix_services parsed = { items, 0 };
	struct mw_str line;

	while (items != NULL && mw_postfix_line_next(&services, &line)) {
		if (!parse_service(line, &items[parsed.count]))
			continue;
		items[parsed.count].options = options_of(arena, &all, &items[parsed.count]);
		parsed.count++;
	}
	return parsed;
}
