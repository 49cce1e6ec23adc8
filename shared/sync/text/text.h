/* The text source (mailwicket-directory(5)): lines to records. */
#ifndef MW_SYNC_TEXT_H
#define MW_SYNC_TEXT_H

#include "sync/record/key.h"

#define MW_TEXT_LINE_MAX ((size_t)32 << 20) /* a group of a million members fits */

/* Where a text is read. Private to text.c but for its size. */
struct mw_text_reader {
	struct mw_reading reading;
	struct mw_str rest;
};

/* Begins a text of this name, which messages show. Nothing is copied: records, name and text must outlive the reader, which
   needs no end. */
void mw_text_begin(struct mw_text_reader *reader, struct mw_records *records, const char *name, struct mw_str text,
		   struct mw_str default_domain);
/* Adds what the next line says to the records, and all that is wrong with it to their errors. False: there is none. */
bool mw_text_next_line(struct mw_text_reader *reader);

/* A whole text. */
void mw_text_read(struct mw_records *records, const char *name, struct mw_str text, struct mw_str default_domain);

#endif
