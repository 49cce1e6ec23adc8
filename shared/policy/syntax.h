/* The syntax of mailwicket.conf, apart from its meaning: text -> statements and words with their places.
   Private to shared/policy. */
#ifndef MW_POLICY_SYNTAX_H
#define MW_POLICY_SYNTAX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/errors.h"

#define MW_POLICY_TEXT_MAX (1024u * 1024u)
#define MW_POLICY_DEPTH_MAX 8
#define MW_POLICY_ERRORS_MAX 1000 /* a file with more is not read to its end */

struct mw_policy;

/* One run over one text. */
struct mw_reader {
	const char *file;
	struct mw_errors *errors;
	struct mw_arena *scratch;  /* the statements */
	struct mw_arena *arena;    /* the policy's */
	struct mw_policy *policy;
	unsigned error_count;
	int64_t today;             /* 0: not known */
};

struct mw_spot {
	unsigned line, column;
};

void mw_reader_error(struct mw_reader *reader, struct mw_spot spot, const char *expected, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void mw_reader_warn(struct mw_reader *reader, struct mw_spot spot, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Too many errors, or out of memory: reading stops. */
bool mw_reader_gave_up(const struct mw_reader *reader);

enum mw_token_kind {
	MW_TOKEN_END, MW_TOKEN_WORD, MW_TOKEN_STRING, MW_TOKEN_EQUALS, MW_TOKEN_OPEN, MW_TOKEN_CLOSE,
	MW_TOKEN_COMMA, MW_TOKEN_OTHER
};

struct mw_token {
	enum mw_token_kind kind;
	struct mw_str text; /* without quotes and escapes */
	struct mw_spot spot;
};

struct mw_lexer {
	struct mw_reader *reader;
	struct mw_str text;
	size_t at;
	size_t line_start;
	unsigned line;
	bool quiet; /* looking ahead: errors come again when the token is read for good */
};

void mw_lexer_init(struct mw_lexer *lexer, struct mw_reader *reader, struct mw_str text);
struct mw_token mw_lexer_next(struct mw_lexer *lexer);

struct mw_value {
	struct mw_str text;
	struct mw_spot spot;
	struct mw_value *next;
};

/* `name = value`, `name = { value, ... }` or `name "title" { ... }`. */
struct mw_statement {
	struct mw_str name;
	struct mw_spot spot;
	bool is_section;
	bool is_list;
	bool has_title;
	struct mw_str title;
	struct mw_spot title_spot;
	struct mw_value *values;
	size_t value_count;
	struct mw_statement *children;
	struct mw_statement *next;
};

/* The statements of a text, in order, as far as they could be made out; NULL for none. */
struct mw_statement *mw_parse_text(struct mw_reader *reader, struct mw_str text);
/* The value of a setting alone ("{ a, b }"), into *statement. */
void mw_parse_value(struct mw_reader *reader, struct mw_str text, struct mw_statement *statement);

/* "value", shortened and with what cannot be printed as \xNN, for messages. */
void mw_quote(struct mw_str value, struct mw_buf *out);

#endif
