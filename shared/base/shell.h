/* Words of commands to paste into a shell: whatever a name contains, the shell sees one word. */
#ifndef MW_BASE_SHELL_H
#define MW_BASE_SHELL_H

#include "base/buf.h"

/* Appends a text as one word of a command for a POSIX shell: as it is where it has letters, digits and @._+-:/, only,
   else in single quotes. What must not reach a terminal (base/text.h), and bytes that are no UTF-8, are written as
   $'\ooo', which bash, ksh and zsh know, as GNU ls does (--quoting-style=shell-escape). Where there is no room for the
   whole word, none of it is appended and `truncated` is set: half a name is another name. */
void mw_shell_word(struct mw_buf *out, struct mw_str text);

/* The same for a word that is no option's value: behind "-- " where it would be taken for an option. */
void mw_shell_operand(struct mw_buf *out, struct mw_str text);

#endif
