/* SPDX-License-Identifier: MIT */
/* An entry of a message: its attributes, and those that come in ranges read to their end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"
#include "sync/text/field.h"

#define RANGES_MAX 5000 /* of an attribute; Active Directory has 1,500 values in each */
#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

const struct mw_ldap_attribute *mw_ldap_attribute(const struct mw_ldap_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->count; i++)
		if (mw_str_equal_nocase(entry->attributes[i].name, mw_str(name)) && entry->attributes[i].count > 0)
			return &entry->attributes[i];
	return NULL;
}

struct mw_str mw_ldap_value(const struct mw_ldap_entry *entry, const char *name)
{
	const struct mw_ldap_attribute *attribute = mw_ldap_attribute(entry, name);

	return attribute == NULL ? MW_STR_EMPTY : attribute->values[0];
}

/* --- memory of an entry */

void mw_ldap_forget(struct mw_ldap_memory *memory)
{
	if (memory->ber != NULL)
		ber_free(memory->ber, 0);
	ldap_msgfree(memory->message);
	mw_arena_free(memory->ranges);
	memory->ber = NULL;
	memory->message = NULL;
	memory->ranges = NULL;
	memory->value_count = 0;
}

void mw_ldap_memory_deinit(struct mw_ldap_memory *memory)
{
	mw_ldap_forget(memory);
	free(memory->attributes);
	free(memory->values);
}

/* An attribute more; its values are filled in when all are there, as they move. */
static bool add_attribute(struct mw_ldap_memory *memory, size_t count, struct mw_str name)
{
	if (count == memory->attribute_size) {
		size_t size = count * 2 + 16;
		struct mw_ldap_attribute *larger = reallocarray(memory->attributes, size, sizeof(*larger));

		if (larger == NULL)
			return false;
		memory->attributes = larger;
		memory->attribute_size = size;
	}
	memory->attributes[count] = (struct mw_ldap_attribute){ .name = name };
	return true;
}

/* `copies`: where the values are to outlive their message. */
static bool add_values(struct mw_ldap_memory *memory, struct mw_ldap_attribute *attribute,
		       const struct berval *values, struct mw_arena *copies)
{
	for (; values != NULL && values->bv_val != NULL; values++) {
		struct mw_str value = { values->bv_val, values->bv_len };

		if (memory->value_count == memory->value_size) {
			size_t size = memory->value_size + memory->value_size / 2 + 64;
			struct mw_str *larger = reallocarray(memory->values, size, sizeof(*larger));

			if (larger == NULL)
				return false;
			memory->values = larger;
			memory->value_size = size;
		}
		memory->values[memory->value_count++] = copies == NULL ? value : mw_arena_copy(copies, value);
		attribute->count++;
	}
	return copies == NULL || !mw_arena_failed(copies);
}

/* --- ranges ([MS-ADTS] 3.1.1.3.1.3.3) */

/* Cuts the options off a name. *from_r, *to_r: those of ";range=FROM-TO"; a TO of "*" is UINT64_MAX. False: it has
   other options, so that it is another attribute. */
static bool cut_options(struct mw_str *name_io, bool *range_r, uint64_t *from_r, uint64_t *to_r)
{
	size_t end = mw_str_find(*name_io, ';');
	struct mw_str options = mw_str_tail(*name_io, end);
	char text[64];
	struct mw_buf memory = MW_BUF_OVER(text);
	char star = '\0';
	int used = 0;

	*range_r = end < name_io->len;
	*name_io = mw_str_head(*name_io, end);
	if (!*range_r)
		return true;
	mw_buf_add(&memory, options);
	if (memory.truncated || !mw_str_starts_with_nocase(options, MW_STR(";range=")))
		return false;
	if (sscanf(text + 7, "%" SCNu64 "-%" SCNu64 "%n", from_r, to_r, &used) == 2)
		return text[7 + used] == '\0' && *from_r <= *to_r;
	*to_r = UINT64_MAX;
	return sscanf(text + 7, "%" SCNu64 "-%c%n", from_r, &star, &used) == 2 && star == '*' &&
	       text[7 + used] == '\0';
}

static int search_one(struct mw_ldap_session *session, struct mw_str dn, const char *const *attributes,
		      int *message_id_r)
{
	char memory[8192];
	struct mw_buf text = MW_BUF_OVER(memory);
	int seconds = (int)session->seconds;
	struct timeval time = { .tv_sec = seconds };

	mw_buf_add(&text, dn);
	if (text.truncated || memchr(dn.ptr, '\0', dn.len) != NULL)
		return LDAP_INVALID_DN_SYNTAX;
	return ldap_search_ext(session->ld, memory, LDAP_SCOPE_BASE, "(objectClass=*)",
			       (char **)(uintptr_t)attributes, 0, NULL, NULL, &time, LDAP_NO_LIMIT, message_id_r);
}

/* The entry of a search for one; *message_r is NULL where there is none. False: it failed. */
static bool take_one(struct mw_ldap_session *session, int message_id, LDAPMessage **message_r, struct mw_buf *why)
{
	int64_t deadline = mw_clock_milliseconds() + (int64_t)session->seconds * 1000;
	LDAPMessage *message;
	int code = LDAP_SUCCESS;

	*message_r = NULL;
	while (mw_ldap_wait(session, message_id, deadline, &message, why)) {
		if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY && *message_r == NULL) {
			*message_r = message;
			continue;
		}
		if (ldap_msgtype(message) != LDAP_RES_SEARCH_RESULT) {
			ldap_msgfree(message);
			continue;
		}
		if (ldap_parse_result(session->ld, message, &code, NULL, NULL, NULL, NULL, 1) != LDAP_SUCCESS)
			code = LDAP_DECODING_ERROR;
		if (code == LDAP_SUCCESS || code == LDAP_NO_SUCH_OBJECT)
			return true;
		if (code == LDAP_REFERRAL)
			mw_buf_add_text(why, MW_LDAP_ELSEWHERE);
		else
			mw_ldap_say(session, code, why);
		break;
	}
	ldap_msgfree(*message_r);
	*message_r = NULL;
	return false;
}

/* Adds the values of the range from `from` on; *to_r: its last, UINT64_MAX: there are no more. */
static bool add_range(struct mw_ldap_session *session, struct mw_ldap_memory *memory,
		      struct mw_ldap_attribute *attribute, LDAPMessage *message, uint64_t from, uint64_t *to_r)
{
	struct berval name, *values = NULL;
	BerElement *ber = NULL;
	uint64_t first = 0;
	bool range, added = false;
	size_t before = attribute->count;

	if (ldap_get_dn_ber(session->ld, message, &ber, &name) != LDAP_SUCCESS)
		return false;
	while (!added && ldap_get_attribute_ber(session->ld, message, ber, &name, &values) == LDAP_SUCCESS &&
	       name.bv_val != NULL) {
		struct mw_str word = { name.bv_val, name.bv_len };

		if (cut_options(&word, &range, &first, to_r) && range && mw_str_equal_nocase(word, attribute->name))
			added = first == from && add_values(memory, attribute, values, memory->ranges);
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
	return added && attribute->count > before &&
	       (*to_r == UINT64_MAX || *to_r == from + (attribute->count - before) - 1);
}

/* The rest of a range whose last value was `to`. */
static bool read_range(struct mw_ldap_session *session, struct mw_ldap_memory *memory,
		       struct mw_ldap_attribute *attribute, struct mw_str dn, uint64_t to, struct mw_buf *why)
{
	char name[300];
	struct mw_buf text = MW_BUF_OVER(name);
	const char *const attributes[] = { name, NULL };
	LDAPMessage *message;
	int message_id, code;
	size_t ranges = 0;
	bool good = true;

	if (memory->ranges == NULL)
		memory->ranges = mw_arena_new(0);
	while (good && to != UINT64_MAX) {
		uint64_t from = to + 1;

		if (ranges++ == RANGES_MAX) {
			mw_buf_printf(why, "the values of %.*s of \"%.*s\" have no end: %d ranges came, and %zu values",
				      MW_STR_ARG(attribute->name), SHOW(dn), RANGES_MAX, attribute->count);
			return false;
		}

		mw_buf_reset(&text);
		mw_buf_printf(&text, "%.*s;range=%" PRIu64 "-*", MW_STR_ARG(attribute->name), from);
		code = text.truncated || memory->ranges == NULL ? LDAP_NO_MEMORY
								: search_one(session, dn, attributes, &message_id);
		if (code != LDAP_SUCCESS) {
			mw_ldap_say(session, code, why);
			return false;
		}
		if (!take_one(session, message_id, &message, why))
			return false;
		good = message != NULL && add_range(session, memory, attribute, message, from, &to);
		ldap_msgfree(message);
	}
	if (!good)
		mw_buf_printf(why,
			      "the values of %.*s of \"%.*s\" cannot be read to the end: the server does not go on "
			      "after %zu",
			      MW_STR_ARG(attribute->name), SHOW(dn), attribute->count);
	return good;
}

/* --- entries */

static bool read_attributes(struct mw_ldap_session *session, struct mw_ldap_memory *memory, struct mw_str dn,
			    size_t *count_r, struct mw_buf *why)
{
	struct berval name, *values = NULL;
	size_t count = 0;
	bool good = true;
	int code;

	while ((code = ldap_get_attribute_ber(session->ld, memory->message, memory->ber, &name, &values)) ==
		       LDAP_SUCCESS &&
	       name.bv_val != NULL && good) {
		struct mw_str word = { name.bv_val, name.bv_len };
		uint64_t from = 0, to = UINT64_MAX;
		bool range, used = cut_options(&word, &range, &from, &to) && from == 0;

		if (used) {
			good = add_attribute(memory, count, word) &&
			       add_values(memory, &memory->attributes[count], values, NULL);
			if (!good)
				mw_buf_add_text(why, "out of memory");
			/* The count of a range is what it says, so that none is missing. */
			if (good && range && to != UINT64_MAX && to + 1 != memory->attributes[count].count) {
				mw_buf_printf(why, "the server's range of %.*s of \"%.*s\" is no whole one",
					      MW_STR_ARG(word), SHOW(dn));
				good = false;
			}
			good = good &&
			       (!range || read_range(session, memory, &memory->attributes[count], dn, to, why));
			count++;
		}
		ber_memfree(values);
		values = NULL;
	}
	if (code == LDAP_SUCCESS && good)
		*count_r = count;
	else if (good)
		mw_buf_add_text(why, "the server's answer cannot be read");
	ber_memfree(values);
	return code == LDAP_SUCCESS && good;
}

bool mw_ldap_read_entry(struct mw_ldap_session *session, struct mw_ldap_memory *memory,
			struct mw_ldap_entry *entry_r, struct mw_buf *why)
{
	struct berval dn;
	size_t from = 0;

	if (ldap_get_dn_ber(session->ld, memory->message, &memory->ber, &dn) != LDAP_SUCCESS) {
		mw_buf_add_text(why, "the server's answer cannot be read");
		return false;
	}
	*entry_r = (struct mw_ldap_entry){ .dn = { dn.bv_val, dn.bv_len } };
	if (!read_attributes(session, memory, entry_r->dn, &entry_r->count, why))
		return false;
	for (size_t i = 0; i < entry_r->count; i++) {
		memory->attributes[i].values = memory->values == NULL ? NULL : memory->values + from;
		from += memory->attributes[i].count;
	}
	entry_r->attributes = memory->attributes;
	return true;
}

enum mw_ldap_step mw_ldap_read(struct mw_ldap_session *session, struct mw_str dn, const char *const *attributes,
			       struct mw_ldap_entry *entry_r, struct mw_buf *why)
{
	int message_id, code;

	mw_ldap_forget(&session->read);
	code = search_one(session, dn, attributes, &message_id);
	if (code != LDAP_SUCCESS) {
		mw_ldap_say(session, code, why);
		return MW_LDAP_FAILED;
	}
	if (!take_one(session, message_id, &session->read.message, why))
		return MW_LDAP_FAILED;
	if (session->read.message == NULL)
		return MW_LDAP_END;
	return mw_ldap_read_entry(session, &session->read, entry_r, why) ? MW_LDAP_ENTRY : MW_LDAP_FAILED;
}
