/* Changes to main.cf, master.cf and dovecot.conf: text in, text out, all else byte for byte. What is to be changed is decided
   elsewhere (lacks.h, plan.h). Pure. */
#ifndef MW_CLI_SETUP_TEXT_H
#define MW_CLI_SETUP_TEXT_H

#include "servers/postfix_file.h"
#include "servers/wiring.h"

struct mw_settings {
	const struct mw_wiring_setting *items;
	size_t count;
};

/* main.cf with these settings: each where its name stands (the last, where it stands several times), with the comments among
   its lines; those that are not there yet at the end. */
struct mw_str mw_setup_main_cf(struct mw_arena *arena, struct mw_str text, struct mw_settings settings);

/* What an entry of master.cf is to have: options of one item each. */
struct mw_setup_entry {
	unsigned line; /* its first, as mw_postfix_services_parse() has it */
	struct mw_settings options;
};

/* master.cf with these options: in the place of one of the same name (the last), in its form; new ones behind the last,
   indented as that is. `added`: new entries, at the end. */
struct mw_str mw_setup_master_cf(struct mw_arena *arena, struct mw_str text, const struct mw_setup_entry *entries,
				 size_t entry_count, struct mw_str added);

/* A dovecot.conf that includes no folder: the passdb before its first setting, the settings at its end, both between
   marks; what stood between such marks is replaced. Empty blocks are left out. */
struct mw_str mw_setup_dovecot_conf(struct mw_arena *arena, struct mw_str text, struct mw_str passdb,
				    struct mw_str settings);
/* The line where it includes the files conf.d/...conf beside it; 0: nowhere. */
unsigned mw_setup_folder_line(struct mw_str text);

#endif
