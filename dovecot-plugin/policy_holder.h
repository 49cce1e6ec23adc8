/* The policy of a Dovecot process. The file is looked at once, when the process starts, before it gives its privileges
   up. Dovecot starts new processes for new connections after `doveadm reload` (and always with service_count = 1), so
   that a changed file takes effect then; one that cannot be read leaves the policy in force that this Dovecot read
   last. */
#ifndef MW_DOVECOT_POLICY_HOLDER_H
#define MW_DOVECOT_POLICY_HOLDER_H

#include <stdint.h>

#include "policy/read.h"

/* Reads the policy file; when that fails, the copy of the one that a process of the same Dovecot read before. NULL: there
   is none, every login must be refused. What is wrong is logged. `today`: 0 = no warnings. The caller frees the policy with
   mw_policy_free(). */
struct mw_policy *mw_held_policy_read(int64_t today);

#endif
