/* What `mailwicket setup` makes of main.cf, master.cf and Dovecot's files: text in, text out. Pure. */
#ifndef MW_CLI_SETUP_TEXT_H
#define MW_CLI_SETUP_TEXT_H

#include "servers/postfix_file.h"
#include "servers/show/show.h"
#include "servers/wiring.h"

/* main.cf with the policy's settings. What is there and will do stays as it is, byte for byte; a setting of the same name
   is replaced where it stands (the last, where there are several; the others go); in a list the restrictions that are
   not Mailwicket's business stay; new settings are added at the end. */
struct mw_str mw_setup_main_cf(const struct mw_wiring *wiring, struct mw_arena *arena, struct mw_str text);

/* master.cf with an entry for each listener of the policy. An entry that is there keeps its columns, its comments and the
   -o settings that the policy has nothing to say about. Empty with *why_r where it cannot be done. */
struct mw_str mw_setup_master_cf(const struct mw_wiring *wiring, struct mw_arena *arena, struct mw_str text,
				 const char **why_r);

/* A dovecot.conf that includes no folder: the passdb before its first setting, the settings at its end, both between
   marks; what stood between such marks is replaced. */
struct mw_str mw_setup_dovecot_conf(struct mw_arena *arena, struct mw_str text, struct mw_str passdb,
				    struct mw_str settings);
/* Whether it includes the files conf.d/...conf beside it. */
bool mw_setup_includes_folder(struct mw_str text);

#endif
