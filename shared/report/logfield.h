/* The fields of a decision's line in the log, made from logfield.def: logline.c writes them, cli/ reads them. Pure. */
#ifndef MW_REPORT_LOGFIELD_H
#define MW_REPORT_LOGFIELD_H

#include "decide/verdict.h"

enum mw_logfield_id {
#define MW_LOGFIELD(id, key, kind, place, words, most, decisions) MW_FIELD_##id,
#include "report/logfield.def"
#undef MW_LOGFIELD
	MW_FIELD_COUNT
};

/* Octets of the longest values. */
#define MW_LOGFIELD_VALUE_MAX 254      /* addresses, logins and text (RFC 5321 4.5.3.1.3) */
#define MW_LOGFIELD_WORD_MAX 64        /* words, which are short unless an attacker sends them */
#define MW_LOGFIELD_FINGERPRINT_MAX 95 /* SHA-256 with colons */

enum mw_logged_verdict {
	MW_LOGGED_PERMIT,
	MW_LOGGED_WOULD_REFUSE, /* in audit mode: it passed */
	MW_LOGGED_REFUSE,
	MW_LOGGED_DEFER,
	MW_LOGGED_UNDECIDED
};
extern const struct mw_table mw_logged_verdicts; /* permit would-refuse refuse defer undecided */

enum mw_logged_verdict mw_logged_verdict_of(const struct mw_verdict *verdict);

/* A decision as its line tells it. */
struct mw_logged {
	enum mw_decision decision;
	enum mw_logged_verdict verdict;
	enum mw_reason reason;
	struct mw_facts facts; /* without no_instance and today, which no field tells */
	struct mw_str version, mode, connector, login_rule, user, cut, reply, rule, hint, credential;
};

struct mw_logfield {
	struct mw_str key;
	const struct mw_logfield_kind *kind;
	size_t place, size;           /* in struct mw_logged */
	const struct mw_table *words; /* of the kinds that are made of words, else NULL */
	size_t most;                  /* octets of the longest value */
	unsigned decisions;           /* a bit for each enum mw_decision that looks at it */
};

extern const struct mw_logfield mw_logfields[MW_FIELD_COUNT]; /* by enum mw_logfield_id */

/* The field with this key, looked for from `first` on and then from the start; MW_FIELD_COUNT: none. */
size_t mw_logfield_find(struct mw_str key, size_t first);
/* The value of the field, empty where there is none; points into `logged`, a table or `memory`. */
struct mw_str mw_logfield_write(const struct mw_logfield *field, const struct mw_logged *logged, struct mw_buf *memory);
/* Reads a value back into the field. False: the field has no such value. */
bool mw_logfield_read(const struct mw_logfield *field, struct mw_str value, struct mw_logged *logged_io);

#endif
