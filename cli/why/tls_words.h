/* Why a TLS handshake failed, in OpenSSL's words. Pure. */
#ifndef MW_CLI_WHY_TLS_WORDS_H
#define MW_CLI_WHY_TLS_WORDS_H

#include "why/event.h"

/* MW_WHY_TLS_DISTRUST: the client's alert says that it does not accept the certificate; MW_WHY_TLS_OLD: the client offers
   nothing that this server accepts; MW_WHY_NO_TLS_HELLO: what came is no TLS; MW_WHY_TLS_CUT: the client left without a word;
   else MW_WHY_TLS_FAILED. */
enum mw_why_kind mw_why_tls_kind(struct mw_str words);

#endif
