/* Postfix's lookup tables as init reads them: all entries of those that can be
   listed. */
#ifndef MW_CLI_INIT_TABLES_H
#define MW_CLI_INIT_TABLES_H

#include "servers/init/init.h"

/* The entries of "type:name, type:name ...", in the order in which Postfix asks
   the tables. What cannot be listed is kept as unread, with this fix. */
struct mw_init_entries mw_init_tables(struct mw_init *init, const char *setting, struct mw_str tables, const char *fix);
/* The entries of virtual_mailbox_maps: an address, or "@domain" for the rest of it. */
struct mw_init_entries mw_init_mailboxes(struct mw_init *init);
/* The entries of alias_maps, where this host has local mailboxes. */
struct mw_init_entries mw_init_local_aliases(struct mw_init *init);
/* Keeps a catch-all of virtual_mailbox_maps or virtual_alias_maps as unread. */
void mw_init_catch_all_unread(struct mw_init *init, const char *setting, struct mw_str key);
/* Calls `found` with each table of a list, and with those within a unionmap. */
typedef void mw_init_table_found(void *context, const char *setting, struct mw_str table);
void mw_init_each_table(const char *setting, struct mw_str tables, mw_init_table_found *found, void *context);
/* Whether a table has a key. */
bool mw_init_table_has(const struct mw_init *init, struct mw_str table, struct mw_str key);
/* The tables of a setting, one after another. A word that names no table is one too. False at the end. */
bool mw_init_table_next(struct mw_str *rest_io, struct mw_str *table_r);
/* Whether Postfix asks a table for parts of an address too. It asks patterns for the whole alone (maps_find(3)). */
bool mw_init_table_is_fixed(struct mw_str table);
/* Whether the same key may have another answer each time: a randmap, or a table with one in it. */
bool mw_init_table_is_random(struct mw_str table);
/* What a table says of these keys, one a line and in lower case: the entries of those that it has. False: it cannot be asked,
   and why. */
bool mw_init_table_ask(struct mw_init *init, struct mw_str table, struct mw_str keys, struct mw_init_entries *entries_r,
		       const char **why_r);
/* "type:name" as it is without the "proxy:" before it. */
struct mw_str mw_init_table_bare(struct mw_str table);
bool mw_init_is_table(struct mw_str word);

/* --- pure */

/* "KEY<tab>VALUE" lines of postmap -s, without what postalias(1) writes for
   itself. */
struct mw_init_entries mw_init_entries_parse(struct mw_arena *arena, struct mw_str text);
/* The next address of a table's right side, divided by commas and blanks;
   quotes keep both. Without the angle brackets. False at the end. */
bool mw_init_address_next(struct mw_str *rest_io, struct mw_str *word_r);

#endif
