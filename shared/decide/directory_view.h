/* What decisions ask of a directory. decide/ declares it; directory/ fulfils it (sealed snapshot, or memory for tests).
   A constant number of point lookups answers any decision: nested groups are expanded when the directory is written. */
#ifndef MW_DECIDE_DIRECTORY_VIEW_H
#define MW_DECIDE_DIRECTORY_VIEW_H

#include <stdint.h>

#include "base/units.h"
#include "mail/protocol.h"
#include "policy/model.h"

enum mw_lookup {
	MW_LOOKUP_FOUND,
	MW_LOOKUP_NONE,
	MW_LOOKUP_UNAVAILABLE /* no snapshot, or not readable; must never be treated as NONE */
};

/* Sorted, distinct ids. The view owns the memory, which is aligned to 4 bytes. */
struct mw_ids { const uint32_t *items; size_t count; };

/* Grants that end: whom they are for, each once and in order, and the last day on which they permit, in days since 1970-01-01
   (UTC), from 1 on. The view owns the memory. */
struct mw_ending { uint32_t id, until; };
struct mw_endings { const struct mw_ending *items; size_t count; };

/* Trustees (users and groups). Whoever has a grant without an end is in no list of those that end. */
struct mw_grants {
	struct mw_ids send_as, send_on_behalf;
	struct mw_endings send_as_until, send_on_behalf_until;
};

enum mw_principal_kind { MW_USER, MW_GROUP };
/* How a principal has an address that delivers to it; numbers stand in snapshots. */
enum mw_held {
	MW_HELD_ALIAS = 0,
	MW_HELD_PRIMARY = 1, /* its name */
	MW_HELD_RECEIVE = 2  /* receive=: it gives no right to send, and grants on the principal do not cover it */
};
/* What a user logs in to; Dovecot's submission is smtp, as for the switches. */
enum mw_service { MW_SERVICE_IMAP, MW_SERVICE_POP3, MW_SERVICE_SIEVE, MW_SERVICE_SMTP };
#define MW_SERVICE_COUNT 4

static inline enum mw_service mw_service_of(enum mw_protocol protocol)
{
	return protocol < MW_PROTOCOL_SUBMISSION ? (enum mw_service)protocol : MW_SERVICE_SMTP;
}

/* From where one may log in to each service; no range: from anywhere. The view owns the ranges. */
struct mw_networks { struct mw_ranges of[MW_SERVICE_COUNT]; };

enum mw_senders { MW_SENDERS_ANYONE, MW_SENDERS_AUTHENTICATED, MW_SENDERS_MEMBERS, MW_SENDERS_LIST };

#define MW_NOT_SET (UINT64_MAX - 1) /* the user has no limit: the connector's applies */

/* A user or group. Everything it points to lives until the view is released or refreshed by its owner. */
struct mw_principal {
	uint32_t id;                 /* from 1 on */
	enum mw_principal_kind kind;
	struct mw_str name;          /* primary address, canonical */
	bool imap, pop3, sieve, smtp; /* users: Set-CASMailbox's switches */
	bool relay;
	uint32_t networks;           /* from where it may log in, for view->networks(); 0: from anywhere */
	struct mw_str blocked;       /* which record of its source is bad or claims the name too: nobody logs in as it or sends as
					it; empty: none */
	bool suspended_sending, suspended_login; /* set by `mailwicket suspend` */
	uint64_t message_rate_limit, recipient_rate_limit, max_message_size, max_recipients; /* or MW_NOT_SET */
	enum mw_senders senders;
	struct mw_ids senders_list;   /* for LIST: users and groups */
	struct mw_ids senders_denied; /* users and groups who may not write to it, whatever `senders` says */
	struct mw_ids groups;         /* users: every group it belongs to, directly or through groups */
	struct mw_grants grants;      /* on any of its addresses but those of receive= */
};

struct mw_directory_view {
	void *context;
	/* By login name (canonical, mw_login_canonical()): the user's primary address or one of its login= names. */
	enum mw_lookup (*by_login)(void *context, struct mw_str login, struct mw_principal *user_r);
	/* By canonical address: the user or group that it delivers to. *held_r, which may be NULL: how it has
	   the address. */
	enum mw_lookup (*by_address)(void *context, struct mw_str address, struct mw_principal *principal_r,
				     enum mw_held *held_r);
	/* Grants on an address that no principal has, or that is one of receive=, or on addresses that begin alike, as
	   "prefix-*@domain" (mail/prefix.h); NONE when there are none. */
	enum mw_lookup (*grants_on_address)(void *context, struct mw_str address, struct mw_grants *grants_r);
	/* Grants on "*@domain"; domain canonical. */
	enum mw_lookup (*grants_on_domain)(void *context, struct mw_str domain, struct mw_grants *grants_r);
	/* The networks behind a number of a principal's `networks`: of a user its own, or those of its groups; of a group
	   those of its record. NONE: there is no such number, which is damage. */
	enum mw_lookup (*networks)(void *context, uint32_t number, struct mw_networks *networks_r);
	/* Whether a source that is complete names this domain (canonical): whoever else logs in there is no user. */
	enum mw_lookup (*complete_domain)(void *context, struct mw_str domain);
	/* The user or group with this id: names for explanations. */
	enum mw_lookup (*by_id)(void *context, uint32_t id, struct mw_principal *principal_r);
	/* Who had this canonical address as a name before its source renamed him, whoever has it now: `index` from 0 on, NONE
	   behind the last. May be NULL: nobody. */
	enum mw_lookup (*formerly)(void *context, struct mw_str name, size_t index, uint32_t *id_r);
	/* Who is suspended, without a snapshot: whether the list of suspensions has this login name (canonical). FOUND: sets
	   the name and what it is suspended from, and leaves the rest; UNAVAILABLE: nobody can tell. May be NULL: the same. */
	enum mw_lookup (*suspended)(void *context, struct mw_str login, struct mw_principal *user_r);
	/* Whether that list was read and is empty. May be NULL: it has to be asked. */
	bool (*nobody_suspended)(void *context);
};

#endif
