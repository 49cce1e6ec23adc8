/* SPDX-License-Identifier: MIT */
#include "status/status.h"

#include <stdlib.h>

#include "base/clock.h"
#include "decisions/recorded.h"

struct reading {
	struct mw_log_choice *choice;
	int64_t today;
	struct mw_recorded recorded;
	struct mw_str lines[MW_STATUS_REFUSALS]; /* a ring of the newest, copied */
	size_t most;
	uint64_t count;
};

static bool is_refusal(const struct mw_recorded *recorded)
{
	struct mw_str verdict = recorded->line.values[MW_FIELD_VERDICT];

	return recorded->state != MW_LOGGED_MALFORMED && mw_logline_has(&recorded->line, MW_FIELD_VERDICT) &&
	       !mw_str_equal(verdict, MW_STR("permit"));
}

static void take(void *context, struct mw_str line)
{
	struct reading *reading = context;
	size_t at;
	char *copy;

	if (!mw_recorded_read(&reading->choice->clock, line, reading->choice->since, reading->today, &reading->recorded) ||
	    !is_refusal(&reading->recorded))
		return;
	copy = malloc(line.len + 1);
	if (copy == NULL)
		return;
	memcpy(copy, line.ptr, line.len);
	at = (size_t)(reading->count++ % reading->most);
	free((void *)(uintptr_t)reading->lines[at].ptr);
	reading->lines[at] = (struct mw_str){ copy, line.len };
}

static const char *value(struct mw_status_view *view, const struct mw_recorded *recorded, enum mw_logfield_id field)
{
	return mw_logline_has(&recorded->line, field) ? mw_arena_text(view->arena, recorded->line.values[field]) : "";
}

static void keep(struct mw_status_view *view, struct reading *reading, struct mw_str line)
{
	struct mw_recorded *recorded = &reading->recorded;
	bool login = false;

	if (!mw_recorded_read(&reading->choice->clock, line, 0, reading->today, recorded))
		return;
	login = mw_logline_has(&recorded->line, MW_FIELD_LOGIN_RULE);
	view->refusals[view->refusal_count++] = (struct mw_status_refusal){
		.time = recorded->time,
		.verdict = value(view, recorded, MW_FIELD_VERDICT), .reason = value(view, recorded, MW_FIELD_REASON),
		.rule = value(view, recorded, login ? MW_FIELD_LOGIN_RULE : MW_FIELD_CONNECTOR),
		.login = value(view, recorded, MW_FIELD_LOGIN), .sender = value(view, recorded, MW_FIELD_SENDER),
		.client = value(view, recorded, MW_FIELD_CLIENT),
	};
}

bool mw_status_read_log(struct mw_status_view *view, struct mw_log_choice *choice, size_t most)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	size_t kept;

	if (reading == NULL)
		return false;
	reading->choice = choice;
	reading->today = mw_clock_today();
	reading->most = most;
	view->log_looked_at = true;
	view->log_name = choice->names[0];
	view->log_read = mw_log_choice_read(choice, take, reading) == EX_OK;
	kept = reading->count < most ? (size_t)reading->count : most;
	for (size_t i = 1; i <= kept; i++)
		keep(view, reading, reading->lines[(size_t)((reading->count - i) % most)]);
	for (size_t i = 0; i < most; i++)
		free((void *)(uintptr_t)reading->lines[i].ptr);
	free(reading);
	return true;
}
