/* The key of the hashes of a table whose entries a peer names. */
#ifndef MW_POSTFIX_SEED_H
#define MW_POSTFIX_SEED_H

#include <stdint.h>

/* A number that no peer knows, from getrandom(2); before the kernel has collected enough for it, from where this
   process lies in memory. Never waits. */
uint64_t mw_hash_seed(void);

#endif
