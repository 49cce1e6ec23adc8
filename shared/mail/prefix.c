/* SPDX-License-Identifier: MIT */
#include "mail/prefix.h"

static bool ends_part(char c)
{
	return c == '-' || c == '+' || c == '=' || c == '.';
}

static struct mw_str put(struct mw_str prefix, struct mw_str domain, char out[MW_ADDRESS_MAX + 2])
{
	struct mw_buf buf = mw_buf_over(out, MW_ADDRESS_MAX + 2);

	mw_buf_add(&buf, prefix);
	mw_buf_add_text(&buf, "*@");
	mw_buf_add(&buf, domain);
	return buf.truncated ? MW_STR_EMPTY : mw_buf_str(&buf);
}

/* The address with a letter in place of the "*" is canonical in the same way as every address that it stands for. */
static bool parse_with_letter(struct mw_str text, size_t star, struct mw_str default_domain,
			      struct mw_address *address_r)
{
	char memory[2 * MW_ADDRESS_MAX];
	struct mw_buf buf = MW_BUF_OVER(memory);

	mw_buf_add(&buf, mw_str_head(text, star));
	mw_buf_add_char(&buf, 'x');
	mw_buf_add(&buf, mw_str_tail(text, star + 1));
	return !buf.truncated &&
	       mw_address_parse_completed(mw_buf_str(&buf), default_domain, address_r) == MW_ADDRESS_MAILBOX;
}

bool mw_prefix_parse(struct mw_str text, struct mw_str default_domain, char out[MW_ADDRESS_MAX + 2], size_t *len_r)
{
	size_t star = mw_str_find(text, '*');
	struct mw_address address;
	struct mw_str prefix, whole;

	if (star >= text.len || (star + 1 < text.len && text.ptr[star + 1] != '@') ||
	    mw_str_find(mw_str_tail(text, star + 1), '*') < text.len - star - 1)
		return false;
	if (!parse_with_letter(text, star, default_domain, &address) || address.local.ptr[0] == '"')
		return false;
	prefix = mw_str_head(address.local, address.local.len - 1);
	if (prefix.len < MW_PREFIX_MIN || !ends_part(prefix.ptr[prefix.len - 1]))
		return false;
	whole = put(prefix, address.domain, out);
	*len_r = whole.len;
	return whole.len > 0;
}

bool mw_prefix_is(struct mw_str identity)
{
	return mw_str_ends_with(mw_str_head(identity, mw_str_find_last(identity, '@')), MW_STR("*"));
}

bool mw_prefix_base(struct mw_str prefix, struct mw_str delimiters, struct mw_address *base_r)
{
	struct mw_address address;

	return parse_with_letter(prefix, mw_str_find(prefix, '*'), MW_STR_EMPTY, &address) &&
	       mw_address_without_extension(&address, delimiters, base_r);
}

size_t mw_prefix_shorter(struct mw_str local, size_t len)
{
	while (len > MW_PREFIX_MIN)
		if (ends_part(local.ptr[--len - 1]))
			return len;
	return 0;
}

struct mw_str mw_prefix_of(const struct mw_address *address, size_t len, char out[MW_ADDRESS_MAX + 2])
{
	return put(mw_str_head(address->local, len), address->domain, out);
}
