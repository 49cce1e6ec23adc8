/* Sentences with values in them. */
#ifndef MW_REPORT_TEMPLATE_H
#define MW_REPORT_TEMPLATE_H

#include "base/buf.h"

#define MW_TEMPLATE_VALUES_MAX 24

/* The values by name; their texts are the caller's. */
struct mw_template_values {
	size_t count;
	struct { const char *name; struct mw_str text; } items[MW_TEMPLATE_VALUES_MAX];
};

void mw_template_set(struct mw_template_values *values, const char *name, struct mw_str text);

/* Appends a sentence: <name> is a value, shown with its harmless characters only and cut at 254 bytes; <'name'> is the
   whole value as a word of a command (base/shell.h); what stands in [ ] is left out when a value in it is empty or
   not known. */
void mw_template_write(const char *sentence, const struct mw_template_values *values, struct mw_buf *out);

#endif
