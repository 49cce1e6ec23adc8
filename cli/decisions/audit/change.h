/* One thing that could be written so that what would be refused is permitted, and decisions as they would be with it: the
   policy and the directory with that one change, in memory. */
#ifndef MW_CLI_AUDIT_CHANGE_H
#define MW_CLI_AUDIT_CHANGE_H

#include "decisions/recorded.h"
#include "mail/address.h"

enum mw_audit_kind {
	MW_AUDIT_GRANT,    /* grant send-as VALUE USER */
	MW_AUDIT_ADDRESS,  /* address=VALUE in the line of USER */
	MW_AUDIT_LOGIN,    /* login=VALUE in the line of USER */
	MW_AUDIT_USER,     /* a line for USER, with login=VALUE where that is another name */
	MW_AUDIT_CONNECTOR /* a section of the policy for one client address */
};
extern const struct mw_table mw_audit_kinds; /* grant address login user connector */

struct mw_audit_change {
	enum mw_audit_kind kind;
	struct mw_str user, value; /* canonical */
	struct mw_str owner;       /* whose own address it gives, another user, or of receive= a group; empty: nobody's */
	bool foreign;              /* GRANT: on an address in no accepted domain */
	struct mw_str alias;       /* USER: an address for its line, of the decision that is looked at; empty: none */
	/* CONNECTOR: */
	struct mw_ip client;
	const struct mw_connector *connector; /* who serves it now, and is the same but for what follows */
	struct mw_binding binding;            /* the one of its bindings that the client uses */
	bool anonymous;                       /* AnonymousUsers is missing there */
	mw_permissions permissions;           /* that are missing there */
};

/* Whether it gives what is somebody else's: written with --grant only. */
static inline bool mw_audit_needs_grant(const struct mw_audit_change *change)
{
	return !mw_str_empty(change->owner) || change->foreign;
}

struct mw_audit_world;

/* Policy and directory outlive it. NULL: out of memory. */
struct mw_audit_world *mw_audit_world_new(const struct mw_policy *policy, const struct mw_directory_view *directory);
void mw_audit_world_free(struct mw_audit_world *world); /* NULL is allowed */
const struct mw_policy *mw_audit_world_policy(const struct mw_audit_world *world);
const struct mw_directory_view *mw_audit_world_directory(const struct mw_audit_world *world);

/* The decision with the change. UNDECIDED where the change itself cannot be made (the user is gone). */
void mw_audit_world_decide(struct mw_audit_world *world, const struct mw_audit_change *change,
			   const struct mw_logged *logged, struct mw_verdict *verdict_r);

/* The connector of a change as the policy is to have it; it lives as long as the change. */
struct mw_connector mw_audit_connector(const struct mw_audit_change *change, const struct mw_range *client);

#endif
