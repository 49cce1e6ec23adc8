/* SPDX-License-Identifier: MIT */
#include "decide/trace_write.h"

static const struct mw_word check_words[] = {
	{ "rule", MW_CHECK_RULE },
	{ "tls", MW_CHECK_TLS },
	{ "mechanism", MW_CHECK_MECHANISM },
	{ "login", MW_CHECK_LOGIN },
	{ "service", MW_CHECK_SERVICE },
	{ "network", MW_CHECK_NETWORK },
	{ "submit", MW_CHECK_SUBMIT },
	{ "sender", MW_CHECK_SENDER },
	{ "recipient", MW_CHECK_RECIPIENT },
	{ "senders", MW_CHECK_RESTRICTION },
	{ "recipients", MW_CHECK_RECIPIENTS },
	{ "size", MW_CHECK_SIZE },
	{ "header", MW_CHECK_HEADER },
	{ "transaction", MW_CHECK_TRANSACTION },
};
const struct mw_table mw_checks = MW_TABLE(check_words);

static const struct mw_word outcome_words[] = {
	{ "passed", MW_PASSED },
	{ "failed", MW_FAILED },
	{ "skipped", MW_SKIPPED },
	{ "unknown", MW_UNKNOWN },
};
const struct mw_table mw_check_outcomes = MW_TABLE(outcome_words);

static const struct mw_word origin_words[] = {
	{ "none", MW_TLS_ORIGIN_NONE },
	{ "starttls", MW_TLS_ORIGIN_STARTTLS },
	{ "implicit", MW_TLS_ORIGIN_IMPLICIT },
	{ "proxy", MW_TLS_ORIGIN_PROXY },
};
const struct mw_table mw_tls_origins = MW_TABLE(origin_words);

const struct mw_step *mw_trace_step(const struct mw_trace *trace, enum mw_check check)
{
	for (unsigned i = 0; i < trace->count; i++)
		if (trace->steps[i].check == check)
			return &trace->steps[i];
	return NULL;
}

void mw_trace_rewrite(struct mw_trace *trace, const struct mw_step *step)
{
	for (unsigned i = 0; i < trace->count; i++) {
		if (trace->steps[i].check == step->check)
			trace->steps[i] = *step;
	}
}
