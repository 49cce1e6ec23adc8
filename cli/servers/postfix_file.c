/* SPDX-License-Identifier: MIT */
#include "servers/postfix_file.h"

#include <netdb.h>
#include <netinet/in.h>
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

bool mw_postfix_has_blank(struct mw_str value)
{
	return !mw_str_empty(value) && (mw_str_find(value, ' ') < value.len || mw_str_find(value, '\t') < value.len);
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

struct mw_str mw_postfix_entry_joined(struct mw_arena *arena, struct mw_str entry)
{
	char *memory = mw_arena_alloc(arena, entry.len + 1);
	struct mw_str line;
	struct mw_buf out;

	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, entry.len + 1);
	while (mw_postfix_line_next(&entry, &line)) {
		if (mw_postfix_line_is_comment(line))
			continue;
		mw_buf_add(&out, line);
		if (out.used + 1 < out.size)
			mw_buf_add_char(&out, ' ');
	}
	return mw_buf_str(&out);
}

struct mw_str mw_postfix_main_value(struct mw_arena *arena, struct mw_str main_cf, struct mw_str name)
{
	struct mw_postfix_text text = mw_postfix_text_over(main_cf);
	struct mw_str entry = MW_STR_EMPTY;
	struct mw_postfix_piece piece;

	while (mw_postfix_text_next(&text, &piece)) {
		if (piece.is_entry && mw_str_equal(mw_postfix_entry_name(piece.text), name))
			entry = piece.text;
	}
	entry = mw_postfix_entry_joined(arena, entry);
	return mw_str_trim(mw_str_tail(entry, mw_str_find(entry, '=') + 1));
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

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* Postfix listens at all addresses of a host's name: the one that it has, or one of loopback for others of it; else
   any, which is never less than what is there. */
static struct mw_binding binding_of_host(const char *host, uint16_t port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct mw_binding binding = { .kind = MW_BINDING_ANY, .port = port };
	struct addrinfo *found = NULL;
	bool alike = true;
	char text[64];

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return binding;
	for (const struct addrinfo *one = found; one != NULL; one = one->ai_next)
		alike &= is_loopback(one->ai_addr);
	if ((alike || found->ai_next == NULL) &&
	    getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
	    mw_ip_parse(mw_str(text), &binding.ip))
		binding.kind = MW_BINDING_ADDRESS;
	freeaddrinfo(found);
	return binding;
}

bool mw_postfix_binding(struct mw_str service, struct mw_binding *binding_r)
{
	size_t colon = mw_str_find_last(service, ':');
	struct mw_str host = colon < service.len ? mw_str_head(service, colon) : MW_STR_EMPTY;
	struct mw_str port = colon < service.len ? mw_str_tail(service, colon + 1) : service;
	char text[NI_MAXHOST + sizeof(":65535")];
	const char *why;

	*binding_r = (struct mw_binding){ .kind = MW_BINDING_ANY };
	if (!port_of(port, &binding_r->port))
		return false;
	if (mw_str_empty(host))
		return true;
	if (mw_str_equal(host, MW_STR("localhost")))
		host = MW_STR("127.0.0.1");
	snprintf(text, sizeof(text), "%.*s:%u", MW_STR_ARG(host), binding_r->port);
	if (mw_binding_parse(mw_str(text), binding_r, &why))
		return true;
	if (mw_str_starts_with(host, MW_STR("[")) && mw_str_ends_with(host, MW_STR("]")))
		host = mw_str_head(mw_str_tail(host, 1), host.len - 2);
	snprintf(text, sizeof(text), "%.*s", MW_STR_ARG(host));
	*binding_r = binding_of_host(text, binding_r->port);
	return true;
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

/* --- master.cf */

/* The letters of the programs' options that take a value (single_server.c and its like). */
#define WITH_VALUE "imnorst"

/* The next argument, "{ with blanks }" without its braces. */
static struct mw_str next_argument(struct mw_str *rest_io)
{
	struct mw_str word = mw_postfix_word(rest_io);

	if (word.len >= 2 && word.ptr[0] == '{' && word.ptr[word.len - 1] == '}')
		word = mw_str_trim(mw_str_head(mw_str_tail(word, 1), word.len - 2));
	return word;
}

size_t mw_postfix_option_letter(struct mw_str word)
{
	size_t at = 1;

	if (!mw_str_starts_with(word, MW_STR("-")))
		return word.len;
	while (at < word.len && strchr(WITH_VALUE, word.ptr[at]) == NULL)
		at++;
	return at;
}

static bool read_option(struct mw_str word, struct mw_str *rest_io, struct mw_postfix_value *setting_r)
{
	size_t at = mw_postfix_option_letter(word), equals;
	struct mw_str value;

	if (at == word.len)
		return false;
	value = mw_str_tail(word, at + 1);
	if (mw_str_empty(value))
		value = next_argument(rest_io);
	equals = mw_str_find(value, '=');
	*setting_r = (struct mw_postfix_value){ mw_str_trim(mw_str_head(value, equals)),
						mw_str_trim(mw_str_tail(value, equals + 1)) };
	return word.ptr[at] == 'o';
}

/* Up to the first argument that is no option. */
static struct mw_postfix_values options_of(struct mw_arena *arena, struct mw_str arguments)
{
	struct mw_postfix_value *items = MW_ARENA_ARRAY(arena, struct mw_postfix_value, arguments.len / 2 + 1);
	struct mw_postfix_values options = { items, 0 };
	struct mw_str word;

	while (items != NULL && mw_str_starts_with(word = next_argument(&arguments), MW_STR("-")) && word.len > 1 &&
	       !mw_str_equal(word, MW_STR("--")))
		options.count += read_option(word, &arguments, &items[options.count]);
	return options;
}

static bool parse_service(struct mw_arena *arena, const struct mw_postfix_piece *piece,
			  struct mw_postfix_service *service_r)
{
	struct mw_str rest = mw_postfix_entry_joined(arena, piece->text), fields[8];

	for (size_t i = 0; i < 8; i++)
		fields[i] = mw_postfix_word(&rest);
	*service_r = (struct mw_postfix_service){ .name = fields[0], .type = fields[1], .open = fields[2], .chroot = fields[4],
						  .command = fields[7], .arguments = mw_str_trim(rest), .line = piece->line };
	service_r->options = options_of(arena, rest);
	return !mw_str_empty(fields[7]);
}

/* Adds a service, in the place of one with its name and type. */
static void keep(struct mw_postfix_service *items, size_t *count_io, const struct mw_postfix_service *service)
{
	size_t i = 0;

	while (i < *count_io && (!mw_str_equal(items[i].name, service->name) || !mw_str_equal(items[i].type, service->type)))
		i++;
	items[i] = *service;
	*count_io += i == *count_io;
}

struct mw_postfix_services mw_postfix_services_parse(struct mw_arena *arena, struct mw_str master_cf)
{
	struct mw_postfix_service *items = MW_ARENA_ARRAY(arena, struct mw_postfix_service, count_lines(master_cf));
	struct mw_postfix_text text = mw_postfix_text_over(master_cf);
	struct mw_postfix_services parsed = { items, 0 };
	struct mw_postfix_service service;
	struct mw_postfix_piece piece;

	while (items != NULL && mw_postfix_text_next(&text, &piece)) {
		if (piece.is_entry && parse_service(arena, &piece, &service))
			keep(items, &parsed.count, &service);
	}
	return parsed;
}
