/* What the files of the flavour `ad` share: Active Directory as a source. begin() reads the domain's groups, with
   those that have no address, as Send-As is often theirs; ad_entry.c reads what a user or group says of itself;
   ad_names.c looks up, when all were read, whom they name. Private to sync/ldap/. */
#ifndef MW_SYNC_LDAP_AD_H
#define MW_SYNC_LDAP_AD_H

#include "sync/ldap/ad_groups.h"
#include "sync/ldap/map.h"

/* A user or group that may have a record. Of one that was read twice, while it was moved, the first has none. */
struct mw_ad_entry {
	uint32_t place; /* its number for the reader */
	bool user;
	uint32_t primary;		 /* the number of a user's primary group in the domain; 0: none */
	struct mw_str dn;		 /* of a user, as it came */
	struct mw_str sid, history;	 /* objectSid, and values of sIDHistory one behind the other */
	uint32_t node;			 /* once all were read; MW_AD_NONE: it has no SID, and no rights */
	struct mw_descriptor descriptor; /* what can give or deny Send-As */
};

/* Somebody who is named by a DN. */
struct mw_ad_member {
	uint32_t group;
	struct mw_str dn;
};
/* A user who says that a group has it whose `member` is not shown. */
struct mw_ad_inside {
	uint32_t place, group;
};
struct mw_ad_reference {
	uint32_t place;
	enum mw_ldap_role role;
	bool group; /* a group means its members; else one is meant that is no group */
	struct mw_str dn;
};

/* Where a DN is looked up: a group's node, or one of these. */
#define MW_AD_EVERYBODY (UINT32_MAX - 1)
#define MW_AD_FOREIGN (UINT32_MAX - 2) /* an account or group of another domain */

struct mw_ad {
	struct mw_arena *arena;
	struct mw_ad_groups groups;
	struct mw_str root;	     /* the domain's DN, canonical */
	struct mw_str *children;     /* those of the domains below it */
	size_t child_count, child_size;
	struct mw_str netbios;	     /* its name before a backslash; empty: it is not shown */
	struct mw_names dns;	     /* canonical; value: node, MW_AD_EVERYBODY or MW_AD_FOREIGN */
	struct mw_ad_entry *entries; /* rising by place */
	size_t entry_count, entry_size;
	struct mw_ad_member *members;
	size_t member_count, member_size;
	struct mw_ad_member *parents; /* `group` says that the group with that DN has it */
	size_t parent_count, parent_size;
	struct mw_ad_inside *insides;
	size_t inside_count, inside_size;
	struct mw_ad_reference *references;
	size_t reference_count, reference_size;
	size_t users;
	size_t accounts_hidden, primaries_hidden; /* users whose userAccountControl, primaryGroupID is not shown */
	size_t dacls_hidden;			  /* entries whose nTSecurityDescriptor is not shown */
	bool untold;		    /* some user does not show its groups, and that matters */
	bool failed;		    /* out of memory */
};

/* Room for one more item; false, and failed, when memory is out. */
bool mw_ad_room(struct mw_ad *ad, void *items_io, size_t *size_io, size_t count, size_t item);

/* The group whose `member` is not shown that a memberOf names; MW_AD_NONE: it is no such one. */
uint32_t mw_ad_hidden_group(const struct mw_ad *ad, struct mw_str dn);
bool mw_ad_has_value(const struct mw_ldap_entry *entry, const char *attribute, struct mw_str value);
/* ad_denied.c: of the SIDs that denials name and that no user or group read so far has, asks the server for 1,000: an
   account without an address is known from then on, the rest stays unknown. After the last entry, before
   mw_ad_groups_ready(). */
bool mw_ad_denied(struct mw_ldap_reader *reader, struct mw_buf *why);
/* ad_tokens.c: where a denial is for a group whose `member` is not shown, or for one that has such a group in it, asks
   each user for its groups. Between the last member and mw_ad_groups_ready(). */
bool mw_ad_tokens(struct mw_ldap_reader *reader, struct mw_buf *why);
bool mw_ad_entry(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record);
bool mw_ad_names(struct mw_ldap_reader *reader, struct mw_buf *why);

#endif
