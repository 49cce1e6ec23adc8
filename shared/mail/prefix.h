/* Addresses that begin alike, as VERP makes them: "list-*@example.org". One "*", last in the local part, behind at least
   MW_PREFIX_MIN octets, of which the last ends a part: - + = or a dot. */
#ifndef MW_MAIL_PREFIX_H
#define MW_MAIL_PREFIX_H

#include "mail/address.h"

#define MW_PREFIX_MIN 3
#define MW_PREFIX_RIGHT \
	"PREFIX*@domain, where PREFIX has three octets or more, of which the first is no # and the last one of - + = and " \
	"the dot; *@domain; or local@domain"

/* Canonical "list-*@example.org" into out, NUL-terminated. Without "@" it gets default_domain. False: it is none. */
bool mw_prefix_parse(struct mw_str text, struct mw_str default_domain, char out[MW_ADDRESS_MAX + 2], size_t *len_r);

/* Whether a canonical identity of a grant is such a prefix. */
bool mw_prefix_is(struct mw_str identity);
/* What stands before the extension of each address that begins so, as mw_address_without_extension() cuts it. False: they have
   none that is the same for all. */
bool mw_prefix_base(struct mw_str prefix, struct mw_str delimiters, struct mw_address *base_r);

/* The length of the longest prefix of a canonical local part that is shorter than `len`, which is local.len at first; 0:
   there is none. A local part has at most MW_LOCAL_PART_MAX - MW_PREFIX_MIN of them, and mostly none or one. */
size_t mw_prefix_shorter(struct mw_str local, size_t len);
/* What the address's prefix of this length is as a grant has it: "list-*@example.org", into out. */
struct mw_str mw_prefix_of(const struct mw_address *address, size_t len, char out[MW_ADDRESS_MAX + 2]);

#endif
