/* What logs are compressed with, or written in where it is not UTF-8: one table of functions for each, over the format's own
   library. */
#ifndef MW_CLI_LOG_UNPACK_H
#define MW_CLI_LOG_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

enum mw_unpacked {
	MW_UNPACK_MORE,    /* wants more input, or more room */
	MW_UNPACK_BETWEEN, /* a compressed file ends here; the input may end too, or another follows (gzip -c a b) */
	MW_UNPACK_PAST,    /* what follows is no such file, and is passed over as gzip(1) and bzip2(1) do */
	MW_UNPACK_DAMAGED,
	MW_UNPACK_NO_MEMORY
};

/* From where to where a step unpacks: it moves what it used of either. Each of the two is below 4 GiB. */
struct mw_unpack_io {
	char *in; /* it is only read; libraries differ in saying so */
	size_t in_len;
	char *out;
	size_t out_len;
};

struct mw_unpacker {
	const char *name, *magic; /* what such a file begins with */
	/* Returns what the others are called with; NULL: no memory. */
	void *(*start)(void);
	/* Unpacks until the input is used up or the room is full. What was written is good whatever it returns. */
	enum mw_unpacked (*step)(void *state, struct mw_unpack_io *io);
	void (*end)(void *state);
};

/* For what begins with these octets; NULL: none. */
const struct mw_unpacker *mw_unpacker_find(const char *octets, size_t len);

#endif
