/* SPDX-License-Identifier: MIT */
#include "compat.h"
#include "ioloop.h"

#include <time.h>

#include "base/units.h"
#include "decision_log.h"
#include "report/logline.h"

static struct event_category category = { .name = "mailwicket" };

static struct event *event;

struct event *mw_decision_event(void)
{
	if (event == NULL) {
		/* Not a child of the client's event: its log prefix and suffix would make one more format of the line. */
		event = event_create(NULL);
		event_add_category(event, &category);
	}
	return event;
}

void mw_decision_event_free(void)
{
	if (event != NULL)
		event_unref(&event);
}

static void log_line(const struct mw_facts *facts, const struct mw_verdict *verdict, bool exposed)
{
	char memory[MW_LOGLINE_MAX];
	struct mw_buf line = MW_BUF_OVER(memory);
	struct event_passthrough *decision;

	if (exposed)
		mw_logline_write_exposed(facts, verdict, &line);
	else
		mw_logline_write(facts, verdict, &line);
	decision = event_create_passthrough(mw_decision_event())->
		set_name("mailwicket_decision")->
		add_str("verdict", mw_table_word(mw_outcomes, (int)verdict->outcome))->
		add_str("reason", mw_reason_name(verdict->reason))->
		add_str("mode", mw_table_word(mw_modes, (int)verdict->mode));
	e_info(decision->event(), "mailwicket: %s", memory);
}

void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict,
		     bool exposed)
{
	if (verdict->outcome != MW_PERMIT || (policy != NULL && policy->log.all_decisions))
		log_line(facts, verdict, exposed);
}

int64_t mw_decision_today(void)
{
	return mw_day_of(ioloop_time);
}
