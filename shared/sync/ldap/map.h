/* Entries of an LDAP server to records. A flavour is a table: filters, which attribute becomes which key of
   mailwicket-directory(5), and what beyond that a function of its own reads. Values go through record/key.h as
   those of a database do. Whom an attribute names (a DN, a SID, a uid) is looked up when all entries were read.
   Private to sync/ldap/. */
#ifndef MW_SYNC_LDAP_MAP_H
#define MW_SYNC_LDAP_MAP_H

#include "sync/ldap/session.h"
#include "sync/record/key.h"

/* By what an entry is named elsewhere. By an address a group is named by who is in it. */
enum mw_ldap_by { MW_LDAP_BY_DN, MW_LDAP_BY_UID, MW_LDAP_BY_ADDRESS, MW_LDAP_BY_COUNT };

/* What somebody is named for, by an entry. */
enum mw_ldap_role {
	MW_LDAP_MEMBER,         /* of the entry, a group */
	MW_LDAP_MEMBER_OF,      /* a group that the entry is a member of */
	MW_LDAP_SENDERS,        /* may write to it: senders= */
	MW_LDAP_SENDERS_DENIED, /* may not: senders_denied= */
	MW_LDAP_SEND_AS,        /* may send as it */
	MW_LDAP_SEND_ON_BEHALF  /* may send on its behalf */
};

/* Entries have numbers, in the order in which they were read. */
#define MW_LDAP_NOBODY UINT32_MAX

struct mw_ldap_reader;

struct mw_ldap_flavour {
	const char *const filters[MW_LDAP_KIND_COUNT];
	/* "KEY=ATTRIBUTE", the last is NULL. KEY is `name`, a key of such a record, send_as or send_on_behalf; it may stand
	   there several times. A key that names users or groups takes DNs, addresses and uids, each as it is. */
	const char *const *const attributes[MW_LDAP_KIND_COUNT];
	const char *const *const also[MW_LDAP_KIND_COUNT]; /* more that its entry() reads, the last is NULL; NULL: none */
	const char *key; /* the attribute whose value is an entry's own, whatever it is called: entryUUID */
	bool binary_key; /* its octets are no text: source_key is their hex form */
	bool dacl;       /* ask for nTSecurityDescriptor: session.h */
	/* All four may be NULL. */
	/* Before the first entry: what it needs of the server. False: the source cannot be read, `why` says it. */
	bool (*begin)(struct mw_ldap_reader *reader, struct mw_ldap_session *session, struct mw_buf *why);
	/* Behind the map: what else the entry says, into the record that is begun (key.h's functions with
	   mw_ldap_reading(), or the functions below). It may set the record's name. A user without one is nobody here;
	   a group without one gets a name that no mail reaches, in the domain group.invalid, where somebody names it.
	   False: the entry has a name that cannot be read, so that it is a bad record. */
	bool (*entry)(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record);
	/* When all entries were read and every reference of the functions below is looked up. */
	bool (*end)(struct mw_ldap_reader *reader, struct mw_buf *why);
	/* A text that is another one after each change of what the source reads. False with the reason: the server shows
	   none, or it failed. */
	bool (*state)(struct mw_ldap_session *session, const struct mw_source *source, struct mw_buf *state_r,
		      struct mw_buf *why);
	/* What begin() put at mw_ldap_data(); NULL: nothing is to be freed. */
	void (*deinit)(struct mw_ldap_reader *reader);
};

extern const struct mw_ldap_flavour mw_ldap_openldap, mw_ldap_ad;

/* --- what a flavour calls. "The entry" is the one that entry() was called with. */

struct mw_reading *mw_ldap_reading(struct mw_ldap_reader *reader);
const struct mw_source *mw_ldap_source(const struct mw_ldap_reader *reader);
/* A flavour's own, which it sets in begin(). */
void **mw_ldap_data(struct mw_ldap_reader *reader);

/* Adds one value to a list of the record: "address", "receive" or "login". What is wrong with it is told, and makes the
   record a bad one. */
void mw_ldap_add_value(struct mw_ldap_reader *reader, struct mw_record *record, const char *key, struct mw_str value);
/* The entry is also called `value`: references by it mean this entry. Two entries with the same are neither. */
void mw_ldap_called(struct mw_ldap_reader *reader, enum mw_ldap_by by, struct mw_str value);
/* The entry names somebody. A DN is compared as LDAP compares it. */
void mw_ldap_refer(struct mw_ldap_reader *reader, enum mw_ldap_role role, enum mw_ldap_by by, struct mw_str value);
/* One more of what is told once, at the end, as "N WHAT": a text that lives as long as the reader, and says what becomes of
   it. */
void mw_ldap_count(struct mw_ldap_reader *reader, const char *what);
/* The same; of those of one WHAT the first is named. */
void mw_ldap_count_from(struct mw_ldap_reader *reader, const char *what, struct mw_str which);

/* In entry(): the number of the entry. */
uint32_t mw_ldap_number(const struct mw_ldap_reader *reader);

/* --- in end() */

/* Whom this names; MW_LDAP_NOBODY: nobody of the source, or more than one. */
uint32_t mw_ldap_find(struct mw_ldap_reader *reader, enum mw_ldap_by by, struct mw_str value);
/* The record of an entry, good until the next one is added; NULL: it has none, as it had no name that could be read. */
struct mw_record *mw_ldap_record(struct mw_ldap_reader *reader, uint32_t number);
/* The entries that are members of a group itself, not of the groups in it, in order. */
struct mw_ids mw_ldap_members(struct mw_ldap_reader *reader, uint32_t number);
/* An entry gets somebody in a role. It does nothing where one of them has no record. */
void mw_ldap_give(struct mw_ldap_reader *reader, uint32_t number, enum mw_ldap_role role, uint32_t whom);

#endif
