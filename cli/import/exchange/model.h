/* What the parts of `mailwicket import exchange` share: what it learns from a folder of CSV files. */
#ifndef MW_CLI_IMPORT_EXCHANGE_MODEL_H
#define MW_CLI_IMPORT_EXCHANGE_MODEL_H

#include "import/exchange/property.h"
#include "import/exchange/table.h"

struct mw_exchange_table {
	bool there;
	struct mw_csv csv; /* its name is the file's path */
	uint64_t *says; /* for each column: how many rows say something there */
};

enum mw_exchange_kind {
	MW_EXCHANGE_LOGIN,    /* a mailbox that somebody logs in to */
	MW_EXCHANGE_NO_LOGIN, /* a shared, room or equipment mailbox */
	MW_EXCHANGE_OUTSIDE,  /* a mail user or contact: its mailbox is elsewhere */
	MW_EXCHANGE_LIST,     /* a group that has an address */
	/* Without an address, so in no directory. */
	MW_EXCHANGE_RIGHTS,   /* a group that holds rights alone */
	MW_EXCHANGE_ACCOUNT   /* a user without a mailbox */
};

/* Whether the members of a group have the rights that it was given: those of security groups have them (Microsoft, "Active
   Directory security groups"). PERHAPS: what it is refused is refused to them, what it is allowed is not allowed. */
enum mw_exchange_rights { MW_EXCHANGE_HELD, MW_EXCHANGE_PERHAPS, MW_EXCHANGE_NOT_HELD };

struct mw_exchange_person;

struct mw_exchange_people {
	struct mw_exchange_person **items;
	size_t count;
};

struct mw_exchange_person {
	enum mw_exchange_kind kind;
	enum mw_exchange_file file; /* where it was found first */
	const struct mw_csv_row *row;
	struct mw_str name; /* its primary address, canonical */
	struct mw_strs addresses; /* others, canonical */
	struct mw_strs logins; /* beside its name */
	struct mw_str domain; /* of Active Directory, in DNS, in lower case; empty: not known */
	struct mw_str sid;    /* octets; empty: not known */
	bool disabled;	/* its account is */
	bool refused;	/* to send as itself */
	bool has_permissions; /* some file of permissions has a row of it */
	bool has_self; /* it has Send-As of SELF, or all rights of SELF */
	unsigned own_bits; /* of the permissions that it has on itself, by SELF or with everybody */
	bool disabled_said; /* that it is, or that it is not */
	enum mw_exchange_rights rights; /* of a group */
	bool members_unknown; /* of a group: some are in no file, and may be groups */
	const struct mw_csv_row *cas; /* of CASMailbox.csv; NULL: none */
	struct mw_exchange_people members; /* of a group, as said */
	struct mw_exchange_people nested; /* of a group with an address: groups without one in it, which only rights go through */
	struct mw_exchange_ace *aces; /* of Send-As on it */
	struct mw_exchange_ace *all_rights; /* on it: they give no grant, and count for who has the mailbox */
	unsigned mark; /* for walks through groups: that of the last one */
	unsigned ace_mark, ace_bits; /* which permissions of one recipient hold for it, while they are judged */
};

/* Send-As of SELF, which some export and others leave out: of most login mailboxes that have rows, so that it lacks where it
   was taken away; of some; of none. */
enum mw_exchange_self { MW_EXCHANGE_SELF_LEFT_OUT, MW_EXCHANGE_SELF_OF_SOME, MW_EXCHANGE_SELF_SHOWN };

/* What a person has to look at. */
struct mw_exchange_note {
	enum mw_exchange_file file;
	unsigned line;
	const char *property;
	const char *what; /* of whom, and the value */
	const char *fix;  /* what to write */
};

/* What was left out without a word of its own, and how often. */
struct mw_exchange_count {
	const char *what;
	uint64_t count;
};

struct mw_exchange_grant {
	bool on_behalf;
	const struct mw_exchange_person *identity, *trustee;
};

struct mw_exchange {
	struct mw_arena *arena; /* owns everything */
	struct mw_errors *errors;
	const char *folder;
	const char *server; /* whose connectors and settings count; NULL: there is one */
	struct mw_exchange_table tables[MW_EXCHANGE_FILE_COUNT];
	struct mw_strs strange; /* files of the folder that no command writes */

	struct mw_exchange_people people;
	struct mw_exchange_names *names;
	struct mw_str default_domain; /* canonical; empty: none */
	bool state_told; /* that no file says which accounts are disabled */
	enum mw_exchange_self self;
	unsigned walks; /* marks given so far */
	struct mw_exchange_person **waiting; /* of a walk: room for everybody */

	struct mw_exchange_grant *grants;
	size_t grant_count;
	struct mw_exchange_note *notes;
	size_t note_count;
	struct mw_exchange_count *counts;
	size_t count_count;
	uint64_t connector_size, connector_recipients; /* the most of any connector for users; by mw_exchange_policy_text() */
	size_t domains, connectors, users, groups;
};

/* Room for one more behind `count` items of `size` octets, which may move. NULL: out of memory. */
void *mw_exchange_grown(struct mw_arena *arena, void *items, size_t count, size_t size);
void mw_exchange_add_person(struct mw_exchange *import, struct mw_exchange_people *people,
			    struct mw_exchange_person *person);
/* Something to decide about a row. `fix` may be NULL: what property.def has. */
void mw_exchange_note(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		      const char *property, const char *what, const char *fix);
void mw_exchange_count(struct mw_exchange *import, const char *what);
/* An error at a cell. */
void mw_exchange_error(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		       const char *property, const char *expected, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* What a row says; empty where the file has no such column. */
struct mw_str mw_exchange_cell(const struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			       const char *property);
bool mw_exchange_has_column(const struct mw_exchange *import, enum mw_exchange_file file, const char *property);
/* A switch that a right rests on: nothing is an error too. */
void mw_exchange_needed_switch(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			       const char *property, bool *on_r);
/* The same as a switch, size or count; anything else is an error. Empty: what is given there already. */
void mw_exchange_switch_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			     const char *property, bool *on_io);
void mw_exchange_size_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			   const char *property, uint64_t *octets_io);
void mw_exchange_limit_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			    const char *property, uint64_t *limit_io);

/* The parts, in their order. Each adds errors to import->errors; after the first that did nothing more is read. */
void mw_exchange_read(struct mw_exchange *import);
void mw_exchange_read_people(struct mw_exchange *import);
/* The primary address is the name; false with an error. */
bool mw_exchange_read_name(struct mw_exchange *import, struct mw_exchange_person *person);
/* The addresses of a property, each in a line, or joined by a script. What is none is told, or an error where it may be several. */
void mw_exchange_read_addresses(struct mw_exchange *import, struct mw_exchange_person *person, const char *property);
void mw_exchange_read_accounts(struct mw_exchange *import);
void mw_exchange_read_members(struct mw_exchange *import);
void mw_exchange_read_grants(struct mw_exchange *import);
/* Of Send-As. */
void mw_exchange_read_permissions(struct mw_exchange *import);
/* Groups that contain each other get the members of all of them, as the directory has no circles. After the permissions, which
   go by who is in which group itself. */
void mw_exchange_open_circles(struct mw_exchange *import);
/* Whom a property with several values names, each once. One that means several, or nobody, is something to decide, and sets
   *unknown_r, which may be NULL. */
struct mw_exchange_people mw_exchange_named(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
					    const char *property, const char *whom, bool *unknown_r);
/* Takes those out that were there before; keeps the order. */
void mw_exchange_each_once(struct mw_exchange *import, struct mw_exchange_people *people);
/* Calls `found` with a person, or with each one in a group, however deep, and each group; each once. */
void mw_exchange_walk(struct mw_exchange *import, struct mw_exchange_person *person,
		      void (*found)(struct mw_exchange_person *person, void *context), void *context);
/* By name: PowerShell promises no order. */
void mw_exchange_sort_people(struct mw_exchange_people *people);
/* The same for those who have a right that the person was given, or is refused: not through groups that have less of them
   than `least`. */
void mw_exchange_walk_rights(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_rights least,
			     void (*found)(struct mw_exchange_person *person, void *context), void *context);
/* Whether the files do not say who is in a group, or in one in it: by a member that is in no file, as everybody's primary
   group has no list of members, or as it is a list without one. */
bool mw_exchange_is_open_group(struct mw_exchange *import, struct mw_exchange_person *person);
/* What becomes of a group's rights; false with an error. */
bool mw_exchange_read_rights(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			     enum mw_exchange_rights *rights_r);
bool mw_exchange_is_group(const struct mw_exchange_person *person);
/* Whether a word of RecipientTypeDetails is of one that has no members; of a group with an address. */
bool mw_exchange_is_single(struct mw_str word);
bool mw_exchange_is_mail_group(struct mw_str word);
/* One more grant, of a group without an address to its members. None to oneself. */
void mw_exchange_add_grant(struct mw_exchange *import, bool on_behalf, const struct mw_exchange_person *identity,
			   struct mw_exchange_person *trustee);
/* Gives its logins to everybody who has some. */
void mw_exchange_read_logins(struct mw_exchange *import);

void mw_exchange_read_default_domain(struct mw_exchange *import);

/* The two files, in this order. Empty: out of memory, or with errors. */
struct mw_str mw_exchange_policy_text(struct mw_exchange *import, const char *directory_path);
struct mw_str mw_exchange_directory_text(struct mw_exchange *import);

/* The limits of the organization and of connectors, as they hold for a session. */
struct mw_exchange_limits {
	uint64_t send, receive, recipients; /* TransportConfig; MW_UNLIMITED: none */
	uint64_t connector, connector_recipients; /* the most of any connector for users; MW_UNLIMITED: none */
};

void mw_exchange_read_limits(struct mw_exchange *import, struct mw_exchange_limits *limits_r);
/* Whether a row of a server's is of the server that is imported. */
bool mw_exchange_is_here(const struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row);

#endif
