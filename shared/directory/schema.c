/* SPDX-License-Identifier: MIT */
#include "directory/schema.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC "MWSEALED"
#define BYTE_ORDER_MARK 0x01020304u
#define BLOCKED_MAX ((size_t)600)
#define FOUR(size) (((size) + 3) & ~(size_t)3)

enum flag {
	FLAG_GROUP = 1 << 0,
	FLAG_IMAP = 1 << 1,
	FLAG_POP3 = 1 << 2,
	FLAG_SIEVE = 1 << 3,
	FLAG_SMTP = 1 << 4,
	FLAG_RELAY = 1 << 5
};

/* Of a struct mw_grants: send_as, send_on_behalf, send_as_until, send_on_behalf_until. */
#define GRANT_LISTS 4

/* Followed by the three lists of ids and those of the grants, then the name and why it is blocked, then zero
   bytes up to a multiple of four. */
struct stored_principal {
	uint32_t flags, senders, name_len, groups, senders_list, senders_denied, networks, blocked_len,
		grants[GRANT_LISTS];
	uint64_t message_rate_limit, recipient_rate_limit, max_message_size, max_recipients, fingerprint;
};

bool mw_key_text(enum mw_key_kind kind, struct mw_str text, struct mw_key *key_r)
{
	if (text.len == 0 || text.len > MW_KEY_TEXT_MAX || memchr(text.ptr, 0, text.len) != NULL)
		return false;
	key_r->len = FOUR(text.len + 1);
	key_r->bytes[0] = (char)kind;
	memcpy(key_r->bytes + 1, text.ptr, text.len);
	memset(key_r->bytes + 1 + text.len, 0, key_r->len - 1 - text.len);
	return true;
}

void mw_key_number(enum mw_key_kind kind, uint32_t number, struct mw_key *key_r)
{
	const unsigned char bytes[8] = {
		(unsigned char)kind, 0, 0, 0, (unsigned char)(number >> 24), (unsigned char)(number >> 16),
		(unsigned char)(number >> 8), (unsigned char)number,
	};

	key_r->len = sizeof(bytes);
	memcpy(key_r->bytes, bytes, sizeof(bytes));
}

static char *write_ids(char *out, struct mw_ids ids)
{
	if (ids.count > 0)
		memcpy(out, ids.items, ids.count * sizeof(ids.items[0]));
	return out + ids.count * sizeof(ids.items[0]);
}

/* Cuts a list off the value. */
static bool read_ids(struct mw_value *value, uint32_t count, struct mw_ids *ids_r)
{
	size_t size = (size_t)count * sizeof(ids_r->items[0]);

	if (size > value->size)
		return false;
	ids_r->items = value->ptr;
	ids_r->count = count;
	value->ptr = (const char *)value->ptr + size;
	value->size -= size;
	return true;
}

/* How long each of its lists is. */
static void count_grants(const struct mw_grants *grants, uint32_t counts[GRANT_LISTS])
{
	counts[0] = (uint32_t)grants->send_as.count;
	counts[1] = (uint32_t)grants->send_on_behalf.count;
	counts[2] = (uint32_t)grants->send_as_until.count;
	counts[3] = (uint32_t)grants->send_on_behalf_until.count;
}

/* The octets of lists of such lengths. */
static size_t grants_size(const uint32_t counts[GRANT_LISTS])
{
	return ((size_t)counts[0] + counts[1]) * sizeof(uint32_t) + ((size_t)counts[2] + counts[3]) * sizeof(struct mw_ending);
}

static char *write_endings(char *out, struct mw_endings endings)
{
	if (endings.count > 0)
		memcpy(out, endings.items, endings.count * sizeof(endings.items[0]));
	return out + endings.count * sizeof(endings.items[0]);
}

static char *write_grants(char *out, const struct mw_grants *grants)
{
	out = write_ids(write_ids(out, grants->send_as), grants->send_on_behalf);
	return write_endings(write_endings(out, grants->send_as_until), grants->send_on_behalf_until);
}

static bool read_endings(struct mw_value *value, uint32_t count, struct mw_endings *endings_r)
{
	size_t size = (size_t)count * sizeof(endings_r->items[0]);

	if (size > value->size)
		return false;
	endings_r->items = value->ptr;
	endings_r->count = count;
	value->ptr = (const char *)value->ptr + size;
	value->size -= size;
	return true;
}

static bool read_grants(struct mw_value *value, const uint32_t counts[GRANT_LISTS], struct mw_grants *grants_r)
{
	return read_ids(value, counts[0], &grants_r->send_as) && read_ids(value, counts[1], &grants_r->send_on_behalf) &&
	       read_endings(value, counts[2], &grants_r->send_as_until) &&
	       read_endings(value, counts[3], &grants_r->send_on_behalf_until);
}

static bool aligned(struct mw_value value)
{
	return (uintptr_t)value.ptr % sizeof(uint32_t) == 0;
}

/* A reason that is longer is cut. */
static size_t blocked_len(const struct mw_principal *p)
{
	return p->blocked.len < BLOCKED_MAX ? p->blocked.len : BLOCKED_MAX;
}

size_t mw_value_principal_size(const struct mw_principal *p)
{
	size_t ids = p->groups.count + p->senders_list.count + p->senders_denied.count;
	uint32_t grants[GRANT_LISTS];

	count_grants(&p->grants, grants);
	return sizeof(struct stored_principal) + ids * sizeof(uint32_t) + grants_size(grants) +
	       FOUR(p->name.len + blocked_len(p));
}

static uint32_t flags_of(const struct mw_principal *p)
{
	return (p->kind == MW_GROUP ? FLAG_GROUP : 0u) | (p->imap ? FLAG_IMAP : 0u) | (p->pop3 ? FLAG_POP3 : 0u) |
		(p->sieve ? FLAG_SIEVE : 0u) | (p->smtp ? FLAG_SMTP : 0u) | (p->relay ? FLAG_RELAY : 0u);
}

void mw_value_principal_write(const struct mw_principal *p, uint64_t fingerprint, void *out)
{
	struct stored_principal head = {
		.flags = flags_of(p),
		.senders = (uint32_t)p->senders,
		.name_len = (uint32_t)p->name.len,
		.groups = (uint32_t)p->groups.count,
		.senders_list = (uint32_t)p->senders_list.count,
		.senders_denied = (uint32_t)p->senders_denied.count,
		.networks = p->networks,
		.blocked_len = (uint32_t)blocked_len(p),
		.message_rate_limit = p->message_rate_limit,
		.recipient_rate_limit = p->recipient_rate_limit,
		.max_message_size = p->max_message_size,
		.max_recipients = p->max_recipients,
		.fingerprint = fingerprint,
	};
	char *next = out;

	count_grants(&p->grants, head.grants);
	memcpy(next, &head, sizeof(head));
	next = write_ids(next + sizeof(head), p->groups);
	next = write_ids(next, p->senders_list);
	next = write_ids(next, p->senders_denied);
	next = write_grants(next, &p->grants);
	memcpy(next, p->name.ptr, p->name.len);
	next += p->name.len;
	if (head.blocked_len > 0)
		memcpy(next, p->blocked.ptr, head.blocked_len);
	memset(next + head.blocked_len, 0, FOUR(p->name.len + head.blocked_len) - p->name.len - head.blocked_len);
}

static void fill_scalars(const struct stored_principal *head, uint32_t id, struct mw_principal *p)
{
	p->id = id;
	p->kind = (head->flags & FLAG_GROUP) != 0 ? MW_GROUP : MW_USER;
	p->imap = (head->flags & FLAG_IMAP) != 0;
	p->pop3 = (head->flags & FLAG_POP3) != 0;
	p->sieve = (head->flags & FLAG_SIEVE) != 0;
	p->smtp = (head->flags & FLAG_SMTP) != 0;
	p->relay = (head->flags & FLAG_RELAY) != 0;
	p->suspended_sending = p->suspended_login = false;
	p->networks = head->networks;
	p->message_rate_limit = head->message_rate_limit;
	p->recipient_rate_limit = head->recipient_rate_limit;
	p->max_message_size = head->max_message_size;
	p->max_recipients = head->max_recipients;
	p->senders = (enum mw_senders)head->senders;
}

bool mw_value_principal_read(struct mw_value value, uint32_t id, struct mw_principal *p, uint64_t *fingerprint_r)
{
	struct stored_principal head;

	if (value.size < sizeof(head) || !aligned(value))
		return false;
	memcpy(&head, value.ptr, sizeof(head));
	value.ptr = (const char *)value.ptr + sizeof(head);
	value.size -= sizeof(head);
	if (head.senders > MW_SENDERS_LIST || !read_ids(&value, head.groups, &p->groups) ||
	    !read_ids(&value, head.senders_list, &p->senders_list) ||
	    !read_ids(&value, head.senders_denied, &p->senders_denied) || !read_grants(&value, head.grants, &p->grants))
		return false;
	if (head.name_len > MW_KEY_TEXT_MAX || head.blocked_len > BLOCKED_MAX ||
	    FOUR((size_t)head.name_len + head.blocked_len) != value.size)
		return false;
	p->name.ptr = value.ptr;
	p->name.len = head.name_len;
	p->blocked.ptr = p->name.ptr + head.name_len;
	p->blocked.len = head.blocked_len;
	fill_scalars(&head, id, p);
	if (fingerprint_r != NULL)
		*fingerprint_r = head.fingerprint;
	return true;
}

struct mw_value mw_value_principal_at(const void *record)
{
	struct stored_principal head;
	size_t ids;

	memcpy(&head, record, sizeof(head));
	ids = (size_t)head.groups + head.senders_list + head.senders_denied;
	return (struct mw_value){ record, sizeof(head) + ids * sizeof(uint32_t) + grants_size(head.grants) +
						  FOUR((size_t)head.name_len + head.blocked_len) };
}

size_t mw_value_grants_size(const struct mw_grants *grants)
{
	uint32_t counts[GRANT_LISTS];

	count_grants(grants, counts);
	return sizeof(counts) + grants_size(counts);
}

void mw_value_grants_write(const struct mw_grants *grants, void *out)
{
	uint32_t counts[GRANT_LISTS];

	count_grants(grants, counts);
	memcpy(out, counts, sizeof(counts));
	write_grants((char *)out + sizeof(counts), grants);
}

bool mw_value_grants_read(struct mw_value value, struct mw_grants *grants_r)
{
	uint32_t counts[GRANT_LISTS];

	if (value.size < sizeof(counts) || !aligned(value))
		return false;
	memcpy(counts, value.ptr, sizeof(counts));
	value.ptr = (const char *)value.ptr + sizeof(counts);
	value.size -= sizeof(counts);
	return read_grants(&value, counts, grants_r) && value.size == 0;
}

/* Followed by the ranges of all services, one after the other. */
struct stored_networks { uint32_t counts[MW_SERVICE_COUNT]; };

_Static_assert(sizeof(struct mw_range) == 40 && _Alignof(struct mw_range) == sizeof(uint32_t),
	       "a range is written as it stands in memory: another form is another MW_SCHEMA_VERSION");

size_t mw_value_networks_size(const struct mw_networks *networks)
{
	size_t count = 0;

	for (size_t i = 0; i < MW_SERVICE_COUNT; i++)
		count += networks->of[i].count;
	return sizeof(struct stored_networks) + count * sizeof(struct mw_range);
}

void mw_value_networks_write(const struct mw_networks *networks, void *out)
{
	struct stored_networks head;
	char *next = (char *)out + sizeof(head);

	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		size_t size = networks->of[i].count * sizeof(struct mw_range);

		head.counts[i] = (uint32_t)networks->of[i].count;
		if (size > 0)
			memcpy(next, networks->of[i].items, size);
		next += size;
	}
	memcpy(out, &head, sizeof(head));
}

bool mw_value_networks_read(struct mw_value value, struct mw_networks *networks_r)
{
	struct stored_networks head;
	const char *next = (const char *)value.ptr + sizeof(head);

	if (value.size < sizeof(head) || !aligned(value))
		return false;
	memcpy(&head, value.ptr, sizeof(head));
	value.size -= sizeof(head);
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		size_t size = (size_t)head.counts[i] * sizeof(struct mw_range);

		if (size > value.size)
			return false;
		networks_r->of[i].items = (const struct mw_range *)(const void *)next;
		networks_r->of[i].count = head.counts[i];
		next += size;
		value.size -= size;
	}
	return value.size == 0;
}

void mw_value_former_write(uint32_t id, int64_t until, void *out)
{
	memcpy(out, &id, sizeof(id));
	memcpy((char *)out + sizeof(id), &until, sizeof(until));
}

size_t mw_value_former_count(struct mw_value value)
{
	return value.size / MW_VALUE_FORMER_SIZE;
}

bool mw_value_former_read(struct mw_value value, size_t index, uint32_t *id_r, int64_t *until_r)
{
	if (value.size % MW_VALUE_FORMER_SIZE != 0 || index >= mw_value_former_count(value))
		return false;
	memcpy(id_r, (const char *)value.ptr + index * MW_VALUE_FORMER_SIZE, sizeof(*id_r));
	memcpy(until_r, (const char *)value.ptr + index * MW_VALUE_FORMER_SIZE + sizeof(*id_r), sizeof(*until_r));
	return true;
}

void mw_value_address_write(uint32_t id, enum mw_held held, void *out)
{
	const uint32_t words[2] = { id, (uint32_t)held };

	memcpy(out, words, sizeof(words));
}

bool mw_value_address_read(struct mw_value value, uint32_t *id_r, enum mw_held *held_r)
{
	uint32_t words[2];

	if (value.size != sizeof(words))
		return false;
	memcpy(words, value.ptr, sizeof(words));
	if (words[1] > MW_HELD_RECEIVE)
		return false;
	*id_r = words[0];
	*held_r = (enum mw_held)words[1];
	return true;
}

void mw_value_login_write(uint32_t id, void *out)
{
	memcpy(out, &id, sizeof(id));
}

bool mw_value_login_read(struct mw_value value, uint32_t *id_r)
{
	if (value.size != sizeof(*id_r))
		return false;
	memcpy(id_r, value.ptr, sizeof(*id_r));
	return true;
}

static uint64_t trailer_sum(const struct mw_trailer *trailer)
{
	return XXH3_64bits(trailer, offsetof(struct mw_trailer, check));
}

void mw_trailer_seal(struct mw_trailer *trailer)
{
	memcpy(trailer->magic, MAGIC, sizeof(trailer->magic));
	trailer->version = MW_SCHEMA_VERSION;
	trailer->byte_order = BYTE_ORDER_MARK;
	trailer->check = trailer_sum(trailer);
}

const char *mw_trailer_check(const struct mw_trailer *trailer, uint64_t file_octets)
{
	if (memcmp(trailer->magic, MAGIC, sizeof(trailer->magic)) != 0)
		return "is no snapshot, or is cut off";
	if (trailer->byte_order != BYTE_ORDER_MARK)
		return "was written on a machine with another byte order";
	if (trailer->version != MW_SCHEMA_VERSION)
		return "has a format that this version does not read";
	if (trailer->check != trailer_sum(trailer))
		return "is damaged (trailer)";
	if (trailer->pages_octets != file_octets - sizeof(*trailer))
		return "is damaged (length)";
	return NULL;
}

int mw_trailer_digest(int fd, uint64_t octets, uint8_t digest_r[16])
{
	char chunk[65536];
	XXH3_state_t *state = XXH3_createState();
	XXH128_canonical_t canonical;
	uint64_t done = 0;
	int error = 0;

	if (state == NULL || XXH3_128bits_reset(state) == XXH_ERROR)
		error = ENOMEM;
	while (error == 0 && done < octets) {
		size_t want = octets - done < sizeof(chunk) ? (size_t)(octets - done) : sizeof(chunk);
		ssize_t got = pread(fd, chunk, want, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			error = got < 0 ? errno : EIO;
			break;
		}
		XXH3_128bits_update(state, chunk, (size_t)got);
		done += (uint64_t)got;
	}
	if (error == 0) {
		XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
		memcpy(digest_r, canonical.digest, sizeof(canonical.digest));
	}
	XXH3_freeState(state);
	return error;
}
