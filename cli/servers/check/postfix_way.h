/* The way of a session through the lists of restrictions that a message passes: what permits it, and what refuses it by
   itself, without looking for spam. */
#ifndef MW_CLI_CHECK_POSTFIX_WAY_H
#define MW_CLI_CHECK_POSTFIX_WAY_H

#include "servers/check/permitted.h"
#include "servers/check/postfix.h"

/* What may permit some of the sessions of a kind. */
enum mw_way_doubt {
	MW_WAY_ALL,     /* ends a list where it permits all of them */
	MW_WAY_PERMITS, /* ends it in any case: permit_mynetworks and the like */
	MW_WAY_TABLES   /* and so do tables and services that cannot be read here */
};

/* One kind of session that a connector permits, on its way through a list. */
struct mw_way {
	const struct mw_postfix_endpoint *endpoint;
	const char *list;
	struct mw_permitted permitted;
	bool relays;     /* the recipient is not in an accepted domain */
	bool logged_in;  /* as far as this list can know */
	bool any_sender; /* who may send as whom is not asked */
	bool compares;   /* looked for is what compares senders: AUTH without TLS is another matter */
	bool ended;      /* the list is left: permitted, or refused */
	enum mw_way_doubt doubt;
	struct mw_restriction freed_by; /* what ended a list, and does so for some of those sessions alone */
	bool perhaps;    /* a table or another service may have permitted it before */
	bool only_warns; /* of the class that it is in: what refuses does not */
	struct mw_class_walk walk;
	struct mw_restriction refused_by; /* its name is empty: it is not refused */
	const char *within;               /* the setting that has what refuses: the list, or a class */
	struct mw_str goes;               /* what goes from there */
};


/* The lists in their order, of RCPT TO and of what comes behind. NULL behind the last. */
const char *mw_way_list(size_t index);
/* Before EHLO and AUTH nobody has logged in: the lists of client and HELO do not wait where refusals do not. */
bool mw_way_knows_login(const struct mw_postfix_endpoint *endpoint, size_t list);
/* Through a list, and the classes in it: `setting`. */
void mw_way_go(struct mw_way *way, const char *setting);
/* What stays of the setting without what refuses. In the site's arena. */
const char *mw_way_without(const struct mw_way *way);
/* Whether a restriction compares senders with smtpd_sender_login_maps. */
bool mw_restriction_is_login_mismatch(struct mw_str name);
/* Whether a connector is for some client of the binding. */
bool mw_connector_meets(const struct mw_connector *connector, const struct mw_binding *binding);
/* One for every client. */
extern const struct mw_connector mw_connector_from_anywhere;
/* Where a connector leaves it to Postfix who may send as whom. */
void mw_check_postfix_senders(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted);

#endif
