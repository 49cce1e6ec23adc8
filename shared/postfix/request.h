/* Bytes of Postfix's policy delegation protocol -> attributes (SMTPD_POLICY_README; attr_scan_plain(3)). Reads each
   byte once however the request was cut, stores no name that it does not know, allocates nothing.
   Bad: a line above 8 KiB, a request above 64 KiB or 128 attributes, NUL or CR, a line without "=", a name that is
   empty or not printable ASCII, an attribute of attributes.def twice, no attribute at all, and anything but
   request=smtpd_access_policy. Values are bytes as they came. */
#ifndef MW_POSTFIX_REQUEST_H
#define MW_POSTFIX_REQUEST_H

#include <stdint.h>

#include "base/str.h"

#define MW_REQUEST_LINE_MAX 8192 /* octets of a line, without its newline */
#define MW_REQUEST_MAX 65536
#define MW_REQUEST_ATTRIBUTES_MAX 128

enum mw_attribute {
#define MW_ATTRIBUTE(id, name, since) MW_ATTRIBUTE_##id,
#include "postfix/attributes.def"
#undef MW_ATTRIBUTE
	MW_ATTRIBUTE_COUNT
};

struct mw_str mw_attribute_name(enum mw_attribute attribute);

/* How far the reading of one request came. Offsets count from the request's first byte. */
struct mw_request {
	uint32_t line;       /* of the first byte of the line that is not whole yet; BAD: of the line that is wrong */
	uint32_t looked;     /* bytes of the request searched for the end of a line */
	uint16_t attributes; /* lines so far, known names or not */
	uint16_t next;       /* the row of attributes.def to try first */
	uint64_t seen;       /* bit by enum mw_attribute */
	struct { uint32_t offset, len; } values[MW_ATTRIBUTE_COUNT];
};

enum mw_request_progress { MW_REQUEST_PARTIAL, MW_REQUEST_WHOLE, MW_REQUEST_BAD };

void mw_request_init(struct mw_request *request);
/* `bytes` are all bytes from the request's first one on, those of earlier calls again (they may have moved) and more.
   WHOLE: *used_r bytes belong to the request. BAD: *why_r is a static sentence part; the connection has to
   be closed. */
enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r);

static inline bool mw_request_has(const struct mw_request *request, enum mw_attribute attribute)
{
	return (request->seen & (UINT64_C(1) << attribute)) != 0;
}

/* The value, a slice of `bytes`; empty where the attribute is missing. */
static inline struct mw_str mw_request_value(const struct mw_request *request, const char *bytes,
					     enum mw_attribute attribute)
{
	if (!mw_request_has(request, attribute))
		return MW_STR_EMPTY;
	return (struct mw_str){ bytes + request->values[attribute].offset, request->values[attribute].len };
}

#endif
