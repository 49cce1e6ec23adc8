/* SPDX-License-Identifier: MIT */
#include "why/story_end.h"

#include "why/merge.h"

#define NEAR 60          /* seconds: a fault of the server and what failed by it */
#define BAN_FAILURES 3   /* logins that failed, after which an address may be banned (fail2ban's default is 5) */
#define BAN_SILENCE 600  /* seconds of silence, from where mail was read, that are no chance */

static bool sending(const struct mw_why_entry *entry)
{
	return entry->protocol == MW_PROTOCOL_SMTP || entry->protocol == MW_PROTOCOL_SUBMISSION;
}

static bool is_at(const struct mw_why_entry *entry, const char *host)
{
	char own[MW_WHY_HOST];

	mw_why_host(mw_str(entry->client), own);
	return strcmp(own, host) == 0;
}

static bool was_there(const struct mw_why_story *story, const char *host, const struct mw_why_entry *entry)
{
	for (size_t i = 0; i < story->presence_count; i++) {
		const struct mw_why_presence *presence = &story->presences[i];

		if (strcmp(presence->host, host) == 0 && entry->last >= presence->first - MW_WHY_WINDOW &&
		    entry->first <= presence->last + MW_WHY_WINDOW)
			return true;
	}
	return false;
}

static void add_whole(struct mw_why_story *story, const struct mw_why_entry *entry)
{
	if (story->entry_count == MW_WHY_ENTRIES)
		story->limits.left_out += entry->count;
	else
		story->entries[story->entry_count++] = *entry;
}

/* Another login's is told where it is nobody's. */
static bool is_told(const struct mw_why_story *story, const struct mw_why_entry *entry)
{
	return !entry->other_login || story->who.misspells(story->who.context, mw_str(entry->login));
}

static void add_of_addresses(struct mw_why_story *story)
{
	for (unsigned at = 1; at <= story->address_count; at++) {
		const struct mw_why_address *address = &story->addresses[at];

		if (!address->of_user)
			continue;
		story->limits.shared = story->limits.shared || address->of_others;
		for (unsigned i = 0; i < address->entry_count; i++)
			if (was_there(story, address->host, &address->entries[i]) && is_told(story, &address->entries[i]))
				add_whole(story, &address->entries[i]);
	}
}

/* An address as sender is no forgery where the user was at the client's address. */
static void settle_senders(struct mw_why_story *story)
{
	for (size_t i = 0; i < story->entry_count; i++) {
		struct mw_why_entry *entry = &story->entries[i];
		char host[MW_WHY_HOST];

		if (!entry->by_sender)
			continue;
		mw_why_host(mw_str(entry->client), host);
		entry->by_address = true;
		entry->by_sender = !was_there(story, host, entry);
	}
}

/* From there; or by name from another address (a mobile network): then nothing is missing from there. A line that was
   not understood may be anything. */
static bool sent_from(struct mw_why_story *story, const struct mw_why_presence *presence)
{
	const struct mw_why_address *address = mw_why_known_address(story, presence->host);

	if (address != NULL && address->unread >= presence->first - MW_WHY_WINDOW)
		return true;
	for (size_t i = 0; i < story->entry_count; i++) {
		const struct mw_why_entry *entry = &story->entries[i];

		if ((is_at(entry, presence->host) || !entry->by_address || entry->by_sender) && sending(entry) &&
		    entry->last >= presence->first - MW_WHY_WINDOW && entry->first <= presence->last + MW_WHY_WINDOW)
			return true;
	}
	return false;
}

static void add_silences(struct mw_why_story *story)
{
	for (size_t i = 0; story->limits.smtp_seen && !story->limits.smtp_named && i < story->presence_count; i++) {
		const struct mw_why_presence *presence = &story->presences[i];
		struct mw_why_entry entry = { .kind = MW_WHY_SILENT, .protocol = MW_PROTOCOL_SMTP, .by_address = true,
					      .count = 1, .first = presence->first, .last = presence->last };

		if (!presence->reads || sent_from(story, presence))
			continue;
		memcpy(entry.client, presence->client, sizeof(entry.client));
		add_whole(story, &entry);
	}
}

static uint64_t failures_at(const struct mw_why_story *story, const char *host, int64_t *last_r)
{
	uint64_t count = 0;

	*last_r = 0;
	for (size_t i = 0; i < story->entry_count; i++) {
		const struct mw_why_entry *entry = &story->entries[i];

		if (entry->kind != MW_WHY_LOGIN_FAILED || !is_at(entry, host))
			continue;
		count += entry->count;
		*last_r = entry->last > *last_r ? entry->last : *last_r;
	}
	return count;
}

/* Mail was read from there, logins failed, and then nothing came any more while the log goes on. */
static void add_bans(struct mw_why_story *story)
{
	for (size_t i = 0; i < story->presence_count; i++) {
		const struct mw_why_presence *presence = &story->presences[i];
		const struct mw_why_address *address = mw_why_known_address(story, presence->host);
		int64_t last;
		uint64_t failures = failures_at(story, presence->host, &last);
		struct mw_why_entry entry = { .kind = MW_WHY_BANNED, .protocol = MW_PROTOCOL_SMTP, .by_address = true,
					      .count = 1, .first = last, .last = story->newest };

		if (failures < BAN_FAILURES || !presence->reads || presence->first > last || address == NULL ||
		    address->last > last + NEAR || story->newest < last + BAN_SILENCE)
			continue;
		memcpy(entry.client, presence->client, sizeof(entry.client));
		add_whole(story, &entry);
	}
}

/* What a fault of the server may be behind. Other lines say themselves what it was. */
static bool may_follow_from_fault(enum mw_why_kind kind)
{
	static const enum mw_why_kind kinds[] = {
		MW_WHY_BEGUN, MW_WHY_CUT, MW_WHY_LOGIN_FAILED, MW_WHY_LOGIN_LEFT, MW_WHY_LOGIN_CANCELED, MW_WHY_AUTH_FAILED,
		MW_WHY_FAULT, MW_WHY_LIMIT, MW_WHY_ENDED, MW_WHY_SESSION_ERROR, MW_WHY_REJECTED, MW_WHY_CONTENT_REFUSED,
		MW_WHY_DECIDED, MW_WHY_TLS_FAILED, MW_WHY_STARTTLS_FAILED, MW_WHY_TLS_CUT, MW_WHY_LEFT_AT_GREETING,
		MW_WHY_LEFT_AFTER_EHLO, MW_WHY_AUTH_NOT_OFFERED, MW_WHY_LEFT_BEFORE_LOGIN, MW_WHY_OPEN, MW_WHY_CONNECTED,
		MW_WHY_SILENT, MW_WHY_BANNED,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

/* Dovecot's auth or the policy says why it failed. */
static bool is_explained(const struct mw_why_story *story, const struct mw_why_entry *failed)
{
	for (size_t i = 0; failed->kind == MW_WHY_LOGIN_FAILED && i < story->entry_count; i++) {
		const struct mw_why_entry *entry = &story->entries[i];
		bool says = entry->kind == MW_WHY_PASSWORD_WRONG || entry->kind == MW_WHY_USER_UNKNOWN ||
			    (entry->kind == MW_WHY_DECIDED && strcmp(entry->verdict, "refuse") == 0);

		if (says && strcmp(entry->client, failed->client) == 0 && entry->last >= failed->first - NEAR &&
		    entry->first <= failed->last + NEAR)
			return true;
	}
	return false;
}

static bool is_trouble(const struct mw_why_story *story, const struct mw_why_entry *entry)
{
	if (entry->wide || !may_follow_from_fault(entry->kind))
		return false;
	return (entry->kind != MW_WHY_DECIDED || strcmp(entry->verdict, "refuse") != 0) && !is_explained(story, entry);
}

/* Beside what failed; or the reason why nothing came to smtpd at all: where the log has nothing of any client there,
   the user's reading is as good as its silence. */
static bool explains(const struct mw_why_story *story, const struct mw_why_entry *fault)
{
	for (size_t i = 0; i < story->entry_count; i++) {
		const struct mw_why_entry *entry = &story->entries[i];
		bool reads = entry->kind == MW_WHY_LOGGED_IN && !story->limits.smtp_seen && sending(fault);
		int64_t near = entry->kind == MW_WHY_SILENT || reads ? MW_WHY_WINDOW : NEAR;

		if ((is_trouble(story, entry) || reads) && (entry->kind != MW_WHY_SILENT || sending(fault)) &&
		    entry->last >= fault->first - near && entry->first <= fault->last + near)
			return true;
	}
	return false;
}

static void add_wide(struct mw_why_story *story)
{
	for (size_t i = 0; i < story->wide_count; i++)
		if (explains(story, &story->wide[i]))
			add_whole(story, &story->wide[i]);
}

static void see_logins(struct mw_why_story *story)
{
	for (size_t i = 0; i < story->entry_count; i++)
		for (size_t k = 0; k < story->entry_count; k++)
			if (story->entries[k].kind == MW_WHY_LOGGED_IN &&
			    story->entries[k].protocol == story->entries[i].protocol &&
			    strcmp(story->entries[k].client, story->entries[i].client) == 0)
				story->entries[i].logged_in_there = true;
}

const struct mw_why_entry *mw_why_story_wide(const struct mw_why_story *story)
{
	return story->wide_count > 0 ? &story->wide[0] : NULL;
}

const struct mw_why_entry *mw_why_story_end(struct mw_why_story *story, size_t *count_r)
{
	if (!story->went_back)
		story->limits.forgotten = story->forgotten_late;
	settle_senders(story);
	add_of_addresses(story);
	add_silences(story);
	add_bans(story);
	add_wide(story);
	see_logins(story);
	*count_r = mw_why_tidy(story->entries, story->entry_count);
	for (size_t i = 0; i < *count_r; i++)
		story->entries[i].unexplained = story->reasons_shown && story->entries[i].kind == MW_WHY_LOGIN_FAILED &&
						story->entries[i].reason[0] == '\0';
	return story->entries;
}
