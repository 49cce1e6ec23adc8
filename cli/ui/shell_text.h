/* Words of commands that a person pastes, kept in an arena. */
#ifndef MW_CLI_SHELL_TEXT_H
#define MW_CLI_SHELL_TEXT_H

#include "base/arena.h"

/* `text` as mw_shell_word() writes it (report/shell.h); "" when memory is out. */
const char *mw_shell_text(struct mw_arena *arena, const char *text);

#endif
