/* Address space of Dovecot's auth process (service auth { vsz_limit }, RLIMIT_AS), which maps the directory: two snapshots
   while a new one is taken over. One reckoning for `show`, `setup` and `check`. */
#ifndef MW_CLI_DOVECOT_MEMORY_H
#define MW_CLI_DOVECOT_MEMORY_H

#include "servers/check/dovecot.h"

/* Octets that let the published directory grow by half: twice as much, and 256 MB for the process itself and for what
   it caches; a whole number of megabytes. */
uint64_t mw_dovecot_memory_wanted(const struct mw_policy *policy);
/* What the auth process has by Dovecot's configuration: octets, or MW_UNLIMITED. */
uint64_t mw_dovecot_memory_limit(const struct mw_dovecot_site *site);

/* The lines for Dovecot; octets may be MW_UNLIMITED. */
void mw_dovecot_memory_print(uint64_t octets, enum mw_dovecot_generation generation, struct mw_buf *out);
/* Adds what is wrong with the limit to the site's findings. */
void mw_dovecot_memory_check(const struct mw_dovecot_site *site);

#endif
