/* One user's story out of the events of a log, in one pass and in bounded memory. */
#ifndef MW_CLI_WHY_STORY_H
#define MW_CLI_WHY_STORY_H

#include "why/event.h"

#define MW_WHY_WINDOW 3600       /* seconds before and after a login in which its address counts as the user's */
#define MW_WHY_ENTRIES 400       /* different events of the story; what is beyond is counted only */
#define MW_WHY_ADDRESSES 8192    /* addresses whose last events are remembered in case the user is behind one */
#define MW_WHY_OF_ADDRESS 6      /* different events of an address */

/* Equal events are one entry: how many, and when the first and the last. Texts are cut to their room. */
struct mw_why_entry {
	enum mw_why_kind kind;
	enum mw_protocol protocol;
	bool tls, exposed, by_address; /* by_address: the line names no user, only the address of a login of theirs */
	bool tls_unknown;              /* the log does not tell whether there was TLS */
	bool dropped;                  /* told by another entry */
	uint64_t count;
	int64_t first, last;
	char client[64], port[24], mechanism[32], tls_version[16];
	char verdict[16], reason[40], rule_name[64], rule[96], login[128], sender[128], recipient[128], reply[384], queue[24];
};

/* Whether a login name is the user's. */
struct mw_why_who {
	bool (*is)(void *context, struct mw_str login);
	void *context;
};

struct mw_why_story;

struct mw_why_story *mw_why_story_new(struct mw_why_who who); /* NULL: out of memory */
void mw_why_story_free(struct mw_why_story *story);
bool mw_why_story_is_user(const struct mw_why_story *story, struct mw_str login);
void mw_why_story_add(struct mw_why_story *story, const struct mw_why_event *event);
/* After the last event: adds what the addresses of the user's logins did without a name, and the silence of those that
   did nothing; drops what two programs said of one thing; sorts. The entries, in order of their first time. */
const struct mw_why_entry *mw_why_story_end(struct mw_why_story *story, size_t *count_r);

/* What the story does not tell. */
struct mw_why_limits {
	uint64_t left_out;  /* events of the user that found no room */
	uint64_t forgotten; /* addresses forgotten so early that an SMTP session of the user may be missing */
	bool shared;        /* other users logged in from an address of the user */
	bool smtp_named; /* lines of SMTP that tell nothing have the user's name */
	bool smtp_seen;     /* the log has lines of Postfix's smtpd or of mailwicketd */
};
/* A line of SMTP that tells nothing has the user's name: nobody may say then that no SMTP came. */
void mw_why_story_smtp_named(struct mw_why_story *story);
struct mw_why_limits mw_why_story_limits(const struct mw_why_story *story);

#endif
