/* SPDX-License-Identifier: MIT */
/* What Postfix does to a recipient's local part after the policy question: it removes extensions and splits paths. */
#include "mail/address.h"
#include "mail/local_part.h"

/* Replaces the local part (folded, without quotes). False: too long for an address that a directory can have. */
static bool with_local(const struct mw_address *address, struct mw_str local, struct mw_address *base_r)
{
	struct mw_buf out = MW_BUF_OVER(base_r->text);
	size_t len;

	if (mw_local_is_dot_atom(local))
		mw_buf_add(&out, local);
	else
		mw_local_requote(local, &out);
	len = out.used;
	mw_buf_add_char(&out, '@');
	mw_buf_add(&out, address->domain);
	if (len > MW_LOCAL_PART_MAX || out.truncated)
		return false;
	base_r->kind = mw_str_find(local, '%') < local.len || mw_str_find(local, '!') < local.len
			       ? MW_ADDRESS_ROUTED : MW_ADDRESS_MAILBOX;
	base_r->folded_request = false;
	base_r->whole = mw_buf_str(&out);
	base_r->local = mw_str_head(base_r->whole, len);
	base_r->domain = mw_str_tail(base_r->whole, len + 1);
	return true;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The index of the first delimiter, or the length. */
static size_t first_of(struct mw_str local, struct mw_str delimiters)
{
	size_t at = local.len;

	for (size_t i = 0; i < delimiters.len; i++)
		at = mw_str_find(mw_str_head(local, at), lower(delimiters.ptr[i]));
	return at;
}

bool mw_address_without_extension(const struct mw_address *address, struct mw_str delimiters,
				  struct mw_address *base_r)
{
	char memory[MW_ADDRESS_MAX + 1];
	struct mw_str local = address->local;
	struct mw_buf unquoted;
	size_t at = first_of(local, delimiters);

	/* Quotes do not hide a delimiter. Most addresses have none. */
	if (at == local.len)
		return false;
	if (local.ptr[0] == '"') {
		unquoted = MW_BUF_OVER(memory);
		local = mw_local_octets(local, &unquoted);
		at = first_of(local, delimiters);
	}
	if (at == 0 || (!address->folded_request && mw_local_is_reserved(local, delimiters)))
		return false;
	return with_local(address, mw_str_head(local, at), base_r);
}

bool mw_address_without_backslash(const struct mw_address *address, struct mw_address *base_r)
{
	char memory[MW_ADDRESS_MAX + 1];
	struct mw_buf unquoted = MW_BUF_OVER(memory);
	struct mw_str local;

	if (!mw_str_starts_with(address->local, MW_STR("\"\\\\")))
		return false;
	local = mw_local_octets(address->local, &unquoted);
	return local.len > 1 && with_local(address, mw_str_tail(local, 1), base_r);
}

/* Postfix splits a path into tokens again: "%x:ceo" is a source route to ceo, "ceo%[192.0.2.1" leads to a literal. */
static bool has_specials(struct mw_str local)
{
	for (size_t i = 0; i < local.len; i++)
		if (strchr("()<>[],;:", local.ptr[i]) != NULL)
			return true;
	return false;
}

/* Whether a resolver that reads 127.0.0.01 as a number takes it for an address. */
static bool is_numeric(struct mw_str text)
{
	return strspn(text.ptr, "0123456789.") >= text.len;
}

/* The domain of one step, without the blanks, quotes and final dots that Postfix drops. False: not a domain. Empty:
   Postfix may see a domain where we see none (resolve_null_domain and resolve_numeric_domain, or an international name
   that its own library accepts). */
static bool step_domain(struct mw_str step, char domain[MW_DOMAIN_MAX + 1], struct mw_str *domain_r)
{
	char memory[MW_ADDRESS_MAX + 1];
	struct mw_buf name = MW_BUF_OVER(memory);
	struct mw_str bare;
	size_t len;

	for (size_t i = 0; i < step.len; i++)
		if (strchr(" \"\\", step.ptr[i]) == NULL)
			mw_buf_add_char(&name, step.ptr[i]);
	bare = mw_buf_str(&name);
	while (bare.len > 0 && bare.ptr[bare.len - 1] == '.')
		bare.len--;
	*domain_r = MW_STR_EMPTY;
	if (!mw_domain_canonical(bare, domain, &len))
		return bare.len == 0 || is_numeric(bare) || !mw_text_is_ascii(bare);
	*domain_r = (struct mw_str){ domain, len };
	return true;
}

bool mw_address_path_domains(const struct mw_address *address, bool (*found)(struct mw_str domain, const void *context),
			     const void *context)
{
	char memory[MW_ADDRESS_MAX + 1], domain[MW_DOMAIN_MAX + 1];
	struct mw_buf unquoted = MW_BUF_OVER(memory);
	struct mw_str rest = mw_local_octets(address->local, &unquoted), step;
	bool behind_percent = false;

	if (address->kind != MW_ADDRESS_ROUTED)
		return false;
	if (has_specials(rest) && found(MW_STR_EMPTY, context))
		return true;
	for (bool more = true; more;) {
		size_t bang = mw_str_find(rest, '!'), percent = mw_str_find(rest, '%');
		size_t end = bang < percent ? bang : percent;

		more = end < rest.len;
		/* A domain is before a "!" or after a "%". */
		if ((behind_percent || (more && end == bang)) && step_domain(mw_str_head(rest, end), domain, &step) &&
		    found(step, context))
			return true;
		behind_percent = more && end == percent;
		rest = mw_str_tail(rest, end + 1);
	}
	return false;
}
