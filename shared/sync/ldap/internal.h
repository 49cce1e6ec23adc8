/* What the files of a session share: session.c, gssapi.c, tls.c, deadline.c, search.c, entry.c. Private to these. */
#ifndef MW_SYNC_LDAP_INTERNAL_H
#define MW_SYNC_LDAP_INTERNAL_H

#include <ldap.h>

#include "base/arena.h"
#include "sync/ldap/session.h"

/* Where an entry lies: its names and values are octets of the message; a range that was read on has an arena of its
   own. */
struct mw_ldap_memory {
	LDAPMessage *message;
	BerElement *ber;
	struct mw_arena *ranges;
	struct mw_ldap_attribute *attributes;
	size_t attribute_size;
	struct mw_str *values;
	size_t value_count, value_size;
};

struct mw_ldap_session {
	const struct mw_source *source;
	LDAP *ld;
	char url[512], who[256];
	unsigned seconds;
	int64_t handshake_end;      /* milliseconds; 0: no handshake is under way */
	bool tls_failed;            /* the handshake did */
	bool cut;                   /* the connection was, while we waited */
	const struct mw_ldap_search *search;
	int message_id;             /* of the page that is read; -1: none */
	int64_t end;                /* of the whole reading, as mw_clock_milliseconds() */
	int64_t page_left;          /* how long that page may still be waited for, milliseconds */
	struct berval cookie;       /* of the next page */
	size_t page_entries, page_messages, empty_pages, entries;
	uint64_t page_dns;          /* a hash of the DNs of the page so far */
	uint64_t kept_dns;          /* that of an earlier page */
	size_t pages, keep_at;      /* the page after which that one is replaced */
	struct mw_ldap_memory next, read;
	size_t references;
	char reference[256];        /* the first */
};

/* What a referral in place of an answer means. */
#define MW_LDAP_ELSEWHERE "the base is on another server, to which the server refers: write that one's url"

/* What libldap, or else the server, says of an error: "No such object: TEXT". */
void mw_ldap_say(struct mw_ldap_session *session, int code, struct mw_buf *why);
/* Waits for one message of an operation, until the deadline or the end of the session. False: the time is over, or the
   connection is. */
bool mw_ldap_wait(struct mw_ldap_session *session, int message_id, int64_t deadline, LDAPMessage **message_r,
		  struct mw_buf *why);
/* The result of an operation that has one message. *waited_r false, LDAP_OTHER and `why`: there is none. */
int mw_ldap_wait_for_result(struct mw_ldap_session *session, int message_id, bool *waited_r, struct mw_buf *why);
/* Of a step of connecting that begins now, in milliseconds. */
int64_t mw_ldap_deadline(const struct mw_ldap_session *session);

/* --- gssapi.c */

/* With the keys of the source's keytab, or the tickets that the environment names. As mw_ldap_wait_for_result(); nothing is
   said of a code that is not LDAP_SUCCESS. */
int mw_ldap_bind_gssapi(struct mw_ldap_session *session, bool *waited_r, struct mw_buf *why);
/* mw_ldap_say(), of that bind. */
void mw_ldap_say_kerberos(struct mw_ldap_session *session, int code, struct mw_buf *why);

/* --- tls.c */

bool mw_ldap_is_socket(const struct mw_ldap_session *session);
bool mw_ldap_is_ldaps(const struct mw_ldap_session *session);
bool mw_ldap_has_tls(const struct mw_ldap_session *session);
/* A file that is not there would else be told as a certificate that nobody signed, or as an account without a key. An empty
   path is good. False with `why`. */
bool mw_ldap_can_read(const char *setting, struct mw_str path, struct mw_buf *why);
/* Before the session is connected. False with `why`. */
bool mw_ldap_prepare_tls(struct mw_ldap_session *session, struct mw_buf *why);
/* STARTTLS where the url is no ldaps://, and the handshake. False with `why`; `tls_failed`: the handshake failed. */
bool mw_ldap_start_tls(struct mw_ldap_session *session, struct mw_buf *why);
/* What is wrong with the handshake, by one more on a session that is connected and has no TLS yet. False: nothing was found. */
bool mw_ldap_tls_fault(struct mw_ldap_session *session, struct mw_buf *why);

/* Reads and writes fail from *deadline on, which outlives the connection. deadline.c */
bool mw_ldap_add_deadline(Sockbuf *buffer, int64_t *deadline);

/* --- entry.c */

/* The entry in memory->message, good until it is forgotten. False with `why`. */
bool mw_ldap_read_entry(struct mw_ldap_session *session, struct mw_ldap_memory *memory, struct mw_ldap_entry *entry_r,
			struct mw_buf *why);
void mw_ldap_forget(struct mw_ldap_memory *memory);
void mw_ldap_memory_deinit(struct mw_ldap_memory *memory);

#endif
