/* SPDX-License-Identifier: MIT */
#include "why/story.h"

#include <stdlib.h>

#include "mail/network.h"
#include "why/merge.h"
#include "why/part.h"
#include "why/queue.h"
#include "why/story_end.h"

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

bool mw_why_story_is_user(const struct mw_why_story *story, struct mw_str login)
{
	return !mw_str_empty(login) && story->who.is(story->who.context, login);
}

bool mw_why_story_owns(const struct mw_why_story *story, struct mw_str address)
{
	return !mw_str_empty(address) && story->who.owns(story->who.context, address);
}

/* --- addresses */

/* The network whose addresses are one host's: of IPv6 a /64, within which hosts change them every day (RFC 8981). */
void mw_why_host(struct mw_str client, char host_r[MW_WHY_HOST])
{
	struct mw_ip ip;

	mw_part_copy(host_r, MW_WHY_HOST, client);
	if (mw_str_find(client, ':') == client.len || !mw_ip_parse(client, &ip) || ip.family != MW_FAMILY_IPV6)
		return;
	for (size_t i = 0; i < 8; i++) {
		static const char digits[] = "0123456789abcdef";

		host_r[2 * i] = digits[ip.bytes[i] >> 4];
		host_r[2 * i + 1] = digits[ip.bytes[i] & 15];
	}
	memcpy(host_r + 16, "/64", sizeof("/64"));
}

static unsigned *bucket_of(struct mw_why_story *story, const char *host)
{
	return &story->buckets[mw_part_hash(mw_str(host)) % MW_WHY_BUCKETS];
}

static void unlink_address(struct mw_why_story *story, unsigned index)
{
	unsigned *at = bucket_of(story, story->addresses[index].host);

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

struct mw_why_address *mw_why_known_address(struct mw_why_story *story, const char *host)
{
	for (unsigned at = *bucket_of(story, host); at != 0; at = story->addresses[at].next)
		if (strcmp(story->addresses[at].host, host) == 0)
			return &story->addresses[at];
	return NULL;
}

/* NULL where every place is taken by an address of the user. */
static struct mw_why_address *address_of(struct mw_why_story *story, struct mw_str client)
{
	char host[MW_WHY_HOST];
	struct mw_why_address *address;
	unsigned place, *bucket;

	mw_why_host(client, host);
	address = mw_why_known_address(story, host);
	if (address != NULL)
		return address;
	place = free_place(story);
	if (place == 0)
		return NULL;
	bucket = bucket_of(story, host);
	address = &story->addresses[place];
	address->of_user = address->of_others = false;
	address->entry_count = 0;
	address->unread = 0;
	memcpy(address->host, host, sizeof(host));
	address->next = *bucket;
	*bucket = place;
	return address;
}

/* A new entry takes the place of the one that ended first. */
static void remember_at(struct mw_why_address *address, const struct mw_why_event *event)
{
	struct mw_why_entry *place;

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
	place->other_login = !mw_str_empty(event->user);
}

/* --- the user */

static void was_at(struct mw_why_story *story, struct mw_why_address *address, const struct mw_why_event *event)
{
	struct mw_why_presence *presence;
	bool reads = event->protocol == MW_PROTOCOL_IMAP || event->protocol == MW_PROTOCOL_POP3;

	address->of_user = true;
	for (size_t i = 0; i < story->presence_count; i++) {
		presence = &story->presences[i];
		if (strcmp(presence->host, address->host) != 0 || event->time > presence->last + MW_WHY_WINDOW ||
		    event->time < presence->first - MW_WHY_WINDOW)
			continue;
		presence->first = event->time < presence->first ? event->time : presence->first;
		presence->last = event->time > presence->last ? event->time : presence->last;
		presence->reads |= reads;
		return;
	}
	if (story->presence_count == MW_WHY_PRESENCES)
		return;
	presence = &story->presences[story->presence_count++];
	*presence = (struct mw_why_presence){ .first = event->time, .last = event->time, .reads = reads };
	memcpy(presence->host, address->host, sizeof(presence->host));
	mw_part_copy(presence->client, sizeof(presence->client), event->client);
}

static void add_entry(struct mw_why_story *story, const struct mw_why_event *event, bool by_sender)
{
	struct mw_why_entry *entry;

	if (mw_why_merge_as(story->entries, story->entry_count, event, INT64_MAX / 4, by_sender))
		return;
	if (story->entry_count == MW_WHY_ENTRIES) {
		story->limits.left_out++;
		return;
	}
	entry = &story->entries[story->entry_count++];
	mw_why_entry_from(event, entry);
	entry->by_sender = by_sender;
	entry->other_login = by_sender && !mw_str_empty(event->user);
}

/* A delivery that was put off, and has come to its end since, is no finding. */
static void settle_deferred(struct mw_why_story *story, const struct mw_why_event *event)
{
	bool deleted = event->kind == MW_WHY_HELD && mw_str_has(event->reply, MW_WHY_DELETED);

	if (event->kind != MW_WHY_DELIVERED && event->kind != MW_WHY_BOUNCED && event->kind != MW_WHY_EXPIRED && !deleted)
		return;
	for (size_t i = story->entry_count; i-- > 0;) {
		struct mw_why_entry *entry = &story->entries[i];

		if (entry->kind == MW_WHY_DEFERRED && mw_str_equal(mw_str(entry->queue), event->queue) &&
		    (mw_str_empty(event->recipient) || mw_str_equal(mw_str(entry->recipient), event->recipient)) &&
		    entry->last <= event->time)
			*entry = story->entries[--story->entry_count];
	}
}

static void add_wide(struct mw_why_story *story, const struct mw_why_event *event)
{
	if (mw_why_merge(story->wide, story->wide_count, event, MW_WHY_WINDOW) || story->wide_count == MW_WHY_WIDE)
		return;
	mw_why_entry_from(event, &story->wide[story->wide_count++]);
}

static bool is_login(const struct mw_why_event *event)
{
	return event->kind == MW_WHY_LOGGED_IN || event->kind == MW_WHY_SUBMITTED || event->kind == MW_WHY_BEGUN;
}

/* What a name that is not the user's may be a misspelling in. */
static bool may_be_misspelt(const struct mw_why_event *event)
{
	return event->kind == MW_WHY_LOGIN_FAILED || event->kind == MW_WHY_PASSWORD_WRONG ||
	       event->kind == MW_WHY_USER_UNKNOWN || event->kind == MW_WHY_LOGIN_NEEDS_TLS ||
	       (event->kind == MW_WHY_DECIDED && mw_str_equal(event->reason, MW_STR("unknown-login")));
}

/* A refusal with an address of the user as its sender is told, whoever wrote that. */
static bool is_refusal(const struct mw_why_event *event)
{
	return event->kind == MW_WHY_DECIDED || event->kind == MW_WHY_NO_LOGIN || event->kind == MW_WHY_REJECTED ||
	       event->kind == MW_WHY_NOT_OWNED || event->kind == MW_WHY_FAULT || event->kind == MW_WHY_LIMIT ||
	       event->kind == MW_WHY_LINE_ENDS || event->kind == MW_WHY_TOO_BIG || event->kind == MW_WHY_CONTENT_REFUSED ||
	       event->kind == MW_WHY_HELD;
}

/* So is what became of a message without a login. */
static bool is_of_message(const struct mw_why_event *event)
{
	return mw_str_empty(event->user) &&
	       (event->kind == MW_WHY_SUBMITTED || event->kind == MW_WHY_DELIVERED || event->kind == MW_WHY_DEFERRED ||
		event->kind == MW_WHY_BOUNCED || event->kind == MW_WHY_EXPIRED || event->kind == MW_WHY_CUT);
}

static void see_time(struct mw_why_story *story, const struct mw_why_event *event)
{
	if (event->time > story->newest)
		story->newest = event->time;
	else if (event->time < story->newest - MW_WHY_WINDOW)
		story->went_back = true;
	story->reasons_shown |= event->kind == MW_WHY_PASSWORD_WRONG || event->kind == MW_WHY_USER_UNKNOWN ||
				event->decision != NULL;
	if (event->protocol == MW_PROTOCOL_SMTP && event->kind != MW_WHY_PASSWORD_WRONG &&
	    (!event->wide || !mw_str_empty(event->client)))
		story->limits.smtp_seen = true;
}

static void see_elsewhere(struct mw_why_story *story, struct mw_why_address *address, const struct mw_why_event *event)
{
	if (event->kind == MW_WHY_UNREAD)
		address->unread = event->time;
	else if (is_login(event) && !mw_str_empty(event->user))
		address->of_others = true;
	else if ((is_refusal(event) || is_of_message(event)) && mw_why_story_owns(story, event->sender))
		add_entry(story, event, true);
	else if (mw_str_empty(event->user) || may_be_misspelt(event))
		remember_at(address, event);
}

void mw_why_story_add(struct mw_why_story *story, const struct mw_why_event *event)
{
	struct mw_why_address *address;

	see_time(story, event);
	if (event->wide) {
		add_wide(story, event);
		return;
	}
	address = address_of(story, event->client);
	if (address != NULL && event->time > address->last)
		address->last = event->time;
	if (mw_why_story_is_user(story, event->user)) {
		settle_deferred(story, event);
		add_entry(story, event, false);
		if (is_login(event) && address != NULL && !mw_str_empty(event->client))
			was_at(story, address, event);
	} else if (address != NULL) {
		see_elsewhere(story, address, event);
	}
}
