/* Words of commands that a person pastes, kept in an arena. */
#ifndef MW_CLI_SHELL_TEXT_H
#define MW_CLI_SHELL_TEXT_H

#include "base/arena.h"

/* `text` as mw_shell_word() writes it (base/shell.h); "" when memory is out. */
const char *mw_shell_text(struct mw_arena *arena, const char *text);
/* The same as mw_shell_operand() writes it. */
const char *mw_shell_operand_text(struct mw_arena *arena, const char *text);

#endif
