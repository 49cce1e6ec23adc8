/* Writing a trace. Private to shared/decide. */
#ifndef MW_DECIDE_TRACE_WRITE_H
#define MW_DECIDE_TRACE_WRITE_H

#include "decide/trace.h"

/* Writes a step, in place of the same check's if there is one. */
void mw_trace_rewrite(struct mw_trace *trace, const struct mw_step *step);

_Static_assert(MW_CHECK_COUNT <= 8 * sizeof(unsigned), "mw_trace.written has a bit for each check");

/* A check writes one step: a second one of the same check replaces the first. Inline, for a decision has ten. */
static inline void mw_trace_write(struct mw_trace *trace, const struct mw_step *step)
{
	unsigned bit = 1u << step->check;

	if ((trace->written & bit) != 0) {
		mw_trace_rewrite(trace, step);
		return;
	}
	trace->written |= bit;
	trace->steps[trace->count++] = *step;
}

#endif
