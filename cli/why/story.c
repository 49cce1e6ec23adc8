/* SPDX-License-Identifier: MIT */
#include "why/story.h"

#include <stdio.h>
#include <stdlib.h>

#include "why/merge.h"

#define PRESENCES 512
#define BUCKETS 1024

/* When the user was at an address. */
struct presence {
	char client[64];
	int64_t first, last;
};

struct address {
	char client[64]; /* "": free */
	bool of_user, of_others;
	int64_t last;
	unsigned next; /* in its bucket, 0: the last one */
	unsigned entry_count;
	struct mw_why_entry entries[MW_WHY_OF_ADDRESS];
};

struct mw_why_story {
	struct mw_why_who who;
	struct mw_why_limits limits;
	size_t entry_count, presence_count;
	int64_t newest;
	bool went_back;           /* logs that were read one after the other: an old event may matter later */
	uint64_t forgotten_late;  /* addresses that were forgotten within the window of their last event */
	unsigned address_count, hand;
	struct mw_why_entry entries[MW_WHY_ENTRIES];
	struct presence presences[PRESENCES];
	unsigned buckets[BUCKETS];                       /* 0: empty, else the index of an address */
	struct address addresses[MW_WHY_ADDRESSES + 1];  /* 0 is not used */
};

struct mw_why_story *mw_why_story_new(struct mw_why_who who)
{
	struct mw_why_story *story = calloc(1, sizeof(*story));

	if (story != NULL)
		story->who = who;
	return story;
}

void mw_why_story_free(struct mw_why_story *story)
{
	free(story);
}

struct mw_why_limits mw_why_story_limits(const struct mw_why_story *story)
{
	return story->limits;
}

void mw_why_story_smtp_named(struct mw_why_story *story)
{
	story->limits.smtp_named = true;
}

/* --- addresses */

static unsigned *bucket_of(struct mw_why_story *story, const char *client)
{
	uint32_t hash = 2166136261U;

	for (; *client != '\0'; client++)
		hash = (hash ^ (unsigned char)*client) * 16777619U;
	return &story->buckets[hash % BUCKETS];
}

static void unlink_address(struct mw_why_story *story, unsigned index)
{
	unsigned *at = bucket_of(story, story->addresses[index].client);

	while (*at != index)
		at = &story->addresses[*at].next;
	*at = story->addresses[index].next;
}

/* A free place: the next new one, or that of the oldest of some addresses that are not the user's. */
static unsigned free_place(struct mw_why_story *story)
{
	unsigned oldest = 0;

	if (story->address_count < MW_WHY_ADDRESSES)
		return ++story->address_count;
	for (unsigned tries = 0, looked = 0; looked < 16 && tries < MW_WHY_ADDRESSES; tries++) {
		unsigned at = story->hand = story->hand % MW_WHY_ADDRESSES + 1;

		if (story->addresses[at].of_user)
			continue;
		looked++;
		if (oldest == 0 || story->addresses[at].last < story->addresses[oldest].last)
			oldest = at;
	}
	if (oldest != 0) {
		story->limits.forgotten++;
		if (story->addresses[oldest].last > story->newest - MW_WHY_WINDOW)
			story->forgotten_late++;
		unlink_address(story, oldest);
	}
	return oldest;
}

/* NULL where every place is taken by an address of the user. */
static struct address *address_of(struct mw_why_story *story, struct mw_str client)
{
	char name[64];
	unsigned *bucket, place;

	snprintf(name, sizeof(name), "%.*s", MW_STR_ARG(mw_str_head(client, sizeof(name) - 1)));
	bucket = bucket_of(story, name);
	for (unsigned at = *bucket; at != 0; at = story->addresses[at].next)
		if (strcmp(story->addresses[at].client, name) == 0)
			return &story->addresses[at];
	place = free_place(story);
	if (place == 0)
		return NULL;
	story->addresses[place].of_user = story->addresses[place].of_others = false;
	story->addresses[place].entry_count = 0;
	memcpy(story->addresses[place].client, name, sizeof(name));
	story->addresses[place].next = *bucket;
	*bucket = place;
	return &story->addresses[place];
}

/* A new entry takes the place of the one that ended first. */
static void remember_at(struct address *address, const struct mw_why_event *event)
{
	struct mw_why_entry *place;

	address->last = event->time;
	if (address->entry_count > 0 && mw_why_merge(address->entries, address->entry_count, event, MW_WHY_WINDOW))
		return;
	if (address->entry_count < MW_WHY_OF_ADDRESS) {
		place = &address->entries[address->entry_count++];
	} else {
		place = address->entries;
		for (size_t i = 1; i < MW_WHY_OF_ADDRESS; i++)
			if (address->entries[i].last < place->last)
				place = &address->entries[i];
	}
	mw_why_entry_from(event, place);
	place->by_address = true;
}

/* --- the user */

static void was_at(struct mw_why_story *story, const struct mw_why_event *event)
{
	struct address *address = address_of(story, event->client);
	struct presence *presence;

	if (address == NULL)
		return;
	address->of_user = true;
	for (size_t i = 0; i < story->presence_count; i++) {
		presence = &story->presences[i];
		if (strcmp(presence->client, address->client) == 0 && event->time <= presence->last + MW_WHY_WINDOW &&
		    event->time >= presence->first - MW_WHY_WINDOW) {
			presence->first = event->time < presence->first ? event->time : presence->first;
			presence->last = event->time > presence->last ? event->time : presence->last;
			return;
		}
	}
	if (story->presence_count == PRESENCES)
		return;
	presence = &story->presences[story->presence_count++];
	memcpy(presence->client, address->client, sizeof(presence->client));
	presence->first = presence->last = event->time;
}

static void add_entry(struct mw_why_story *story, const struct mw_why_event *event)
{
	if (mw_why_merge(story->entries, story->entry_count, event, INT64_MAX / 4))
		return;
	if (story->entry_count == MW_WHY_ENTRIES)
		story->limits.left_out++;
	else
		mw_why_entry_from(event, &story->entries[story->entry_count++]);
}

bool mw_why_story_is_user(const struct mw_why_story *story, struct mw_str login)
{
	return !mw_str_empty(login) && story->who.is(story->who.context, login);
}

/* A delivery that was put off, and has come to its end since, is no finding. */
static void settle_deferred(struct mw_why_story *story, const struct mw_why_event *event)
{
	if (event->kind != MW_WHY_DELIVERED && event->kind != MW_WHY_BOUNCED && event->kind != MW_WHY_EXPIRED)
		return;
	for (size_t i = story->entry_count; i-- > 0;) {
		struct mw_why_entry *entry = &story->entries[i];

		if (entry->kind == MW_WHY_DEFERRED && mw_str_equal(mw_str(entry->queue), event->queue) &&
		    (mw_str_empty(event->recipient) || mw_str_equal(mw_str(entry->recipient), event->recipient)) &&
		    entry->last <= event->time)
			*entry = story->entries[--story->entry_count];
	}
}

void mw_why_story_add(struct mw_why_story *story, const struct mw_why_event *event)
{
	bool logged_in = event->kind == MW_WHY_LOGGED_IN || event->kind == MW_WHY_SUBMITTED || event->kind == MW_WHY_BEGUN;
	struct address *address;

	if (event->time > story->newest)
		story->newest = event->time;
	else if (event->time < story->newest - MW_WHY_WINDOW)
		story->went_back = true;
	if (event->protocol == MW_PROTOCOL_SMTP && event->kind != MW_WHY_PASSWORD_WRONG)
		story->limits.smtp_seen = true;
	if (mw_why_story_is_user(story, event->user)) {
		settle_deferred(story, event);
		add_entry(story, event);
		if (logged_in)
			was_at(story, event);
	} else if (mw_str_empty(event->user) || logged_in) {
		address = address_of(story, event->client);
		if (address != NULL && logged_in)
			address->of_others = true;
		else if (address != NULL)
			remember_at(address, event);
	}
}

/* --- the end */

static bool was_there(const struct mw_why_story *story, const struct mw_why_entry *entry)
{
	for (size_t i = 0; i < story->presence_count; i++) {
		const struct presence *presence = &story->presences[i];

		if (strcmp(presence->client, entry->client) == 0 && entry->last >= presence->first - MW_WHY_WINDOW &&
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

static void add_of_addresses(struct mw_why_story *story)
{
	for (unsigned at = 1; at <= story->address_count; at++) {
		const struct address *address = &story->addresses[at];

		if (!address->of_user)
			continue;
		story->limits.shared = story->limits.shared || address->of_others;
		for (unsigned i = 0; i < address->entry_count; i++)
			if (was_there(story, &address->entries[i]))
				add_whole(story, &address->entries[i]);
	}
}

/* From there; or by name from another address (IPv6, a mobile network): then nothing is missing from there. */
static bool sent_from(const struct mw_why_story *story, const struct presence *presence)
{
	for (size_t i = 0; i < story->entry_count; i++) {
		const struct mw_why_entry *entry = &story->entries[i];

		if ((strcmp(entry->client, presence->client) == 0 || !entry->by_address) &&
		    (entry->protocol == MW_PROTOCOL_SMTP || entry->protocol == MW_PROTOCOL_SUBMISSION) &&
		    entry->last >= presence->first - MW_WHY_WINDOW && entry->first <= presence->last + MW_WHY_WINDOW)
			return true;
	}
	return false;
}

static void add_silences(struct mw_why_story *story)
{
	for (size_t i = 0; story->limits.smtp_seen && !story->limits.smtp_named && i < story->presence_count; i++) {
		const struct presence *presence = &story->presences[i];
		struct mw_why_entry entry = { .kind = MW_WHY_SILENT, .protocol = MW_PROTOCOL_SMTP, .by_address = true,
					      .count = 1, .first = presence->first, .last = presence->last };

		if (sent_from(story, presence))
			continue;
		memcpy(entry.client, presence->client, sizeof(entry.client));
		add_whole(story, &entry);
	}
}

const struct mw_why_entry *mw_why_story_end(struct mw_why_story *story, size_t *count_r)
{
	if (!story->went_back)
		story->limits.forgotten = story->forgotten_late;
	add_of_addresses(story);
	add_silences(story);
	*count_r = mw_why_tidy(story->entries, story->entry_count);
	return story->entries;
}
