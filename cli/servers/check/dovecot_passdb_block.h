/* SPDX-License-Identifier: MIT */
/* A passdb block of ours: what it changes, and what it must say. */
#ifndef MW_CLI_CHECK_DOVECOT_PASSDB_BLOCK_H
#define MW_CLI_CHECK_DOVECOT_PASSDB_BLOCK_H

#include "servers/check/dovecot.h"

/* The global block that one in a filter changes: in 2.4 that of its name. NULL: none; it is asked before all global ones, as
   in 2.3 every block in a filter is. */
const struct mw_dovecot_node *mw_dovecot_passdb_changed(const struct mw_dovecot_site *site,
							const struct mw_dovecot_node *passdb);
/* Where a global block begins; NULL: not found in the files. In 2.3 blocks have no names. */
const struct mw_dovecot_source *mw_dovecot_passdb_source(const struct mw_dovecot_site *site,
							 const struct mw_dovecot_node *passdb);
/* Our block as it must be. Lives in the site's arena. */
const char *mw_dovecot_passdb_lines(const struct mw_dovecot_site *site);

/* Adds what a block of ours says wrong, and what the groups say that it includes. filter: where it stands. */
void mw_check_passdb_block(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			   const struct mw_dovecot_node *passdb);
/* The same of a block in a filter that changes our global one. */
void mw_check_passdb_changed(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			     const struct mw_dovecot_node *passdb);
/* The same of the settings outside of blocks, in the root, a filter or a group: they count for the blocks of ours that do
   not say them themselves. */
void mw_check_passdb_inherited(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node);

#endif
