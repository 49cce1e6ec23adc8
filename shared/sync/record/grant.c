/* SPDX-License-Identifier: MIT */
#include "sync/record/key.h"

#include "base/table.h"
#include "mail/prefix.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define ERROR(reading, at, expected, ...) mw_reading_error((reading), (at), (expected), __VA_ARGS__)

enum grant_kind { GRANT_SEND_AS, GRANT_SEND_ON_BEHALF };

static const struct mw_word grant_words[] = {
	{ "send-as", GRANT_SEND_AS }, { "send-on-behalf", GRANT_SEND_ON_BEHALF },
};

/* a%b may be a mailbox elsewhere: nobody here receives mail for it, but a user may send as it. */
static bool read_granted(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	if (mw_address_parse(text, &address) != MW_ADDRESS_ROUTED || address.local.len > MW_LOCAL_PART_MAX)
		return mw_read_address(reading, text, address_r);
	*address_r = mw_arena_copy(reading->records->arena, address.whole);
	return mw_name_is_usual(reading, text, address.whole);
}

/* The error is about all that a "*" could have been meant for. */
static bool read_prefix(struct mw_reading *reading, struct mw_str text, struct mw_str *address_r)
{
	char prefix[MW_ADDRESS_MAX + 2];
	size_t len;

	/* In text a "#" would begin a comment, and quotes do not go with a "*". */
	if (mw_str_starts_with(text, MW_STR("#")) || !mw_prefix_parse(text, reading->default_domain, prefix, &len)) {
		ERROR(reading, text, MW_PREFIX_RIGHT, "\"%.*s\": nothing to grant a right on", SHOW(text));
		return false;
	}
	*address_r = mw_arena_copy(reading->records->arena, (struct mw_str){ prefix, len });
	return mw_name_is_usual(reading, text, mw_str_head(*address_r, mw_str_find(*address_r, '*')));
}

static bool read_identity(struct mw_reading *reading, struct mw_str text, struct mw_grant_record *grant)
{
	char domain[MW_DOMAIN_MAX + 1];
	size_t len;

	if (mw_str_find(text, '*') < text.len && !mw_str_starts_with(text, MW_STR("*@")))
		return read_prefix(reading, text, &grant->identity);
	if (!mw_str_starts_with(text, MW_STR("*@")))
		return read_granted(reading, text, &grant->identity);
	grant->domain = true;
	if (!mw_domain_canonical(mw_str_tail(text, 2), domain, &len)) {
		ERROR(reading, text, "*@domain", "\"%.*s\": no domain", SHOW(text));
		return false;
	}
	grant->identity = mw_arena_copy(reading->records->arena, (struct mw_str){ domain, len });
	return true;
}

static bool read_until(struct mw_reading *reading, struct mw_str text, struct mw_grant_record *grant)
{
	if (mw_str_empty(text) || (mw_parse_date(text, &grant->until) && grant->until > 0))
		return true;
	ERROR(reading, text, "a day as YYYY-MM-DD, the last one", "until: bad value \"%.*s\"", SHOW(text));
	return false;
}

void mw_grant_read(struct mw_reading *reading, struct mw_str kind, struct mw_str identity, struct mw_str trustee,
		   struct mw_str until)
{
	struct mw_grant_record grant = { .origin = reading->origin };
	char memory[64];
	struct mw_buf buf = MW_BUF_OVER(memory);
	int value;
	bool good = mw_table_find(MW_TABLE(grant_words), kind, &value);

	mw_table_print(MW_TABLE(grant_words), &buf);
	if (!good)
		ERROR(reading, kind, memory, "unknown grant \"%.*s\"", SHOW(kind));
	grant.on_behalf = good && value == GRANT_SEND_ON_BEHALF;
	good = read_identity(reading, identity, &grant) && good;
	good = mw_read_address(reading, trustee, &grant.trustee) && good;
	good = read_until(reading, until, &grant) && good;
	/* What was wrong in its line may have been its end. */
	if (good && reading->bad == NULL)
		mw_records_add_grant(reading->records, &grant);
}

const char *mw_grant_word(const struct mw_grant_record *grant)
{
	return mw_table_word(MW_TABLE(grant_words), grant->on_behalf ? GRANT_SEND_ON_BEHALF : GRANT_SEND_AS);
}
