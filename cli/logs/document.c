/* SPDX-License-Identifier: MIT */
#include "logs/document.h"

#include <string.h>

/* Where the objects of a log stand, by the keys and arrays around them: nothing else in a document is a line of one, as
   it may be anybody's text. */
static const char *const paths[] = {
	"[]",                        /* jq -s, Grafana, gcloud logging read */
	".hits.hits[]",              /* Elasticsearch, OpenSearch */
	".messages[]",               /* Graylog */
	".events[]",                 /* aws logs get-log-events, filter-log-events */
	".data.result[].values[]",   /* Loki: pairs of a time and a line */
};
#define PAIRS 4

bool mw_log_document_begins(struct mw_str more)
{
	size_t at = 1;

	if (!mw_str_starts_with(more, MW_STR("{")) && !mw_str_starts_with(more, MW_STR("[")))
		return false;
	while (at < more.len && strchr(" \t\r", more.ptr[at]) != NULL && more.ptr[at] != '\0')
		at++;
	if (at == more.len || more.ptr[at] == '\n')
		return true;
	return more.ptr[at] == (more.ptr[0] == '{' ? '"' : '{') || (more.ptr[0] == '[' && more.ptr[at] == '[');
}

static void keep(struct mw_log_document *document, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (document->len < sizeof(document->object))
			document->object[document->len++] = text[i];
}

static void add_path(struct mw_log_document *document, const char *text, size_t len)
{
	size_t used = strlen(document->path);

	if (used + len >= sizeof(document->path)) /* no path of the table is so long */
		len = 0;
	memcpy(document->path + used, text, len);
	document->path[used + len] = '\0';
}

/* Whether an object of the log begins with this bracket. */
static bool begins_entry(struct mw_log_document *document, char bracket)
{
	size_t count = sizeof(paths) / sizeof(paths[0]);

	for (size_t i = 0; i < count; i++)
		if (strcmp(document->path, paths[i]) == 0 && (i == PAIRS ? bracket == '[' : bracket == '{'))
			return true;
	return false;
}

static void enter(struct mw_log_document *document, char bracket)
{
	document->path_len[document->depth] = strlen(document->path);
	if (document->depth > 0 && document->nest[document->depth - 1] == '{') {
		add_path(document, ".", 1);
		add_path(document, document->key, document->key_len);
	}
	if (document->entry <= 1 && begins_entry(document, bracket)) {
		document->entry = document->depth + 1;
		document->len = document->commas = 0;
	}
	if (bracket == '[')
		add_path(document, "[]", 2);
	document->nest[document->depth++] = bracket;
}

static bool is_pair(const struct mw_log_document *document)
{
	return document->entry > 1 && document->entry == document->depth && document->nest[document->depth - 1] == '[';
}

/* True: the object that is kept ends here. */
static bool leave(struct mw_log_document *document)
{
	bool ended = document->entry == document->depth;

	document->depth--;
	document->path[document->path_len[document->depth]] = '\0';
	document->open = document->depth > 0;
	if (!ended)
		return false;
	document->entry = 0;
	return true;
}

/* A pair becomes what docker writes of a line. */
static void keep_char(struct mw_log_document *document, char c, bool pair)
{
	static const char *const keys[] = { ",\"log\":", ",\"_\":" };

	if (document->entry == 0)
		return;
	if (pair && c == '[')
		keep(document, "{\"time\":", 8);
	else if (pair && c == ']')
		keep(document, "}", 1);
	else if (pair && c == ',')
		keep(document, keys[document->commas > 0], strlen(keys[document->commas > 0]));
	else
		keep(document, c == '\n' || c == '\r' || c == '\t' ? " " : &c, 1);
	document->commas += pair && c == ',' ? 1 : 0;
}

static void take_quoted(struct mw_log_document *document, char c)
{
	if (document->escaped) {
		document->escaped = false;
	} else if (c == '\\') {
		document->escaped = true;
	} else if (c == '"') {
		document->quoted = false;
		return;
	}
	if (document->key_len < sizeof(document->key))
		document->key[document->key_len++] = c;
}

static bool begin_quoted(struct mw_log_document *document)
{
	document->quoted = true;
	document->key_len = 0;
	return true;
}

/* False: it is not JSON. */
static bool take_char(struct mw_log_document *document, char c, bool *ended_r)
{
	bool margin = document->margin, pair;

	document->margin = c == '\n';
	if (document->quoted) {
		take_quoted(document, c);
		keep_char(document, c, false);
		return c != '\n';
	}
	/* At the margin stands a bracket, or the line is another program's. */
	if (margin && strchr(" \t\r\n{}[],\"", c) == NULL)
		return false;
	if (c == '{' || c == '[') {
		if (document->depth == sizeof(document->nest))
			return false;
		enter(document, c);
	}
	pair = is_pair(document);
	keep_char(document, c, pair);
	if (c == '}' || c == ']') {
		if (document->nest[document->depth - 1] != (c == '}' ? '{' : '['))
			return false;
		*ended_r = leave(document);
		return true;
	}
	return c == '"' ? begin_quoted(document)
			: c != '\0' && strchr(" \t\r\n{[,:.+-0123456789abcdefghijklmnopqrstuvwxyzE", c) != NULL;
}

/* It ends as no document does, at `c`: before a line, at the end of one or in it. */
static void give_up(struct mw_log_document *document, bool margin, char c, struct mw_str *object_r)
{
	document->open = false;
	document->behind = !margin && c != '\n';
	*object_r = (struct mw_str){ document->object, document->entry > 0 ? document->len : 0 };
}

size_t mw_log_document_take(struct mw_log_document *document, struct mw_str text, struct mw_str *object_r)
{
	*object_r = MW_STR_EMPTY;
	if (!document->open) {
		memset(document, 0, offsetof(struct mw_log_document, object));
		document->open = true;
		document->entry = 1; /* all of it, unless there are objects of the log in it */
	}
	for (size_t at = 0; at < text.len; at++) {
		bool ended = false, margin = document->margin;

		if (!take_char(document, text.ptr[at], &ended)) {
			give_up(document, margin, text.ptr[at], object_r);
			return margin && text.ptr[at] != '\n' ? at : at + 1;
		}
		if (ended && document->len < sizeof(document->object))
			*object_r = (struct mw_str){ document->object, document->len };
		document->behind = !document->open;
		if (ended || !document->open)
			return at + 1;
	}
	return text.len;
}
