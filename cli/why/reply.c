/* SPDX-License-Identifier: MIT */
#include "why/reply.h"

#include "decide/verdict.h"
#include "mail/address.h"

static const char rejected[] = " rejected: ";

/* Behind "550 " and "5.1.1 ", of which either may be missing. */
static const char *behind_codes(const char *reply)
{
	for (int word = 0; word < 2 && *reply >= '0' && *reply <= '9'; word++) {
		reply += strcspn(reply, " ");
		reply += strspn(reply, " ");
	}
	return reply;
}

const char *mw_reply_words(const char *reply)
{
	const char *after = strstr(reply, rejected);

	return after != NULL ? after + strlen(rejected) : behind_codes(reply);
}

/* "Sender address" of "<bob@example.org>: Sender address rejected: ...", as Postfix calls the list of restrictions in
   which it refuses; empty where it names none. */
static struct mw_str about(const char *reply)
{
	struct mw_str before = mw_str_head(mw_str(reply), (size_t)(mw_reply_words(reply) - reply));
	size_t end = before.len >= strlen(rejected) ? before.len - strlen(rejected) : 0;
	struct mw_str head = mw_str_head(before, end);
	size_t colon = mw_str_find_last(head, ':');

	return colon < head.len ? mw_str_tail(head, colon + 2) : MW_STR_EMPTY;
}

/* "5.7.1" of "550 5.7.1 ...": behind the code, or where the code would stand. */
static struct mw_str status_of(const char *reply)
{
	const char *status = strspn(reply, "0123456789") == 3 && reply[3] == ' ' ? reply + 4 : reply;

	return mw_str_head(mw_str(status), strcspn(status, " "));
}

static bool same_thing(struct mw_str a, struct mw_str b)
{
	static const struct mw_str whole = { "End-of-data", 11 };

	return mw_str_empty(a) || mw_str_empty(b) || mw_str_equal(a, b) || mw_str_equal(a, whole) || mw_str_equal(b, whole);
}

bool mw_reply_same(const char *a, const char *b)
{
	return a[0] == b[0] && mw_str_equal(status_of(a), status_of(b)) && same_thing(about(a), about(b)) &&
	       strcmp(mw_reply_words(a), mw_reply_words(b)) == 0;
}

static bool is_good(struct mw_str recipient)
{
	struct mw_address address;
	enum mw_address_kind kind = mw_address_parse(recipient, &address);

	return kind != MW_ADDRESS_NULL && kind != MW_ADDRESS_INVALID && !mw_address_is_nested(&address);
}

/* Two reasons have the same words, and Postfix makes of the status of one that of the other: where only the relay
   question is asked, it refuses a good recipient for a sender that is no address. */
static enum mw_reason whose(enum mw_reason reason, const char *reply, struct mw_str recipient)
{
	if (reason == MW_REASON_INVALID_RECIPIENT && mw_str_equal(about(reply), MW_STR("Recipient address")) &&
	    is_good(recipient))
		return MW_REASON_INVALID_SENDER;
	return reason;
}

/* The first of those that have the status too, or else of those with these words; MW_REASON_COUNT: none. */
static enum mw_reason find_reason(const char *words, struct mw_str status)
{
	enum mw_reason found = MW_REASON_COUNT;

	for (int reason = 0; reason < MW_REASON_COUNT; reason++)
		for (int style = MW_REPLIES_CLASSIC; style <= MW_REPLIES_CURRENT; style++) {
			const char *own = mw_reason_reply((enum mw_reason)reason, (enum mw_reply_style)style);

			if (own[0] == '\0' || strcmp(words, behind_codes(own)) != 0)
				continue;
			if (mw_str_equal(status, status_of(own)))
				return (enum mw_reason)reason;
			if (found == MW_REASON_COUNT)
				found = (enum mw_reason)reason;
		}
	return found;
}

const char *mw_reply_reason(const char *reply, struct mw_str recipient)
{
	enum mw_reason reason = find_reason(mw_reply_words(reply), status_of(reply));

	return reason != MW_REASON_COUNT ? mw_reason_name(whose(reason, reply, recipient)) : NULL;
}
