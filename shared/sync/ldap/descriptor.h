/* Security descriptors as Active Directory hands them out in nTSecurityDescriptor ([MS-DTYP] 2.4.6), and the one
   question that is asked of them: who may send as this entry. On Exchange that is the control access right Send-As of
   its DACL. Pure.

   [MS-ADTS] 5.1.3.3.4 is the rule: the entries of a DACL are looked at in their order, and the first one decides that
   is for somebody's SID and about the right. Windows writes a DACL in canonical order: an entry's own denials, what
   is allowed by its own, then what is inherited, from the nearest container on. A DACL that another program wrote may
   be in any order; there the order that it has and the canonical one may differ, and a right is one only where both
   give it. What is inherited has no order of its own: which container it came from stands nowhere. */
#ifndef MW_SYNC_LDAP_DESCRIPTOR_H
#define MW_SYNC_LDAP_DESCRIPTOR_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum mw_ace_kind {
	MW_ACE_ALLOW,     /* Send-As, by its name */
	MW_ACE_ALLOW_ALL, /* all extended rights, full control */
	MW_ACE_DENY       /* Send-As or all of them */
};

/* What one entry of a DACL says of Send-As. */
struct mw_ace {
	enum mw_ace_kind kind;
	bool inherited;
	struct mw_str sid; /* in the descriptor's memory */
};

struct mw_descriptor {
	bool open; /* it has no DACL, so that Windows lets everybody do everything */
	struct mw_ace *aces; /* those that say something, in their order */
	size_t count;
	unsigned conditional; /* entries that allow under a condition, which is not looked at: they allow nothing */
};

/* Reads a descriptor whose head stands before everything else. Its entries point into `octets`, the array is the
   arena's. NULL: it is read. Else what is wrong with it; it gives no right then. Entries of kinds that say nothing of
   rights (audit, labels) or are unknown are skipped, as Windows does; those that are only to be inherited too. */
const char *mw_descriptor_read(struct mw_str octets, struct mw_arena *arena, struct mw_descriptor *descriptor_r);

/* Whether an entry is for somebody: one of the SIDs of a user and its groups. */
typedef bool mw_ace_is_for(void *context, const struct mw_ace *ace);

/* Whether the DACL gives Send-As to the one that `is_for` tells of. `all_rights`: all extended rights mean it too;
   denied it is with them in any case. An open descriptor gives it to nobody. */
bool mw_descriptor_permits(const struct mw_descriptor *descriptor, bool all_rights, mw_ace_is_for *is_for,
			   void *context);

/* Whether an entry denies it, so that more than what is allowed has to be looked at. */
bool mw_descriptor_denies(const struct mw_descriptor *descriptor);

#endif
