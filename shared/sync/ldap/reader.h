/* What reads an LDAP source: its parts, and what they share. The functions that flavours call are in map.h. Private to
   sync/ldap/. */
#ifndef MW_SYNC_LDAP_READER_H
#define MW_SYNC_LDAP_READER_H

#include "sync/expand/pairs.h"
#include "sync/ldap/map.h"

#define MW_LDAP_ROLE_COUNT (MW_LDAP_SEND_ON_BEHALF + 1)
#define MW_LDAP_COUNTED_MAX 32
#define MW_LDAP_IDENTITY MW_LDAP_BY_COUNT /* the table of what entries are: one that was read twice is there twice */

/* What a KEY of the map means. */
enum mw_ldap_use {
	MW_LDAP_USE_NAME,      /* the first value is the name, the others are addresses */
	MW_LDAP_USE_LIST,      /* address, receive, login */
	MW_LDAP_USE_REFERENCE, /* users and groups, in a role */
	MW_LDAP_USE_SENDERS,   /* the same, or a word of senders= */
	MW_LDAP_USE_IDENTITY,  /* as whom the entry may send */
	MW_LDAP_USE_VALUE,     /* any other key: one value */
	MW_LDAP_USE_KEY,       /* source_key: the entry's own, in place of the flavour's */
	MW_LDAP_USE_TEST       /* a service is on where the attribute has a value, or has not */
};

/* A key of users that stands for all services. */
#define MW_LDAP_ACTIVE "active"

struct mw_ldap_mapping {
	const char *key, *attribute;
	enum mw_ldap_use use;
	enum mw_ldap_role role; /* of references and identities */
	bool written;           /* in the policy */
	const char *value;      /* of a test, "A|B" for several; "*": any; NULL: one that means on */
	bool unless;            /* the service is off where the attribute has it */
	size_t shown, held;     /* how many users have the attribute, and for how many the test holds */
	struct mw_str first;    /* the first value of the attribute that was seen */
};

struct mw_ldap_map {
	struct mw_ldap_mapping *items;
	size_t count;
	const char *const *attributes; /* what a search asks for, the last is NULL */
};

/* An entry that was read. */
struct mw_ldap_read_entry {
	size_t record;  /* its place in the records; SIZE_MAX: it has none */
	bool group;
	bool absent;    /* a user without an address: nobody here */
	bool nameless;  /* a group without an address */
	bool wanted;    /* a nameless group that somebody names */
	bool again;     /* it was read a second time, later */
};

struct mw_ldap_called { struct mw_str text; uint32_t number; };
struct mw_ldap_table { struct mw_ldap_called *items; size_t count, size; };
struct mw_ldap_reference { uint32_t number; uint8_t role, by; bool turned; struct mw_str text; };

struct mw_ldap_reader {
	struct mw_records *records;
	const struct mw_source *source;
	struct mw_str default_domain;
	const struct mw_ldap_flavour *flavour;
	struct mw_arena *arena; /* of the reader */
	struct mw_ldap_session *session;
	struct mw_ldap_map maps[MW_LDAP_KIND_COUNT];
	struct mw_ldap_search search;
	enum mw_ldap_kind kind; /* that is read */
	bool searching;
	size_t entries_of_kind, named_of_kind;
	struct mw_reading reading;
	size_t first_record;
	struct mw_ldap_read_entry *entries;
	size_t entry_count, entry_size;
	struct mw_ldap_table tables[MW_LDAP_BY_COUNT + 1];
	struct mw_ldap_reference *references;
	size_t reference_count, reference_size;
	struct mw_pairs pairs[MW_LDAP_ROLE_COUNT]; /* (entry, whom), numbers from 1 on */
	struct { const char *what; size_t count; struct mw_str first; } counted[MW_LDAP_COUNTED_MAX];
	size_t unnamed_users;
	bool failed; /* out of memory */
	void *data;
};

/* --- map.c: the flavour's map with the policy's in it. False: a key is unknown, `why` names the right ones. */
bool mw_ldap_map_init(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_buf *why,
		      struct mw_buf *expected);

/* An attribute has another name from now on. */
bool mw_ldap_map_rename(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_ldap_mapping *mapping,
			struct mw_str name);

/* --- prefix.c: "smtp:bob@example.org" is how Exchange writes an address, and who takes its attributes over. Drops
   that prefix. False: it has another one (X500:, SIP:), is no address, and is counted, where there is a reader. */
bool mw_ldap_is_mail(struct mw_ldap_reader *reader, struct mw_str *value_io);
/* The attribute that gives an entry its name, and which of its values. Where none has an address it is the first that has
   a value; NULL: none has. */
const struct mw_ldap_attribute *mw_ldap_find_name(const struct mw_ldap_map *map, const struct mw_ldap_entry *entry,
						  size_t *value_r);

/* --- services.c */

/* Whether the key is a service, or MW_LDAP_ACTIVE. */
bool mw_ldap_is_service(struct mw_str key);
/* Reads "ATTRIBUTE:VALUE" or "!ATTRIBUTE:VALUE", where on is meant without a value, into a test. An attribute alone
   stays what it is: it says TRUE or FALSE itself. */
void mw_ldap_service_read(struct mw_ldap_reader *reader, struct mw_str key, struct mw_str text,
			  struct mw_ldap_mapping *mapping);
/* Switches off, after all other values of the entry, each service for which a test does not hold. */
void mw_ldap_services_hold(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record);
/* After the last user. False with `why`: nobody has an attribute that somebody has to have, or nobody the value for all
   services: all would be switched off. `warning` says which single service is off for all. */
bool mw_ldap_services_end(const struct mw_ldap_reader *reader, struct mw_buf *why, struct mw_buf *warning);

/* --- check.c: what can be known before a search. False with what is wrong. An attribute that the policy calls by
   another of its names, or by its number, gets the name by which the server sends it. */
bool mw_ldap_check_base(struct mw_ldap_reader *reader, struct mw_str base, const char *setting, struct mw_buf *why);
bool mw_ldap_check_attributes(struct mw_ldap_reader *reader, struct mw_buf *why);

/* --- reader.c */
void mw_ldap_read_one(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry);
/* The form in which two names of a kind are compared. False: it can be nobody's. */
bool mw_ldap_canonical(enum mw_ldap_by by, struct mw_str value, struct mw_buf *out);
const char *mw_ldap_kind_word(enum mw_ldap_kind kind);
/* Where users or groups are looked for, and by what. */
struct mw_str mw_ldap_base(const struct mw_ldap_reader *reader, enum mw_ldap_kind kind);
const char *mw_ldap_filter(const struct mw_ldap_reader *reader, enum mw_ldap_kind kind);

/* --- resolve.c: behind the last entry. Looks every reference up, and leaves records without those that nobody
   wants. False with `why`. */
bool mw_ldap_resolve(struct mw_ldap_reader *reader, struct mw_buf *why);
void mw_ldap_resolve_deinit(struct mw_ldap_reader *reader);

#endif
