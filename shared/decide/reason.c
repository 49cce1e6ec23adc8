/* SPDX-License-Identifier: MIT */
#include "decide/verdict.h"

/* A row's reply with its code, and with the code of its class that ends the session. */
#define REPLY(code, text) ((code) == 0 ? (text) : #code " " text)
#define LAST_REPLY(code, text) ((code) == 0 ? (text) : (code) / 100 == 4 ? "421 " text : "521 " text)

static const struct mw_word words[] = {
#define MW_REASON(id, name, code, classic, current, sentence) [MW_REASON_##id] = { name, MW_REASON_##id },
#include "decide/reason.def"
#undef MW_REASON
};
const struct mw_table mw_reasons = MW_TABLE(words);

static const struct {
	const char *replies[2];      /* by enum mw_reply_style */
	const char *last_replies[2]; /* likewise, at END-OF-MESSAGE */
	const char *sentence;
} reasons[MW_REASON_COUNT] = {
#define MW_REASON(id, name, code, classic, current, sentence)                                                  \
	[MW_REASON_##id] = { { [MW_REPLIES_CLASSIC] = REPLY(code, classic), [MW_REPLIES_CURRENT] = REPLY(code, current) }, \
			     { [MW_REPLIES_CLASSIC] = LAST_REPLY(code, classic),                                \
			       [MW_REPLIES_CURRENT] = LAST_REPLY(code, current) },                              \
			     sentence },
#include "decide/reason.def"
#undef MW_REASON
};

const char *mw_reason_name(enum mw_reason reason)
{
	return (unsigned)reason < MW_REASON_COUNT ? words[reason].word : "";
}

const char *mw_reason_sentence(enum mw_reason reason)
{
	return (unsigned)reason < MW_REASON_COUNT ? reasons[reason].sentence : "";
}

const char *mw_reason_reply(enum mw_reason reason, enum mw_reply_style style)
{
	return mw_reason_reply_at(reason, style, MW_STAGE_UNKNOWN);
}

const char *mw_reason_reply_at(enum mw_reason reason, enum mw_reply_style style, enum mw_stage stage)
{
	if ((unsigned)reason >= MW_REASON_COUNT)
		return "";
	if (style != MW_REPLIES_CURRENT)
		style = MW_REPLIES_CLASSIC;
	return stage == MW_STAGE_END_OF_MESSAGE ? reasons[reason].last_replies[style] : reasons[reason].replies[style];
}
