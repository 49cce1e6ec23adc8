/* What `check` and `probe` find: which finding it is, how bad, where, why it matters and how to fix it; and the one way to
   print it. */
#ifndef MW_CLI_FINDING_H
#define MW_CLI_FINDING_H

#include "report/json.h"

struct mw_arena;

enum mw_finding_severity {
	MW_FINDING_ERROR,   /* the policy does not hold there: more is let through than it permits, or less can work */
	MW_FINDING_WARNING, /* it holds, but will surprise; at a port: it may be wrong */
	MW_FINDING_NOTE,    /* worth knowing */
	MW_FINDING_BEYOND   /* named beside the findings: no policy holds there, on a server set up right either */
};

/* Which finding it is, for scripts; finding.def. */
enum mw_finding_id {
#define MW_FOUND(id, name) MW_FOUND_##id,
#include "finding.def"
};

/* What to do with the text of a fix. */
enum mw_fix_how {
	MW_FIX_NONE,    /* there is no fix */
	MW_FIX_WORDS,   /* the text is a sentence, nothing to paste */
	MW_FIX_RUN,     /* a command for the shell */
	MW_FIX_REPLACE, /* lines in place of the entry or block that begins at `line` of `file` */
	MW_FIX_BELOW,   /* lines at the end of the entry of master.cf that begins there */
	MW_FIX_ABOVE,   /* lines before that line */
	MW_FIX_WITHIN,  /* a setting within the braces of the section that begins there, in place of one of its name */
	MW_FIX_END,     /* lines at the end of `file` */
};

/* What is not words can be pasted as it stands. */
struct mw_fix {
	enum mw_fix_how how;
	const char *file;
	unsigned line;
	const char *text;        /* without a newline at its end */
	const char *alternative; /* what else would do, in words; NULL: nothing */
};

struct mw_finding {
	enum mw_finding_id id;
	enum mw_finding_severity severity;
	const char *file;    /* "" when no file is to be named */
	unsigned line;       /* 1 is the first; 0: not known, or not written there */
	const char *setting; /* as `postconf -P` or doveconf name it; may be "" */
	const char *what;
	const char *detail; /* what the server said, a number; as it came, so not to be shown unescaped; may be "" */
	const char *why;    /* may be "" */
	struct mw_fix fix;
};

struct mw_findings;

/* The finding's name for scripts: "certificate-expired". */
const char *mw_finding_name(enum mw_finding_id id);

#define MW_NO_FIX ((struct mw_fix){ .how = MW_FIX_NONE })
struct mw_fix mw_fix_words(const char *text);
struct mw_fix mw_fix_run(const char *command);
/* Lines of a file, by one of the ways above. */
struct mw_fix mw_fix_lines(enum mw_fix_how how, const char *file, unsigned line, const char *text);
struct mw_fix mw_fix_or(struct mw_fix fix, const char *alternative);

/* NULL: out of memory. */
struct mw_findings *mw_findings_new(void);
void mw_findings_free(struct mw_findings *findings); /* NULL is allowed */
/* For texts that a finding points to; owned by `findings`. */
struct mw_arena *mw_findings_arena(struct mw_findings *findings);
/* Copies the structure, not its texts. NULL for file, setting, detail or why stands for "". The same finding a second time
   is left out. */
void mw_findings_add(struct mw_findings *findings, struct mw_finding finding);
unsigned mw_findings_count(const struct mw_findings *findings, enum mw_finding_severity severity);
/* Errors that keep setup from a change: all but those where only the server is stricter than the policy, so that nobody gets
   round a rule there, and a way past Postfix's listeners that setup has no part in. */
unsigned mw_findings_laxer(const struct mw_findings *findings);
size_t mw_findings_kept(const struct mw_findings *findings);
/* In order of severity, then of arrival; NULL behind the last. */
const struct mw_finding *mw_findings_get(const struct mw_findings *findings, size_t index);
/* Whether one of these is among them. */
bool mw_findings_have(const struct mw_findings *findings, enum mw_finding_id id);
/* False: something was left out because memory was out. */
bool mw_findings_complete(const struct mw_findings *findings);

/* One for a person; `ports` are services where it was found, or "". */
void mw_finding_print(const struct mw_finding *finding, const char *ports, struct mw_buf *out);
/* All of them for a person. */
void mw_findings_print(const struct mw_findings *findings, struct mw_buf *out);
/* Member "findings": an array of id, severity, file, line, setting, what, detail, why, fix, place (how, file, line; null:
   nothing to paste), alternative; but for what is beyond. */
void mw_findings_json(const struct mw_findings *findings, struct mw_json *json);
/* Member "not_judged": the same of what is beyond. */
void mw_findings_json_not_judged(const struct mw_findings *findings, struct mw_json *json);

#endif
