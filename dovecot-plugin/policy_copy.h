/* The copy of the policy file that was read last, in Dovecot's base_dir: with service_count = 1 no process lives long
   enough to remember it. It belongs to one run of Dovecot (the master's process id, and when it wrote that down, are in
   its name), so that a Dovecot which never read a good policy finds none. Call these with the privileges that the process
   starts with and base_dir as the current folder. */
#ifndef MW_DOVECOT_POLICY_COPY_H
#define MW_DOVECOT_POLICY_COPY_H

#include "policy/read.h"

struct stat;

/* Keeps the file's text, if it is not the one kept already; a failure is logged and harms nobody. `seen`: the file as it
   was right before it was read; nothing is kept of one that changed since. */
void mw_policy_copy_save(const char *path, const struct stat *seen);
/* NULL where there is no copy, or none that can be trusted. `path` names the file in the policy's places. */
struct mw_policy *mw_policy_copy_read(const char *path, const char *host_name);
#endif
