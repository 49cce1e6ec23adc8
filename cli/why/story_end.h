/* A story's memory. Private to story*.c. */
#ifndef MW_CLI_WHY_STORY_END_H
#define MW_CLI_WHY_STORY_END_H

#include "why/story.h"

#define MW_WHY_PRESENCES 512
#define MW_WHY_BUCKETS 1024
#define MW_WHY_HOST 64

/* When the user was at an address; host: mw_why_host(). */
struct mw_why_presence {
	char host[MW_WHY_HOST], client[64];
	int64_t first, last;
	bool reads; /* by IMAP or POP3 */
};

struct mw_why_address {
	char host[MW_WHY_HOST]; /* "": free */
	bool of_user, of_others;
	int64_t last, unread; /* unread: when a line came from there that tells nothing; 0: never */
	unsigned next; /* in its bucket, 0: the last one */
	unsigned entry_count;
	struct mw_why_entry entries[MW_WHY_OF_ADDRESS];
};

struct mw_why_story {
	struct mw_why_who who;
	struct mw_why_limits limits;
	size_t entry_count, presence_count, wide_count;
	int64_t newest;
	bool reasons_shown;       /* Dovecot's auth or the policy says why logins fail */
	bool went_back;           /* logs that were read one after the other: an old event may matter later */
	uint64_t forgotten_late;  /* addresses that were forgotten within the window of their last event */
	unsigned address_count, hand;
	struct mw_why_entry entries[MW_WHY_ENTRIES];
	struct mw_why_entry wide[MW_WHY_WIDE];
	struct mw_why_presence presences[MW_WHY_PRESENCES];
	unsigned buckets[MW_WHY_BUCKETS];                    /* 0: empty, else the index of an address */
	struct mw_why_address addresses[MW_WHY_ADDRESSES + 1]; /* 0 is not used */
};

/* What stands for all addresses of a client's host. */
void mw_why_host(struct mw_str client, char host_r[MW_WHY_HOST]);
struct mw_why_address *mw_why_known_address(struct mw_why_story *story, const char *host); /* NULL: none */

#endif
