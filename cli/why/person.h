/* Who `why` is asked about, and which names and addresses in a log are theirs. */
#ifndef MW_CLI_WHY_PERSON_H
#define MW_CLI_WHY_PERSON_H

#include "decide/identity.h"
#include "directory/directory.h"
#include "why/story.h"

#define MW_WHY_NAMES 1024 /* names whose answer is kept; a power of two */

struct mw_why_person {
	const char *asked;
	struct mw_policy *policy;       /* NULL: not readable */
	struct mw_directory *directory; /* NULL: so too */
	bool known; /* a user of the directory, or an unlisted one */
	bool group;
	struct mw_principal user;             /* once known */
	struct mw_unlisted_name unlisted_name; /* its name may lie here */
	char name[512]; /* the primary address where known, else as asked; as it may be shown */
	struct { char login[MW_LOGIN_MAX + 2]; bool mine; } logins[MW_WHY_NAMES], addresses[MW_WHY_NAMES];
};

/* The story's questions, answered by the directory, or else by the name that was asked for. */
struct mw_why_who mw_why_who_is(struct mw_why_person *person);
/* Whether the line has a login name or an address of theirs anywhere. */
bool mw_why_person_in(struct mw_why_person *person, struct mw_str line);

#endif
