/* What `mailwicket lookup` found. Private to lookup.c and lookup_print.c. */
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
	struct mw_grants on_address, on_domain; /* beside the principal's own */
	uint64_t principals;                    /* how many the directory has: ids to look through */
};

/* The address's grants are its own: nobody has it, or for receiving only. */
static inline bool mw_lookup_is_apart(const struct mw_lookup_answer *answer)
{
	return !answer->has_principal || (answer->named.by_address && answer->named.held == MW_HELD_RECEIVE);
}

/* To standard output, as text or as JSON. */
void mw_lookup_print(const struct mw_lookup_answer *answer, bool json);

#endif
