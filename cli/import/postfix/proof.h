/* Whether a directory permits what Postfix permits: both are asked about many logins and senders. Postfix's side is what
   smtpd_sender_login_maps say, asked as smtpd asks them (owners.h), and the restriction that compares. Mailwicket's side
   is decide/identity.h, with the policy and the directory as `sync` would read it. */
#ifndef MW_CLI_IMPORT_PROOF_H
#define MW_CLI_IMPORT_PROOF_H

#include "import/postfix/pairs.h"
#include "report/json.h"

enum mw_difference {
#define MW_DIFFERENCE(id, name, sentence) MW_DIFFERENCE_##id,
#include "import/postfix/difference.def"
#undef MW_DIFFERENCE
	MW_DIFFERENCE_COUNT
};

struct mw_compared {
	struct mw_pair pair;
	bool postfix, mailwicket;      /* whether each permits it */
	struct mw_owned owned;         /* what the tables say of the sender */
	enum mw_difference difference; /* where the two are not the same */
};

struct mw_proof {
	struct mw_compared *items;
	size_t count, alike;
	const char *not_done; /* why nothing was compared; NULL: it was */
};

/* In the arena of init. default_domain and what else a decision needs are the policy's; errors of the directory go into
   not_done. */
struct mw_proof mw_proof_make(struct mw_sender_rules *senders, const struct mw_policy *policy, struct mw_str directory);

/* How many pairs were compared, and those that differ, by reason: the first of each. */
void mw_proof_print(const struct mw_proof *proof, struct mw_buf *out);
/* A member "proof"; whole: with every pair, not only those that differ. */
void mw_proof_json(const struct mw_proof *proof, bool whole, struct mw_json *json);

#endif
