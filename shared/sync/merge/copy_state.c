/* SPDX-License-Identifier: MIT */
/* The text of a source's state. */
#include <inttypes.h>

#include "base/text.h"
#include "sync/merge/copy.h"

static void read_number(struct mw_str line, const char *word, uint64_t *number_r)
{
	if (mw_str_starts_with(line, mw_str(word)) && line.len > strlen(word) && line.ptr[strlen(word)] == ' ')
		mw_parse_number(mw_str_tail(line, strlen(word) + 1), number_r);
}

/* The folder is of the user of mailwicket sync, and root's terminal shows it. */
static void read_text(struct mw_str line, const char *word, char *out, size_t size)
{
	struct mw_buf buf = mw_buf_over(out, size);

	if (mw_str_starts_with(line, mw_str(word)) && line.len > strlen(word) && line.ptr[strlen(word)] == ' ')
		mw_text_show(&buf, mw_str_tail(line, strlen(word) + 1));
}

#define APART_LEAST 50 /* of cron's least, a minute */

void mw_source_state_tried(struct mw_source_state *state, int64_t now, bool followed)
{
	int64_t apart = now - state->synced_at;

	if (followed) {
		state->synced_at = state->apart = state->apart_before = 0;
		return;
	}
	if (state->synced_at != 0 && apart >= APART_LEAST) {
		state->apart_before = state->apart;
		state->apart = apart;
	}
	state->synced_at = now;
}

int64_t mw_source_state_rhythm(const struct mw_source_state *state)
{
	return state->apart > state->apart_before ? state->apart : state->apart_before;
}

void mw_source_state_parse(struct mw_str text, struct mw_source_state *state)
{
	struct mw_str line;
	uint64_t read_at = 0, failed_since = 0, several = 0, synced_at = 0, apart = 0, apart_before = 0;

	while (mw_str_split(&text, '\n', &line)) {
		read_number(line, "read", &read_at);
		read_number(line, "failed", &failed_since);
		read_number(line, "bad", &state->bad);
		read_number(line, "blocked", &state->blocked);
		read_number(line, "held_users", &state->held_users);
		read_number(line, "held_groups", &state->held_groups);
		read_number(line, "held_addresses", &state->held_addresses);
		read_number(line, "several", &several);
		read_number(line, "synced", &synced_at);
		read_number(line, "apart", &apart);
		read_number(line, "apart_before", &apart_before);
		if (mw_str_starts_with(line, MW_STR("digest ")))
			read_text(line, "digest", state->digest, sizeof(state->digest));
		if (mw_str_starts_with(line, MW_STR("why ")))
			read_text(line, "why", state->why, sizeof(state->why));
	}
	state->read_at = (int64_t)read_at;
	state->failed_since = (int64_t)failed_since;
	state->several = several != 0;
	state->synced_at = (int64_t)synced_at;
	state->apart = (int64_t)apart;
	state->apart_before = (int64_t)apart_before;
}

void mw_source_state_print(const struct mw_source_state *state, struct mw_buf *out)
{
	mw_buf_printf(out, "read %" PRId64 "\nfailed %" PRId64 "\nbad %" PRIu64 "\nblocked %" PRIu64 "\n", state->read_at,
		      state->failed_since, state->bad, state->blocked);
	mw_buf_printf(out, "held_users %" PRIu64 "\nheld_groups %" PRIu64 "\nheld_addresses %" PRIu64 "\n", state->held_users,
		      state->held_groups, state->held_addresses);
	if (state->synced_at != 0)
		mw_buf_printf(out, "synced %" PRId64 "\napart %" PRId64 "\napart_before %" PRId64 "\n", state->synced_at,
			      state->apart, state->apart_before);
	if (state->digest[0] != '\0')
		mw_buf_printf(out, "digest %s\nseveral %d\n", state->digest, state->several);
	if (state->why[0] == '\0')
		return;
	mw_buf_add_text(out, "why ");
	for (const char *c = state->why; *c != '\0'; c++)
		mw_buf_add_char(out, (unsigned char)*c < ' ' ? ' ' : *c);
	mw_buf_add_char(out, '\n');
}
