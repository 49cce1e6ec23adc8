/* SPDX-License-Identifier: MIT */
#include "sync/merge/keep.h"

#define SHRINK_LEAST 10 /* so many may always go, but for all of SHRINK_ALL */
#define SHRINK_ALL 3

bool mw_share_shrinks(const struct mw_share *share, uint64_t max_shrink)
{
	return (share->gone >= SHRINK_LEAST && max_shrink <= 100 && share->gone * 100 > share->all * max_shrink) ||
		(share->all >= SHRINK_ALL && share->gone == share->all);
}

bool mw_keep_digest(const struct mw_slice *slice, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	struct mw_text_out *out = mw_text_digest_begin();
	bool done = out != NULL && mw_text_write(out, slice->records, slice->owner);

	if (out != NULL)
		mw_text_digest_end(out, digest_r);
	return done;
}
