/* Whether a session's TLS is enough for a rule. Unknown TLS is not enough. Private to shared/decide. */
#ifndef MW_DECIDE_TLS_H
#define MW_DECIDE_TLS_H

#include "decide/facts.h"
#include "decide/trace.h"

struct mw_tls_judgement {
	bool satisfied;
	enum mw_note note;     /* MW_NOTE_TLS_OK, or what is wrong */
	struct mw_str value, other; /* the note's */
};

/* Nothing but TLS counts as TLS: neither localhost nor a private network. */
struct mw_tls_judgement mw_tls_judge(const struct mw_tls_facts *tls, const struct mw_tls_minimum *minimum);

#endif
