/* One user's story out of the events of a log, in one pass and in bounded memory. */
#ifndef MW_CLI_WHY_STORY_H
#define MW_CLI_WHY_STORY_H

#include "why/event.h"

#define MW_WHY_WINDOW 3600       /* seconds before and after a login in which its address counts as the user's */
#define MW_WHY_ENTRIES 400       /* different events of the story; what is beyond is counted only */
#define MW_WHY_ADDRESSES 8192    /* addresses whose last events are remembered in case the user is behind one */
#define MW_WHY_OF_ADDRESS 6      /* different events of an address */
#define MW_WHY_WIDE 24           /* different faults of the whole server */

/* Equal events are one entry: how many, and when the first and the last. Texts are cut to their room. */
struct mw_why_entry {
	enum mw_why_kind kind;
	enum mw_protocol protocol;
	bool tls, exposed;
	bool by_address;               /* the line does not name the user, only the address of a login of theirs, */
	bool by_sender;                /* or one of their addresses as the sender: anybody can write that */
	bool other_login;              /* it names another login */
	bool wide;                     /* a fault of the whole server */
	bool unexplained;              /* a login that failed for a reason that this log would show, were it the password */
	bool logged_in_there;          /* the user did, with this protocol, from this address, at another time */
	bool tls_unknown;              /* the log does not tell whether there was TLS */
	enum mw_why_login login_state;
	bool dropped;                  /* told by another entry */
	uint64_t count;
	int64_t first, last;
	char client[64], port[24], mechanism[32], tls_version[16];
	char verdict[16], reason[40], rule_name[64], rule[96], login[128], master[128], sender[128], recipient[128];
	char reply[384], queue[24];
	char explain[640]; /* of a decision: the options of `mailwicket explain` that take it again */
};

/* Whether a login name, or an address, is the user's; whether a login name is nobody's, and may be a misspelt one of theirs. */
struct mw_why_who {
	bool (*is)(void *context, struct mw_str login);
	bool (*owns)(void *context, struct mw_str address);
	bool (*misspells)(void *context, struct mw_str login);
	void *context;
};

struct mw_why_story;

struct mw_why_story *mw_why_story_new(struct mw_why_who who); /* NULL: out of memory */
void mw_why_story_free(struct mw_why_story *story);
bool mw_why_story_is_user(const struct mw_why_story *story, struct mw_str login);
bool mw_why_story_owns(const struct mw_why_story *story, struct mw_str address);
void mw_why_story_add(struct mw_why_story *story, const struct mw_why_event *event);
/* After the last event: adds what the addresses of the user's logins did without a name, the silence of those that
   did nothing, and faults of the whole server at the time of what failed; drops what two programs said of one thing; sorts. The entries, in order of their first time. */
const struct mw_why_entry *mw_why_story_end(struct mw_why_story *story, size_t *count_r);

/* A fault of the whole server, whether or not it is told; NULL: the log has none. */
const struct mw_why_entry *mw_why_story_wide(const struct mw_why_story *story);

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
