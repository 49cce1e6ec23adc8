/* Somebody's settings for a mail program as text, JSON, a page, or what mail programs read themselves. */
#ifndef MW_CLI_CLIENT_FORMAT_H
#define MW_CLI_CLIENT_FORMAT_H

#include "clients/offer.h"
#include "report/json.h"

struct mw_client_sheet {
	struct mw_client_settings settings;
	struct mw_str user_name; /* what the user enters: the primary address; empty: for everybody of the domain */
	struct mw_str domain;
	struct mw_str provider;  /* what the mail service is called */
	struct mw_str hostname;  /* the policy's */
	struct mw_networks networks; /* from where the user may log in */
};

/* "IMAP"; "SSL/TLS"; "normal password". */
const char *mw_client_service_name(enum mw_client_service service);
const char *mw_client_security_name(enum mw_client_security security);
const char *mw_client_password_name(enum mw_client_password password);
/* "switched off for this user (pop3=no)" */
const char *mw_client_absence_text(const struct mw_client_sheet *sheet, enum mw_client_service service);
/* The user name, or `placeholder` where it is for everybody of the domain. */
struct mw_str mw_client_user_name(const struct mw_client_sheet *sheet, const char *placeholder);

/* Each writes a whole file; context is a struct mw_client_sheet. */
void mw_client_write_text(struct mw_buf *out, const void *context);
void mw_client_write_json(struct mw_json *json, const void *context); /* members */
/* Thunderbird's config-v1.1.xml (wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat). */
void mw_client_write_thunderbird(struct mw_buf *out, const void *context);
/* An Autodiscover response for IMAP, POP3 and SMTP (MS-OXDSCLI 2.2.4, "POX"). */
void mw_client_write_outlook(struct mw_buf *out, const void *context);
/* A configuration profile for one account (com.apple.mail.managed), without a password; UUIDs are made from the
   content. Nothing where there is no server to receive from or none to send through: Apple wants both. */
void mw_client_write_apple(struct mw_buf *out, const void *context);
/* DNS records (RFC 6186 3, RFC 8314 5.1). */
void mw_client_write_srv(struct mw_buf *out, const void *context);
/* A page of its own that needs nothing else. */
void mw_client_write_html(struct mw_buf *out, const void *context);

#endif
