/* Commands of mailwicket(1) that it prints for a person to run: of the same policy file as the one that prints them. */
#ifndef MW_CLI_OWN_COMMAND_H
#define MW_CLI_OWN_COMMAND_H

#include "base/arena.h"
#include "base/buf.h"
#include "command.h"

/* What is known of this run, whose policy may still become another one; it must outlive all printing. */
void mw_own_command_init(const struct mw_cli *cli);

/* Puts "-c FILE" into each "mailwicket COMMAND" that stands in `out` from `from` on; of the usual file nothing changes. Where there
   is no room for it, the text is as it was and `truncated` is set. */
void mw_own_commands(struct mw_buf *out, size_t from);
/* The same for a text: it, or what is made of it in `room`, an empty buffer. */
struct mw_str mw_own_commands_in(struct mw_buf *room, struct mw_str text);
/* mw_complain() with such commands in it. */
void mw_complain_own(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same in an arena. */
const char *mw_own_commands_text(struct mw_arena *arena, const char *text);

#endif
