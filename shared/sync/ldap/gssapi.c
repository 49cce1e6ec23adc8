/* SPDX-License-Identifier: MIT */
/* The bind with Kerberos: whose tickets, what libkrb5 says. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"

/* --- what is said */

/* Cyrus SASL packs what Kerberos says: "SASL(-1): generic failure: GSSAPI Error: MAJOR (MINOR)". */
static struct mw_str unpack_kerberos(struct mw_str said)
{
	size_t mark = mw_str_find_text(said, "GSSAPI Error: "), minor;

	if (mark == said.len || !mw_str_ends_with(said, MW_STR(")")))
		return said;
	said = mw_str_tail(said, mark + sizeof("GSSAPI Error: ") - 1);
	minor = mw_str_find_text(said, " (");
	if (minor == said.len)
		return said;
	if (mw_str_ends_with(said, MW_STR("(Success)")))
		return mw_str_head(said, minor);
	return mw_str_head(mw_str_tail(said, minor + 2), said.len - minor - 3);
}

void mw_ldap_say_kerberos(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	char memory[1024];
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_str said;

	mw_ldap_say(session, code, &text);
	said = unpack_kerberos(mw_buf_str(&text));
	mw_buf_add(why, said);
	if (mw_str_find_text(said, "No worthy mechs") < said.len)
		mw_buf_add_text(why, " (is the package libsasl2-modules-gssapi-mit installed?)");
}

/* --- tickets: libkrb5 takes the keytab and the tickets that the environment names */

static const char *const krb5_names[] = { "KRB5_CLIENT_KTNAME", "KRB5CCNAME" };
#define KRB5_COUNT (sizeof(krb5_names) / sizeof(krb5_names[0]))

struct krb5_environment { char *values[KRB5_COUNT]; }; /* NULL: it is not set */

static bool keep_environment(struct krb5_environment *kept)
{
	bool good = true;

	for (size_t i = 0; i < KRB5_COUNT; i++) {
		const char *value = getenv(krb5_names[i]);

		kept->values[i] = value == NULL ? NULL : strdup(value);
		good = good && (value == NULL) == (kept->values[i] == NULL);
	}
	return good;
}

/* A source without a keytab has the tickets that are there. */
static void restore_environment(struct krb5_environment *kept)
{
	for (size_t i = 0; i < KRB5_COUNT; i++) {
		if (kept->values[i] == NULL)
			(void)unsetenv(krb5_names[i]);
		else
			(void)setenv(krb5_names[i], kept->values[i], 1);
		free(kept->values[i]);
	}
}

/* A server that got new keys refuses the tickets that we have, until they end: after a refusal they are others.
   libkrb5 keeps the old ones in memory, so this is done once in a while. */
#define NEW_TICKETS_INTERVAL (10 * 60 * 1000)

static struct {
	unsigned number;
	int64_t next; /* when they may be others again, mw_clock_milliseconds() */
} tickets;

static void take_new_tickets(void)
{
	int64_t now = mw_clock_milliseconds();

	if (now < tickets.next)
		return;
	tickets.number++;
	tickets.next = now + NEW_TICKETS_INTERVAL;
}

/* Each keytab has tickets of its own, and one that was replaced has others: libkrb5 asks for tickets where it has
   none, whoever they are for. */
static bool set_keytab(const char *keytab)
{
	char memory[4096 + 200], name[64];
	struct mw_buf which = MW_BUF_OVER(memory), cache = MW_BUF_OVER(name);
	struct stat file;

	if (stat(keytab, &file) != 0)
		return false;
	mw_buf_printf(&which, "%s %ju %ju %jd %ld %jd", keytab, (uintmax_t)file.st_dev, (uintmax_t)file.st_ino,
		      (intmax_t)file.st_mtim.tv_sec, file.st_mtim.tv_nsec, (intmax_t)file.st_size);
	mw_buf_printf(&cache, "MEMORY:mailwicket-%016llx-%u", (unsigned long long)XXH3_64bits(which.data, which.used),
		      tickets.number);
	return setenv("KRB5_CLIENT_KTNAME", keytab, 1) == 0 && setenv("KRB5CCNAME", name, 1) == 0;
}

/* --- the bind */

/* Kerberos asks nothing: whoever it is comes from the tickets. */
static int answer_nothing(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	(void)ld;
	(void)flags;
	(void)defaults;
	(void)questions;
	return LDAP_SUCCESS;
}

static bool prepare_gssapi(struct mw_ldap_session *session, struct mw_buf *why)
{
	/* Without TLS the session is encrypted by Kerberos or refused. Under TLS a second layer is what some servers
	   refuse. */
	const int binding = mw_ldap_has_tls(session) ? LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT :
						       LDAP_OPT_X_SASL_CBINDING_NONE;
	char properties[64];
	struct mw_buf text = MW_BUF_OVER(properties);
	char path[4096];
	struct mw_buf keytab = MW_BUF_OVER(path);

	mw_buf_printf(&text, "noplain,noanonymous,%s",
		      mw_ldap_has_tls(session) || mw_ldap_is_socket(session) ? "maxssf=0" : "minssf=56");
	mw_buf_add(&keytab, session->source->ldap.keytab_file);
	if (!mw_ldap_can_read("keytab_file", session->source->ldap.keytab_file, why))
		return false;
	if ((keytab.used == 0 || set_keytab(path)) &&
	    /* The server's name is that of the url: who answers for the reverse DNS must not choose it. */
	    ldap_set_option(session->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) == LDAP_OPT_SUCCESS &&
	    /* Which TLS session the login belongs to (RFC 5929, 4: the one way of TLS 1.3, too). */
	    ldap_set_option(session->ld, LDAP_OPT_X_SASL_CBINDING, &binding) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_X_SASL_SECPROPS, properties) == LDAP_OPT_SUCCESS)
		return true;
	mw_buf_add_text(why, "gssapi cannot be set up");
	return false;
}

static int bind_with_tickets(struct mw_ldap_session *session, bool *waited_r, struct mw_buf *why)
{
	int64_t deadline = mw_ldap_deadline(session);
	const char *mechanism = NULL;
	LDAPMessage *message = NULL;
	int message_id = -1, code;

	*waited_r = prepare_gssapi(session, why);
	if (!*waited_r)
		return LDAP_PARAM_ERROR;
	for (;;) {
		code = ldap_sasl_interactive_bind(session->ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET,
						  answer_nothing, NULL, message, &mechanism, &message_id);
		ldap_msgfree(message);
		message = NULL;
		if (code != LDAP_SASL_BIND_IN_PROGRESS)
			return code;
		*waited_r = mw_ldap_wait(session, message_id, deadline, &message, why);
		if (!*waited_r)
			return LDAP_OTHER;
	}
}

int mw_ldap_bind_gssapi(struct mw_ldap_session *session, bool *waited_r, struct mw_buf *why)
{
	struct krb5_environment kept;
	int code = LDAP_NO_MEMORY;

	*waited_r = true;
	if (keep_environment(&kept)) {
		code = bind_with_tickets(session, waited_r, why);
		restore_environment(&kept);
	}
	/* Those of libldap are below 0: that there is no KDC, or no server. */
	if (*waited_r && code > LDAP_SUCCESS)
		take_new_tickets();
	return code;
}
