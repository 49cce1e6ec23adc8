/* JSON text (RFC 8259) into a buffer. Pure; escapes everything that needs it; invalid UTF-8 becomes U+FFFD. */
#ifndef MW_REPORT_JSON_H
#define MW_REPORT_JSON_H

#include "base/buf.h"
#include "decide/verdict.h"

struct mw_json {
	struct mw_buf *out;
	bool comma; /* the next value needs one before it */
};

struct mw_json mw_json_over(struct mw_buf *out);
/* key NULL inside arrays and at the top. */
void mw_json_object(struct mw_json *json, const char *key);
void mw_json_end_object(struct mw_json *json);
void mw_json_array(struct mw_json *json, const char *key);
void mw_json_end_array(struct mw_json *json);
void mw_json_string(struct mw_json *json, const char *key, struct mw_str value);
void mw_json_number(struct mw_json *json, const char *key, uint64_t value);
void mw_json_bool(struct mw_json *json, const char *key, bool value);
void mw_json_null(struct mw_json *json, const char *key);
/* The members of a verdict (verdict, mode, reason, reply, rule, permissions, trace, hint) into the open object. */
void mw_json_verdict(struct mw_json *json, const struct mw_verdict *verdict);

#endif
