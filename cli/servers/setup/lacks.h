/* What an smtpd of the policy's listeners lacks: only what is less strict than the policy needs, or in its way. A value
   that does stays, wherever it is written. */
#ifndef MW_CLI_SETUP_LACKS_H
#define MW_CLI_SETUP_LACKS_H

#include "servers/check/postfix.h"
#include "servers/setup/sasl.h"

#define MW_LACKS_MOST 32

struct mw_lacks {
	struct mw_wiring_setting items[MW_LACKS_MOST]; /* of one item each; they live in the site's arena */
	size_t count;
};

/* Adds what the smtpd of `endpoint` lacks; of a name that is there already, nothing. is_new: there is no such entry yet, and
   the endpoint's values are main.cf's. */
void mw_setup_lacks(struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl, bool is_new,
		    struct mw_lacks *lacks);

#endif
