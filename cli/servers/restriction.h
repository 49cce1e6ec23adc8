/* Postfix's restriction lists (smtpd_*_restrictions) and lists of milters, word by word, what their items say, and times. Pure;
   everything points into the text. */
#ifndef MW_CLI_RESTRICTION_H
#define MW_CLI_RESTRICTION_H

#include "base/str.h"

struct mw_restriction {
	struct mw_str text;     /* all of it, as it stands there */
	struct mw_str name;     /* "check_policy_service"; a bare "type:table" is one too */
	struct mw_str argument; /* "{ unix:..., policy_context=relay }"; empty where it takes none */
	bool only_warns;        /* behind warn_if_reject */
};

/* The next item of a list. False at the end. */
bool mw_restriction_next(struct mw_str *rest_io, struct mw_restriction *restriction_r);

/* The next of a list of names (smtpd_restriction_classes, mydestination): braces are no brackets there, and no name takes an
   argument. False: there is none. */
bool mw_word_next(struct mw_str *rest_io, struct mw_str *word_r);

/* Whether a list, of restrictions or of other words, has this one, in any case. */
bool mw_restriction_has(struct mw_str list, const char *name);

/* Whether Postfix takes the name for a restriction of its own, in any case, or for a table ("type:table"): before it looks at
   smtpd_restriction_classes (smtpd_check.c of Postfix 3.7 to 3.11, generic_checks()). reject_sender_login_mismatch is a class
   of Postfix's own, and so known in small letters alone. */
bool mw_restriction_is_builtin(struct mw_str name);

/* What stands after check_policy_service. */
struct mw_policy_call {
	struct mw_str server, context, timeout, default_action; /* empty: not given */
};

struct mw_policy_call mw_policy_call_parse(struct mw_str argument);

/* An item of smtpd_milters or non_smtpd_milters: "inet:HOST:PORT", "{ unix:PATH, default_action=tempfail }". */
struct mw_milter {
	struct mw_str text; /* as it stands there */
	struct mw_str server, default_action, protocol, content_timeout; /* empty: not given */
};

/* The next one. False at the end. */
bool mw_milter_next(struct mw_str *rest_io, struct mw_milter *milter_r);

/* "100s", "5m", "1h", "2" (seconds) as Postfix reads times. False: no time. */
bool mw_postfix_seconds(struct mw_str text, unsigned long *seconds_r);

#endif
