/* SPDX-License-Identifier: MIT */
#include "import/exchange/table.h"

#include <csv.h>
#include <stdlib.h>
#include <unistr.h>

#include "base/text.h"

#define DELIMITERS ",;\t"

/* --- encodings */

enum encoding { UTF8, UTF16_LITTLE, UTF16_BIG };

static enum encoding encoding_of(struct mw_str octets, size_t *mark_r)
{
	*mark_r = 0;
	if (mw_str_starts_with(octets, MW_STR("\xef\xbb\xbf"))) {
		*mark_r = 3;
		return UTF8;
	}
	if (mw_str_starts_with(octets, MW_STR("\xff\xfe")) || mw_str_starts_with(octets, MW_STR("\xfe\xff"))) {
		*mark_r = 2;
		return octets.ptr[0] == '\xff' ? UTF16_LITTLE : UTF16_BIG;
	}
	if (octets.len >= 2 && octets.ptr[0] != '\0' && octets.ptr[1] == '\0')
		return UTF16_LITTLE;
	if (octets.len >= 2 && octets.ptr[0] == '\0' && octets.ptr[1] != '\0')
		return UTF16_BIG;
	return UTF8;
}

static unsigned lines_before(struct mw_str text, const char *at)
{
	unsigned lines = 1;

	for (const char *c = text.ptr; c < at; c++)
		lines += *c == '\n';
	return lines;
}

static bool from_utf16(struct mw_arena *arena, enum encoding encoding, struct mw_str octets, struct mw_str *text_r)
{
	size_t count = octets.len / 2, len = 0;
	uint16_t *units = MW_ARENA_ARRAY(arena, uint16_t, count + 1);
	uint8_t *text = NULL;

	if (units == NULL || octets.len % 2 != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		unsigned char first = (unsigned char)octets.ptr[2 * i], second = (unsigned char)octets.ptr[2 * i + 1];

		units[i] = (uint16_t)(encoding == UTF16_LITTLE ? first | second << 8 : first << 8 | second);
	}
	text = u16_to_u8(units, count, NULL, &len);
	if (text == NULL)
		return count == 0;
	*text_r = mw_arena_copy(arena, (struct mw_str){ (const char *)text, len });
	free(text);
	return true;
}

/* The text without its byte order mark. */
static bool decode(struct mw_arena *arena, const char *name, struct mw_str octets, struct mw_errors *errors,
		   struct mw_str *text_r)
{
	size_t mark;
	enum encoding encoding = encoding_of(octets, &mark);
	const uint8_t *wrong;
	const char *nul;

	*text_r = octets = mw_str_tail(octets, mark);
	/* UTF-7 writes quotes and "#" so. */
	if (mw_str_starts_with(octets, MW_STR("+ACI-")) || mw_str_starts_with(octets, MW_STR("+ACM-"))) {
		mw_errors_add(errors, MW_ERROR, name, 1, 0, "Export-Csv -Encoding UTF8", "this is UTF-7");
		return false;
	}
	if (encoding != UTF8 && !from_utf16(arena, encoding, octets, text_r)) {
		mw_errors_add(errors, MW_ERROR, name, 0, 0, "Export-Csv -Encoding UTF8", "it is no whole text in UTF-16");
		return false;
	}
	wrong = text_r->len == 0 ? NULL : u8_check((const uint8_t *)text_r->ptr, text_r->len);
	nul = text_r->len == 0 ? NULL : memchr(text_r->ptr, '\0', text_r->len);
	if (wrong == NULL && nul == NULL)
		return true;
	mw_errors_add(errors, MW_ERROR, name, lines_before(*text_r, wrong != NULL ? (const char *)wrong : nul), 0,
		      "Export-Csv -Encoding UTF8", wrong != NULL ? "this line is no UTF-8" : "a zero octet in the text");
	return false;
}

/* --- rows */

struct reading {
	struct mw_arena *arena;
	struct mw_errors *errors;
	struct mw_csv *csv;
	struct mw_csv_row *rows; /* grows by doubling in the arena */
	size_t row_room;
	struct mw_str cells[MW_CSV_COLUMNS_MOST]; /* of the row that is read now */
	size_t cell_count;
	unsigned line;  /* that is read now */
	unsigned first; /* of the row that is read now */
	bool bad, has_header, ended;
};

/* The first line that is left, with its end. */
static struct mw_str next_line(struct mw_str text)
{
	size_t end = mw_str_find(text, '\n');

	return mw_str_head(text, end < text.len ? end + 1 : end);
}

static char delimiter_of(struct mw_str text)
{
	size_t most = 0;
	char found = ',';

	for (const char *delimiter = DELIMITERS; *delimiter != '\0'; delimiter++) {
		bool quoted = false;
		size_t count = 0;

		for (size_t i = 0; i < text.len && (quoted || text.ptr[i] != '\n'); i++) {
			quoted ^= text.ptr[i] == '"';
			count += !quoted && text.ptr[i] == *delimiter;
		}
		if (count > most) {
			most = count;
			found = *delimiter;
		}
	}
	return found;
}

static void add_error(struct reading *reading, unsigned line, const char *expected, const char *text)
{
	mw_errors_add(reading->errors, MW_ERROR, reading->csv->name, line, 0, expected, "%s", text);
	reading->bad = true;
}

static void take_cell(void *octets, size_t len, void *context)
{
	struct reading *reading = context;

	if (reading->cell_count < MW_CSV_COLUMNS_MOST)
		reading->cells[reading->cell_count] = mw_arena_copy(reading->arena, (struct mw_str){ octets, len });
	reading->cell_count++;
}

static void take_header(struct reading *reading)
{
	struct mw_str *names;

	reading->has_header = true;
	if (reading->cell_count > MW_CSV_COLUMNS_MOST) {
		add_error(reading, reading->first, NULL, "more than 1,000 columns");
		reading->cell_count = MW_CSV_COLUMNS_MOST;
	}
	names = MW_ARENA_ARRAY(reading->arena, struct mw_str, reading->cell_count);
	for (size_t i = 0; names != NULL && i < reading->cell_count; i++) {
		names[i] = mw_str_trim(reading->cells[i]);
		for (size_t j = 0; j < i; j++) {
			if (mw_str_equal_nocase(names[i], names[j]))
				mw_errors_add(reading->errors, MW_ERROR, reading->csv->name, reading->first, 0, NULL,
					      "two columns have the name \"%.*s\"", MW_STR_ARG(names[i]));
		}
		if (mw_str_empty(names[i]))
			add_error(reading, reading->first, NULL, "a column without a name");
	}
	reading->csv->columns = (struct mw_strs){ names, names == NULL ? 0 : reading->cell_count };
}

static bool make_room(struct reading *reading)
{
	size_t room = reading->row_room == 0 ? 256 : reading->row_room * 2;
	struct mw_csv_row *rows;

	if (reading->csv->row_count < reading->row_room)
		return true;
	rows = MW_ARENA_ARRAY(reading->arena, struct mw_csv_row, room);
	if (rows == NULL)
		return false;
	if (reading->csv->row_count > 0)
		memcpy(rows, reading->rows, reading->csv->row_count * sizeof(*rows));
	reading->rows = rows;
	reading->row_room = room;
	return true;
}

static void add_row(struct reading *reading)
{
	size_t count = reading->csv->columns.count;
	struct mw_str *cells;

	if (reading->cell_count != count) {
		mw_errors_add(reading->errors, MW_ERROR, reading->csv->name, reading->first, 0, NULL,
			      "this row has %zu cells, and there are %zu columns", reading->cell_count, count);
		reading->bad = true;
		return;
	}
	cells = MW_ARENA_ARRAY(reading->arena, struct mw_str, count);
	if (cells == NULL || !make_room(reading))
		return;
	memcpy(cells, reading->cells, count * sizeof(*cells));
	reading->rows[reading->csv->row_count++] = (struct mw_csv_row){ reading->first, cells };
}

static void take_row(int end, void *context)
{
	struct reading *reading = context;

	(void)end;
	if (!reading->has_header)
		take_header(reading);
	else
		add_row(reading);
	reading->cell_count = 0;
	reading->ended = true;
}

static void read_rows(struct reading *reading, struct csv_parser *parser, struct mw_str text)
{
	while (text.len > 0) {
		struct mw_str line = next_line(text);
		bool empty = line.ptr[0] == '\n' || line.ptr[0] == '\r';

		reading->ended = false;
		if (csv_parse(parser, line.ptr, line.len, take_cell, take_row, reading) != line.len) {
			add_error(reading, reading->line, "\"a \"\"word\"\" in quotes\"",
				  csv_error(parser) == CSV_EPARSE ? "a quote inside of a cell" : "out of memory");
			return;
		}
		/* An empty line before a row is none of it. */
		reading->ended |= empty && reading->first == reading->line;
		reading->line++;
		if (reading->ended)
			reading->first = reading->line;
		text = mw_str_tail(text, line.len);
	}
	if (csv_fini(parser, take_cell, take_row, reading) != 0)
		add_error(reading, reading->first, NULL, "a quote that does not end, in the row that begins here");
}

/* Whether a line says the delimiter, as Excel takes it: "sep=;". */
static bool is_separator(struct mw_str line)
{
	return line.len == 5 && mw_str_starts_with_nocase(line, MW_STR("sep="));
}

/* The text behind "#TYPE ...", "sep=;" and empty lines; *line_r: the number of its first line. */
static struct mw_str skip_head(struct mw_str text, unsigned *line_r)
{
	*line_r = 1;
	while (text.len > 0) {
		struct mw_str line = next_line(text), words = line;

		while (words.len > 0 && (words.ptr[words.len - 1] == '\n' || words.ptr[words.len - 1] == '\r'))
			words.len--;
		if (!mw_str_empty(mw_str_trim(words)) && !mw_str_starts_with(words, MW_STR("#TYPE")) && !is_separator(words))
			break;
		++*line_r;
		text = mw_str_tail(text, line.len);
	}
	return text;
}

static bool is_ascii(struct mw_str octets)
{
	for (size_t i = 0; i < octets.len; i++) {
		if ((unsigned char)octets.ptr[i] >= 0x80 || octets.ptr[i] == '\0')
			return false;
	}
	return true;
}

bool mw_csv_read(struct mw_arena *arena, const char *name, struct mw_str octets, struct mw_errors *errors,
		 struct mw_csv *csv_r)
{
	struct reading *reading = MW_ARENA_NEW(arena, struct reading);
	struct csv_parser parser;
	struct mw_str text;
	unsigned before = mw_errors_count(errors, MW_ERROR);

	*csv_r = (struct mw_csv){ .name = name, .ascii = is_ascii(octets) };
	if (reading == NULL || !decode(arena, name, octets, errors, &text))
		return false;
	reading->arena = arena;
	reading->errors = errors;
	reading->csv = csv_r;
	text = skip_head(text, &reading->line);
	reading->first = reading->line;
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return false;
	csv_set_delim(&parser, (unsigned char)delimiter_of(text));
	read_rows(reading, &parser, text);
	csv_free(&parser);
	csv_r->rows = reading->rows;
	return !reading->bad && mw_errors_count(errors, MW_ERROR) == before && !mw_arena_failed(arena);
}

size_t mw_csv_column(const struct mw_csv *csv, struct mw_str name)
{
	size_t i = 0;

	while (i < csv->columns.count && !mw_str_equal_nocase(csv->columns.items[i], name))
		i++;
	return i;
}

struct mw_str mw_csv_cell(const struct mw_csv *csv, const struct mw_csv_row *row, const char *column)
{
	size_t i = mw_csv_column(csv, mw_str(column));

	return i < csv->columns.count ? row->cells[i] : MW_STR_EMPTY;
}
