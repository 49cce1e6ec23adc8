/* What a file has beside its text, owner and mode: access control lists, a label of SELinux, attributes of a user. */
#ifndef MW_CLI_FILE_ATTRIBUTES_H
#define MW_CLI_FILE_ATTRIBUTES_H

#include <stdbool.h>

/* Gives the file of a descriptor what the one at `path` has, and takes away the access control list that it has of its folder
   where that one has none. Call it before fchmod(2), which changes the list. A path where nothing is: it stays as it is. False
   with errno where the access control list cannot be given; the rest is given where the file system and the caller's rights
   admit it. */
bool mw_file_attributes_copy(const char *path, int fd);

/* Whether nobody may replace or remove it, nor a file in it where it is a folder: chattr(1) made it immutable or append-only.
   False where the file system knows no such thing. errno is kept. */
bool mw_file_is_immutable(const char *path);

#endif
