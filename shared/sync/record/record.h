/* The records of the sources before anything is resolved. Texts live in the arena. */
#ifndef MW_SYNC_RECORD_H
#define MW_SYNC_RECORD_H

#include "base/arena.h"
#include "base/errors.h"
#include "decide/directory_view.h"
#include "policy/model.h"

struct mw_record_key;

struct mw_origin { uint32_t source, line; };

/* networks= and the keys of one service, as written. A key of which no item could be read, or that stands there twice, has
   a range that is nobody's: no range would mean "from anywhere". */
struct mw_record_networks {
	struct mw_ranges all, of[MW_SERVICE_COUNT];
	unsigned unread; /* 1 << place of each key, in this order, of which not all could be read */
};

/* A name or address that a record had before its source renamed it, known by source_key (merge/keep.h). */
enum mw_former_state {
	MW_FORMER_CARRIED, /* others name it so, and mean this record as long as nobody has the name */
	MW_FORMER_PASSED,  /* the same, but somebody else has or had the name since: they mean nobody */
	MW_FORMER_CLAIMED, /* an earlier source had the name: they do not mean this record, but what they deny holds for it */
	MW_FORMER_SPENT,   /* nobody names it so any more, but for suspensions */
	MW_FORMER_CLAIMING /* no former name yet: the record calls itself so, and an earlier source has the name */
};
struct mw_former {
	struct mw_str name;
	int64_t until; /* when the rename was seen, seconds since the epoch */
	enum mw_former_state state;
};
struct mw_formers { struct mw_former *items; size_t count; };

struct mw_record {
	struct mw_origin origin;
	/* The name of a record is memory of its own. A list or grant that has this very memory means the record, whatever it is
	   called: so a driver writes whom its source names by something else than the name (lost.h). */
	/* name, switches, limits and `senders` as said; id, `networks` and lists of ids are filled by mw_expand() */
	struct mw_principal principal;
	/* What its source calls it for good, whatever its name (objectGUID, entryUUID): key_source.h. NULL: it has none */
	const char *source_key;
	/* What it is called where its name cannot be read and no last good copy knows it; empty: it is left out then */
	struct mw_str made_name;
	struct mw_formers *formers; /* each name once; NULL: none */
	struct mw_strs addresses, receives, logins, members, senders_list, senders_denied; /* canonical, as written */
	struct mw_strs bound; /* a group's: who has no right as a member, but its networks= and senders_denied= hold for */
	struct mw_ids bound_ids; /* of a user: the groups it is bound by so; of a group: these users. By mw_expand_bound() */
	struct mw_record_networks *networks; /* NULL: it has no such key */
	bool complete; /* its source has every login of its domains; filled by mw_records_add() */
	/* Several records of its source had its name and are joined in this one, so that nobody can tell which of them a
	   row means that names it: filled by mw_records_join() */
	bool disputed;
	bool no_login; /* its name is no login name: filled by mw_keep() and mw_merge(), and read from a copy */
	uint32_t owner; /* the source of the policy that it came from: records->owner */
	bool held; /* it is not in its source's content: filled by mw_keep(), and read from a copy */
	/* 1 << enum mw_principal_kind that it was when its name, or an address of it, vanished from the source: it is held
	   (keep.h); 0: nothing of it is */
	unsigned held_kind;
	/* It came while its source was held, and nobody decided since: that it goes again is not held (keep.h) */
	bool unconfirmed;
	const char *bad; /* what is wrong with it; NULL: nothing. The rest is what could be read all the same */
};

struct mw_grant_record {
	struct mw_origin origin;
	struct mw_str identity; /* an address, "prefix-*@domain" (mail/prefix.h), or the domain of "*@domain" */
	bool domain, on_behalf;
	struct mw_str trustee;
	int64_t until; /* its last day, days since 1970-01-01, from 1 on; 0: it has no end */
	uint32_t owner; /* as a record's */
};

/* One more value of the user or group `name`, from a row of its own (row.h). */
struct mw_value_record {
	struct mw_origin origin;
	struct mw_str name;
	const struct mw_record_key *key; /* a list */
	struct mw_str value;
	const char *bad; /* as a record's; `value` is none then */
};

/* A driver's errors are of two kinds. What is in `errors` says that the source as a whole could not be read to its end:
   nothing that was read of it counts. What is wrong with one record goes to `reports`, and the record has it in `bad`; the
   others count. Where `reports` is NULL (text, which is read whole or not at all) both are the first kind. Values are read
   by key.h, which keeps to that. */
struct mw_records {
	struct mw_arena *arena;
	struct mw_errors *errors;
	struct mw_errors *reports; /* as warnings */
	unsigned errors_before; /* in `errors` from elsewhere */
	struct mw_str login_domain; /* that completes a login without one, canonical; empty: nothing does */
	const char **sources; /* as messages name them */
	size_t source_count;
	int64_t today; /* days since 1970-01-01, for warnings; mw_records_init() asks the clock */
	bool complete; /* the source that is read now is */
	bool allow_nets; /* networks of the source that is read now are written as Dovecot's allow_nets */
	uint32_t owner; /* the number of the source that is read now, among the policy's */
	const bool *lenient; /* [owner]: a record of this source may be bad; NULL: of none */
	bool copy; /* what is read now is the last good copy of a source: a record may be blocked */
	struct mw_record *items;
	size_t count, size;
	struct mw_grant_record *grants;
	size_t grant_count, grant_size;
	struct mw_value_record *values; /* until mw_rows_end() */
	size_t value_count, value_size;
	/* Of the source that is read now: */
	size_t unnamed;        /* bad records whose name could not be read, and that have no source_key */
	size_t unnamed_keyed;  /* those that have one: they are in items, with an empty name, until mw_keep() */
	size_t twins;          /* records of one name with another source_key each, until mw_keep() */
	unsigned unnamed_rows; /* 1 << each enum mw_row (key.h) of a value whose user or group could not be read */
	bool failed; /* out of memory */
};

void mw_records_init(struct mw_records *records, struct mw_arena *arena, struct mw_errors *errors);
void mw_records_deinit(struct mw_records *records);

/* Returns the number of the source. */
uint32_t mw_records_add_source(struct mw_records *records, const char *name);
void mw_records_add(struct mw_records *records, const struct mw_record *record);
void mw_records_add_grant(struct mw_records *records, const struct mw_grant_record *grant);
void mw_records_add_value(struct mw_records *records, const struct mw_value_record *value);

/* "user" or "group". */
const char *mw_record_kind(const struct mw_record *record);
/* Whether it is its name, or one of its addresses. */
bool mw_record_has_address(const struct mw_record *record, struct mw_str address);
/* Whether the name is among the former ones; NULL has none. */
bool mw_formers_has(const struct mw_formers *formers, struct mw_str name);
/* The first user or group of this name; NULL: there is none. */
const struct mw_record *mw_records_find(const struct mw_records *records, struct mw_str name);
/* Takes out the records from `first` on that are gone: [number from `first` on]. */
void mw_records_drop(struct mw_records *records, size_t first, const bool *gone);
/* A copy of the items alone, which outlives mw_expand(). False when memory is out. */
bool mw_records_copy_items(const struct mw_records *records, struct mw_records *copy_r);

/* Leaves one record of each name among those from `first` on, which are of one source whose records may be bad. Of those
   that say the same it is one of them, and the others are told in a number; else one that is bad, with the rights that all
   of them have and the names that any has. Records with another source_key each are other people: these stay apart,
   counted as twins, or are joined too, and the one that is left has no key. Who has no name stays. In join.c. */
enum mw_join { MW_JOIN_BY_KEY, MW_JOIN_ALL };
void mw_records_join(struct mw_records *records, size_t first, enum mw_join how);

const char *mw_origin_file(const struct mw_records *records, struct mw_origin origin);
/* Orders by source, then line. */
int mw_origin_compare(struct mw_origin a, struct mw_origin b);

#endif
