/* Records as directory text (mailwicket-directory(5)) that the text reader reads as the same records: one line each, sorted,
   with every key that says something. The same records give the same octets, so that two contents can be compared. */
#ifndef MW_SYNC_TEXT_WRITE_H
#define MW_SYNC_TEXT_WRITE_H

#include "sync/record/record.h"

/* Octets on their way into a file and into a digest. */
struct mw_text_out {
	int fd;      /* -1: into the digest only */
	bool brief;  /* a key that says what it says when it is missing is left out: for people; off after _begin() */
	int error;   /* errno of the first failure; what follows is not written */
	size_t used;
	void *digest; /* XXH3 */
	char buffer[1 << 16];
};

/* False when memory is out. */
bool mw_text_out_begin(struct mw_text_out *out, int fd);
void mw_text_out_add(struct mw_text_out *out, struct mw_str text);
/* " KEY=" */
void mw_text_out_key(struct mw_text_out *out, const char *key);
/* Writes what is left, not synced to disk, and frees. 0 or an errno; the digest of all octets in hex (XXH3, 128 bits). */
#define MW_TEXT_DIGEST_SIZE 33
int mw_text_out_end(struct mw_text_out *out, char digest_r[MW_TEXT_DIGEST_SIZE]);

/* A digest alone, of what is added. NULL when memory is out. */
struct mw_text_out *mw_text_digest_begin(void);
/* Frees it. */
void mw_text_digest_end(struct mw_text_out *out, char digest_r[MW_TEXT_DIGEST_SIZE]);

/* All records and grants of one source, that with the number `owner`. What they say besides (key_copy.h) is read where
   records->copy is set. False when memory is out. */
bool mw_text_write(struct mw_text_out *out, const struct mw_records *records, uint32_t owner);

#endif
