/* SPDX-License-Identifier: MIT */
/* Dovecot's LMTP takes extensions off by its own recipient_delimiter ("+" where nothing is set), and knows none of the
   names that Postfix leaves whole (lib-smtp/smtp-address.c, smtp_address_detail_parse()). */
#include "servers/check/dovecot.h"
#include "servers/check/stake.h"

static struct mw_str delimiter_of(const struct mw_dovecot_site *site, const struct mw_dovecot_node **filter_r)
{
	struct mw_str value = mw_dovecot_value(site->root, "recipient_delimiter");
	const struct mw_dovecot_node *filter = NULL;

	while ((filter = mw_dovecot_next(site->root, filter, "protocol")) != NULL)
		if (mw_str_equal(filter->value, MW_STR("lmtp")) &&
		    mw_dovecot_next(filter, NULL, "recipient_delimiter") != NULL)
			value = mw_dovecot_value(*filter_r = filter, "recipient_delimiter");
	return value;
}

static bool lacks_one_of(struct mw_str ours, struct mw_str theirs)
{
	for (size_t i = 0; i < theirs.len; i++)
		if (mw_str_find(ours, theirs.ptr[i]) == ours.len)
			return true;
	return false;
}

void mw_check_dovecot_delivery(const struct mw_dovecot_site *site)
{
	struct mw_str ours = site->policy->recipient_delimiter, theirs;
	const struct mw_dovecot_node *filter = NULL;

	if (!mw_dovecot_lists(site->root, "protocols", "lmtp"))
		return;
	theirs = delimiter_of(site, &filter);
	if (!lacks_one_of(ours, theirs) && !mw_str_has(theirs, "-"))
		return;
	/* An extension that is left on matters to nobody else: no mail is lost by it. */
	if (mw_stake_of(site->policy, site->arena).restricted == 0)
		return;
	if (lacks_one_of(ours, theirs))
		mw_dovecot_finding(site, MW_FOUND_LMTP_DELIMITER, MW_FINDING_WARNING, "recipient_delimiter",
			mw_arena_textf(site->arena, "recipient_delimiter is \"%.*s\", the policy's \"%.*s\"",
				       MW_STR_ARG(theirs), MW_STR_ARG(ours)),
			"what LMTP delivers to a mailbox is judged as nobody's: a stranger gets round its senders=, unless "
			"Postfix knows that there is no such recipient",
			mw_fix_dovecot(site, filter, mw_arena_textf(site->arena, "recipient_delimiter =%s%.*s",
								    mw_str_empty(ours) ? "" : " ", MW_STR_ARG(ours))));
	else
		mw_dovecot_finding(site, MW_FOUND_LMTP_DASH, MW_FINDING_WARNING, "recipient_delimiter",
			"recipient_delimiter has a \"-\"",
			"LMTP delivers NAME-request to NAME and owner-NAME to owner, which Postfix and the policy leave "
			"whole: a stranger gets round senders=, unless Postfix knows that there is no such recipient",
			mw_fix_words("a recipient_delimiter without \"-\", in Postfix and in the policy too"));
}
