/* What Dovecot's auth process knows of a login, as facts. */
#ifndef MW_DOVECOT_AUTH_FACTS_H
#define MW_DOVECOT_AUTH_FACTS_H

#include "decide/facts.h"

struct auth_request;

/* False when this is no login but a lookup of Dovecot's own, which no policy concerns. */
bool mw_auth_facts(const struct auth_request *request, struct mw_facts *facts_r);

#endif
