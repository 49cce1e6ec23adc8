/* Writing a trace. Private to shared/decide. */
#ifndef MW_DECIDE_TRACE_WRITE_H
#define MW_DECIDE_TRACE_WRITE_H

#include "decide/trace.h"

/* A check writes one step: a second one of the same check replaces the first. */
void mw_trace_write(struct mw_trace *trace, const struct mw_step *step);

#endif
