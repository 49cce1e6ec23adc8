/* The systemd journal's mail facility through journalctl(1), which needs no library of ours. */
#ifndef MW_CLI_JOURNAL_H
#define MW_CLI_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

struct mw_journal;

/* Starts journalctl (program.h) and returns the descriptor to read its lines from; the caller closes it.
   since: seconds since the epoch; 0: everything. -1 with one line to standard error and EX_UNAVAILABLE (no journalctl)
   or EX_OSERR. */
int mw_journal_open(int64_t since, struct mw_journal **journal_r, int *exit_r);
/* Waits for it, after its descriptor was closed. name: what its failure is said about; NULL: it was not read to its
   end, or nobody asks. False: it failed, and one line was printed. journal NULL is allowed. */
bool mw_journal_close(struct mw_journal *journal, const char *name);

#endif
