/* SASL mechanisms by what a listener on the wire learns of the secret (DESIGN.md, "Login"). */
#ifndef MW_MAIL_MECHANISM_H
#define MW_MAIL_MECHANISM_H

#include "base/table.h"

enum mw_mechanism_class {
	MW_MECHANISM_BASIC,      /* shows the password: IMAP LOGIN, POP3 USER/PASS, PLAIN, LOGIN, XCLIENT; and any unknown one */
	MW_MECHANISM_BEARER,     /* shows a token: OAUTHBEARER, XOAUTH2 */
	MW_MECHANISM_INTEGRATED, /* NTLM, GSSAPI, GSS-SPNEGO */
	MW_MECHANISM_CHALLENGE,  /* SCRAM-*, CRAM-MD5, DIGEST-MD5, APOP, OTP */
	MW_MECHANISM_EXTERNAL    /* EXTERNAL */
};
#define MW_MECHANISM_CLASS_COUNT 5

/* Without regard to case; the empty name counts as basic. */
enum mw_mechanism_class mw_mechanism_class(struct mw_str name);
/* Whether a listener on the wire learns a password or a token. */
static inline bool mw_mechanism_shows_secret(struct mw_str name)
{
	enum mw_mechanism_class class = mw_mechanism_class(name);

	return class == MW_MECHANISM_BASIC || class == MW_MECHANISM_BEARER;
}
/* Whether the table has it. A client may send any word as a mechanism. */
bool mw_mechanism_known(struct mw_str name);
extern const struct mw_table mw_mechanism_classes;

/* Whether whoever logs in with it has shown nothing (ANONYMOUS, RFC 4505). */
bool mw_mechanism_is_anonymous(struct mw_str name);

#endif
