/* Other programs of this machine: found where only root and the caller can put one, and started without a shell. */
#ifndef MW_CLI_PROGRAM_H
#define MW_CLI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The path of a program. It is looked for in the folders of PATH that are absolute and that only root and the caller can
   write to, and so are the folders above them (those may have the sticky bit), and then in /usr/sbin and /sbin, which
   PATH often lacks. Where PATH has no such folder, it is /usr/sbin:/usr/bin:/sbin:/bin. Never in the current folder,
   which an empty or relative part of PATH would mean. False: there is no such program. */
bool mw_program_find(const char *name, char *path_r, size_t size);

/* Starts argv[0], found as above, with nothing on standard input and these descriptors as its output and errors, in the
   C.UTF-8 locale; its own PATH is where it was looked for. -1 with errno: ENOENT where there is no such program. Where
   it cannot be executed, the process ends with status 126. */
pid_t mw_program_start(const char *const *argv, int output, int errors);
/* The same with this descriptor as its standard input. */
pid_t mw_program_start_fed(const char *const *argv, int input, int output, int errors);
/* The same as mw_program_start(), in namespaces of its own: CLONE_NEW... of clone(2), or 0. `prepare` is called in the new
   process, before anything else is there. False ends it with status 126. -1 with errno EPERM, ENOSYS or another of
   clone3(2) where there are no such namespaces. */
pid_t mw_program_start_in(const char *const *argv, int output, int errors, int namespaces,
			  bool (*prepare)(void *context), void *context);

#endif
