/* What an audit counts: who would be refused what, and what would permit it. Bounded, whatever the clients in a log made up:
   where many identities come from one, they are counted together. */
#ifndef MW_CLI_AUDIT_TALLY_H
#define MW_CLI_AUDIT_TALLY_H

#include "base/arena.h"
#include "decisions/audit/keys.h"
#include "decisions/audit/propose.h"

#define MW_AUDIT_ROWS_MOST 50000  /* of users and devices */
#define MW_AUDIT_LOOSE_MOST 20000 /* of whoever did not log in, so that guesses and strangers crowd nobody out */
#define MW_AUDIT_CHANGES_MOST 20000
#define MW_AUDIT_PERSONS_MOST 1000000
#define MW_AUDIT_SOURCES_MOST 200000
#define MW_AUDIT_MESSAGES_MOST 200000 /* that are remembered by their instance, the last ones */
/* Identities that one client or login was refused with, from which on it looks like forging. */
#define MW_AUDIT_MANY 4

#define MW_DECISION_COUNT 3 /* enum mw_decision */
#define MW_AUDIT_NONE UINT32_MAX

/* Where identities come from: a login, or a client without one. */
struct mw_audit_source {
	uint64_t identities[MW_AUDIT_MANY];
	unsigned count; /* at most MW_AUDIT_MANY */
};

struct mw_audit_row {
	enum mw_protocol protocol;
	enum mw_reason reason;
	bool device, stranger; /* without a login: of one's own network, from outside */
	bool many;             /* many senders together: `sender` is empty */
	bool loose;            /* counted against MW_AUDIT_LOOSE_MOST */
	struct mw_ip client;
	struct mw_str login, sender;
	const char *fix;       /* in words; "" for strangers */
	uint32_t person, source, client_source; /* or MW_AUDIT_NONE */
	bool proven;           /* whoever it is did log in from there */
	uint64_t counts[MW_DECISION_COUNT];
	uint64_t accepted;     /* messages of them that Postfix took */
	struct {
		uint32_t change; /* or MW_AUDIT_NONE */
		struct mw_str alias;
		uint64_t fixed[MW_DECISION_COUNT];
	} candidates[MW_AUDIT_CANDIDATES];
	/* By mw_audit_settle(): */
	bool hidden;           /* another row tells the same of the same login */
	bool apart;
	uint32_t proposal;     /* a change, or MW_AUDIT_NONE */
	uint64_t events, fixed;
};

struct mw_audit_person {
	bool listed; /* the directory has it */
	bool proven, locked_out, loses;
};

/* A change as it was proposed by some rows. */
struct mw_audit_entry {
	struct mw_audit_change change;
	uint32_t person;    /* whom it is for */
	/* By mw_audit_settle(): */
	uint64_t events, fixed;
	struct mw_strs aliases; /* USER */
	const char *text;   /* what to write; NULL: it is not proposed */
	unsigned number;    /* from 1 on; 0: it is not proposed */
	uint32_t example;   /* its row with the most events */
};

struct mw_audit_message;

struct mw_audit_tally {
	uint64_t seed;
	struct mw_arena *texts;
	struct mw_audit_row *rows;
	size_t row_count, row_size, loose_count;
	struct mw_audit_entry *entries;
	size_t entry_count, entry_size;
	struct mw_audit_person *persons;
	size_t person_count, person_size;
	struct mw_audit_source *sources;
	size_t source_count, source_size;
	struct mw_keys row_keys, entry_keys, person_keys, source_keys, proofs;
	/* Two generations of messages: the younger one fills up, then the older one is forgotten. */
	struct mw_keys message_keys[2];
	struct mw_audit_message *messages[2];
	size_t message_count[2];
	unsigned young;
	uint64_t without_row; /* refusals for which there was no room */
	uint64_t doubles;     /* messages that stand in two rows */
	bool failed;          /* out of memory */
};

bool mw_audit_tally_init(struct mw_audit_tally *tally); /* false: out of memory */
void mw_audit_tally_deinit(struct mw_audit_tally *tally);

/* Who a login name is: the user of the directory (by name), or the login itself. MW_AUDIT_NONE: there is no room. */
uint32_t mw_audit_person(struct mw_audit_tally *tally, struct mw_str name, bool listed);
/* Somebody logged in by this name (canonical) from this address. */
void mw_audit_prove(struct mw_audit_tally *tally, struct mw_str login, const struct mw_ip *client);
bool mw_audit_is_proven(const struct mw_audit_tally *tally, struct mw_str login, const struct mw_ip *client);

/* A decision that comes out refused. */
struct mw_audit_refusal {
	const struct mw_policy *policy;
	const struct mw_logged *logged;
	const struct mw_verdict *verdict;
	const struct mw_audit_proposal *proposal;
	struct mw_str login; /* canonical */
	uint32_t person;
	bool whole;          /* asked once Postfix had taken the recipients */
};
void mw_audit_add(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal);
/* A permitted question once Postfix had taken the recipients. */
void mw_audit_accepted(struct mw_audit_tally *tally, const struct mw_logged *logged);

#endif
