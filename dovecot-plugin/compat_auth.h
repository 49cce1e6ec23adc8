/* The auth process's side of compat.h: fields of a request and how a passdb is made. */
#ifndef MW_DOVECOT_COMPAT_AUTH_H
#define MW_DOVECOT_COMPAT_AUTH_H

#include "compat.h"
#include "auth-common.h"
#include "auth.h"
#include "auth-request.h"
#include "passdb.h"

#ifdef HAVE_DOVECOT_2_4
#define MW_DEFAULT_AUTH() auth_default_protocol()
#define MW_REQUEST_SERVICE(request) ((request)->fields.protocol)
#define MW_REQUEST_TLS(request) ((request)->fields.conn_secured == AUTH_REQUEST_CONN_SECURED_TLS)
#define MW_REQUEST_SECURED(request) ((request)->fields.conn_secured != AUTH_REQUEST_CONN_SECURED_NONE)
#else
#define MW_DEFAULT_AUTH() auth_default_service()
#define MW_REQUEST_SERVICE(request) ((request)->fields.service)
#define MW_REQUEST_TLS(request) ((request)->fields.secured == AUTH_REQUEST_SECURED_TLS)
#define MW_REQUEST_SECURED(request) ((request)->fields.secured != AUTH_REQUEST_SECURED_NONE)
#endif

#if defined(PASSDB_PREINIT_2_3)
#define MW_PASSDB_PREINIT(name, pool) static struct passdb_module *name(pool_t pool, const char *args ATTR_UNUSED)
#define MW_PASSDB_MADE(module) return (module)
#elif defined(PASSDB_PREINIT_4ARGS)
#define MW_PASSDB_PREINIT(name, pool) \
	static int name(pool_t pool, struct event *event ATTR_UNUSED, struct passdb_module **module_r, \
			const char **error_r ATTR_UNUSED)
#define MW_PASSDB_MADE(module) do { *module_r = (module); return 0; } while (0)
#else
#define MW_PASSDB_PREINIT(name, pool) \
	static int name(pool_t pool, struct event *event ATTR_UNUSED, \
			const struct passdb_parameters *parameters ATTR_UNUSED, struct passdb_module **module_r, \
			const char **error_r ATTR_UNUSED)
#define MW_PASSDB_MADE(module) do { *module_r = (module); return 0; } while (0)
#endif

#endif
