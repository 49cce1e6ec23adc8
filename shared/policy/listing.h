/* Lines of `Get-ReceiveConnector | Format-List`, which are no lines of a policy file but say what its lines would be. */
#ifndef MW_POLICY_LISTING_H
#define MW_POLICY_LISTING_H

#include "policy/syntax.h"

/* An error for each line "Name  : value", with the line to write in its place, or why there is none. Returns the text
   without these lines, in the reader's scratch, so that the rest is read as ever. */
struct mw_str mw_listing_explain(struct mw_reader *reader, struct mw_str text);

#endif
