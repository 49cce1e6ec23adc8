/* Octets that are refused in names. A login name ends up in commands that an administrator pastes (doveadm kick, fixes),
   in Dovecot's masks and in logs: an octet that a shell or a mask treats as special is refused when it is read, and the
   commands quote the rest. Real names have ' & + = / # % { } and more: O'Brien@, a&b@, {guid}@. For sync/, and for
   who writes a text that it is to read. */
#ifndef MW_SYNC_TEXT_NAME_H
#define MW_SYNC_TEXT_NAME_H

#include "base/str.h"

#define MW_TEXT_NAME_RIGHT "a name without \" ` $ ( ) ; | < > \\ * ?"

#define MW_TEXT_LOGIN_RIGHT MW_TEXT_NAME_RIGHT ", or DOMAIN\\user"

/* The first octet of a canonical address that is refused, 0: none. In a local part that needs its quotes everything is
   allowed that an address may have there. Text without "@" has no local part that could have quotes. */
char mw_text_name_refused(struct mw_str name);
/* The same for a login name, which may also be Windows' DOMAIN\user ("down-level logon name"): one backslash, with a name
   on each side. A backslash is an ordinary character in doveadm's masks (Dovecot's wildcard_match_icase()) and in what
   base/shell.h writes. */
char mw_text_login_refused(struct mw_str login);

#endif
