/* Security identifiers of Windows in the form that Active Directory hands out ([MS-DTYP] 2.4.2.2): revision 1, up to
   15 numbers. A SID is its octets, and two are the same where these are. Pure. */
#ifndef MW_SYNC_LDAP_SID_H
#define MW_SYNC_LDAP_SID_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define MW_SID_MAX 68       /* octets */
#define MW_SID_PRINTED_MAX 188 /* of mw_sid_print(), with the NUL */

/* The octets of the SID that `octets` begin with; 0: they begin with none. */
size_t mw_sid_length(struct mw_str octets);
/* Whether the octets are one SID, and nothing behind it. */
bool mw_sid_is_good(struct mw_str octets);
/* The octets of one that is printed as S-1-5-21-1-2-3-500, in `memory`, which has MW_SID_MAX octets. Empty: it is none. */
struct mw_str mw_sid_parse(struct mw_str text, char *memory);
/* As S-1-5-21-1-2-3-500. */
void mw_sid_print(struct mw_str sid, struct mw_buf *out);

/* Whether it is that of everybody who logged in: in the groups of every user (S-1-1-0, S-1-5-2, S-1-5-11, S-1-5-15). */
bool mw_sid_is_everybody(struct mw_str sid);
/* S-1-5-10, in an entry's DACL: the entry itself. */
bool mw_sid_is_self(struct mw_str sid);
/* S-1-3-0 to S-1-3-3, which are replaced when an entry inherits them; S-1-5-7: who did not log in; S-1-5-9 and
   S-1-5-18: domain controllers. No user has such a one. */
bool mw_sid_is_nobody(struct mw_str sid);
/* Whether it is one that every Windows has (S-1-5-32-545), and so of no account. Those of accounts are S-1-5-21-... and, in
   Entra ID, S-1-12-1-... ("Well-known SIDs"). */
bool mw_sid_is_of_windows(struct mw_str sid);
/* The domain of an account: its SID without the last number. Empty: it is of none (S-1-5-32-545). */
struct mw_str mw_sid_domain(struct mw_str sid);
/* The last number of an account's SID; 0: it is of no domain. */
uint32_t mw_sid_rid(struct mw_str sid);
/* The SID of number `rid` in a domain, into `memory`, which has MW_SID_MAX octets. Empty: the domain is none. */
struct mw_str mw_sid_of(struct mw_str domain, uint32_t rid, char *memory);

#endif
