/* SPDX-License-Identifier: MIT */
#include "policy/audit.h"

#include "base/units.h"

#define NOTICE_DAYS 7

bool mw_audit_notice(const struct mw_enforcement *enforcement, int64_t today, struct mw_buf *out)
{
	if (enforcement->mode != MW_MODE_AUDIT || !enforcement->has_audit_until ||
	    today < enforcement->audit_until - NOTICE_DAYS)
		return false;
	mw_buf_add_text(out, today > enforcement->audit_until ? "the audit ended on " : "the audit ends on ");
	mw_print_date(enforcement->audit_until, out);
	mw_buf_add_text(out, today > enforcement->audit_until ? ": the rule is enforced" : "; then the rule is enforced");
	return true;
}
