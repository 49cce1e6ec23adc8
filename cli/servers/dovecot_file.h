/* What doveconf prints, as a tree of sections and settings; Dovecot 2.3 and 2.4 alike. Pure. */
#ifndef MW_CLI_DOVECOT_FILE_H
#define MW_CLI_DOVECOT_FILE_H

#include "base/arena.h"
#include "base/units.h"

/* "key = value", or "key title {": then with what is inside. */
struct mw_dovecot_node {
	struct mw_str key, value; /* of a section: the title */
	bool is_section;
	struct mw_dovecot_node *parent, *first, *last, *next;
};

/* The root; NULL: a section without an end, an end without a section, or out of memory. The texts point into `text` or
   live in the arena. A value and a title are without quotes, escapes and the blanks at their ends. */
const struct mw_dovecot_node *mw_dovecot_parse(struct mw_arena *arena, struct mw_str text);
/* The next child with this key behind `after` (NULL: from the first). NULL: none. */
const struct mw_dovecot_node *mw_dovecot_next(const struct mw_dovecot_node *parent, const struct mw_dovecot_node *after,
					      const char *key);
/* The last value of a setting, or empty. */
struct mw_str mw_dovecot_value(const struct mw_dovecot_node *parent, const char *key);
/* The driver of a passdb or userdb. In 2.4 one without a driver has the one that stands for all, or its own title. */
struct mw_str mw_dovecot_driver(const struct mw_dovecot_node *block);
/* Whether a passdb is our auth module. */
bool mw_dovecot_passdb_is_ours(const struct mw_dovecot_node *passdb);
/* The path in its `args` of 2.3: behind options, as in "scheme=CRYPT /etc/dovecot/users". */
struct mw_str mw_dovecot_path_of_args(struct mw_str args);
/* Whether a list "a b c" has a word. */
bool mw_dovecot_has_word(struct mw_str list, const char *word);
/* Whether a list has a word: "a b c" of 2.3, "key { word = yes }" of 2.4. */
bool mw_dovecot_lists(const struct mw_dovecot_node *parent, const char *key, const char *word);
/* A size as Dovecot reads it: "256 M", "1G", "5000000 B". False: it is none. */
bool mw_dovecot_size_parse(struct mw_str text, uint64_t *octets_r);

#endif
