/* Hashes, each with a number: what a table is found by. A hash has 64 bits and a key that nobody outside knows, so that two
   texts never have the same one. */
#ifndef MW_CLI_AUDIT_KEYS_H
#define MW_CLI_AUDIT_KEYS_H

#include <stdint.h>

#include "mail/network.h"

struct mw_keys {
	uint64_t *keys;
	uint32_t *numbers;
	size_t count, size; /* size: a power of two, or 0 */
};

/* The number of a key, NULL: it is not there. Good until the next mw_keys_add(). */
uint32_t *mw_keys_find(const struct mw_keys *keys, uint64_t key);
/* Adds a key that is not there. False: out of memory. */
bool mw_keys_add(struct mw_keys *keys, uint64_t key, uint32_t number);
/* Forgets all of them, and keeps the memory. */
void mw_keys_clear(struct mw_keys *keys);
void mw_keys_deinit(struct mw_keys *keys);

/* A hash goes on from the one before it; the first is the secret. */
uint64_t mw_hash_text(uint64_t before, struct mw_str text);
uint64_t mw_hash_number(uint64_t before, uint64_t number);
uint64_t mw_hash_ip(uint64_t before, const struct mw_ip *ip);

#endif
