/* Whom the policy permits at a listener, as far as a restriction of Postfix can tell them apart. */
#ifndef MW_CLI_CHECK_PERMITTED_H
#define MW_CLI_CHECK_PERMITTED_H

#include "policy/model.h"

enum mw_permitted_kind { MW_PERMITTED_USERS, MW_PERMITTED_STRANGERS, MW_PERMITTED_PARTNERS };

struct mw_permitted {
	const struct mw_connector *connector;
	enum mw_permitted_kind kind; /* logged in; not; with a certificate of partner_certificates */
	bool relays;                 /* to domains that are not accepted too */
	bool without_tls;
	bool any_sender;             /* as others too, at least where their domains are not authoritative */
};

/* Three for each connector at the most. */
#define MW_PERMITTED_MOST 3

/* What one connector permits; returns how many. A connector in audit mode leaves all to Postfix: none. */
size_t mw_permitted_by(const struct mw_connector *connector, struct mw_permitted permitted_r[MW_PERMITTED_MOST]);
/* "users who logged in", "clients that did not log in", "partners". */
const char *mw_permitted_words(enum mw_permitted_kind kind);

#endif
