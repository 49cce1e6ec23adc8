/* What a reply says that Postfix gave to a client: "550 5.1.1 <ann@example.net>: Recipient address rejected: WORDS". Pure. */
#ifndef MW_CLI_WHY_REPLY_H
#define MW_CLI_WHY_REPLY_H

#include "base/str.h"

/* WORDS, without the codes and what Postfix puts before them. */
const char *mw_reply_words(const char *reply);
/* Whether both say the same, of the same thing: "Access denied" to a sender is not that to a recipient. At END-OF-MESSAGE
   the code of the same refusal is another one of its class, and Postfix does not say whom it is about. */
bool mw_reply_same(const char *a, const char *b);
/* The name of the reason whose words the policy gave to Postfix; NULL: they are Postfix's own. `recipient`: the
   envelope's, empty where it is not known. */
const char *mw_reply_reason(const char *reply, struct mw_str recipient);

#endif
