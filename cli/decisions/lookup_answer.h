/* What `mailwicket lookup` found. Private to lookup.c and lookup_*.c. */
#ifndef MW_CLI_LOOKUP_ANSWER_H
#define MW_CLI_LOOKUP_ANSWER_H

#include "decide/identity.h"
#include "directory/directory.h"

/* What an address or user name stands for in the directory. */
struct mw_lookup_answer {
	struct mw_str asked;
	const struct mw_policy *policy;
	const struct mw_directory *directory;
	const struct mw_directory_view *view;
	struct mw_named named;
	bool has_principal;
	enum mw_lookup found;
	struct mw_principal principal;
	int64_t today;
	struct mw_grants on_address, on_domain; /* beside the principal's own */
	uint64_t principals;                    /* how many the directory has: ids to look through */
};

/* The address's grants are its own: nobody has it, or for receiving only. */
static inline bool mw_lookup_is_apart(const struct mw_lookup_answer *answer)
{
	return !answer->has_principal || (answer->named.by_address && answer->named.held == MW_HELD_RECEIVE);
}

/* What is granted on the name that was asked for: on the principal, unless it is apart, the address and its domain. */
#define MW_LOOKUP_GRANTED_ON 3
static inline size_t mw_lookup_granted_on(const struct mw_lookup_answer *answer,
					  const struct mw_grants *grants[MW_LOOKUP_GRANTED_ON])
{
	size_t count = 0;

	if (!mw_lookup_is_apart(answer))
		grants[count++] = &answer->principal.grants;
	grants[count++] = &answer->on_address;
	grants[count++] = &answer->on_domain;
	return count;
}

/* Whether the principal may act by these grants today. */
static inline bool mw_lookup_may(const struct mw_lookup_answer *answer, const struct mw_grants *grants,
				 bool on_behalf)
{
	struct mw_endings endings = on_behalf ? grants->send_on_behalf_until : grants->send_as_until;

	return mw_identity_in(&answer->principal, on_behalf ? grants->send_on_behalf : grants->send_as) ||
	       mw_grant_holds(mw_identity_until(&answer->principal, endings), answer->today);
}

/* To standard output, as text or as JSON. */
void mw_lookup_print(const struct mw_lookup_answer *answer, bool json);

#endif
