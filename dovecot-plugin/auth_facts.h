/* What Dovecot's auth process knows of a login, as facts. */
#ifndef MW_DOVECOT_AUTH_FACTS_H
#define MW_DOVECOT_AUTH_FACTS_H

#include "decide/facts.h"

struct auth_request;

/* Who logs in, as far as Dovecot has come with it; each may be NULL. What is pointed to is the request's. */
struct mw_auth_names {
	const char *login;       /* the account */
	const char *master;      /* the master user who acts as it */
	const char *destination; /* the name at another server that the login is passed on to, where a passdb set one */
};

struct mw_auth_names mw_auth_names(const struct auth_request *request);
bool mw_auth_names_equal(const struct mw_auth_names *a, const struct mw_auth_names *b);
/* False when this is no login but a lookup of Dovecot's own, which no policy concerns. facts_r->login is names->login. */
bool mw_auth_facts(const struct auth_request *request, const struct mw_auth_names *names, struct mw_facts *facts_r);

#endif
