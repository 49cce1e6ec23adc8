/* XML and HTML, indented, into a buffer. Whatever a text holds, it stays text: markup is escaped, and what neither allows
   (control characters, bytes that are no UTF-8, marks that turn the direction of writing) becomes U+FFFD. Pure. */
#ifndef MW_CLI_MARKUP_H
#define MW_CLI_MARKUP_H

#include "base/buf.h"

#define MW_MARKUP_DEPTH 16

struct mw_markup {
	struct mw_buf *out;
	unsigned depth;
	bool tag_open; /* attributes may still follow */
	struct mw_markup_level {
		const char *element;
		bool has_text, has_elements;
	} levels[MW_MARKUP_DEPTH + 1]; /* 0: the document */
};

struct mw_markup mw_markup_over(struct mw_buf *out);
/* Names of elements and attributes are the program's own; `element` is kept until its end. At most MW_MARKUP_DEPTH. */
void mw_markup_begin(struct mw_markup *markup, const char *element);
/* Of the element that has just begun. */
void mw_markup_attribute(struct mw_markup *markup, const char *name, struct mw_str value);
void mw_markup_text(struct mw_markup *markup, struct mw_str text);
/* As it is: for a style sheet of the program's own. */
void mw_markup_raw(struct mw_markup *markup, const char *text);
void mw_markup_end(struct mw_markup *markup);
/* Ends an element without content as "<br/>", which HTML wants of some and allows for no other. */
void mw_markup_end_void(struct mw_markup *markup);
/* <element>text</element> */
void mw_markup_element(struct mw_markup *markup, const char *element, struct mw_str text);

#endif
