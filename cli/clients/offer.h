/* What somebody has to enter in a mail program so that the servers let him in: every way that the policy permits to a
   client from anywhere in the internet, found by asking the decisions that the servers ask. Pure. */
#ifndef MW_CLI_CLIENT_OFFER_H
#define MW_CLI_CLIENT_OFFER_H

#include "decide/directory_view.h"
#include "policy/model.h"

enum mw_client_service { MW_CLIENT_IMAP, MW_CLIENT_POP3, MW_CLIENT_SMTP };
#define MW_CLIENT_SERVICES 3
/* In the order in which they are recommended (RFC 8314 3). CLEAR is on the port of STARTTLS. */
enum mw_client_security { MW_CLIENT_TLS, MW_CLIENT_STARTTLS, MW_CLIENT_CLEAR };
#define MW_CLIENT_SECURITIES 3
/* ENCRYPTED: only mechanisms that do not show it, as CRAM-MD5, SCRAM and NTLM. */
enum mw_client_password { MW_CLIENT_NORMAL_PASSWORD, MW_CLIENT_ENCRYPTED_PASSWORD };

struct mw_client_offer {
	enum mw_client_service service;
	enum mw_client_security security;
	enum mw_client_password password;
	struct mw_str host;
	uint16_t port;
	bool recommended; /* the first of its service, and not in the clear */
};

/* Why a service has no offer. */
enum mw_client_absence {
	MW_CLIENT_OFFERED,
	MW_CLIENT_SWITCHED_OFF, /* the user's imap=no, pop3=no or smtp=no */
	MW_CLIENT_SUSPENDED,
	MW_CLIENT_REFUSED,      /* by the policy, to a client from anywhere */
	MW_CLIENT_NO_LISTENER   /* no port was given, or no connector is there for a client from anywhere */
};

/* What the policy does not say. */
struct mw_client_site {
	struct mw_str hosts[MW_CLIENT_SERVICES];
	uint16_t ports[MW_CLIENT_SERVICES][2]; /* of MW_CLIENT_TLS and MW_CLIENT_STARTTLS; 0: nothing listens */
};

struct mw_client_settings {
	struct mw_client_offer offers[MW_CLIENT_SERVICES * MW_CLIENT_SECURITIES]; /* by service, the best first */
	size_t count;
	enum mw_client_absence absences[MW_CLIENT_SERVICES];
};

/* 993, 143, 995, 110, 465 and 587, all at `host`. */
struct mw_client_site mw_client_site_usual(struct mw_str host);

/* For this user. What only an audit lets pass is no offer: it ends. Slices point into the site. A loopback address is
   no listener; of several addresses with one port, all that such a client reaches must permit it. */
void mw_client_settings_find(const struct mw_policy *policy, const struct mw_principal *user,
			     const struct mw_client_site *site, struct mw_client_settings *settings_r);

/* The service's first offer, or NULL. */
const struct mw_client_offer *mw_client_best(const struct mw_client_settings *settings,
					     enum mw_client_service service);

/* The best offer to receive with: IMAP rather than POP3; or NULL. */
const struct mw_client_offer *mw_client_incoming(const struct mw_client_settings *settings);

/* Whether a file for programs has this offer in it: not what is in the clear where something better is, because a
   program may fall back on it. */
bool mw_client_is_for_programs(const struct mw_client_settings *settings, const struct mw_client_offer *offer);

#endif
