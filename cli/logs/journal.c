/* SPDX-License-Identifier: MIT */
#include "logs/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"
#include "ui/output.h"
#include "ui/program.h"
#include "base/text.h"

#define COMPLAINT_MAX 512

struct mw_journal {
	pid_t pid;
	int complaints; /* what journalctl wrote to standard error */
};

/* Returns 0 or the error number. */
static int start(struct mw_journal *journal, int output, int64_t since)
{
	char from[32];
	const char *arguments[] = { "journalctl", "--no-pager", "-q", "-o", "short-iso", "--facility=mail", NULL, NULL };

	snprintf(from, sizeof(from), "--since=@%lld", (long long)since);
	if (since > 0)
		arguments[6] = from;
	journal->pid = mw_program_start(arguments, output, journal->complaints);
	return journal->pid < 0 ? errno : 0;
}

int mw_journal_open(int64_t since, struct mw_journal **journal_r, int *exit_r)
{
	struct mw_journal *journal = calloc(1, sizeof(*journal));
	int ends[2] = { -1, -1 };
	int error = ENOMEM;

	if (journal != NULL) {
		journal->complaints = memfd_create("journalctl", MFD_CLOEXEC);
		error = journal->complaints < 0 || pipe2(ends, O_CLOEXEC) != 0 ? errno : start(journal, ends[1], since);
	}
	if (ends[1] >= 0)
		close(ends[1]);
	if (error == 0) {
		*journal_r = journal;
		return ends[0];
	}
	*exit_r = error == ENOENT || error == EACCES ? EX_UNAVAILABLE : EX_OSERR;
	mw_complain("journal: journalctl: %s", strerror(error));
	if (ends[0] >= 0)
		close(ends[0]);
	if (journal != NULL && journal->complaints >= 0)
		close(journal->complaints);
	free(journal);
	return -1;
}

static void complain(const struct mw_journal *journal, const char *name, int status)
{
	char text[COMPLAINT_MAX], shown[4 * COMPLAINT_MAX + 1];
	struct mw_buf out = MW_BUF_OVER(shown);
	ssize_t count = pread(journal->complaints, text, sizeof(text), 0);
	struct mw_str first = { text, count > 0 ? (size_t)count : 0 };

	first = mw_str_head(first, mw_str_find(first, '\n'));
	mw_text_show(&out, first);
	if (!mw_str_empty(first))
		mw_complain("%s: journalctl: %s", name, shown);
	else if (WIFSIGNALED(status))
		mw_complain("%s: journalctl was ended by signal %d", name, WTERMSIG(status));
	else
		mw_complain("%s: journalctl failed with exit code %d", name, WEXITSTATUS(status));
}

bool mw_journal_close(struct mw_journal *journal, const char *name)
{
	int status;
	bool good;

	if (journal == NULL)
		return true;
	/* One that was left before its end may wait for new lines, or go on reading for long. */
	if (name == NULL)
		kill(journal->pid, SIGKILL);
	good = mw_child_wait(journal->pid, &status);
	good = name == NULL || (good && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (!good)
		complain(journal, name, status);
	close(journal->complaints);
	free(journal);
	return good;
}
