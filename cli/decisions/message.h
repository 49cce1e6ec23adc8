/* The header of a message in a file, as Postfix would hand it over to its milters. */
#ifndef MW_CLI_MESSAGE_H
#define MW_CLI_MESSAGE_H

#include "mail/originators.h"

/* What Postfix does with the header of a client in local_header_rewrite_clients. */
struct mw_message_rewriting {
	bool is_local;
	struct mw_str domain; /* its myorigin */
	struct mw_str sender; /* the envelope's: the From of a message that has none */
};

/* Reads the fields into `reader`, which has begun: lines that end with CR LF or LF, a "From " line in front is none, and the
   first line that is no field ends the header. `path` "-": standard input. EX_OK, or EX_NOINPUT with one line printed. */
int mw_message_read(const char *path, const struct mw_message_rewriting *rewriting,
		    struct mw_originators_reader *reader);

#endif
