/* What questions wait for before they are judged: a table of functions. Nothing does yet; a counter in another process
   will. */
#ifndef MW_POSTFIX_WAITS_H
#define MW_POSTFIX_WAITS_H

#include "question.h"

#define MW_WAITING_SECONDS 1.0 /* a question in WAITING; after this it is undecided */

struct mw_batch;

struct mw_waits {
	/* A question is READY. True: it has to wait, until mw_batch_go_on() is called for it, which may be at any time
	   after this. */
	bool (*begin)(struct mw_batch *batch, struct mw_question *question);
	/* The waiting ended early: its time is over, or its connection was closed. */
	void (*forget)(struct mw_question *question);
	/* How long one may wait, in seconds; after that it is undecided. 0: MW_WAITING_SECONDS. */
	double most;
};

/* The functions of this program; NULL: no question waits. */
const struct mw_waits *mw_waits_of_program(struct mw_loop *loop);

#endif
