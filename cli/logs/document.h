/* Objects of JSON that do not stand in a line each, one by one: in an array, in several lines ("journalctl -o json-pretty",
   jq), in the answer of Elasticsearch, Graylog, Loki or CloudWatch. Pure. */
#ifndef MW_CLI_LOGS_DOCUMENT_H
#define MW_CLI_LOGS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define MW_LOG_OBJECT_MAX 65536 /* octets; a longer object is passed over */

/* Zeroed: none was begun. */
struct mw_log_document {
	bool open, quoted, escaped;
	bool margin; /* nothing of the line that stands there was taken */
	bool behind; /* what follows stands in the line where the last one ended: it is no line */
	size_t depth, entry;      /* of brackets; where the object that is kept began, 0: none is kept */
	size_t commas;            /* in it, on its own level */
	size_t path_len[64];      /* what of path stood before each bracket */
	char nest[64], key[32], path[96];
	size_t key_len, len;
	char object[MW_LOG_OBJECT_MAX];
};

/* Whether a line that begins so begins a document. `more`: what there is of the line and behind it. */
bool mw_log_document_begins(struct mw_str more);
/* Takes what there is, up to the end of an object. Returns how many octets; *object_r is empty, or a whole object in one
   line, valid until the next call, or what there is of one that ends as none does. */
size_t mw_log_document_take(struct mw_log_document *document, struct mw_str text, struct mw_str *object_r);

#endif
