/* A session with an LDAP server, by libldap: connected, with TLS and bound as a source's settings say, and searches
   that are read to their end or fail. No call waits longer than the session's seconds for one step, whatever the
   server does: a connection, the handshake, a bind, a page; and all together end. Private to sync/ldap/. */
#ifndef MW_SYNC_LDAP_SESSION_H
#define MW_SYNC_LDAP_SESSION_H

#include "base/buf.h"
#include "policy/model.h"

#define MW_LDAP_CONNECT_TIMEOUT 10 /* seconds, for connecting, for the handshake and for the bind, each */
#define MW_LDAP_TIMEOUTS_IN_ALL 60 /* of a page: the whole reading takes no longer */
#define MW_LDAP_WATCH_TIMEOUT 5    /* seconds, for each step of a watch */

/* Values are octets, as they came. The name has no options: a range (member;range=0-1499) was read to its end. */
struct mw_ldap_attribute {
	struct mw_str name;
	const struct mw_str *values;
	size_t count;
};

struct mw_ldap_entry {
	struct mw_str dn; /* as it came */
	const struct mw_ldap_attribute *attributes;
	size_t count;
};

/* The attribute of this name, in any case; NULL: the entry shows none, or no value of it. */
const struct mw_ldap_attribute *mw_ldap_attribute(const struct mw_ldap_entry *entry, const char *name);
/* Its first value; empty: it has none. */
struct mw_str mw_ldap_value(const struct mw_ldap_entry *entry, const char *name);

struct mw_ldap_session;

/* The first server of the source's that takes us. `seconds`: the longest that a page is waited for; connecting has its own
   time-outs where these are shorter. NULL, and for each server why: it names the certificate, the password or the step.
   A server that refuses the password is the last that is asked; where it refuses tickets another one may take them. The
   source outlives the session. The process ignores SIGPIPE from then on. */
struct mw_ldap_session *mw_ldap_open(const struct mw_source *source, unsigned seconds, struct mw_buf *why);
void mw_ldap_close(struct mw_ldap_session *session); /* NULL is allowed */
/* The URL of the server. */
struct mw_str mw_ldap_url(const struct mw_ldap_session *session);
/* As messages show who is bound: "cn=mailwicket,dc=example,dc=org", "the bind". */
struct mw_str mw_ldap_who(const struct mw_ldap_session *session);

enum mw_ldap_step { MW_LDAP_ENTRY, MW_LDAP_END, MW_LDAP_FAILED };

struct mw_ldap_search {
	struct mw_str base;
	const char *filter;
	const char *const *attributes; /* the last is NULL */
	bool dacl; /* nTSecurityDescriptor with its DACL alone: an ordinary user of Active Directory may read that */
};

/* A search of the whole tree below `base`, in pages. What it points to outlives it. */
bool mw_ldap_search(struct mw_ldap_session *session, const struct mw_ldap_search *search, struct mw_buf *why);
/* The next entry of it, good until the next call. MW_LDAP_END: all were read. MW_LDAP_FAILED: they were not, `why` says
   what the server said or did: a limit, a cut connection, silence. What came before counts for nothing then. */
enum mw_ldap_step mw_ldap_next(struct mw_ldap_session *session, struct mw_ldap_entry *entry_r, struct mw_buf *why);

/* References to other servers that the search was given and did not follow; first_r, which may be NULL, is one of them,
   good as long as the session. */
size_t mw_ldap_references(const struct mw_ldap_session *session, struct mw_str *first_r);

/* One entry by its DN; the empty one is the root DSE. MW_LDAP_END: the server shows none. The entry is good until
   the next one that is read so. It may be called while a search is read. */
enum mw_ldap_step mw_ldap_read(struct mw_ldap_session *session, struct mw_str dn, const char *const *attributes,
			       struct mw_ldap_entry *entry_r, struct mw_buf *why);

#endif
