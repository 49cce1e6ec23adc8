/* Policy cases: what a policy and a directory must decide, as plain text (tests/policy-cases/README). */
#ifndef MW_TESTS_CASE_FILE_H
#define MW_TESTS_CASE_FILE_H

#include "base/arena.h"
#include "base/errors.h"
#include "decide/directory_view.h"
#include "mail/protocol.h"
#include "policy/model.h"

#define MW_CASE_FACTS_MAX 24

enum mw_case_decision { MW_CASE_LOGIN, MW_CASE_ACCOUNT, MW_CASE_SUBMISSION };

#define MW_CASE_SUSPENDED_MAX 8

/* `mailwicket suspend USER --sending` or `--all`. */
struct mw_case_suspension { struct mw_str user; bool all; };

/* The blocks that hold for the cases below them. */
struct mw_case_world {
	const char *name;         /* FILE:LINE of the first case */
	struct mw_str policy_text, directory_text;
	bool unavailable;         /* "directory unavailable": no snapshot can be read */
	bool unreadable;          /* "suspensions unreadable": nor who is suspended */
	struct mw_case_suspension suspended[MW_CASE_SUSPENDED_MAX];
	size_t suspended_count;
	const struct mw_policy *policy; /* made by mw_case_world_open() */
	struct mw_memory_directory *directory;
	struct mw_directory_view view;  /* of it, with who is suspended; or as it is unavailable */
};

/* One word of `when`: an option of `mailwicket explain` and its value. */
struct mw_case_fact { const char *option, *value; };

struct mw_case {
	const char *file;
	unsigned line;
	const char *name;
	struct mw_case_world *world;
	enum mw_protocol protocol;
	enum mw_case_decision decision;
	struct mw_case_fact facts[MW_CASE_FACTS_MAX];
	size_t fact_count;
	/* NULL: not looked at; `verdict` and `reason` always are */
	const char *verdict, *reason, *reply, *rule;
};

struct mw_cases {
	struct mw_arena *arena;
	struct mw_case *items;
	size_t count, size;
};

/* Adds the cases of a file. Everything wrong with it is an error with its line. */
void mw_cases_read(struct mw_cases *cases, const char *path, struct mw_errors *errors);
/* The same for every *.case of a folder, in order of their names. */
void mw_cases_read_folder(struct mw_cases *cases, const char *folder, struct mw_errors *errors);
void mw_cases_free(struct mw_cases *cases);

#endif
