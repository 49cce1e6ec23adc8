/* Enum <-> word, without regard to case. One table serves parser, printer, help and tests. */
#ifndef MW_BASE_TABLE_H
#define MW_BASE_TABLE_H

#include "base/buf.h"

struct mw_word {
	const char *word; /* as printed */
	int value;
};

struct mw_table {
	const struct mw_word *words;
	size_t count;
};

#define MW_TABLE(array) ((struct mw_table){ (array), sizeof(array) / sizeof((array)[0]) })

bool mw_table_find(struct mw_table table, struct mw_str word, int *value_r);
/* The first word with this value, or NULL. */
const char *mw_table_word(struct mw_table table, int value);
/* "A, B or C": for error messages. */
void mw_table_print(struct mw_table table, struct mw_buf *out);
/* The word nearest to a mistyped one (edit distance of at most 2 and less than half of it), or NULL. */
const char *mw_table_nearest(struct mw_table table, struct mw_str word);

#endif
