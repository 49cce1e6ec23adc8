/* Errors of a program for the shell: "PROGRAM: [COMMAND: ]TEXT", a line on standard error each. What is about a place in a
   file of ours is a struct mw_error (base/errors.h). */
#ifndef MW_BASE_COMPLAIN_H
#define MW_BASE_COMPLAIN_H

#include <stdarg.h>

/* Who complains from now on. Both are kept by the caller; `command` is NULL for a program, or part of it, without one. */
void mw_complain_as(const char *program, const char *command);

/* One line that cannot drive a terminal, whatever the arguments hold; cut after 4,095 octets. */
void mw_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void mw_complainv(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif
