/* The files of Dovecot's passdbs passwd-file: who is in them, and by which names and passwords. */
#ifndef MW_CLI_INIT_PASSWD_FILE_H
#define MW_CLI_INIT_PASSWD_FILE_H

#include "servers/check/dovecot.h"

/* What a passdb passwd-file says. All points into the site. */
struct mw_init_passwd_file {
	struct mw_str path;
	struct mw_str scheme; /* of passwords that name none; "": the usual one */
	struct mw_str format; /* of the names that it is asked for; "": the usual one */
};

/* Of a passdb, of whatever driver. */
struct mw_init_passwd_file mw_init_passwd_file_of(const struct mw_dovecot_site *site,
						  const struct mw_dovecot_node *passdb);
/* Whether it is asked for other names than those by which people log in. */
bool mw_init_passwd_changes_names(const struct mw_init_passwd_file *file);

/* The line and the name are there until it returns. */
typedef void mw_init_passwd_line(void *context, struct mw_str line, struct mw_str name);

/* Calls `take` with each line that has a name. False: the file cannot be read to its end. */
bool mw_init_passwd_each(const char *path, mw_init_passwd_line *take, void *context);

/* --- pure */

/* Whether what stands for a password, in such a file or in shadow(5), is none: "*" or "!" and what is behind it. */
bool mw_init_is_locked(struct mw_str password);
/* The name of a line of a passwd-file; false: a comment, or nothing. */
bool mw_init_passwd_name(struct mw_str line, struct mw_str *name_r);
/* Whether the password of such a line is none: "*" or "!" and what is behind it, after a {SCHEME}. In clear (PLAIN,
   CLEAR, CLEARTEXT) that is a password. scheme: of a password that names none; "": a crypt(3) one. */
bool mw_init_passwd_locked(struct mw_str line, struct mw_str scheme);

#endif
