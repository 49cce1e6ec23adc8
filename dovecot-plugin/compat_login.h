/* The login process's side of compat.h: fields of struct client and its settings. */
#ifndef MW_DOVECOT_COMPAT_LOGIN_H
#define MW_DOVECOT_COMPAT_LOGIN_H

#include "compat.h"
#include "login-common.h"
#include "client-common.h"
#include "iostream-ssl.h"
#include "login-settings.h"

#ifdef HAVE_DOVECOT_2_4
#include "ssl-settings.h"
typedef struct ssl_server_settings mw_client_ssl_settings;
#define MW_CLIENT_SSL_SET(client) ((client)->ssl_server_set)
#define MW_CLIENT_SECURED(client) ((client)->connection_secured)
#define MW_CLIENT_HAPROXY_TLS(client) ((client)->haproxy_terminated_tls)
#define MW_CLIENT_STARTTLS(client) ((client)->connection_used_starttls)
#define MW_CLIENT_CREATE_ARGS struct client *client
#define MW_CLIENT_CREATE_RESULT int
#define MW_CLIENT_CREATE(create, then) do { int result = (create)(client); (then); return result; } while (0)
#define MW_SET_NO_CLEARTEXT(set) ((set)->auth_allow_cleartext = FALSE)
#else
#include "master-service-ssl-settings.h"
typedef struct master_service_ssl_settings mw_client_ssl_settings;
#define MW_CLIENT_SSL_SET(client) ((client)->ssl_set)
#define MW_CLIENT_SECURED(client) ((client)->secured)
#define MW_CLIENT_HAPROXY_TLS(client) ((client)->proxied_ssl)
#define MW_CLIENT_STARTTLS(client) ((client)->starttls)
#define MW_CLIENT_CREATE_ARGS struct client *client, void **other_sets
#define MW_CLIENT_CREATE_RESULT void
#define MW_CLIENT_CREATE(create, then) do { (create)(client, other_sets); (then); } while (0)
#define MW_SET_NO_CLEARTEXT(set) ((set)->disable_plaintext_auth = TRUE)
#endif

#endif
