/* Whom a message says that it is from: From, Sender and the topmost Resent-From and Resent-Sender. RFC 5322 3.6.2 and 3.6.6,
   RFC 6532 (UTF-8), RFC 6854 (groups), RFC 2047 (encoded-words). Read strictly: what two readers could take for two
   things is a fault. */
#ifndef MW_MAIL_ORIGINATORS_H
#define MW_MAIL_ORIGINATORS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/table.h"

enum mw_originator_fault {
	MW_ORIGINATOR_OK,           /* one field that can be read; or none, where there may be none */
	MW_ORIGINATOR_MISSING,      /* no From field */
	MW_ORIGINATOR_REPEATED,     /* more than one field */
	MW_ORIGINATOR_TOO_LONG,     /* MW_ORIGINATOR_MAX octets or more */
	MW_ORIGINATOR_TOO_MANY,     /* more than MW_ORIGINATOR_ADDRESSES_MAX addresses */
	MW_ORIGINATOR_CONTROL,      /* a control character, also one in an encoded-word, and U+202D, U+202E; a line without text */
	MW_ORIGINATOR_UTF8,         /* not UTF-8 */
	MW_ORIGINATOR_SYNTAX,       /* no list of addresses of RFC 5322 */
	MW_ORIGINATOR_EMPTY_GROUP,  /* "undisclosed:;" */
	MW_ORIGINATOR_NO_DOMAIN,    /* "bob" */
	MW_ORIGINATOR_ENCODED_WORD, /* one outside a phrase, or in a character set without ASCII */
	MW_ORIGINATOR_COMMENT,      /* one before or in an address; one that readers end at different places */
	MW_ORIGINATOR_ROUTE,        /* "<@a,@b:bob@c>" */
	MW_ORIGINATOR_PATH,         /* "%" or "!" in a local part, or a second "@" */
};
extern const struct mw_table mw_originator_faults; /* missing repeated too-long ...; MW_ORIGINATOR_OK is not in it */

#define MW_ORIGINATOR_MAX 8192
#define MW_ORIGINATOR_ADDRESSES_MAX 100

struct mw_originator {
	enum mw_originator_fault fault;
	struct mw_str addresses; /* as they stand in the field, a comma between them (no address that is read has one); empty: there
				    is no such field, or it has a fault */
};

/* A value: its slices point into the arena of the reader, or wherever else they came from. */
struct mw_originators {
	struct mw_originator from, sender;
	/* Of the topmost block of Resent-* fields: the first Resent-From, and a Resent-Sender before the second one. */
	struct mw_originator resent_from, resent_sender;
	/* Addresses that a reader other than ours could find in the From fields: in display names, decoded or not, in comments,
	   in a field with a fault. A comma between them, each once, none of those of `from`. */
	struct mw_str claims;
	bool claims_cut;     /* there are more than MW_ORIGINATOR_ADDRESSES_MAX, or a part of the field could not be read */
	bool sender_signed;  /* a DKIM-Signature names sender in h=: a Sender that is added would break it */
};

/* The addresses one by one: cuts the next off *rest_io. False: there is none left. */
static inline bool mw_originator_next(struct mw_str *rest_io, struct mw_str *address_r)
{
	return mw_str_split(rest_io, ',', address_r);
}
/* How many. */
size_t mw_originator_count(const struct mw_originator *originator);

/* Reading a message's header, field by field in their order. */
struct mw_originators_reader {
	struct mw_arena *arena; /* the caller's; what is read lives in it */
	/* Where Postfix completes addresses without a domain before its milters see them (local_header_rewrite_clients): the
	   domain. Empty: such an address is a fault. Set behind mw_originators_begin(). */
	struct mw_str domain;
	struct mw_originators read;
	unsigned from_count, sender_count, resent_from_count, resent_sender_count; /* 2: more than one */
	bool stray;            /* a field has a CR, which ends a line to some readers */
	unsigned looked_at;    /* From fields in which claims were looked for */
	struct mw_buf claims;  /* of the arena's memory; data NULL: no field yet */
	size_t claim_count;
};

/* As much as a message can take of the arena; a limit for mw_arena_new(). */
#define MW_ORIGINATORS_MEMORY ((size_t)96 * 1024)

void mw_originators_begin(struct mw_originators_reader *reader, struct mw_arena *arena);
/* A field as Postfix gives it to a milter: the name without ":", the value with its folds as LF, with or without the blank
   behind the ":". Any field may be given; those that say nothing of originators are passed over. */
void mw_originators_add(struct mw_originators_reader *reader, struct mw_str name, struct mw_str value);
/* False: memory ran out on the way, so that nobody can tell whom the message is from: a temporary failure. */
bool mw_originators_end(struct mw_originators_reader *reader, struct mw_originators *originators_r);

#endif
