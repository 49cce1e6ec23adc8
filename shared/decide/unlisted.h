/* A login that Dovecot has authenticated and the directory lacks, where the policy says unlisted_logins = own_address: a
   user whose one address is its login, with every service and no grant. Pure. */
#ifndef MW_DECIDE_UNLISTED_H
#define MW_DECIDE_UNLISTED_H

#include "decide/directory_view.h"
#include "decide/trace.h"
#include "mail/address.h"
#include "policy/model.h"

/* The id of such a user; those of a directory begin at 1. */
#define MW_ID_UNLISTED 0

/* Room for such a user's name, which no directory has. */
struct mw_unlisted_name { char text[MW_ADDRESS_MAX + 1]; };

struct mw_unlisted {
	enum mw_note note;        /* LOGIN_UNLISTED, or why it is no user */
	struct mw_principal user; /* with LOGIN_TAKEN whose the address is; no name: it has a grant of its own */
};

/* Only for a login that the directory does not have (mw_identity_login() gave NONE). FOUND: a user, whose name lies in
   `name`. NONE: it is none, since the policy refuses all of them; or the login, completed with default_domain, is no
   address in an accepted domain; or a source that is complete lacks it; or the directory knows the address, or what
   stands before its extension, as an address, a login or with a grant (one on the whole domain makes no address
   somebody's). Suspensions of the login, and of what stands before its extension, are marked in the user, also those of a
   user who had this login name and is no longer in the directory.
   A login is taken as it is written but for capitals of ASCII, and its domain as A-labels alone: two names that folding,
   NFC or IDNA would make one may be two accounts of Dovecot. */
enum mw_lookup mw_unlisted_find(const struct mw_policy *policy, const struct mw_directory_view *directory,
				struct mw_str login, struct mw_unlisted_name *name, struct mw_unlisted *unlisted_r);

/* Whether a login name or address could be such a user's: all of it but what a directory says. */
bool mw_unlisted_address(const struct mw_policy *policy, struct mw_str login, struct mw_address *address_r);

/* Whether it is one user. Names tell unlisted ones apart. */
static inline bool mw_principal_same(const struct mw_principal *a, const struct mw_principal *b)
{
	return a->id == b->id && (a->id != MW_ID_UNLISTED || mw_str_equal(a->name, b->name));
}

#endif
