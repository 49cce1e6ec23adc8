/* A case through the core: its world read, its facts made, its decision taken. */
#ifndef MW_TESTS_CASE_RUN_H
#define MW_TESTS_CASE_RUN_H

#include "case_file.h"
#include "decisions/facts_options.h"
#include "decide/verdict.h"

/* Reads the blocks; their errors go into `errors`. */
void mw_case_world_open(struct mw_case_world *world, struct mw_errors *errors);
void mw_case_world_close(struct mw_case_world *world);

/* The option of `mailwicket explain` for a word of `when`, or NULL. */
const char *mw_case_option(struct mw_str key);

/* The facts, what `explain` assumes filled in; `today` is 2026-11-24 where none is given. False: a bad value, named in
   mw_case_complaint(). The slices point into the case. */
bool mw_case_facts(const struct mw_case *one, struct mw_given_facts *given_r);
const char *mw_case_complaint(void);

/* Whether `when` names this option. */
bool mw_case_gives(const struct mw_case *one, const char *option);

void mw_case_decide(const struct mw_case *one, const struct mw_facts *facts, struct mw_verdict *verdict_r);

/* What the case expects to be answered: its own reply=, else for a submission the reply of its reason, DUNNO, or ""
   (nothing: the connection is closed); NULL: not looked at. */
const char *mw_case_expected_reply(const struct mw_case *one);

#endif
