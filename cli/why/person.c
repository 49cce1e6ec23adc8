/* SPDX-License-Identifier: MIT */
#include "why/person.h"

#include "policy/choose.h"
#include "why/part.h"

#define LINE_MOST 2048 /* of a line that is searched for a name */

static bool is_by_name(const struct mw_why_person *person, struct mw_str login)
{
	struct mw_str asked = mw_str(person->asked);
	struct mw_str domain = person->policy != NULL ? mw_choose_login_domain(person->policy) : MW_STR_EMPTY;
	struct mw_str whole = login.len > asked.len ? login : asked, part = login.len > asked.len ? asked : login;
	size_t at = mw_str_find(whole, '@');

	if (mw_str_equal_nocase(asked, login))
		return true;
	return !mw_str_empty(domain) && mw_str_find(part, '@') == part.len && at == part.len &&
	       mw_str_equal_nocase(mw_str_head(whole, at), part) &&
	       mw_str_equal_nocase(mw_str_tail(whole, at + 1), domain);
}

/* A name that the user had before its source renamed it, and nobody has now: lines of that time are the user's. */
static bool had_name(const struct mw_why_person *person, struct mw_str login)
{
	struct mw_former_name former = { 0, 0 };
	struct mw_address address;

	if (person->user.id == 0 || mw_identity_address(person->policy, login, &address, NULL) != MW_ADDRESS_MAILBOX)
		return false;
	while (mw_directory_former_next(person->directory, address.whole, &former)) {
		if (former.id == person->user.id)
			return true;
	}
	return false;
}

static bool look_up_login(struct mw_why_person *person, struct mw_str login)
{
	struct mw_unlisted_name name;
	struct mw_principal user;

	if (!person->known)
		return is_by_name(person, login);
	switch (mw_identity_user(person->policy, mw_directory_view(person->directory), login, &name, &user)) {
	case MW_LOOKUP_FOUND:
		return mw_principal_same(&user, &person->user);
	case MW_LOOKUP_NONE:
		return had_name(person, login);
	case MW_LOOKUP_UNAVAILABLE:
		break;
	}
	return false;
}

static bool look_up_address(struct mw_why_person *person, struct mw_str text)
{
	struct mw_address address;

	if (!person->known)
		return mw_str_find(text, '@') < text.len && is_by_name(person, text);
	return mw_identity_address(person->policy, text, &address, NULL) == MW_ADDRESS_MAILBOX &&
	       mw_identity_receives(person->policy, mw_directory_view(person->directory), &person->user, &address);
}

/* Few names stand in a log, very often each. */
static bool is_mine(struct mw_why_person *person, struct mw_str name, bool as_address)
{
	size_t place = mw_part_hash(name) % MW_WHY_NAMES;
	char *kept = as_address ? person->addresses[place].login : person->logins[place].login;
	bool *mine = as_address ? &person->addresses[place].mine : &person->logins[place].mine;

	if (name.len > MW_LOGIN_MAX || mw_str_empty(name) || memchr(name.ptr, '\0', name.len) != NULL)
		return false;
	if (!mw_str_equal(mw_str(kept), name)) {
		mw_part_copy(kept, MW_LOGIN_MAX + 2, name);
		*mine = as_address ? look_up_address(person, name) : look_up_login(person, name);
	}
	return *mine;
}

static bool is_login_of(void *context, struct mw_str login)
{
	return is_mine(context, login, false);
}

static bool is_address_of(void *context, struct mw_str address)
{
	return is_mine(context, address, true);
}

/* Letters that are to be changed, added or left out to make the one of the other; `most` + 1: more than that. */
static unsigned distance(struct mw_str a, struct mw_str b, unsigned most)
{
	unsigned row[MW_LOGIN_MAX + 1];

	if (b.len > MW_LOGIN_MAX || a.len > b.len + most || b.len > a.len + most)
		return most + 1;
	for (size_t k = 0; k <= b.len; k++)
		row[k] = (unsigned)k;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t k = 1; k <= b.len; k++) {
			unsigned change = corner + (a.ptr[i - 1] == b.ptr[k - 1] ? 0 : 1);

			corner = row[k];
			if (row[k] + 1 < change)
				change = row[k] + 1;
			row[k] = row[k - 1] + 1 < change ? row[k - 1] + 1 : change;
		}
	}
	return row[b.len];
}

/* A name of the directory is somebody else's. Without a directory, and where others are not in it, one that is nearly
   the one that was asked for. */
static bool may_be_meant(void *context, struct mw_str login)
{
	struct mw_why_person *person = context;
	struct mw_principal user;

	if (person->directory != NULL && person->known) {
		const struct mw_directory_view *view = mw_directory_view(person->directory);
		bool none = mw_identity_login(person->policy, view, login, &user) == MW_LOOKUP_NONE;

		if (!none || person->policy->unlisted_logins == MW_UNLISTED_REFUSE)
			return none;
	}
	return distance(mw_str_head(login, mw_str_find(login, '@')),
			mw_str_head(mw_str(person->asked), mw_str_find(mw_str(person->asked), '@')), 2) <= 2;
}

struct mw_why_who mw_why_who_is(struct mw_why_person *person)
{
	return (struct mw_why_who){ is_login_of, is_address_of, may_be_meant, person };
}

/* --- anywhere in a line */

static bool is_part_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("-_@+", c) != NULL);
}

/* As a word of its own; a dot within a name is a part of it. */
static bool has_word(struct mw_str line, struct mw_str word)
{
	for (size_t at = 0; word.len > 0 && at + word.len <= line.len; at++) {
		size_t end = at + word.len;

		/* A letter in small and in capital differs in this bit. */
		if (((line.ptr[at] ^ word.ptr[0]) & ~0x20) != 0 ||
		    !mw_str_equal_nocase((struct mw_str){ line.ptr + at, word.len }, word) ||
		    (at > 0 && (is_part_of_name(line.ptr[at - 1]) || line.ptr[at - 1] == '.')))
			continue;
		if (end == line.len || (!is_part_of_name(line.ptr[end]) &&
					(line.ptr[end] != '.' || end + 1 == line.len || !is_part_of_name(line.ptr[end + 1]))))
			return true;
	}
	return false;
}

/* "<bob@example.org>", "to=<...>", "user bob@example.org": what stands around an "@". */
static bool has_address(struct mw_why_person *person, struct mw_str line)
{
	for (size_t at = mw_str_find(line, '@'); at < line.len;) {
		size_t begin = at, end = at + 1;
		struct mw_str next = mw_str_tail(line, end);

		while (begin > 0 && (is_part_of_name(line.ptr[begin - 1]) ||
				     strchr(".!#$%&'*/?^`{|}~", line.ptr[begin - 1]) != NULL))
			begin--;
		while (end < line.len && (is_part_of_name(line.ptr[end]) || line.ptr[end] == '.'))
			end++;
		while (end > at + 1 && line.ptr[end - 1] == '.')
			end--;
		if (is_mine(person, (struct mw_str){ line.ptr + begin, end - begin }, true) ||
		    is_mine(person, (struct mw_str){ line.ptr + begin, end - begin }, false))
			return true;
		at += 1 + mw_str_find(next, '@');
	}
	return false;
}

static struct mw_str until_stop(struct mw_str value)
{
	size_t len = 0;

	while (len < value.len && strchr(">, )", value.ptr[len]) == NULL)
		len++;
	return mw_str_head(value, len);
}

bool mw_why_person_in(struct mw_why_person *person, struct mw_str line)
{
	static const char *const keys[] = { "user=<", "sasl_username=", "login=", "user ", NULL };

	line = mw_str_head(line, LINE_MOST);
	if (has_word(line, mw_str(person->asked)) || has_word(line, mw_str(person->name)) || has_address(person, line))
		return true;
	for (size_t i = 0; keys[i] != NULL; i++) {
		if (is_mine(person, until_stop(mw_part_after(line, keys[i])), false))
			return true;
	}
	return false;
}
