/* Users, groups and grants on their way into a directory
   (mailwicket-directory(5)): each address and each login has one owner, the
   first. All texts are canonical, live in the arena and are not copied. */
#ifndef MW_CLI_INIT_PEOPLE_H
#define MW_CLI_INIT_PEOPLE_H

#include "base/arena.h"

/* At the end of the name of who may not send as the address of the login: no host has such a domain (RFC 6761), and to be
   called so gives no right. */
#define MW_INIT_NO_ADDRESS ".invalid"

struct mw_people_item {
	struct mw_str text;
	struct mw_people_item *next;
};

struct mw_people_list {
	struct mw_people_item *first, *last;
};

struct mw_person {
	struct mw_str name; /* the primary address */
	bool group;
	bool granted; /* somebody has a grant on it */
	const char *from;					   /* where the first word of it was */
	struct mw_people_list addresses, receives, logins, members; /* receives: for mail to it alone */
	struct mw_person *next;
};

struct mw_people_grant {
	struct mw_str identity, trustee; /* "*@example.org" for a domain */
	const char *left_out; /* why it is to be a comment; NULL: it holds */
	struct mw_people_grant *next;
};

struct mw_people {
	struct mw_arena *arena;
	struct mw_person *first, *last;
	struct mw_people_grant *grants, *last_grant;
	struct mw_people_name **buckets;
	size_t users, groups, grant_count;
};

/* NULL: out of memory. */
struct mw_people *mw_people_new(struct mw_arena *arena);
/* Whose an address or a login is; NULL: nobody's. */
struct mw_person *mw_people_by_address(const struct mw_people *people, struct mw_str address);
struct mw_person *mw_people_by_login(const struct mw_people *people, struct mw_str login);
/* Who has the address, or a new user or group of that name; NULL: out of
   memory. */
struct mw_person *mw_people_add(struct mw_people *people, struct mw_str address, bool group, const char *from);
/* False: it is somebody else's, or the name itself. */
bool mw_people_add_address(struct mw_people *people, struct mw_person *person, struct mw_str address);
bool mw_people_add_receive(struct mw_people *people, struct mw_person *person, struct mw_str address);
bool mw_people_add_login(struct mw_people *people, struct mw_person *person, struct mw_str login);
void mw_people_add_member(struct mw_people *people, struct mw_person *group, const struct mw_person *member);
/* Each once. left_out: why it is to be a comment only, which is not counted; NULL: it holds. */
void mw_people_add_grant(struct mw_people *people, struct mw_str identity, struct mw_str trustee, const char *left_out);

#endif
