/* SPDX-License-Identifier: MIT */
#include "mail/protocol.h"

static const struct mw_word protocols[] = {
	{ "imap", MW_PROTOCOL_IMAP },
	{ "pop3", MW_PROTOCOL_POP3 },
	{ "sieve", MW_PROTOCOL_SIEVE },
	{ "submission", MW_PROTOCOL_SUBMISSION },
	{ "smtp", MW_PROTOCOL_SMTP },
};
const struct mw_table mw_protocols = MW_TABLE(protocols);

static const struct mw_word stages[] = {
	{ "CONNECT", MW_STAGE_CONNECT },
	{ "EHLO", MW_STAGE_EHLO },
	{ "HELO", MW_STAGE_HELO },
	{ "MAIL", MW_STAGE_MAIL },
	{ "RCPT", MW_STAGE_RCPT },
	{ "DATA", MW_STAGE_DATA },
	{ "END-OF-MESSAGE", MW_STAGE_END_OF_MESSAGE },
	{ "VRFY", MW_STAGE_VRFY },
	{ "ETRN", MW_STAGE_ETRN },
	{ "HEADER", MW_STAGE_HEADER },
};
const struct mw_table mw_stages = MW_TABLE(stages);
