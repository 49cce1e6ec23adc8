/* What a record says, value by value: the one table of the keys of mailwicket-directory(5), and the functions that read them.
   Directory text and rows of a database end here, so that all sources know the same keys with the same rules. */
#ifndef MW_SYNC_KEY_H
#define MW_SYNC_KEY_H

#include "sync/record/record.h"
#include "sync/text/write.h"

/* Where values are read: a text, or the answer to one query. */
struct mw_reading {
	struct mw_records *records;
	const char *name;       /* as messages show it: a file, or "source \"NAME\", users" */
	struct mw_str default_domain;
	struct mw_origin origin; /* of what is read now: `line` is the line, or the number of the row, from 1 on */
	const char *line;       /* where the line begins, for columns; NULL: values have none */
	const char *bad;        /* the first that is wrong with this record; NULL: nothing. In the arena */
	struct mw_str entry;    /* what the record is called where it comes from, for messages: a DN; empty: the line tells it */
	bool rates_warned;
};

/* Adds a source of that name to the records. Nothing is copied but the name: the records outlive the reading, which needs
   no end. */
void mw_reading_begin(struct mw_reading *reading, struct mw_records *records, const char *name,
		      struct mw_str default_domain);

/* Says what is wrong with the record that is read now. Where records->reports is set it is a bad record (record.h), else an
   error of the whole source. `at`: the octets it is about; `expected`: what would be right, or NULL. */
void mw_reading_error(struct mw_reading *reading, struct mw_str at, const char *expected, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The kinds of rows (row.h). A line of directory text is one of the first three. */
enum mw_row {
	MW_ROW_USER, MW_ROW_GROUP, MW_ROW_GRANT,
	MW_ROW_ADDRESS, MW_ROW_MEMBER, MW_ROW_LOGIN, /* one more value of a user or group */
	MW_ROW_COPY /* what a user or group says in a last good copy only */
};

struct mw_record_key {
	const char *word;
	unsigned rows; /* 1 << each enum mw_row that has it */
	size_t at;     /* of its field in struct mw_record; of networks in struct mw_record_networks */
	/* Of a list: reads one of its items. */
	bool (*read_item)(struct mw_reading *reading, struct mw_str text, struct mw_str *item_r);
	void (*read)(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		     struct mw_str value);
	/* Writes what the record says for text/write.h, " KEY=VALUE"; nothing where no value would say it. */
	void (*write)(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);
};

extern const struct mw_record_key mw_record_keys[];
extern const size_t mw_record_key_count;
/* The key of this word, in any case, of such a row; NULL: it has none. */
const struct mw_record_key *mw_record_key_find(enum mw_row kind, struct mw_str word);
bool mw_record_key_is_list(const struct mw_record_key *key);
void *mw_record_key_field(const struct mw_record_key *key, struct mw_record *record);
/* The kind of row that says what such a record does. */
enum mw_row mw_row_of(enum mw_principal_kind kind);

/* A record of this kind that says nothing yet. */
void mw_record_begin(struct mw_reading *reading, enum mw_principal_kind kind, struct mw_record *record_r);
/* Reads KEY's value into the record, once each: `seen_io` is 0 at first. `at` is the key as it stands there. */
void mw_record_read(struct mw_reading *reading, struct mw_record *record, struct mw_str at, struct mw_str value,
		    uint64_t *seen_io);
/* Reports an octet in an address, or in what may be none, that no name has. `canonical` is what it stands for. True: there is
   none. */
bool mw_name_is_usual(struct mw_reading *reading, struct mw_str text, struct mw_str canonical);
bool mw_read_address(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r);
/* The domain of groups without an address: their names are made, not read (sync/ldap/), and nobody takes one of them. */
#define MW_NAMELESS_DOMAIN "group.invalid"
/* The same, of a name or an address that a user or group has, not of one that a list or grant names. */
bool mw_read_own_address(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r);
/* The record behind its last value. `named`: its name could be read. */
void mw_record_end(struct mw_reading *reading, struct mw_record *record, bool named);
/* A switch that is no text: what databases give for a truth value, as 1 and t, stands for yes and no too. */
bool mw_row_switch(struct mw_str value, bool *on_r);
/* A grant from its three words. `until`: its last day as it is written; empty: it has no end. Where anything of it is
   wrong, or was before (reading->bad), there is none. */
void mw_grant_read(struct mw_reading *reading, struct mw_str kind, struct mw_str identity, struct mw_str trustee,
		   struct mw_str until);
/* The word of its kind. */
const char *mw_grant_word(const struct mw_grant_record *grant);

#endif
