/* Why a SASL login failed, in the words that Postfix's smtpd has of Cyrus SASL or Dovecot. Pure. */
#ifndef MW_CLI_WHY_SASL_WORDS_H
#define MW_CLI_WHY_SASL_WORDS_H

#include "why/event.h"

/* MW_WHY_FAULT: no password was looked at; MW_WHY_MECHANISM, MW_WHY_LOGIN_NEEDS_TLS: of the mechanism; MW_WHY_USER_UNKNOWN;
   MW_WHY_LOGIN_CANCELED: by the client; MW_WHY_ENDED: for the reason that the words give; else MW_WHY_LOGIN_FAILED, most likely
   for a wrong password. */
enum mw_why_kind mw_why_sasl_kind(struct mw_str why);
/* The user's entry among the passwords says so, to Postfix too, which has no words for it. */
bool mw_why_sasl_account_closed(struct mw_str why);
/* Of RFC 7628, or what was before it: no password is sent, but a token of an identity provider. */
bool mw_why_sasl_is_token(struct mw_str mechanism);

#endif
