/* SPDX-License-Identifier: MIT */
#include "ui/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

#define FIXED "/usr/sbin:/usr/bin:/sbin:/bin"
#define SUPERUSER "/usr/sbin:/sbin"
#define FOLDERS_MAX 8192

/* Whether nobody but root and the caller can change what a path leads to, nor what is in it. */
static bool is_ours(const char *path)
{
	struct mw_path_owner owner;
	struct stat status;

	return mw_path_is_ours(path, geteuid(), &owner) && stat(path, &status) == 0 &&
	       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The next folder of PATH that may be looked in. */
static bool next_folder(struct mw_str *path_io, struct mw_str *folder_r)
{
	while (mw_str_split(path_io, ':', folder_r)) {
		char text[PATH_MAX];

		if (!mw_str_starts_with(*folder_r, MW_STR("/")) || folder_r->len >= sizeof(text))
			continue;
		memcpy(text, folder_r->ptr, folder_r->len);
		text[folder_r->len] = '\0';
		if (is_ours(text))
			return true;
	}
	return false;
}

static bool is_program(struct mw_str folder, const char *name, char *path_r, size_t size)
{
	struct mw_buf path = mw_buf_over(path_r, size);
	struct stat status;

	mw_buf_printf(&path, "%.*s/%s", MW_STR_ARG(folder), name);
	return !path.truncated && stat(path_r, &status) == 0 && S_ISREG(status.st_mode) && access(path_r, X_OK) == 0;
}

bool mw_program_find(const char *name, char *path_r, size_t size)
{
	struct mw_str rest = mw_str(getenv("PATH")), folder;
	bool any = false;

	while (next_folder(&rest, &folder)) {
		any = true;
		if (is_program(folder, name, path_r, size) && is_ours(path_r))
			return true;
	}
	rest = mw_str(any ? SUPERUSER : FIXED);
	while (mw_str_split(&rest, ':', &folder)) {
		if (is_program(folder, name, path_r, size))
			return true;
	}
	return false;
}

/* A program calls others by their names. */
static void set_path(void)
{
	static char text[FOLDERS_MAX];
	struct mw_buf out = MW_BUF_OVER(text);
	struct mw_str rest = mw_str(getenv("PATH")), folder;

	while (next_folder(&rest, &folder)) {
		if (out.size - out.used > folder.len + sizeof(FIXED) + 1)
			mw_buf_printf(&out, "%.*s:", MW_STR_ARG(folder));
	}
	mw_buf_add_text(&out, FIXED);
	setenv("PATH", text, 1);
}

/* The arguments with the program's path as the first: dovecot and doveadm have themselves started again by that name,
   and a name alone would be looked for in all of PATH. NULL: out of memory. */
static const char **by_path(const char *path, const char *const *argv)
{
	size_t count = 0;
	const char **words;

	while (argv[count] != NULL)
		count++;
	words = calloc(count + 1, sizeof(*words));
	if (words == NULL)
		return NULL;
	memcpy(words, argv, count * sizeof(*words));
	words[0] = path;
	return words;
}

/* input: -1 for nothing. */
static _Noreturn void become(const char *path, const char *const *argv, int input, int output, int errors)
{
	const char **words = by_path(path, argv);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(input >= 0 ? input : null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	set_path();
	setenv("LC_ALL", "C.UTF-8", 1);
	/* execv takes an array of pointers it does not write through. */
	if (words != NULL)
		execv(path, (char *const *)(uintptr_t)words);
	_exit(126);
}

/* fork(2), with the first process of new namespaces as the child: when it has ended, so have all others in them. */
static pid_t fork_in(int namespaces)
{
	struct clone_args how = { .flags = (unsigned)namespaces, .exit_signal = SIGCHLD };

	return namespaces == 0 ? fork() : (pid_t)syscall(SYS_clone3, &how, sizeof(how));
}

static pid_t start(const char *const *argv, int input, int output, int errors, int namespaces,
		   bool (*prepare)(void *context), void *context)
{
	char path[PATH_MAX];
	pid_t pid;

	if (!mw_program_find(argv[0], path, sizeof(path))) {
		errno = ENOENT;
		return -1;
	}
	pid = fork_in(namespaces);
	if (pid == 0 && prepare != NULL && !prepare(context))
		_exit(126);
	if (pid == 0)
		become(path, argv, input, output, errors);
	return pid;
}

pid_t mw_program_start(const char *const *argv, int output, int errors)
{
	return start(argv, -1, output, errors, 0, NULL, NULL);
}

pid_t mw_program_start_fed(const char *const *argv, int input, int output, int errors)
{
	return start(argv, input, output, errors, 0, NULL, NULL);
}

pid_t mw_program_start_in(const char *const *argv, int output, int errors, int namespaces,
			  bool (*prepare)(void *context), void *context)
{
	return start(argv, -1, output, errors, namespaces, prepare, context);
}
