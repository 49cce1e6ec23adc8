/* SPDX-License-Identifier: MIT */
#include "decide/verdict.h"

static const struct {
	const char *name;
	const char *replies[2]; /* by enum mw_reply_style */
	const char *sentence;
} reasons[MW_REASON_COUNT] = {
#define MW_REASON(id, name, classic, current, sentence) \
	[MW_REASON_##id] = { name, { [MW_REPLIES_CLASSIC] = classic, [MW_REPLIES_CURRENT] = current }, sentence },
#include "decide/reason.def"
#undef MW_REASON
};

const char *mw_reason_name(enum mw_reason reason)
{
	return (unsigned)reason < MW_REASON_COUNT ? reasons[reason].name : "";
}

const char *mw_reason_sentence(enum mw_reason reason)
{
	return (unsigned)reason < MW_REASON_COUNT ? reasons[reason].sentence : "";
}

const char *mw_reason_reply(enum mw_reason reason, enum mw_reply_style style)
{
	if ((unsigned)reason >= MW_REASON_COUNT)
		return "";
	return reasons[reason].replies[style == MW_REPLIES_CURRENT ? MW_REPLIES_CURRENT : MW_REPLIES_CLASSIC];
}
