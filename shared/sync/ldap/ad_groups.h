/* The users and groups of a domain of Active Directory, by their SIDs, and who is in which group: as Windows counts
   it when it looks at rights, and as the directory names it. Groups that have no address, and so no record, are among
   them. Pure. */
#ifndef MW_SYNC_LDAP_AD_GROUPS_H
#define MW_SYNC_LDAP_AD_GROUPS_H

#include "sync/expand/pairs.h"
#include "sync/ldap/descriptor.h"
#include "sync/merge/names.h"

#define MW_AD_NONE UINT32_MAX
#define MW_AD_NO_PLACE UINT32_MAX

/* Users that have a group among their SIDs: members of it, and of groups in it as far as these are security groups. */
struct mw_ad_set {
	uint32_t *users; /* rising */
	size_t count;
	bool everybody;	 /* every user of the source too: it contains S-1-5-11 or the
			    like */
	bool incomplete; /* it contains something of which nobody can tell here who is
			    in it: a group of another domain */
	bool hidden;	 /* a group in it, or itself, is not shown */
	bool named;	 /* a record of it would have the same users, and no more */
};

struct mw_ad_node {
	uint32_t place; /* the number of its entry; MW_AD_NO_PLACE: it has no record */
	bool group, security, everybody, incomplete;
	bool shown; /* a group whose members are: the others' are known by what they say themselves */
	bool untold; /* a user who does not: it may be in any group that is not shown */
	struct mw_str dn; /* of a group */
	struct mw_ad_set *set; /* once it was asked for */
};

struct mw_ad_groups {
	struct mw_arena *arena;
	struct mw_ad_node *nodes;
	size_t count, size;
	struct mw_names sids;	 /* value: node + 1; TWICE */
	struct mw_pairs members; /* group, member */
	size_t *first;		 /* [group]: its first member in `members`; [group + 1]: behind
				    its last */
	uint32_t *marks, mark;	 /* [node] == mark: seen in this walk */
	uint32_t *stack;
	bool failed; /* out of memory */
};

/* What is handed over as a slice lives as long as the groups. */
void mw_ad_groups_init(struct mw_ad_groups *groups, struct mw_arena *arena);
void mw_ad_groups_deinit(struct mw_ad_groups *groups);

/* Return the number of the new one. A user without a record has MW_AD_NO_PLACE: it gets nothing. */
uint32_t mw_ad_groups_add_user(struct mw_ad_groups *groups, uint32_t place);
uint32_t mw_ad_groups_add_group(struct mw_ad_groups *groups, bool security);
/* One more SID of it: objectSid, sIDHistory. A SID that two have is nobody's. */
void mw_ad_groups_add_sid(struct mw_ad_groups *groups, uint32_t node, struct mw_str sid);
void mw_ad_groups_add_member(struct mw_ad_groups *groups, uint32_t group, uint32_t member);

/* Behind the last of these. False when memory is out. */
bool mw_ad_groups_ready(struct mw_ad_groups *groups);
/* MW_AD_NONE: nobody has it. */
uint32_t mw_ad_groups_find(const struct mw_ad_groups *groups, struct mw_str sid);
/* NULL when memory is out. */
const struct mw_ad_set *mw_ad_groups_set(struct mw_ad_groups *groups, uint32_t group);

/* Whether who is in a group is not shown, or in a group of any kind in it. */
bool mw_ad_groups_hides(struct mw_ad_groups *groups, uint32_t group);

typedef void mw_ad_give(void *context, uint32_t place);
/* Gives the entries by which the directory names the members of a group: users, groups, and in place of a group that
   has no record its own members. Each once. */
void mw_ad_groups_name_members(struct mw_ad_groups *groups, uint32_t group, mw_ad_give *give, void *context);

/* What could not be said of the rights on one entry. */
struct mw_ad_lost {
	unsigned nobodys; /* rights of a SID that nobody here has */
	bool withheld;	  /* a denial for one of whom nobody can tell here who is in it:
			     it denies everybody */
};

/* Gives the entries that may send as the user or group `self`: users, and groups where all of their members may. */
void mw_ad_groups_rights(struct mw_ad_groups *groups, uint32_t self, struct mw_str self_sid,
			 const struct mw_descriptor *descriptor, bool all_rights, mw_ad_give *give, void *context,
			 struct mw_ad_lost *lost_r);

#endif
