/* Mail addresses in one canonical form, so that equal means equal bytes. RFC 5321 4.1.2 and 4.5.3.1, RFC 6531, RFC 5198.
   Case is folded (domain always; local part by Unicode default folding, then NFC), quotes not needed are removed.
   A trailing dot, a source route, a second @, a control byte, invalid UTF-8, more than 254 octets: no address. A local
   part of more than 64 octets, or with a joiner or a character that Unicode did not have yet, and a domain that IDNA2008
   does not allow: an address that nobody here can have. */
#ifndef MW_MAIL_ADDRESS_H
#define MW_MAIL_ADDRESS_H

#include "base/buf.h"
#include "mail/domain.h"

#define MW_LOCAL_PART_MAX 64
#define MW_ADDRESS_MAX 254

enum mw_address_kind {
	MW_ADDRESS_INVALID,    /* no address */
	MW_ADDRESS_NULL,       /* "" or "<>": the null sender */
	MW_ADDRESS_MAILBOX,    /* local@domain */
	MW_ADDRESS_POSTMASTER, /* "postmaster" alone, any case (RFC 5321 4.5.1) */
	MW_ADDRESS_ROUTED,     /* local@domain with "%" or "!" in the local part: a mailbox, or a percent or bang path */
	MW_ADDRESS_FOREIGN     /* local@domain that no directory has: local part or domain are not what ours may be */
};

struct mw_address {
	enum mw_address_kind kind;
	struct mw_str whole;  /* canonical "local@domain" (quotes kept where needed); into text */
	struct mw_str local;  /* with quotes where needed; into text */
	struct mw_str domain; /* into text; empty unless MAILBOX, ROUTED or FOREIGN */
	bool folded_request;  /* it became owner-NAME or NAME-request by case folding only: Postfix did not see one */
	char text[MW_ADDRESS_MAX + 2];
};

/* Parses an address without angle brackets, as Postfix's policy protocol and SASL give it. Writes *address_r always;
   returns its kind. The slices point into *address_r: do not copy the struct by value, use mw_address_copy().
   ASCII addresses allocate nothing. */
enum mw_address_kind mw_address_parse(struct mw_str text, struct mw_address *address_r);
static inline bool mw_address_has_domain(const struct mw_address *address)
{
	return address->kind == MW_ADDRESS_MAILBOX || address->kind == MW_ADDRESS_ROUTED ||
	       address->kind == MW_ADDRESS_FOREIGN;
}

/* Whether its local part has a quoted "@". Postfix's protocol omits the quotes and Postfix itself splits "x@y"@z:
   no decision treats it as an address. */
static inline bool mw_address_is_nested(const struct mw_address *address)
{
	return !mw_str_empty(address->local) && address->local.ptr[0] == '"' &&
	       memchr(address->local.ptr, '@', address->local.len) != NULL;
}

void mw_address_copy(struct mw_address *to, const struct mw_address *from);

/* Postfix's policy protocol omits the quotes of a local part: john doe@example.org. Returns the text with the
   quotes that it needs, written into `out`; the text itself where it needs none, or where quotes would not make it an
   address (a second "@" stays invalid). */
#define MW_ADDRESS_QUOTED_MAX (2 * MW_ADDRESS_MAX + 4)
struct mw_str mw_address_quoted(struct mw_str text, struct mw_buf *out);

/* Calls `found` with each domain that a percent or bang path leads through until it returns true: for a!b%c@d these are
   a and c, not d. Canonical, without what Postfix drops (blanks, quotes, dots at the end); empty for what is no domain to
   us but may be one to Postfix, as nothing at all. False: it never did. */
bool mw_address_path_domains(const struct mw_address *address, bool (*found)(struct mw_str domain, const void *context),
			     const void *context);

/* The same as mw_address_parse(), but text without "@" is completed with `default_domain` (canonical; empty: nothing is completed). */
enum mw_address_kind mw_address_parse_completed(struct mw_str text, struct mw_str default_domain,
						struct mw_address *address_r);

/* Replaces the domain of an address by another (canonical). False, and unchanged: the address would be too long. */
bool mw_address_set_domain(struct mw_address *address, struct mw_str domain);

/* The address without its extension, as Postfix's split_addr() cuts it (on the local part without quotes): at the
   first of the `delimiters` (each character counts), if there is something before it. False: no extension, a name that
   Postfix does not split (mw_local_is_reserved()), or what is left is not an address that a directory can have. */
bool mw_address_without_extension(const struct mw_address *address, struct mw_str delimiters,
				  struct mw_address *base_r);

/* The address without a backslash that its local part begins with: Postfix's local(8) delivers \user as user, past
   aliases. False: there is none. */
bool mw_address_without_backslash(const struct mw_address *address, struct mw_address *base_r);

/* The canonical form of a login name, in out (size bytes, NUL-terminated): folded and normalised as a local part
   is; with an "@", as an address is. False: no login name (empty, control byte, blank at an end, invalid UTF-8, two @,
   "@" first or last, too long): no user can be called so. */
#define MW_LOGIN_MAX 254
bool mw_login_canonical(struct mw_str login, char *out, size_t size, size_t *len_r);
/* Completes a login name that has no "@" with a domain. False: it has one, there is no domain, or the result is no
   login name. */
bool mw_login_complete(struct mw_str login, struct mw_str domain, char *out, size_t size, size_t *len_r);

#endif
