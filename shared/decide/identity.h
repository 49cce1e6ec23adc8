/* "May this user act as this address, and by which right?" One answer for submission, milter, `lookup` and `explain`. */
#ifndef MW_DECIDE_IDENTITY_H
#define MW_DECIDE_IDENTITY_H

#include "decide/directory_view.h"
#include "decide/facts.h"
#include "decide/unlisted.h"
#include "mail/address.h"
#include "policy/model.h"

enum mw_right {
	MW_RIGHT_NONE,
	MW_RIGHT_OWN,
	MW_RIGHT_SEND_AS,
	MW_RIGHT_SEND_ON_BEHALF,
	MW_RIGHT_UNAVAILABLE /* the directory could not be asked */
};

struct mw_identity {
	enum mw_right right;      /* the strongest one */
	bool has_owner;
	int64_t until;            /* the last day of the right, days since 1970-01-01; 0: it has no end */
	struct { int64_t send_as, on_behalf; } ended; /* the last day of a grant that has ended, the latest; 0: none has */
	bool receive_only;        /* the owner has it in receive=: only a grant on the address or its domain covers it */
	struct mw_principal owner; /* the user or group that has the address (its extension cut, where needed) */
	struct mw_str granted_on;  /* the owner's name, the address, "*@domain"'s domain, or "prefix-*@domain"'s prefix,
				      which is in the address; empty: none */
};

/* Parses an address as it came, in the way the policy judges it: without "@" it gets default_domain; at a local
   name it is judged at the accepted domain of that name, which is *stands_for_r (else NULL; the pointer may be NULL).
   The kind is that of mw_address_parse(). */
enum mw_address_kind mw_identity_address(const struct mw_policy *policy, struct mw_str text,
					 struct mw_address *address_r, const struct mw_accepted_domain **stands_for_r);

/* The domain of an address in memory that outlives the decision: the accepted domain that is judged instead, or the
   domain as it came. */
struct mw_str mw_identity_domain(const struct mw_policy *policy, struct mw_str text,
				 const struct mw_accepted_domain *stands_for);

/* The owner of an address: as it is, then without its extension (policy->recipient_delimiter), then each of the two without
   a backslash before it (mw_address_without_backslash()). A path is judged as the mailbox that it may be. `base` is
   scratch memory that the result may point into. */
enum mw_lookup mw_identity_owner(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 const struct mw_address *address, struct mw_address *base,
				 struct mw_principal *owner_r, enum mw_held *held_r);

/* By which right a user acts as an address. The user's own name needs no lookup: the record that the login led to has it.
   An unlisted user has its name, also with an extension, as a user of the directory has its addresses. identity_r->owner
   points into `user` or the directory. `today`: the day, for grants that end (mw_grant_holds()). */
void mw_identity_right(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_principal *user, const struct mw_address *address, int64_t today,
		       struct mw_identity *identity_r);

/* Whether a grant until this day permits: through the whole of the day, in UTC. 0 for a day that is not known: it does not. */
static inline bool mw_grant_holds(int64_t until, int64_t today)
{
	return today != 0 && today <= until;
}
/* The latest last day of grants for the user or one of its groups; 0: there is none. */
int64_t mw_identity_until(const struct mw_principal *user, struct mw_endings endings);

/* With no right: whether it is only that the user has the address in receive=, and address= would give the right. */
bool mw_identity_only_receives(const struct mw_policy *policy, const struct mw_principal *user,
			       const struct mw_identity *identity);

/* The next shorter prefix of an address (mail/prefix.h) that has grants, from *len_io octets of its local part on, which is
   its whole length at first: FOUND, its length and they. A quoted local part and a path have none. It says nothing of
   whether somebody has the address: then they do not hold. */
enum mw_lookup mw_identity_prefix(const struct mw_directory_view *directory, const struct mw_address *address,
				  size_t *len_io, struct mw_grants *grants_r);

/* Whether mail for the address is the user's, by its own addresses and their extensions. */
bool mw_identity_receives(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_principal *user, const struct mw_address *address);

/* The user behind a login name as it came: the name itself, and, where it has no "@", the name with default_domain. Where
   these two are two users nobody can tell who is meant: UNAVAILABLE. (sync publishes no such directory; another
   default_domain may make one of it later.) FOUND, NONE or UNAVAILABLE. */
enum mw_lookup mw_identity_login(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 struct mw_str login, struct mw_principal *user_r);

/* Whether UNAVAILABLE meant that the name could be two users'. */
bool mw_identity_login_is_ambiguous(const struct mw_policy *policy, const struct mw_directory_view *directory,
				    struct mw_str login);

/* Whom a login name means that no user has as one (mw_identity_login() gave NONE), and Dovecot may let in: the user or group
   with this login or address, or with what stands before its extension, with and without the login domain. FOUND, NONE or
   UNAVAILABLE. It gives no right: nobody may do anything by it. */
enum mw_lookup mw_identity_meant(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 struct mw_str login, struct mw_principal *owner_r);
/* Whether a login name could be meant for this address (canonical), whoever has it: as it is, completed, or without its
   extension. */
bool mw_identity_could_be(const struct mw_policy *policy, struct mw_str login, struct mw_str address);

/* Whether whoever logs in by this name is suspended, where the directory has no such user or cannot tell: by the list of
   suspensions, and by the users that the name could mean, as mw_identity_meant() has them. FOUND: *user_r has a name and
   what it is suspended from, all else zero; the name lives in the directory or the list. UNAVAILABLE: nobody can tell. */
enum mw_lookup mw_identity_suspended(const struct mw_policy *policy, const struct mw_directory_view *directory,
				     struct mw_str login, struct mw_principal *user_r);

/* The same of a login that the directory has: adds what the list alone says of the names that it could mean, which may be
   another user's than *user now. Where it is NONE nothing is added. */
enum mw_lookup mw_identity_add_suspended(const struct mw_policy *policy, const struct mw_directory_view *directory,
					 struct mw_str login, struct mw_principal *user);

/* The user behind a login name, and, where the directory has none, whoever the login is by unlisted_logins =
   own_address: an unlisted user (mw_unlisted_find()), whose name lies in `name`. Every login of a session is looked for
   with this one. */
enum mw_lookup mw_identity_user(const struct mw_policy *policy, const struct mw_directory_view *directory,
				struct mw_str login, struct mw_unlisted_name *name, struct mw_principal *user_r);

/* The user or group that an administrator means by a login name or an address (aliases and sub-addresses too).
   FOUND: one. NONE and `ambiguous`: `principal` and `other`, two that could be meant. All commands ask here. */
struct mw_named {
	struct mw_principal principal, other;
	bool by_login;            /* the name is a login of the user */
	bool by_address;          /* the name is an address of it */
	enum mw_held held;        /* and how it has it */
	bool ambiguous;
	bool unlisted;            /* the directory lacks it: a user by unlisted_logins = own_address */
	bool is_address;          /* the name completed with default_domain */
	struct mw_address address, base; /* `principal` may point into them and the next: do not copy the struct */
	struct mw_unlisted_name unlisted_name;
};
enum mw_lookup mw_identity_named(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 struct mw_str name, struct mw_named *named_r);

/* The user's id, or that of one of its groups, that is in a list of ids; 0: none is. mw_identity_in(): whether one is. */
uint32_t mw_identity_which(const struct mw_principal *user, struct mw_ids ids);
bool mw_identity_in(const struct mw_principal *user, struct mw_ids ids);

#endif
