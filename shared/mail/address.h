/* Mail addresses in one canonical form, so that equal means equal bytes. RFC 5321 4.1.2 and 4.5.3.1, RFC 6531, RFC 5198.
   Case is folded (domain always; local part by Unicode default folding, then NFC), quotes not needed are removed.
   A trailing dot, a source route, a second @, a control byte, invalid UTF-8, more than 64/254 octets: nobody's address. */
#ifndef MW_MAIL_ADDRESS_H
#define MW_MAIL_ADDRESS_H

#include "base/buf.h"
#include "mail/domain.h"

#define MW_LOCAL_PART_MAX 64
#define MW_ADDRESS_MAX 254

enum mw_address_kind {
	MW_ADDRESS_INVALID,    /* nobody's address */
	MW_ADDRESS_NULL,       /* "" or "<>": the null sender */
	MW_ADDRESS_MAILBOX,    /* local@domain */
	MW_ADDRESS_POSTMASTER, /* "postmaster" alone, any case (RFC 5321 4.5.1) */
	MW_ADDRESS_ROUTED      /* a mailbox but for "%" or "!" in the local part: a percent or bang path */
};

struct mw_address {
	enum mw_address_kind kind;
	struct mw_str whole;  /* canonical "local@domain" (quotes kept where needed); into text */
	struct mw_str local;  /* with quotes where needed; into text */
	struct mw_str domain; /* into text; empty unless MAILBOX or ROUTED */
	char text[MW_ADDRESS_MAX + 2];
};

/* Parses an address without angle brackets, as Postfix's policy protocol and SASL give it. Writes *address_r always;
   returns its kind. The slices point into *address_r: do not copy the struct by value, use mw_address_copy().
   ASCII addresses allocate nothing. */
enum mw_address_kind mw_address_parse(struct mw_str text, struct mw_address *address_r);
void mw_address_copy(struct mw_address *to, const struct mw_address *from);

/* Postfix's policy protocol gives a local part without the quotes it came with: john doe@example.org. Returns the text
   with the quotes that it needs, written into `out`; the text itself where it needs none or quotes would not make it an
   address (a second "@" stays nobody's address). */
#define MW_ADDRESS_QUOTED_MAX (MW_ADDRESS_MAX + 2 * MW_LOCAL_PART_MAX + 4)
struct mw_str mw_address_quoted(struct mw_str text, struct mw_buf *out);

/* Calls `found` with each domain that a percent or bang path leads through, canonical, until it returns true: for
   a!b%c@d these are a and c, not d. False: it never did. */
bool mw_address_path_domains(const struct mw_address *address, bool (*found)(struct mw_str domain, const void *context),
			     const void *context);

/* The same as mw_address_parse(), but text without "@" is completed with `default_domain` (canonical; empty: nothing is completed). */
enum mw_address_kind mw_address_parse_completed(struct mw_str text, struct mw_str default_domain,
						struct mw_address *address_r);

/* Puts another domain (canonical) behind the local part of a MAILBOX or ROUTED address. False: it would be longer than an
   address may be, and stays as it is. */
bool mw_address_set_domain(struct mw_address *address, struct mw_str domain);

/* The address without its extension: cut at the first of the `delimiters` (each character counts, as Postfix's
   recipient_delimiter), if something stands before it. False: none there. Quoted local parts have no extension. */
bool mw_address_without_extension(const struct mw_address *address, struct mw_str delimiters,
				  struct mw_address *base_r);

/* The canonical form of a login name, in out (size bytes, NUL-terminated): folded and normalised as a local part is;
   with an "@", as an address is. False: no login name (empty, control byte, blank at an end, invalid UTF-8, two @,
   "@" first or last, too long). What it refuses nobody may be called. */
#define MW_LOGIN_MAX 254
bool mw_login_canonical(struct mw_str login, char *out, size_t size, size_t *len_r);

#endif
