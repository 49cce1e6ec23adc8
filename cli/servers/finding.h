/* What is wrong with the wiring of a server: findings with their place, why they matter and how to fix them. */
#ifndef MW_CLI_FINDING_H
#define MW_CLI_FINDING_H

#include "report/json.h"

struct mw_arena;

enum mw_finding_severity {
	MW_FINDING_ERROR,   /* the policy does not hold there: more is let through than it permits, or less can work */
	MW_FINDING_WARNING, /* it holds, but will surprise */
	MW_FINDING_NOTE,    /* worth knowing */
	MW_FINDING_BEYOND   /* named beside the findings: no policy holds there, on a server set up right either */
};

struct mw_finding {
	enum mw_finding_severity severity;
	const char *file;    /* "" when no file is to be named */
	unsigned line;       /* 1 is the first; 0: not known, or not written there */
	const char *setting; /* as `postconf -P` or doveconf name it; may be "" */
	const char *what, *why;
	const char *fix;     /* the line to write, or what to do; may be "" */
};

struct mw_findings;

/* NULL: out of memory. */
struct mw_findings *mw_findings_new(void);
void mw_findings_free(struct mw_findings *findings); /* NULL is allowed */
/* For texts that a finding points to; owned by `findings`. */
struct mw_arena *mw_findings_arena(struct mw_findings *findings);
/* Copies the structure, not its texts. The same finding a second time is left out. */
void mw_findings_add(struct mw_findings *findings, struct mw_finding finding);
unsigned mw_findings_count(const struct mw_findings *findings, enum mw_finding_severity severity);
size_t mw_findings_kept(const struct mw_findings *findings);
/* In order of severity, then of arrival; not what is beyond. */
const struct mw_finding *mw_findings_get(const struct mw_findings *findings, size_t index);
/* False: something was left out because memory was out. */
bool mw_findings_complete(const struct mw_findings *findings);

/* All of them for a person. */
void mw_findings_print(const struct mw_findings *findings, struct mw_buf *out);
/* Member "findings": an array of severity, file, line, setting, what, why, fix; then "not_judged": the same of what is
   beyond. */
void mw_findings_json(const struct mw_findings *findings, struct mw_json *json);

#endif
