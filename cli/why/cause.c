/* SPDX-License-Identifier: MIT */
#include "why/cause.h"

#include "why/cause_table.h"

static bool sending(const struct mw_why_entry *entry)
{
	return entry->protocol == MW_PROTOCOL_SMTP || entry->protocol == MW_PROTOCOL_SUBMISSION;
}

static bool worked(const struct mw_why_entry *entry)
{
	return !entry->by_address && (entry->kind == MW_WHY_LOGGED_IN || entry->kind == MW_WHY_SUBMITTED ||
				      entry->kind == MW_WHY_PERMITTED);
}

/* A message without a login whose sender is the user's. */
static bool sent_by_sender(const struct mw_why_entry *entry)
{
	return entry->by_address && entry->kind == MW_WHY_SUBMITTED;
}

/* A printer that is let in now, and was not. */
static bool let_in(const struct mw_why_entry *entry, const struct mw_why_entry *trouble)
{
	return sent_by_sender(entry) && trouble->by_address && strcmp(entry->client, trouble->client) == 0;
}

static bool left(const struct mw_why_entry *entry)
{
	return entry->kind == MW_WHY_LEFT_AFTER_EHLO || entry->kind == MW_WHY_LEFT_AT_GREETING ||
	       entry->kind == MW_WHY_CONNECTED || entry->kind == MW_WHY_SILENT || entry->kind == MW_WHY_OPEN;
}

/* Who leaves without a word, and comes back and goes further, is told by that. */
static bool went_further(const struct mw_why_told *told, const struct mw_why_entry *trouble)
{
	for (size_t i = 0; i < told->count && left(trouble); i++) {
		const struct mw_why_entry *entry = &told->entries[i];

		if (sending(entry) && !left(entry) && entry->last >= trouble->last &&
		    strcmp(entry->client, trouble->client) == 0)
			return true;
	}
	return false;
}

/* Whether the same service let the user in after the trouble was seen last. */
static bool over(const struct mw_why_told *told, const struct mw_why_entry *trouble)
{
	for (size_t i = 0; i < told->count; i++) {
		const struct mw_why_entry *entry = &told->entries[i];

		if ((worked(entry) || let_in(entry, trouble)) && entry->last > trouble->last && sending(entry) == sending(trouble) &&
		    (sending(trouble) || trouble->wide || entry->protocol == trouble->protocol))
			return true;
	}
	return false;
}

/* The first row that an entry shows: the rows behind it are for what is left. */
static const struct cause_row *row_of(const struct mw_why_entry *entry)
{
	const struct cause_row *row = mw_why_cause_rows;

	while (row->id != NULL && !row->shows(entry))
		row++;
	return row;
}

/* Master only tells that a program ended; what it said itself tells why. */
static bool tells_less(const struct mw_why_entry *entry)
{
	return entry->wide &&
	       (strstr(entry->reply, " -- throttling") != NULL || strstr(entry->reply, " exit status ") != NULL);
}

static bool is_better(const struct mw_why_entry *entry, const struct mw_why_entry *than)
{
	if (than == NULL || tells_less(entry) != tells_less(than))
		return than == NULL || !tells_less(entry);
	return entry->last >= than->last;
}

/* The latest entry that the row is about. */
static const struct mw_why_entry *shown_by(const struct mw_why_told *told, const struct cause_row *row)
{
	const struct mw_why_entry *latest = NULL;

	for (size_t i = 0; i < told->count; i++) {
		const struct mw_why_entry *entry = &told->entries[i];

		if (row_of(entry) == row && (row->whatever_follows || !over(told, entry)) && !went_further(told, entry) &&
		    is_better(entry, latest))
			latest = entry;
	}
	return latest;
}

static bool any(const struct mw_why_told *told, bool (*is)(const struct mw_why_entry *entry))
{
	for (size_t i = 0; i < told->count; i++)
		if (is(&told->entries[i]))
			return true;
	return false;
}

/* A login to Dovecot's submission service alone is none. */
static bool sent(const struct mw_why_entry *entry)
{
	return sending(entry) && worked(entry) && entry->kind != MW_WHY_LOGGED_IN;
}

static bool begun(const struct mw_why_entry *entry)
{
	return entry->kind == MW_WHY_BEGUN;
}

static int64_t last_of(const struct mw_why_told *told, enum mw_why_kind kind)
{
	int64_t last = 0;

	for (size_t i = 0; i < told->count; i++)
		if (told->entries[i].kind == kind && told->entries[i].last > last)
			last = told->entries[i].last;
	return last;
}

/* Of the last message nothing is known but that it was accepted. */
static bool is_underway(const struct mw_why_told *told)
{
	return last_of(told, MW_WHY_UNDERWAY) > last_of(told, MW_WHY_DELIVERED);
}

static bool has_client(const struct mw_why_entry *entry)
{
	return sent_by_sender(entry) && entry->client[0] != '\0';
}

static const struct cause_row *without_trouble(const struct mw_why_told *told)
{
	if (any(told, begun) && !any(told, sent))
		return &mw_why_unfinished;
	if (told->limits.smtp_named && !any(told, sent) && !any(told, sent_by_sender))
		return &mw_why_not_understood;
	if (any(told, sent_by_sender) && !any(told, sent))
		return any(told, has_client) ? &mw_why_sent_without_login : &mw_why_sent_from_unknown;
	if (any(told, sent) && is_underway(told))
		return &mw_why_underway;
	return any(told, sent) ? &mw_why_all_well : told->limits.smtp_seen ? &mw_why_no_attempt : &mw_why_no_smtp_lines;
}

/* The entry whose client and sender the sentence names. */
static const struct mw_why_entry *about(const struct mw_why_told *told, const struct cause_row *row)
{
	const struct mw_why_entry *latest = NULL;

	for (size_t i = 0; i < told->count; i++)
		if (row == &mw_why_sent_without_login && has_client(&told->entries[i]) &&
		    (latest == NULL || told->entries[i].last >= latest->last))
			latest = &told->entries[i];
	return latest;
}

size_t mw_why_causes(const struct mw_why_told *told, struct mw_why_cause causes_r[MW_WHY_CAUSES])
{
	size_t count = 0;

	for (const struct cause_row *row = mw_why_cause_rows; row->id != NULL && count < MW_WHY_CAUSES; row++) {
		const struct mw_why_entry *entry = shown_by(told, row);

		if (entry == NULL || (row->last_resort && (count > 0 || any(told, sent) || any(told, sent_by_sender))))
			continue;
		causes_r[count++] = (struct mw_why_cause){ row->id, entry, row, true };
	}
	if (count == 0) {
		const struct cause_row *row = without_trouble(told);

		causes_r[count++] = (struct mw_why_cause){ row->id, about(told, row), row, false };
	}
	return count;
}
