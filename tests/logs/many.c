/* SPDX-License-Identifier: MIT */
/* `mailwicket --json why` for many logs, each as if it were a command of its own, without a program started for each.

   many POLICY <questions: standard input: "USER OCTETS\n" and so many octets, the log; again and again till the end.
   Standard output: for each what the command prints, and a line "exit CODE". */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "ui/output.h"

static int ask(const char *policy, char *user, char *log)
{
	char why[] = "why", since[] = "--since", when[] = "3650d", option[] = "--log";
	char *words[] = { why, user, since, when, option, log, NULL };
	struct mw_cli cli = { .command = &mw_why_command, .policy_path = policy, .json = true };
	int code = mw_why_command.run(&cli, 6, words);

	return mw_output_flush() ? code : EX_IOERR;
}

/* The log in memory, by a name that can be opened. */
static int take_log(size_t octets, char *name, size_t size)
{
	char *text = malloc(octets + 1);
	int file = memfd_create("log", 0);

	if (text == NULL || file < 0 || fread(text, 1, octets, stdin) != octets ||
	    write(file, text, octets) != (ssize_t)octets) {
		fputs("many: no log\n", stderr);
		exit(EX_IOERR);
	}
	free(text);
	snprintf(name, size, "/proc/self/fd/%d", file);
	return file;
}

int main(int argc, char **argv)
{
	char user[256], log[64];
	size_t octets;

	while (argc == 2 && scanf("%255s %zu", user, &octets) == 2 && getchar() == '\n') {
		int file = take_log(octets, log, sizeof(log)), status;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0)
			_exit(ask(argv[1], user, log));
		if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
			fputs("many: a question had no end\n", stderr);
			return EX_SOFTWARE;
		}
		printf("exit %d\n", WEXITSTATUS(status));
		close(file);
	}
	return feof(stdin) ? EX_OK : EX_USAGE;
}
