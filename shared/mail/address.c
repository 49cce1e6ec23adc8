/* SPDX-License-Identifier: MIT */
#include "mail/address.h"

#include "mail/local_part.h"
#include "mail/plain.h"

/* The local part without its quotes. Returns the length with them, 0: no local part. */
static size_t read_local(struct mw_str text, struct mw_buf *local)
{
	size_t at = mw_str_find(text, '@');

	if (text.ptr[0] == '"')
		return mw_local_unquote(text, local);
	mw_buf_add(local, mw_str_head(text, at));
	return mw_local_is_dot_atom(mw_str_head(text, at)) ? at : 0;
}

static bool has_routes(struct mw_str local)
{
	return mw_str_find(local, '%') < local.len || mw_str_find(local, '!') < local.len;
}

/* Writes `local`, which came without quotes, in its canonical form. */
static enum mw_address_kind finish(struct mw_address *address, struct mw_str local, struct mw_str domain)
{
	char folded_memory[4 * MW_ADDRESS_MAX + 4], domain_memory[MW_DOMAIN_MAX + 1];
	struct mw_buf folded = MW_BUF_OVER(folded_memory), out = MW_BUF_OVER(address->text);
	size_t domain_len, local_len;
	bool canonical;

	if (local.len == 0 || !mw_local_fold(local, &folded))
		return MW_ADDRESS_INVALID;
	canonical = mw_domain_canonical(domain, domain_memory, &domain_len);
	if (!canonical && !mw_domain_as_octets(domain, domain_memory, &domain_len))
		return MW_ADDRESS_INVALID;
	if (mw_local_is_dot_atom(mw_buf_str(&folded)))
		mw_buf_add(&out, mw_buf_str(&folded));
	else
		mw_local_requote(mw_buf_str(&folded), &out);
	local_len = out.used;
	mw_buf_add_char(&out, '@');
	mw_buf_add(&out, (struct mw_str){ domain_memory, domain_len });
	if (out.truncated || out.used > MW_ADDRESS_MAX)
		return MW_ADDRESS_INVALID;
	address->whole = mw_buf_str(&out);
	address->local = mw_str_head(address->whole, local_len);
	address->domain = mw_str_tail(address->whole, local_len + 1);
	address->folded_request = !mw_text_is_ascii(local) && mw_local_is_reserved(mw_buf_str(&folded), MW_STR("-")) &&
				  !mw_local_is_reserved(local, MW_STR("-"));
	if (has_routes(local))
		return MW_ADDRESS_ROUTED;
	return canonical && local_len <= MW_LOCAL_PART_MAX && mw_text_is_plain(local)
		       ? MW_ADDRESS_MAILBOX : MW_ADDRESS_FOREIGN;
}

/* Parses any address, quoted or with letters beyond ASCII too. */
static enum mw_address_kind parse_any(struct mw_str text, struct mw_address *address)
{
	char local_memory[MW_ADDRESS_MAX + 1];
	struct mw_buf local = MW_BUF_OVER(local_memory);
	size_t at;

	if (text.len > MW_ADDRESS_MAX || !mw_text_is_mail(text))
		return MW_ADDRESS_INVALID;
	at = read_local(text, &local);
	if (at == 0 || at >= text.len || text.ptr[at] != '@')
		return MW_ADDRESS_INVALID;
	return finish(address, mw_buf_str(&local), mw_str_tail(text, at + 1));
}

/* The fast path for plain ASCII; false: parse_any() must decide. */
static bool parse_plain(struct mw_str text, struct mw_address *address)
{
	unsigned char octet, marks = 0;
	bool dot = true;
	size_t at;

	if (text.len > MW_ADDRESS_MAX)
		return false;
	for (at = 0; at < text.len; at++) {
		octet = mw_atom_octets[(unsigned char)text.ptr[at]];
		if (octet == 0)
			break;
		if (octet == '.' && dot)
			return false;
		dot = octet == '.';
		marks |= octet;
		address->text[at] = (char)(octet & ~MW_ROUTES);
	}
	if (dot || at > MW_LOCAL_PART_MAX || at == text.len || text.ptr[at] != '@')
		return false;
	address->text[at] = '@';
	if (!mw_plain_domain(mw_str_tail(text, at + 1), address->text + at + 1))
		return false;
	address->kind = (marks & MW_ROUTES) != 0 ? MW_ADDRESS_ROUTED : MW_ADDRESS_MAILBOX;
	address->folded_request = false;
	address->whole = (struct mw_str){ address->text, text.len };
	address->local = mw_str_head(address->whole, at);
	address->domain = mw_str_tail(address->whole, at + 1);
	return true;
}

static enum mw_address_kind parse(struct mw_str text, struct mw_address *address)
{
	if (mw_str_empty(text) || mw_str_equal(text, MW_STR("<>")))
		return MW_ADDRESS_NULL;
	if (mw_str_equal_nocase(text, MW_STR("postmaster")))
		return MW_ADDRESS_POSTMASTER;
	return parse_any(text, address);
}

enum mw_address_kind mw_address_parse(struct mw_str text, struct mw_address *address_r)
{
	if (parse_plain(text, address_r))
		return address_r->kind;
	address_r->text[0] = '\0';
	address_r->folded_request = false;
	address_r->whole = address_r->local = address_r->domain = MW_STR_EMPTY;
	address_r->kind = parse(text, address_r);
	if (!mw_address_has_domain(address_r))
		address_r->text[0] = '\0';
	return address_r->kind;
}

static struct mw_str moved(struct mw_str slice, const struct mw_address *from, const struct mw_address *to)
{
	return mw_str_empty(slice) ? slice : (struct mw_str){ to->text + (slice.ptr - from->text), slice.len };
}

void mw_address_copy(struct mw_address *to, const struct mw_address *from)
{
	memmove(to->text, from->text, sizeof(to->text));
	to->whole = moved(from->whole, from, to);
	to->local = moved(from->local, from, to);
	to->domain = moved(from->domain, from, to);
	to->kind = from->kind;
	to->folded_request = from->folded_request;
}

/* Not inlined: the compiler clears the memory, which a complete address should not pay for. */
__attribute__((noinline)) static enum mw_address_kind complete(struct mw_str text, struct mw_str default_domain,
							       struct mw_address *address_r)
{
	char memory[2 * MW_ADDRESS_MAX + 4];
	struct mw_buf whole = MW_BUF_OVER(memory);

	mw_buf_add(&whole, text);
	mw_buf_add_char(&whole, '@');
	mw_buf_add(&whole, default_domain);
	return mw_address_parse(mw_buf_str(&whole), address_r);
}

enum mw_address_kind mw_address_parse_completed(struct mw_str text, struct mw_str default_domain,
						struct mw_address *address_r)
{
	if (mw_str_empty(text) || mw_str_empty(default_domain) || mw_str_find(text, '@') < text.len ||
	    mw_str_equal(text, MW_STR("<>")))
		return mw_address_parse(text, address_r);
	return complete(text, default_domain, address_r);
}

bool mw_address_set_domain(struct mw_address *address, struct mw_str domain)
{
	size_t before = address->local.len + 1;

	if (before + domain.len > MW_ADDRESS_MAX)
		return false;
	memcpy(address->text + before, domain.ptr, domain.len);
	address->text[before + domain.len] = '\0';
	address->whole = (struct mw_str){ address->text, before + domain.len };
	address->domain = mw_str_tail(address->whole, before);
	return true;
}

struct mw_str mw_address_quoted(struct mw_str text, struct mw_buf *out)
{
	struct mw_str local = mw_str_head(text, mw_str_find(text, '@'));

	if (mw_str_empty(local) || text.len > MW_ADDRESS_MAX || mw_str_find_last(text, '@') != local.len ||
	    local.len == text.len || mw_local_is_dot_atom(local) ||
	    (local.ptr[0] == '"' && local.ptr[local.len - 1] == '"'))
		return text;
	mw_buf_reset(out);
	mw_local_requote(local, out);
	mw_buf_add(out, mw_str_tail(text, local.len));
	return mw_buf_str(out);
}

/* A login name that is no address. False: as parse_plain(). */
static bool plain_login(struct mw_str login, char *out, size_t size, size_t *len_r)
{
	if (login.len >= size || login.ptr[0] == ' ' || login.ptr[login.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < login.len; i++) {
		char c = login.ptr[i];

		if (c < ' ' || c > '~')
			return false;
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[login.len] = '\0';
	*len_r = login.len;
	return true;
}

static bool login_address(struct mw_str login, struct mw_buf *text)
{
	struct mw_address address, again;
	enum mw_address_kind kind = mw_address_parse(login, &address);

	if ((kind != MW_ADDRESS_MAILBOX && kind != MW_ADDRESS_ROUTED) || address.local.len > MW_LOCAL_PART_MAX)
		return false;
	/* A label that IDNA does not allow may be folded into one that it does: one login would have two forms. */
	if (kind == MW_ADDRESS_ROUTED &&
	    (mw_address_parse(address.whole, &again) != kind || !mw_str_equal(again.whole, address.whole)))
		return false;
	mw_buf_add(text, address.whole);
	return true;
}

bool mw_login_canonical(struct mw_str login, char *out, size_t size, size_t *len_r)
{
	bool address = mw_str_find(login, '@') < login.len;
	struct mw_buf text;

	if (mw_str_empty(login) || login.len > MW_LOGIN_MAX)
		return false;
	if (!address && plain_login(login, out, size, len_r))
		return true;
	text = mw_buf_over(out, size);
	if (address) {
		if (!login_address(login, &text))
			return false;
	} else if (!mw_text_is_plain(login) || login.ptr[0] == ' ' || login.ptr[login.len - 1] == ' ' ||
		   !mw_local_fold(login, &text)) {
		return false;
	}
	*len_r = text.used;
	return !text.truncated && text.used <= MW_LOGIN_MAX;
}

bool mw_login_complete(struct mw_str login, struct mw_str domain, char *out, size_t size, size_t *len_r)
{
	char whole[MW_LOGIN_MAX + MW_DOMAIN_MAX + 2];
	struct mw_buf text = MW_BUF_OVER(whole);

	if (mw_str_empty(domain) || mw_str_find(login, '@') < login.len)
		return false;
	mw_buf_add(&text, login);
	mw_buf_add_char(&text, '@');
	mw_buf_add(&text, domain);
	return !text.truncated && mw_login_canonical(mw_buf_str(&text), out, size, len_r);
}
