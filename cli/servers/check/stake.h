/* What of a policy is lost where an address is judged as another than the mail system takes it for, and to whom. */
#ifndef MW_CLI_STAKE_H
#define MW_CLI_STAKE_H

#include "base/arena.h"
#include "policy/model.h"

struct mw_stake {
	uint64_t restricted; /* users and groups with senders= or senders_denied= */
	/* In words, "" for nobody: who may write to any domain, where somebody has senders=; and who may use any sender but
	   those of an Authoritative domain. */
	const char *to_anybody, *as_strangers;
};

/* Of the published directory; where there is none to be read, of the policy's sources. Texts live in `arena`. */
struct mw_stake mw_stake_of(const struct mw_policy *policy, struct mw_arena *arena);
/* How many users and groups have networks= or one of its keys, found in the same way. */
uint64_t mw_stake_networks(const struct mw_policy *policy);
/* Of domains that share their mailboxes: how many who have senders= at another one are not who has the same name there, for
   each in open_r. */
void mw_stake_apart(const struct mw_policy *policy, const struct mw_str *domains, size_t count, uint64_t *open_r);
bool mw_stake_is_nothing(const struct mw_stake *stake);
/* A sentence part: what becomes of mail to <user@NAME>, or from it. */
const char *mw_stake_words(const struct mw_stake *stake, const char *name, struct mw_arena *arena);

#endif
